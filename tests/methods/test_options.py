"""Two properties over every method and every option: batches change nothing, nor do the other rows."""
import itertools
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import REQUIRED, initialise, mlp

from deepexplain.tensorflow import DeepExplain, attribution_methods

N = 5
RNG = np.random.RandomState(8)
BASELINES, REFERENCES = RNG.randn(N, 5), RNG.randn(3, 5)

METHODS = {'zero': {}, 'saliency': {}, 'grad*input': {}, 'intgrad': dict(steps=4), 'elrp': {}, 'deeplift': {},
           'occlusion': {}, 'shapley_sampling': dict(samples=2, seed=1), 'gradient': {}, 'input': {},
           # Without noise, which is for each sample its own.
           'smoothgrad': dict(of='intgrad', options=dict(steps=4), samples=3, noise=0)}
FAMILY = [name for name in attribution_methods
          if name.startswith(('lrp', 'deep_taylor', 'pattern', 'deeplift.', 'deconvnet', 'guided_b'))]
METHODS.update((name, REQUIRED.get(name, {})) for name in FAMILY)
#: What goes along with the samples is a function of their numbers.
OPTIONS = {
    'nothing': lambda rows: {},
    'weights': lambda rows: dict(ys=BASELINES[rows][:, :3]),
    'a unit': lambda rows: dict(ys=1),
    'a unit each': lambda rows: dict(ys=np.arange(N)[rows] % 3),
    'max': lambda rows: dict(ys='max'),
    'baseline': lambda rows: dict(baseline=BASELINES[0]),
    'a baseline each': lambda rows: dict(baseline=BASELINES[rows]),
    'references': lambda rows: dict(references=REFERENCES),
    'feature_mask': lambda rows: dict(feature_mask=[0, 0, 1, 2, 1]),
    'per_group': lambda rows: dict(feature_mask=[0, 0, 1, 2, 1], per_group=True),
    'complete': lambda rows: dict(complete=True),
    'window_shape': lambda rows: dict(window_shape=(2,)),
    'epsilon': lambda rows: dict(epsilon=.1),
    'delta': lambda rows: dict(return_convergence_delta=True),
}
TAKEN = {'baseline': ['intgrad', 'deeplift', 'occlusion', 'shapley_sampling', 'smoothgrad'],
         'references': ['intgrad', 'deeplift', 'smoothgrad'],
         'feature_mask': ['occlusion', 'shapley_sampling'], 'per_group': ['occlusion', 'shapley_sampling'],
         'complete': ['deeplift'], 'window_shape': ['occlusion'], 'epsilon': ['elrp'],
         'delta': ['intgrad', 'elrp', 'deeplift', 'shapley_sampling']}
for name in ('baseline', 'references', 'complete', 'delta'):
    TAKEN[name].append('deeplift.reveal_cancel')
TAKEN['delta'] += [name for name in FAMILY if name.startswith(('lrp', 'deep_taylor'))]
TAKEN['a baseline each'] = TAKEN['baseline']
CASES = [(method, option) for method, option in itertools.product(sorted(METHODS), sorted(OPTIONS))
         if method in TAKEN.get(option, METHODS)]


@pytest.mark.parametrize('method,option', CASES)
def test_neither_batches_nor_other_rows_matter(session, rng, method, option):
    X = tf.placeholder(tf.float32, [None, 5])
    other = tf.placeholder(tf.float32, [None, 5])
    T = mlp(tf.nn.softplus, rng, X=X * other)[1]
    initialise(session)
    xs, others = rng.randn(N, 5), rng.randn(N, 5)

    def run(rows, batch_size=None):
        options = dict(METHODS[method], **OPTIONS[option](rows))
        got = de.explain(method, T, X, xs[rows], batch_size=batch_size, feed_dict={other: others[rows]}, **options)
        return got if isinstance(got, tuple) else (got,)

    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        whole = run(np.arange(N))
        parts = [run(np.arange(N), batch_size) for batch_size in (1, 2, 100)]
        alone = [run(np.array([row])) for row in range(N)]
        backwards = run(np.arange(N)[::-1])
    for i, result in enumerate(whole):
        tolerance = max(np.abs(whole[0]).max(), 1e-9) * 2e-5
        for part in parts:
            np.testing.assert_allclose(part[i], result, atol=tolerance)
        np.testing.assert_allclose(np.concatenate([one[i] for one in alone]), result, atol=tolerance)
        np.testing.assert_allclose(backwards[i][::-1], result, atol=tolerance)


@pytest.mark.parametrize('per_group', [False, True])
@pytest.mark.parametrize('method, options', [
    ('occlusion', {}), ('shapley_sampling', dict(samples=2, seed=0)), ('kernel_shap', {}), ('sobol', dict(seed=0)),
    ('permutation', dict(references=REFERENCES))])
def test_a_run_has_groups_of_its_own(session, model, rng, method, options, per_group):
    X, T = model
    xs = rng.randn(3, 5)
    masks = [0, 0, 1, 1, 2], [1, 0, 0, 0, 0]
    with DeepExplain(session=session) as de:
        want = [de.explain(method, T, X, xs, 1, feature_mask=mask, per_group=per_group, **options)
                for mask in masks]
        explainer = de.get_explainer(method, T, X, feature_mask=masks[0], per_group=per_group, **options)
        before = len(session.graph.get_operations())
        for mask, one in zip(masks, want):
            np.testing.assert_array_equal(explainer.run(xs, 1, feature_mask=mask), one)
            if explainer.has_convergence_delta:
                # What a group is given counts once.
                delta = explainer.run(xs, 1, feature_mask=mask, return_convergence_delta=True)[1]
                assert np.abs(delta).max() < 1e-4
        np.testing.assert_array_equal(explainer.run(xs, 1), want[0])
        assert len(session.graph.get_operations()) == before
        with pytest.raises(RuntimeError, match='feature_mask must broadcast to the shape of a sample'):
            explainer.run(xs, 1, feature_mask=[0, 1])
        with pytest.raises(TypeError, match="takes no option 'feature_mask'"):
            de.get_explainer(method, T, X, **options).run(xs, 1, feature_mask=masks[1])
