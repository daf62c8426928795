"""kernel_shap, lime and rise against slow replicas of their papers."""
import warnings
from itertools import combinations
from math import factorial

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, check_refused, close, dense, initialise, mlp, per_sample, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods.coalitions import crossed
from deepexplain.tensorflow.methods.kernel_shap import coalitions


def shapley(evaluate, x, base, groups):
    """Shapley values of groups of features by their definition."""
    count = int(max(groups)) + 1
    found = np.zeros(count)

    def value(present):
        return evaluate(np.where(np.isin(groups, present), x, base))

    for player in range(count):
        others = [one for one in range(count) if one != player]
        for size in range(count):
            share = factorial(size) * factorial(count - size - 1) / factorial(count)
            for before in combinations(others, size):
                found[player] += share * (value(before + (player,)) - value(before))
    return found


@pytest.mark.parametrize('per_group', [False, True])
def test_kernel_shap_of_all_coalitions_is_exact(session, rng, per_group):
    X, T = mlp(tf.nn.softplus, rng, inputs=12)
    initialise(session)
    xs, base, groups = rng.randn(2, 12).astype('f'), rng.randn(12).astype('f'), np.arange(12) % 8
    want = np.array([shapley(lambda row: session.run(T, {X: [row]})[0, 1], x, base, groups) for x in xs])
    with DeepExplain(session=session) as de:
        got, delta = de.explain('kernel_shap', T, X, xs, 1, baseline=base, feature_mask=groups, per_group=per_group,
                                return_convergence_delta=True)
    close(got, want if per_group else want[:, groups], 1e-5)
    assert np.abs(delta).max() < 1e-5


def test_kernel_shap_converges_with_samples(session, rng):
    X, T = mlp(tf.nn.relu, rng, inputs=13)
    initialise(session)
    xs = rng.randn(3, 13)
    off = []
    with DeepExplain(session=session) as de:
        exact = de.explain('kernel_shap', T, X, xs, 0, samples=2 ** 13)
        for samples in (60, 1000):
            errors = [np.abs(de.explain('kernel_shap', T, X, xs, 0, samples=samples, seed=seed) - exact).mean()
                      for seed in range(4)]
            off.append(np.mean(errors) / np.abs(exact).mean())
    assert off[1] < .1 and off[1] < off[0] / 2


@pytest.mark.parametrize('rows, columns', [(1, 1), (1000, 30), (300, 90), (40, 200)])
def test_products_in_parts(rng, rows, columns):
    a, b = rng.rand(rows, columns), rng.rand(rows, 3)
    close(crossed(a, a), a.T @ a, 1e-12)
    close(crossed(a, b), a.T @ b, 1e-12)


def test_coalitions_weigh_as_their_sizes_do():
    for samples in (10 ** 4, 500, 40, 3):
        present, weighs = coalitions(11, samples, np.random.RandomState(0))
        assert len(present) == min(samples, 2 ** 11 - 2) == len(weighs)
        assert not present.all(1).any() and present.any(1).all()
        weighs = weighs / weighs.sum()
        want = np.array([1 / (size * (11 - size)) for size in range(1, 11)])
        got = np.array([weighs[present.sum(1) == size].sum() for size in range(1, 11)])
        if samples > 100:
            # Whole sizes exactly, the others by chance.
            assert np.abs(got - want / want.sum())[[0, -1]].max() < 1e-9
            assert np.abs(got - want / want.sum()).max() < .02
        # What is left out comes along.
        assert samples == 3 or np.abs(got - got[::-1]).max() < 1e-9


@pytest.mark.parametrize('method, options', [
    ('kernel_shap', {}), ('kernel_shap', dict(samples=14)), ('lime', dict(samples=400))])
def test_the_weights_of_a_linear_model(session, rng, method, options):
    X = tf.placeholder(tf.float32, [None, 5])
    w = rng.randn(5, 2).astype('f')
    xs, base = rng.randn(3, 5), rng.randn(5)
    with DeepExplain(session=session) as de:
        got = de.explain(method, tf.matmul(X, tf.constant(w)) + 7, X, xs, 1, baseline=base, seed=1, **options)
    close(got, w[:, 1] * (xs - base), 1e-5 if method == 'kernel_shap' else .002)


def test_lime_fits_by_distance(session, rng):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(2, 5).astype('f')
    present = np.random.RandomState(3).uniform(size=(50, 5)) < .5
    present[0] = True
    distance = 1 - np.sqrt(present.sum(1) / 5)
    weighs = np.exp(-distance ** 2 / .3 ** 2)
    columns = np.concatenate([present, np.ones((50, 1))], 1).astype(float)
    want = []
    for x in xs:
        values = session.run(T, {X: present * x})[:, 2]
        system = columns.T @ np.diag(weighs) @ columns + np.diag([.5] * 5 + [0])
        want.append(np.linalg.solve(system, columns.T @ (weighs * values))[:5])
    with DeepExplain(session=session) as de:
        options = dict(samples=50, kernel_width=.3, seed=3)
        close(de.explain('lime', T, X, xs, 2, penalty=.5, **options), want, 1e-5)
        sparse = de.explain('lime', T, X, xs, 2, penalty=.02, regression='lasso', **options)
        assert (sparse == 0).any() and not (sparse == 0).all()


@pytest.mark.parametrize('shape, axes, cells', [((6, 7, 2), (1, 2), 3), ((9,), (1,), 9), ((5, 6), (1, 2), (2, 3)),
                                                ((5, 6), (1,), 2)])
def test_rise_is_the_mean_of_masks(session, rng, shape, axes, cells):
    X = tf.placeholder(tf.float32, (None,) + shape)
    T = dense(tf.tanh(dense(tf.reshape(X, [-1, int(np.prod(shape))]), rng, 4)), rng, 2)
    initialise(session)
    xs, base = rng.randn(2, *shape).astype('f'), rng.randn(*shape).astype('f')
    sizes = [shape[axis - 1] for axis in axes]
    counts = [cells] * len(axes) if isinstance(cells, int) else list(cells)
    drawn = np.random.RandomState(4)
    on = drawn.uniform(size=[20] + counts) < .4
    extents = [-(-size // count) for size, count in zip(sizes, counts)]
    shifts = (drawn.uniform(size=(20, len(sizes))) * extents).astype(int)
    want = np.zeros(xs.shape)
    for grid, shift in zip(on, shifts):
        mask = np.zeros(sizes)
        for place in np.ndindex(*sizes):
            # Linear interpolation of the grid, half a pixel in, axis by axis.
            value = grid.astype(float)
            for count, extent, by, at in zip(counts, extents, shift, place):
                if extent == 1:
                    value = value[at]
                    continue
                where = min(max((at + by + .5) * count / ((count + 1) * extent) - .5, 0), count - 1)
                low = int(where)
                high = min(low + 1, count - 1)
                value = value[low] * (1 - where + low) + value[high] * (where - low)
            mask[place] = value
        mask = mask.reshape([shape[axis - 1] if axis in axes else 1 for axis in range(1, len(shape) + 1)])
        for i, x in enumerate(xs):
            want[i] += session.run(T, {X: [base + mask * (x - base)]})[0, 1] * mask / (20 * .4)
    options = dict(samples=20, cells=cells, probability=.4, baseline=base, seed=4)
    if list(axes) != list(range(1, min(len(shape), 2) + 1)):
        options['axes'] = list(axes)
    with DeepExplain(session=session) as de:
        close(de.explain('rise', T, X, xs, 1, **options), want, 1e-4)


@pytest.mark.parametrize('method, options', [
    ('kernel_shap', dict(samples=20)), ('lime', dict(samples=30)), ('rise', dict(samples=30, cells=2))])
def test_neither_batches_nor_other_rows_matter(session, rng, method, options):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, seed=5, **options)
        whole = explainer.run(xs, [0, 1, 2, 0])
        np.testing.assert_array_equal(explainer.run(xs, [0, 1, 2, 0]), whole)
        close(explainer.run(xs, [0, 1, 2, 0], batch_size=7), whole, 1e-5)
        close(explainer.run(xs[2:3], 2), whole[2:3], 1e-5)
        assert np.abs(explainer.run(xs, [0, 1, 2, 0], seed=6) - whole).max() > 1e-4


@pytest.mark.parametrize('method, options', [
    ('kernel_shap', dict(samples=20)), ('lime', dict(samples=30)), ('rise', dict(samples=30))])
def test_rows_are_what_is_said(session, rng, method, options):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer(method, T, X, seed=5, **options)
        explainer.run(rng.randn(3, 5), 0)
    rows = sum(len(value) for call in counting.calls for name, value in call.items() if name == X.name)
    assert rows == 3 * {'kernel_shap': 22, 'lime': 30, 'rise': 30}[method]


@pytest.mark.parametrize('method', ['kernel_shap', 'lime', 'rise'])
def test_several_inputs(session, rng, method):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = mlp(tf.tanh, rng, X=tf.concat([A, B], 1))[1]
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        parts = de.explain(method, T, [A, B], [xs[:, :2], xs[:, 2:]], 1, seed=2, samples=40)
        assert [one.shape for one in parts] == [(4, 2), (4, 3)]
        if method != 'rise':
            joined = tf.placeholder(tf.float32, [None, 5])
            whole = mlp(tf.tanh, np.random.RandomState(0), X=joined)[1]
            initialise(session)
            got = de.explain(method, T, [A, B], [xs[:, :2], xs[:, 2:]], 1, seed=2, samples=40)
            want = de.explain(method, whole, joined, xs, 1, seed=2, samples=40)
            close(np.concatenate(got, 1), want, 1e-4)


def test_rise_masks_each_input_by_itself_be_the_samples_the_same_array(session, rng):
    A, B = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    T = mlp(tf.tanh, rng, X=tf.concat([A, 2 * B], 1))[1]
    initialise(session)
    xs = rng.randn(4, 3).astype('f')
    with DeepExplain(session=session) as de:
        same = de.explain('rise', T, [A, B], [xs, xs], 1, seed=2, samples=40)
        apart = de.explain('rise', T, [A, B], [xs, xs.copy()], 1, seed=2, samples=40)
    close(same[0], apart[0], 1e-6)
    close(same[1], apart[1], 1e-6)
    assert np.abs(same[0] - same[1]).max() > 1e-3


def test_too_few_coalitions_are_said(session, rng):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        de.explain('kernel_shap', T, X, rng.randn(2, 5), 0, samples=4)
        assert not [one for one in seen if one.category is UserWarning]
        de.explain('kernel_shap', T, X, rng.randn(2, 5), 0, samples=3)
    assert [str(one.message)[:55] for one in seen if one.category is UserWarning] == [
        'kernel_shap: 3 coalitions do not tell 5 players apart: ']


def test_a_model_of_one_feature_and_of_two(session, rng):
    for size in (1, 2):
        X = tf.placeholder(tf.float32, [None, size])
        T = tf.reduce_sum(X * X, 1)
        xs = rng.randn(3, size)
        with DeepExplain(session=session) as de:
            close(de.explain('kernel_shap', T, X, xs), xs ** 2, 1e-5)
            close(per_sample(de.explain('kernel_shap', T, X, xs, samples=1)), (xs ** 2).sum(1), 1e-5)
            de.explain('lime', T, X, xs, samples=1)


@pytest.mark.parametrize('method, options, kind, text', [
    ('kernel_shap', dict(samples=0), ValueError, 'samples must be a positive int, not 0.'),
    ('lime', dict(kernel_width=0), ValueError, 'kernel_width must be a positive number, not 0.'),
    ('lime', dict(regression='tree'), ValueError, "regression must be 'ridge' or 'lasso', not 'tree'."),
    ('lime', dict(penalty=-1), ValueError, 'penalty must be'),
    ('rise', dict(probability=1), ValueError, 'probability must be above 0 and below 1, not 1.'),
    ('rise', dict(cells=0), ValueError, 'cells must be a positive int, not 0.'),
    ('rise', dict(axes=[0]), ValueError, 'axes must be different ints from 1 on, the axes of X that are masked, not '
                                         '[0].'),
    ('rise', dict(axes=[2]), ValueError, 'axes must name axes of X from 1 to 1, not [2].'),
    ('rise', dict(cells=(2, 2)), ValueError, 'cells must be an int, or one for each of the 1 axes that are masked, not '
                                             '(2, 2).'),
])
def test_errors(session, rng, method, options, kind, text):
    check_refused(session, rng, method, options, kind, text)


def test_too_many_players(session):
    X = tf.placeholder(tf.float32, [None, 101, 100])
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError) as error:
            de.explain('kernel_shap', tf.reduce_sum(X, [1, 2]), X, np.zeros((1, 101, 100)))
    assert str(error.value) == ('kernel_shap: 10100 features are too many players, at most 10000: put them into groups '
                                'by feature_mask.')


def test_rise_masks_by_degrees(session):
    ids = tf.placeholder(tf.int32, [None, 3])
    T = tf.reduce_sum(tf.nn.embedding_lookup(tf.constant(np.eye(4, dtype='f')), ids), [1, 2])
    with DeepExplain(session=session) as de, pytest.raises(RuntimeError, match='must be of floats, not int32'):
        de.get_explainer('rise', T, ids)


def test_ids_take_part_in_coalitions(session, rng):
    ids = tf.placeholder(tf.int32, [None, 3])
    table = weights(rng, 5, 1)
    T = tf.reduce_sum(tf.nn.embedding_lookup(table, ids), 1)
    initialise(session)
    worth = session.run(table)[:, 0]
    with DeepExplain(session=session) as de:
        for method in ('kernel_shap', 'lime'):
            got = de.explain(method, T, ids, [[1, 2, 3]], baseline=4, seed=0)
            assert got.dtype == np.float32
            close(got, [worth[1:4] - worth[4]], .02)


def test_feature_ablation_is_occlusion(session, rng):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        options = dict(feature_mask=[0, 0, 1, 1, 2], per_group=True)
        want = de.explain('occlusion', T, X, xs, 1, **options)
        close(de.explain('feature_ablation', T, X, xs, 1, **options), want, 1e-7)
