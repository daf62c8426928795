"""Time of other attribution libraries divided by this one's, on the same model and for the same evaluations.

In an environment of its own, which `make peers` makes. Each peer runs in a process of its own beside this library, the
two in turn. Rows on the network that reads digits (`digits:...`) are in `peers_digits.py`; they compare values too.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

PEERS = ('digits:xplique', 'digits:tf_keras_vis', 'digits:tf_explain', 'digits:captum', 'digits:shap', 'innvestigate',
         'xplique', 'alibi', 'tf_explain', 'shap')
#: Name there -> name and options here, and options there.
INNVESTIGATE = {
    'gradient': ('gradient', {}, {}), 'input_t_gradient': ('input_t_gradient', {}, {}),
    'guided_backprop': ('guided_backprop', {}, {}), 'deconvnet': ('deconvnet', {}, {}), 'lrp.z': ('lrp.z', {}, {}),
    'lrp.epsilon': ('lrp.epsilon', {}, {}), 'lrp.w_square': ('lrp.w_square', {}, {}),
    'lrp.alpha_2_beta_1': ('lrp.alpha_2_beta_1', {}, {}),
    'lrp.sequential_preset_a': ('lrp.sequential_preset_a', {}, {}), 'deep_taylor': ('deep_taylor', {}, {}),
    'smoothgrad': ('smoothgrad', dict(samples=64), dict(augment_by_n=64)),
    'integrated_gradients': ('integrated_gradients', dict(steps=64, quadrature='riemann_left'), dict(steps=64))}
DRAWN = ('smoothgrad', 'GradientExplainer')
CLASSES = 10


def network(keras, kind):
    """The MLP or the CNN of `models.py` by Keras."""
    layers = keras.layers
    if kind == 'MLP':
        return keras.Sequential([layers.Input((784,)), layers.Dense(256, 'relu'), layers.Dense(256, 'relu'),
                                 layers.Dense(CLASSES)])
    return keras.Sequential([
        layers.Input((28, 28, 1)), layers.Conv2D(32, 3, padding='same', activation='relu'),
        layers.Conv2D(64, 3, padding='same', activation='relu'), layers.MaxPool2D(), layers.Flatten(),
        layers.Dense(128, 'relu'), layers.Dense(CLASSES)])


class Ours:
    """This library on a copy of a Keras model in a graph of its own."""

    def __init__(self, kind, weights):
        import models
        import tensorflow.compat.v1 as tf

        from deepexplain.tensorflow import DeepExplain
        with tf.Graph().as_default() as graph:
            self._session = tf.Session(graph=graph)
            self._X, self._T = models.mlp() if kind == 'MLP' else models.cnn()
            variables = tf.global_variables()
            self._session.run(tf.global_variables_initializer())
            for variable, value in zip(variables, weights):
                variable.load(value, self._session)
        self._DeepExplain = DeepExplain

    def explainer(self, method, **options):
        with self._DeepExplain(session=self._session) as de:
            return de.get_explainer(method, self._T, self._X, **options)


def data(kind, n):
    rng = np.random.RandomState(n)
    return rng.rand(*((n, 784) if kind == 'MLP' else (n, 28, 28, 1))).astype('f') + .01, rng.randint(0, CLASSES, n)


def innvestigate():
    import innvestigate as peer
    import tensorflow as tf
    import tf_keras
    tf.compat.v1.disable_eager_execution()
    from deepexplain.tensorflow import DeepExplain
    model = network(tf_keras, 'CNN')
    with DeepExplain(session=tf.compat.v1.keras.backend.get_session()) as de:
        for name, (method, here, there) in INNVESTIGATE.items():
            explainer = de.get_explainer(method, model.output, model.input, **here)
            analyzer = peer.create_analyzer(name, model, neuron_selection_mode='max_activation', **there)
            for n in (1, 64):
                xs, _ = data('CNN', n)
                yield name, 'CNN', n, lambda: explainer.run(xs, 'max'), lambda: analyzer.analyze(xs)  # noqa: B023


def beside(cases):
    """Peers that want eager tensors."""
    import tf_keras
    for kind in ('MLP', 'CNN'):
        model = network(tf_keras, kind)
        ours = Ours(kind, model.get_weights())
        for n in (1, 10):
            xs, ys = data(kind, n)
            for name, here, there in cases(kind, model, ours, xs, ys):
                yield name, kind, n, here, there


def xplique():
    def cases(kind, model, ours, xs, ys):
        import tensorflow as tf
        from xplique.attributions import IntegratedGradients, Occlusion, Saliency
        targets, inputs = tf.one_hot(ys, CLASSES), tf.constant(xs)
        size = 1 if kind == 'MLP' else (7, 7)
        window = (1,) if kind == 'MLP' else (7, 7, 1)
        for name, method, options, peer in (
                ('Saliency', 'saliency', {}, Saliency(model)),
                ('IntegratedGradients', 'intgrad', dict(steps=100), IntegratedGradients(model, steps=100)),
                ('Occlusion', 'occlusion', dict(window_shape=window, step=list(window)),
                 Occlusion(model, patch_size=size, patch_stride=size))):
            explainer = ours.explainer(method, **options)
            yield name, lambda: explainer.run(xs, ys), lambda: np.asarray(peer(inputs, targets))  # noqa: B023
    return beside(cases)


def alibi():
    def cases(kind, model, ours, xs, ys):
        from alibi.explainers import IntegratedGradients
        explainer = ours.explainer('intgrad', steps=100, quadrature='gauss_legendre')
        peer = IntegratedGradients(model, n_steps=100, method='gausslegendre', internal_batch_size=1000)
        yield 'IntegratedGradients', lambda: explainer.run(xs, ys), lambda: peer.explain(xs, target=ys)
    return beside(cases)


def tf_explain():
    def cases(kind, model, ours, xs, ys):
        if kind == 'MLP':
            return
        from tf_explain.core.integrated_gradients import IntegratedGradients
        from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity
        explainer = ours.explainer('intgrad', steps=100)
        yield 'IntegratedGradients', lambda: explainer.run(xs, int(ys[0])), lambda: (
            IntegratedGradients.get_integrated_gradients(
                IntegratedGradients.generate_interpolations(xs, 100), model, int(ys[0]), 100))
        occlusion = ours.explainer('occlusion', window_shape=(7, 7, 1), step=[7, 7, 1])
        yield 'OcclusionSensitivity', lambda: occlusion.run(xs, int(ys[0])), lambda: [
            OcclusionSensitivity().get_sensitivity_map(model, x, int(ys[0]), 7) for x in xs]
    return beside(cases)


def shap():
    import keras
    import shap as peer
    for kind in ('MLP', 'CNN'):
        model = network(keras, kind)
        ours = Ours(kind, model.get_weights())
        references = data(kind, 7)[0][:7].repeat(2, 0)[:10]
        deeplift = ours.explainer('deeplift', references=references, complete=True)
        gradients = ours.explainer('expected_gradients', references=references, samples=100)
        for n in (1, 10):
            xs, _ = data(kind, n)
            deep = peer.DeepExplainer(model, references)
            expected = peer.GradientExplainer(model, references, batch_size=1000)

            def each(explainer, xs=xs):
                return [explainer.run(xs, unit) for unit in range(CLASSES)]

            yield 'DeepExplainer', kind, n, lambda: each(deeplift), (  # noqa: B023
                lambda: deep.shap_values(xs, check_additivity=False))  # noqa: B023
            yield 'GradientExplainer', kind, n, lambda: each(gradients), (  # noqa: B023
                lambda: expected.shap_values(xs, nsamples=100))  # noqa: B023


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(here, there, budget):
    """How much longer theirs takes, the best of each over turns that alternate, and ours in ms."""
    for function in (here, there):
        function()
    # Of short calls several in a row: the first finds the threads of the other side still looking for more to do.
    times = 3 if max(seconds(here), seconds(there)) < .1 else 1
    best, turns, start = [np.inf, np.inf], 0, time.perf_counter()
    while turns < 3 or (time.perf_counter() - start < budget and turns < 300):
        for which in ((0, 1), (1, 0))[turns % 2]:
            best[which] = min([best[which]] + [seconds((here, there)[which]) for _ in range(times)])
        turns += 1
    return best[1] / best[0], best[0] * 1e3


def largest(here, there):
    ours, theirs = here(), there()
    return '%.0e' % (np.abs(ours - theirs).max() / np.abs(theirs).max())


def measured(peer):
    """The rows of a peer: name, kind, n, here, there, and how far values are apart, if that is to be said."""
    if peer.startswith('digits:'):
        from peers_digits import rows_of
        yield from rows_of(peer[len('digits:'):])
        return
    for name, kind, n, here, there in globals()[peer]():
        apart = None
        if peer == 'innvestigate' and name not in DRAWN:
            def apart(here=here, there=there):
                return largest(here, there)
        yield name, kind, n, here, there, apart


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--budget', type=float, default=4., help='seconds for each row')
    parser.add_argument('--only', default=','.join(PEERS), help='names of peers')
    parser.add_argument('peer', nargs='?', choices=PEERS + ('train',))
    arguments = parser.parse_args()
    if arguments.peer is None:
        with tempfile.TemporaryDirectory() as folder:
            beside_each(arguments, dict(os.environ, TF_CPP_MIN_LOG_LEVEL='3', PEERS_WEIGHTS=os.path.join(
                folder, 'digits.npz')))
        return
    if arguments.peer == 'train':
        from peers_digits import WEIGHTS, train
        train(os.environ[WEIGHTS])
        return
    warnings.simplefilter('ignore')
    for name, kind, n, here, there, apart in measured(arguments.peer):
        try:
            ratio, taken = compare(here, there, arguments.budget)
            said = '' if apart is None else apart()
        except Exception as error:
            print('| %s | %s | %d | fails there: %s: %s |' % (name, kind, n, type(error).__name__, str(
                error).split('\n')[0][:80]), flush=True)
            continue
        print('| %s | %s | %d | %.2f | %.2f | %s |' % (name, kind, n, ratio, taken, said), flush=True)


def beside_each(arguments, env):
    """Each peer in a process of its own; of Keras there can be one version in each, and SHAP wants Keras 3."""
    if 'digits:' in arguments.only:
        subprocess.check_call([sys.executable, __file__, 'train'], env=dict(env, TF_USE_LEGACY_KERAS='1'))
    for name in arguments.only.split(','):
        print('### %s\n\n| | | n | theirs / ours | ours, ms | apart by |\n|%s' % (name, '---|' * 6), flush=True)
        own = dict(env, TF_USE_LEGACY_KERAS='0' if name.endswith('shap') else '1')
        if subprocess.call([sys.executable, __file__, '--budget', str(arguments.budget), name], env=own):
            print('\nnot run: %s cannot be imported or fails here' % name)
        print(flush=True)


if __name__ == '__main__':
    main()
