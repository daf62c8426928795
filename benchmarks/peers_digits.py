"""The rows of `peers.py` on the demo's network: a CNN that reads scikit-learn's digits, trained once."""
import os
from importlib import import_module

import numpy as np

WEIGHTS = 'PEERS_WEIGHTS'
CLASSES = 10


class Row:
    """One method here and there.

    Attributes:
        name: there.
        method, options, ys: here.
        there: what is timed.
        same: whether the definitions are the same, so that values are to be; False: they are correlated; None: they
            have nothing to do with each other.
        brought: what makes of our attributions what theirs are.
        only: the one number of samples, if any.
        batch_size: of ours.
    """

    def __init__(self, name, method, options, there, same=True, brought=None, only=None, ys=None,
                 batch_size=None):
        self.name, self.method, self.options, self.there = name, method, options, there
        self.same, self.brought, self.only, self.ys, self.batch_size = same, brought, only, ys, batch_size


def load():
    from sklearn.datasets import load_digits
    digits = load_digits()
    xs = (digits.images[..., np.newaxis] / 16).astype('f')
    return xs[:1500], digits.target[:1500], xs[1500:], digits.target[1500:]


def network(keras):
    layers = keras.layers
    return keras.Sequential([
        layers.Input((8, 8, 1)), layers.Conv2D(16, 3, padding='same', activation='relu', name='conv1'),
        layers.Conv2D(32, 3, padding='same', activation='relu', name='conv2'), layers.MaxPool2D(name='pool'),
        layers.Flatten(), layers.Dense(64, 'relu'), layers.Dense(CLASSES)])


def train(path):
    """Write the weights of a trained network."""
    import tf_keras
    tf_keras.utils.set_random_seed(0)
    model = network(tf_keras)
    xs, ys, test_xs, test_ys = load()
    model.compile('adam', tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(xs, ys, epochs=15, verbose=0)
    right = (model.predict(test_xs, verbose=0).argmax(1) == test_ys).mean()
    print('The digits\' network is right for %.3f of what it has not seen.\n' % right, flush=True)
    np.savez(path, *model.get_weights())


def weights():
    with np.load(os.environ[WEIGHTS]) as file:
        return [file['arr_%d' % i] for i in range(len(file.files))]


class Ours:
    """This library on the same network in a graph of its own."""

    def __init__(self):
        import models
        import tensorflow.compat.v1 as tf

        from deepexplain.tensorflow import DeepExplain
        with tf.Graph().as_default() as graph:
            self._session = tf.Session(graph=graph)
            self._X, self._T = models.digits()
            variables = tf.global_variables()
            self._session.run(tf.global_variables_initializer())
            for variable, value in zip(variables, weights()):
                # There convolutions take their kernels four times.
                variable.load(value / 4 if value.ndim == 4 else value, self._session)
        self.layer = next(op for op in graph.get_operations() if op.type == 'MaxPool').inputs[0]
        self._DeepExplain, self._known = DeepExplain, {}

    def explainer(self, row):
        key = row.method, repr(row.options)
        if key not in self._known:
            with self._DeepExplain(session=self._session) as de:
                options = {name: self.layer if name == 'layer' else value for name, value in row.options.items()}
                self._known[key] = de.get_explainer(row.method, self._T, self._X, **options)
        return self._known[key]

    def scores(self, xs, ys):
        return self._session.run(self._T, {self._X: xs})[np.arange(len(xs)), ys]


def rows_of(peer):
    """What `peers.compare` takes: name, kind, n, here, there, and how far values are apart."""
    from deepexplain.tensorflow import attribution_methods
    ours = Ours()
    _, _, all_xs, all_ys = load()
    # Of torch nothing is imported beside the others.
    rows = import_module('peers_captum' if peer == 'captum' else 'peers_tensorflow')
    made = getattr(rows, peer)(weights(), ours)
    for n in (1, 10):
        # The first has an answer that all of them share, for peers that take one class for all.
        xs, ys = all_xs[:n], all_ys[:n]
        for row in made(xs, ys):
            if row.method not in attribution_methods or row.only not in (None, n):
                continue
            own = ys if row.ys is None else row.ys
            explainer = ours.explainer(row)

            def here(explainer=explainer, xs=xs, own=own, row=row):
                return explainer.run(xs, own, row.batch_size)

            calls = '' if row.batch_size is None else ', calls of %d rows' % row.batch_size
            yield '%s: %s%s' % (row.name, row.method, calls), 'digits', n, here, row.there, agreement(row, here, n)


def agreement(row, here, n):
    """A function that says how far values are apart."""
    def found():
        mine, theirs = here(), np.asarray(row.there(), np.float64)
        mine = np.asarray(mine if row.brought is None else row.brought(mine), np.float64).reshape(n, -1)
        theirs = theirs.reshape(n, -1)
        if row.same:
            return '%.0e' % (np.abs(mine - theirs).max() / np.abs(theirs).max())
        return 'r %.3f' % np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(mine, theirs) if a.std() and b.std()])
    return None if row.same is None else found
