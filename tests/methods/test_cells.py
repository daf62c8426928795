"""sobol, hsic and permutation against slow replicas of their papers."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, check_refused, close, dense, initialise, mlp, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods.sequences import latin_hypercube, sobol

REFERENCES = np.random.RandomState(7).randn(6, 5)
METHODS = [('sobol', dict(samples=8, seed=5)), ('hsic', dict(samples=30, seed=5)),
           ('permutation', dict(references=REFERENCES, samples=4, seed=5))]

#: Shapes of samples, the options that say what the cells are, and the cell of each feature.
GRIDS = [
    ((5,), {}, np.arange(5)),
    ((7,), dict(cells=3), [0, 0, 0, 1, 1, 2, 2]),
    ((4, 6), dict(cells=(2, 3)), np.repeat(np.repeat(np.arange(6).reshape(2, 3), 2, 0), 2, 1)),
    ((4, 4, 3), dict(cells=2), np.repeat(np.repeat(np.arange(4).reshape(2, 2, 1), 2, 0), 2, 1) + np.zeros(3, int)),
    ((2, 4, 4), dict(cells=2, axes=[2, 3]), np.repeat(np.repeat(np.arange(4).reshape(1, 2, 2), 2, 1), 2, 2)
     + np.zeros((2, 1, 1), int)),
    ((2, 2, 2, 2), {}, np.arange(8).reshape(2, 2, 2, 1) + np.zeros(2, int)),
    ((5,), dict(feature_mask=[7, 3, 3, 7, 5]), [2, 0, 0, 2, 1]),
]


def network(rng, shape):
    X = tf.placeholder(tf.float32, (None,) + shape)
    return X, dense(tf.tanh(dense(tf.reshape(X, [-1, int(np.prod(shape))]), rng, 4)), rng, 2)


def slow_sobol(evaluate, x, base, cells, A, B):
    """Total indices, by the formula, one mask after another."""
    def at(mask):
        return evaluate(base + mask[cells] * (x - base))

    of_A, of_B = np.array([at(row) for row in A]), np.array([at(row) for row in B])
    variance = np.var(np.append(of_A, of_B), ddof=1)
    found = []
    for cell in range(A.shape[1]):
        total = 0
        for row, other, value in zip(A, B, of_A):
            changed = row.copy()
            changed[cell] = other[cell]
            total += (value - at(changed)) ** 2
        found.append(total / (2 * len(A) * variance))
    return np.array(found)[cells]


def slow_hsic(evaluate, x, base, cells, present):
    """tr(K H L H) / (p - 1)^2 with all matrices."""
    size = len(present)
    T = np.array([evaluate(np.where(row[cells], x, base)) for row in present])
    apart = np.sort([abs(T[i] - T[j]) for i in range(size) for j in range(i)])
    apart = apart[apart > 1e-6 * np.abs(T).max()]
    width = apart[(len(apart) - 1) // 2]
    H, L = np.eye(size) - 1 / size, np.exp(-(T[:, np.newaxis] - T) ** 2 / (2 * width ** 2))
    found = []
    for column in present.T:
        K = np.where(column[:, np.newaxis] == column, .5, -.5)
        found.append(np.trace(K @ H @ L @ H) / (size - 1) ** 2)
    return np.array(found)[cells]


@pytest.mark.parametrize('shape,options,cells', GRIDS)
@pytest.mark.parametrize('method', ['sobol', 'hsic'])
def test_by_slow_replicas(session, rng, method, shape, options, cells):
    X, T = network(rng, shape)
    initialise(session)
    xs, base, cells = rng.randn(2, *shape).astype('f'), rng.randn(*shape).astype('f'), np.array(cells)
    count, drawn = cells.max() + 1, np.random.RandomState(4)
    if method == 'sobol':
        points = sobol(8, 2 * count, drawn)
        want = [slow_sobol(lambda row: session.run(T, {X: [row]})[0, 1], x, base, cells, points[:, :count],
                           points[:, count:]) for x in xs]
    else:
        present = latin_hypercube(11, count, drawn) < .5
        want = [slow_hsic(lambda row: session.run(T, {X: [row]})[0, 1], x, base, cells, present) for x in xs]
    with DeepExplain(session=session) as de:
        options = dict(options, samples=8 if method == 'sobol' else 11, seed=4, baseline=base)
        got = de.explain(method, T, X, xs, 1, **options)
        assert got.dtype == np.float32
        close(got, want, 1e-4)
        if 'feature_mask' in options:
            close(de.explain(method, T, X, xs, 1, per_group=True, **options), got[:, [1, 4, 0]], 1e-6)


def test_sobol_of_a_product_and_a_sum(session):
    """T = m1 m2 + m3: of V = 7/144 + 1/12, m1 has a part in E(m2^2) Var(m1) = 1/36, and m3 in 1/12."""
    X = tf.placeholder(tf.float32, [None, 4])
    V = 7 / 144 + 1 / 12
    with DeepExplain(session=session) as de:
        got = de.explain('sobol', X[:, 0] * X[:, 1] + X[:, 2], X, np.ones((1, 4)), samples=1024, seed=0)
    close(got, [[1 / 36 / V, 1 / 36 / V, 1 / 12 / V, 0]], .02)


def test_hsic_sees_what_only_works_together(session):
    X = tf.placeholder(tf.float32, [None, 4])
    T = 3 * X[:, 0] + X[:, 1] * X[:, 2]
    with DeepExplain(session=session) as de:
        got = de.explain('hsic', T, X, np.ones((1, 4)), seed=0)[0]
    assert got[0] > 20 * got[1] > 40 * got[3] and abs(got[1] - got[2]) < .5 * got[1] and (got >= 0).all()


@pytest.mark.parametrize('per_group', [False, True])
def test_permutation_is_the_mean_fall_over_references(session, rng, per_group):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs, groups = rng.randn(3, 5).astype('f'), np.array([1, 0, 0, 2, 1])
    references = REFERENCES.astype('f')
    chosen = np.random.RandomState(3).permutation(6)[:4]
    for samples, used in ((4, references[chosen]), (6, references), (50, references)):
        want = np.zeros((3, 3))
        for i, x in enumerate(xs):
            for group in range(3):
                changed = np.where(groups == group, used, x)
                want[i, group] = session.run(T, {X: [x]})[0, 1] - session.run(T, {X: changed})[:, 1].mean()
        with DeepExplain(session=session) as de:
            got = de.explain('permutation', T, X, xs, 1, references=references, samples=samples, seed=3,
                             feature_mask=groups, per_group=per_group)
        close(got, want if per_group else want[:, groups], 1e-5)


def test_permutation_of_a_linear_model(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    w = rng.randn(5, 2).astype('f')
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('permutation', tf.matmul(X, tf.constant(w)) + 7, X)
        close(explainer.run(xs, 1, references=REFERENCES), w[:, 1] * (xs - REFERENCES.mean(0)), 1e-5)


@pytest.mark.parametrize('method,options', METHODS)
def test_neither_batches_nor_other_rows_matter(session, rng, method, options):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(4, 5)
    bases = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **options)

        def run(xs, ys, rows=slice(None), **more):
            return explainer.run(xs, ys, **dict(more, **({} if method == 'permutation' else {'baseline': bases[rows]})))

        whole = run(xs, [0, 1, 2, 0])
        np.testing.assert_array_equal(run(xs, [0, 1, 2, 0]), whole)
        close(run(xs, [0, 1, 2, 0], batch_size=7), whole, 1e-5)
        close(run(xs[2:3], 2, slice(2, 3)), whole[2:3], 1e-5)
        assert np.abs(run(xs, [0, 1, 2, 0], seed=6) - whole).max() > 1e-4


@pytest.mark.parametrize('method,options,each', [
    METHODS[0] + (8 * 7,), METHODS[1] + (30,), METHODS[2] + (1 + 5 * 4,)])
def test_rows_and_calls_are_what_is_said(session, rng, method, options, each):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer(method, T, X, **options)
        for batch_size, calls in ((None, 1), (16, -(-3 * each // 16))):
            counting.calls.clear()
            explainer.run(rng.randn(3, 5), 0, batch_size=batch_size)
            assert sum(len(call[X.name]) for call in counting.calls) == 3 * each
            assert len(counting.calls) == calls


@pytest.mark.parametrize('method,options', METHODS)
def test_what_scales_with_the_target_and_what_does_not(session, rng, method, options):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        once = de.explain(method, T, X, xs, 1, **options)
        for by, ys in ((-3, -3 * np.eye(3)[[1] * 4]), (100, 100 * np.eye(3)[[1] * 4])):
            close(de.explain(method, T, X, xs, ys, **options), by * once if method == 'permutation' else once, 1e-4)
        if method == 'sobol':
            close(de.explain(method, T + 10, X, xs, 1, **options), once, 1e-3)


@pytest.mark.parametrize('method,options', METHODS)
def test_several_inputs(session, rng, method, options):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = mlp(tf.tanh, rng, X=tf.concat([A, B], 1))[1]
    joined = tf.placeholder(tf.float32, [None, 5])
    whole = mlp(tf.tanh, np.random.RandomState(0), X=joined)[1]
    initialise(session)
    xs = rng.randn(4, 5)
    parts = dict(options)
    if method == 'permutation':
        parts['references'] = [REFERENCES[:, :2], REFERENCES[:, 2:]]
    with DeepExplain(session=session) as de:
        for more, halves in (({}, {}), (dict(feature_mask=[0, 1, 1, 2, 0]), dict(feature_mask=[[0, 1], [1, 2, 0]]))):
            got = de.explain(method, T, [A, B], [xs[:, :2], xs[:, 2:]], 1, **dict(parts, **halves))
            close(np.concatenate(got, 1), de.explain(method, whole, joined, xs, 1, **dict(options, **more)), 1e-4)


def test_what_never_changes_has_no_index(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    T = 1e3 + tf.reduce_sum(X ** 2, 1) / tf.reduce_sum(X ** 2, 1)
    base = np.arange(1, 6)
    with DeepExplain(session=session) as de:
        for method in ('sobol', 'hsic'):
            np.testing.assert_array_equal(de.explain(method, T, X, 2 * base[np.newaxis], baseline=base, samples=16), 0)
            np.testing.assert_array_equal(
                de.explain(method, X ** 2, X, base[np.newaxis], baseline=base, samples=16), 0)
        # The last digits of float32 change, and nothing else.
        noisy = 1e3 + 1e-4 * tf.sin(X[:, 0] + X[:, 1])
        values = session.run(noisy, {X: rng.rand(50, 5) * base})
        assert 1 < len(set(values)) < 9
        np.testing.assert_array_equal(de.explain('sobol', noisy, X, base[np.newaxis], samples=16), 0)
        np.testing.assert_array_equal(de.explain('hsic', noisy, X, base[np.newaxis], samples=16), 0)
        # One change in all is more than none: it is the median of those there are.
        got = de.explain('hsic', tf.cast(tf.reduce_sum(X, 1) > 14.5, tf.float32) + 0 * X[:, 0], X, base[np.newaxis],
                         seed=0)
        assert (got > 0).all()


def test_what_is_not_finite_is_said(session):
    X = tf.placeholder(tf.float32, [None, 3])
    with DeepExplain(session=session) as de:
        for method in ('sobol', 'hsic'):
            with pytest.warns(UserWarning, match='not finite|nan|infinite'):
                got = de.explain(method, tf.log(tf.reduce_sum(X, 1) - 1.5), X, np.ones((2, 3)), samples=16, seed=0)
            assert np.isnan(got).all()


def test_ids_are_there_or_not(session, rng):
    ids = tf.placeholder(tf.int32, [None, 3])
    table = weights(rng, 5, 1)
    T = tf.reduce_sum(tf.nn.embedding_lookup(table, ids), 1)
    initialise(session)
    worth = session.run(table)[:, 0]
    with DeepExplain(session=session) as de:
        got = de.explain('hsic', T, ids, [[1, 2, 4]], baseline=4, seed=0)
        assert got.dtype == np.float32 and (got[0, :2] > 10 * got[0, 2]).all()
        got = de.explain('permutation', T, ids, [[1, 2, 3]], references=[[0, 0, 0], [4, 4, 3]])
        close(got, [[worth[1], worth[2], worth[3]] - np.mean([worth[[0, 0, 0]], worth[[4, 4, 3]]], 0)], 1e-5)
        with pytest.raises(RuntimeError, match='must be of floats, not int32; hsic and kernel_shap take others'):
            de.get_explainer('sobol', T, ids)


@pytest.mark.parametrize('method,options,kind,text', [
    ('permutation', dict(references=REFERENCES, samples=0), ValueError, 'samples must be a positive int, not 0.'),
    ('sobol', dict(samples=0), ValueError, 'samples must be a positive int, not 0.'),
    ('hsic', dict(samples=1), ValueError, 'samples must be an int of at least 2, not 1.'),
    ('sobol', dict(cells=0), ValueError, 'cells must be a positive int, not 0.'),
    ('hsic', dict(axes=[3]), ValueError, 'axes must name axes of X from 1 to 1, not [3].'),
    ('hsic', dict(axes=0), ValueError, 'axes must be different ints from 1 on'),
    ('sobol', dict(cells=(2, 2)), ValueError, 'cells must be an int, or one for each of the 1 axes that are masked, '
                                              'not (2, 2).'),
    ('sobol', dict(cells=2, feature_mask=[0] * 5), ValueError, 'feature_mask excludes cells and axes.'),
    ('permutation', {}, RuntimeError, 'permutation needs references, an array (m,) + the shape of a sample, '),
    ('permutation', dict(references=np.zeros((2, 4))), RuntimeError, 'References shape (2, 4) does not match'),
])
def test_errors(session, rng, method, options, kind, text):
    check_refused(session, rng, method, options, kind, text)


def test_too_many_cells(session):
    X = tf.placeholder(tf.float32, [None, 101, 100])
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        for method, options in (('sobol', dict(cells=101)), ('permutation', dict(references=np.zeros((1, 101, 100))))):
            with pytest.raises(ValueError, match=method + ': 10100 features are too many players, at most 10000'):
                de.explain(method, tf.reduce_sum(X, [1, 2]), X, np.zeros((1, 101, 100)), **options)
    assert not counting.calls


def test_the_shape_of_X_may_be_known_only_to_the_data(session, rng):
    X = tf.placeholder(tf.float32, None)
    T = tf.reduce_sum(X ** 2, [1, 2, 3])
    with DeepExplain(session=session) as de:
        for method, options in (('sobol', {}), ('hsic', dict(samples=9))):
            assert de.explain(method, T, X, rng.rand(1, 5, 9, 2), cells=3, **options).shape == (1, 5, 9, 2)
