"""What is no number, or not one that the model can hold, is refused by name; before any session call or new op."""
import decimal
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, initialise, mlp
from spellings import stricter

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.relevance import AlphaBeta, Epsilon
from deepexplain.tensorflow.runs.arguments import not_finite
from deepexplain.tensorflow.runs.arrays import to_array


class Column:
    """What converts to an array and has no numpy dtype, as pandas' columns and TensorFlow's eager tensors."""

    def __init__(self, values):
        self._values = np.array(values)

    def __array__(self, *arguments, **options):
        return self._values

    def __repr__(self):
        # Names of tests are the same in every process.
        return f'Column({self._values.tolist()})'


#: What makes five features, and what it is.
STRANGE = [
    ([1, None, 3, 4, 5], 'of None'), (np.array([1, None, 3, 4, 5]), 'of None'),
    (['1', '2', '3', '4', '5'], 'of strings'), (np.array(['3'] * 5), 'of strings'), ([1, 2, 3, 4, '5'], 'of strings'),
    (np.array(['3'] * 5, object), 'of strings'), (np.array([b'3'] * 5), 'of strings'), (Column('33333'), 'of strings'),
    (np.ma.array([1., 2, 3, 4, 5], mask=[0, 0, 1, 0, 0]), 'masked in places'), ([1, 2, 3, 4, np.ma.masked], 'masked'),
    (np.ones(5) * 1j, 'of complex numbers'), (np.ones(5) + 0j, 'of complex numbers'), ([1, 2, 3, 4, 5j], 'of complex'),
    (np.array(['2020-01-01'] * 5, 'M8[D]'), 'of dates'), ([np.timedelta64(3, 's')] * 5, 'of spans of time'),
    (np.zeros(5, [('a', 'f4'), ('b', 'i4')]), r'of fields \(a, b\)'), (np.zeros(5, [('a', 'f4')]), r'of fields \(a\)'),
    (np.array([1, 2, 3, 4, 1e300]), r'of numbers beyond 3.4e\+38'), ([1, 2, 3, 4, -1e300], 'of numbers beyond'),
    ([1, 2, 3, 4, 10 ** 400], 'of numbers beyond'), ([1, [2], 3, 4, 5], ': '), ({1, 2}, ': ')]


@pytest.fixture
def counting(session):
    return Counting(session)


@pytest.fixture
def de(counting):
    with DeepExplain(session=counting) as context:
        yield context


def refuses(de, call, words, *arguments, error=ValueError, **options):
    size = len(de.graph.get_operations())
    with warnings.catch_warnings():
        stricter()  # numpy has nothing to say of it either
        with pytest.raises(error, match=words):
            call(*arguments, **options)
    assert len(de.graph.get_operations()) == size and de.session.calls == []


def numbers(name, words):
    return r'^%s must be an array of numbers \(float32\)(, not )?%s' % (name, words)


def test_strange_arrays(de, model):
    X, T = model
    Y, other = tf.identity(X), tf.placeholder(tf.float32, [5], name='other')
    path = de.get_explainer('intgrad', T, X)
    two = de.get_explainer('intgrad', T + Y[:, :3], [X, Y], baseline=[None, .5])
    xs = np.ones((2, 5))
    for value, words in STRANGE:
        refuses(de, path.run, numbers('xs', words), [value, value], 'max')
        refuses(de, two.run, numbers(r'xs\[1\]', words), [xs, [value, value]], 'max')
        refuses(de, path.run, numbers(r"feed_dict\['other:0'\]", words), xs, 'max', feed_dict={other: value})
        refuses(de, de.get_explainer, numbers('low', words), 'deep_taylor.bounded', T, X, low=value, high=9)
        if 'beyond' not in words:  # Of the dtype of the weights, which may be another.
            refuses(de, de.get_explainer, r'^patterns\[0\] must be an array of numbers .*' + words, 'pattern.net', T, X,
                    patterns=[value] * 3)


def test_strange_baselines(de, model):
    X, T = model
    Y, xs = tf.identity(X), np.ones((2, 5))
    path = de.get_explainer('intgrad', T, X)
    two = de.get_explainer('intgrad', T + Y[:, :3], [X, Y], baseline=[None, .5])
    nowhere = [(np.nan, None), ([0, 0, 0, 0, np.inf], None), (np.full(5, -np.inf), None)]
    for value, words in STRANGE + nowhere:
        for name, given in (('baseline', value), ('references', [value])):
            if name == 'references' and value is np.nan:
                continue
            refused = [numbers(one, words) if words else '^%s must be of finite numbers: it holds nan or inf' % one
                       for one in (name, name + r'\[1\]')]
            for method in ('intgrad', 'deeplift'):
                refuses(de, de.get_explainer, refused[0], method, T, X, **{name: given})
            refuses(de, path.run, refused[0], xs, 'max', **{name: given})
            first = None if name == 'baseline' else xs
            refuses(de, two.run, refused[1], [xs, xs], 'max', **{name: [first, given]})


def test_strange_ys(de, model):
    X, T = model
    U, xs = tf.concat([T, T], 1)[:, :5], np.ones((1, 5))
    explainer, inner, path = [de.get_explainer('gradient', U, X), de.get_explainer('gradient', U, T),
                              de.get_explainer('intgrad', U, T)]
    # Refused before X is evaluated, too.
    feed = {X: xs}
    for value, words in STRANGE:
        refuses(de, explainer.run, numbers('ys', words), xs, [value])
        if 'beyond' not in words:
            refuses(de, inner.run, '^ys must be an array of numbers .*' + words, None, [value], feed_dict=feed)
    for run, given in ((explainer.run, xs), (inner.run, None)):
        feeds = feed if given is None else None
        refuses(de, run, "not 'maximum'", given, 'maximum', feed_dict=feeds)
        refuses(de, run, '^ys must be of finite numbers', given, [[np.nan] * 5], feed_dict=feeds)
        refuses(de, run, '^ys must be of finite numbers', given, np.full((1, 5), np.inf), feed_dict=feeds)
    refuses(de, path.run, '^baseline must be of finite', None, feed_dict=feed, baseline=np.inf)
    refuses(de, path.run, '^references must be', None, feed_dict=feed, references='black')


def test_numbers_that_ints_cannot_hold(de):
    X = tf.placeholder(tf.uint8, [None, 2])
    T = tf.reduce_sum(tf.cast(X, tf.float32), 1)
    explainer = de.get_explainer('occlusion', T, X)
    for xs in ([[256, 0]], np.array([[256, 0]]), [[-1, 0]], np.array([[-1., 0]]), [[10 ** 30, 0]]):
        refuses(de, explainer.run, '^xs must be .*(uint8).* numbers outside of 0 to 255', xs)
    refuses(de, explainer.run, 'not of fractions', [[1.5, 0]])
    refuses(de, explainer.run, 'not of nan or inf', np.array([[np.nan, 0]]))
    refuses(de, de.get_explainer, '^baseline must .* outside of 0 to 255', 'occlusion', T, X, baseline=300)
    flag = tf.placeholder(tf.bool, [], name='flag')
    for value in (2, .5, np.nan, 'no', None):
        refuses(de, explainer.run, r"^feed_dict\['flag:0'\]", [[1, 2]], feed_dict={flag: value})
    assert explainer.run(np.array([[True, False]])).tolist() == [[1, 0]]
    for value in (True, 0, 1., np.bool_(False)):
        de.explain('occlusion', T, X, [[1, 2]], feed_dict={flag: value})


def test_half_precision_overflows(de):
    X = tf.placeholder(tf.float16, [None, 2])
    explainer = de.get_explainer('gradient', tf.reduce_sum(X, 1), X)
    for xs in (np.array([[7e4, 0]]), np.array([[7e4, 0]], np.float32), [[70000, 0]]):
        refuses(de, explainer.run, r'^xs must be .*\(float16\), not of numbers beyond 6.55e\+04', xs)


def test_what_goes_in_as_ever(session, model, rng):
    X, T = model
    numbers = np.array([[1, 0, 1, 0, 0], [0, 1, 1, 1, 0]])
    objects = numbers.astype(object)
    objects[0, 0] = decimal.Decimal(1)
    names = tf.placeholder(tf.string, [None])
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        stricter()
        explainer = de.get_explainer('intgrad', T, X)
        want = explainer.run(numbers.astype(np.float32))
        for xs in (numbers, numbers.astype(bool), numbers.tolist(), objects, np.ma.array(numbers), Column(numbers),
                   numbers.astype('>f8'), [list(map(np.float64, row)) for row in numbers], numbers.astype(np.uint8)):
            np.testing.assert_array_equal(explainer.run(xs, feed_dict={names: ['a', 'b']}), want)
        with pytest.warns(UserWarning, match='not finite numbers: xs holds nan or inf'):
            assert np.isnan(explainer.run(np.full((1, 5), np.nan))).all()
        Y = tf.identity(X)
        two = de.explain('intgrad', T + Y[:, :3], [X, Y], [numbers, numbers], baseline=[None, .5])
        np.testing.assert_array_equal(two[0], want)
        np.testing.assert_array_equal(two[1], (numbers - .5) * [1, 1, 1, 0, 0])


def test_whole_numbers_that_a_float_does_not_have(session, rng):
    X = tf.placeholder(tf.float32, [None, 2])
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', X[:, 0], X)
        for xs in (np.array([[2 ** 24 + 1, 0]]), [[-2 ** 24 - 1, 0]], np.array([[2 ** 63 + 1, 0]], np.uint64)):
            with pytest.warns(UserWarning, match='^xs holds whole numbers that float32 does not .* becomes') as got:
                explainer.run(xs)
            assert len(got) == 1 and got[0].filename == __file__
        with warnings.catch_warnings():
            stricter()
            for xs in (np.array([[2 ** 24, 2 ** 30]]), np.array([[2 ** 24 + 1., 0]]), np.array([[5, -5]])):
                explainer.run(xs)


def test_an_array_of_the_dtype_is_not_looked_at(rng):
    array = np.ones((3, 2), np.float32)
    assert to_array('xs', array, np.float32) is array


def test_names_of_what_is_not_finite():
    arrays = {'xs': np.array([[1, np.nan]], np.float32), 'a': np.array([-np.inf]), 'b': np.array([1, 2]),
              'c': np.array([1 + 1j * np.nan]), 'd': np.zeros((0, 2)), 'e': np.array(3.), 'f': np.array(['x']),
              'g': np.array([np.inf], np.float16)}
    assert not_finite(arrays) == ['xs', 'a', 'c', 'g']
    assert not_finite({}) == []


# -- ys ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('ys', [
    np.array([[0], [1], [0]]), [[0], [1], [0]], [(0,), (1,), (0,)], np.array([[0], [1], [0]], np.uint8), [[1]] * 3,
    np.array([[0], [1], [0]], object), [[False], [True], [False]], np.array([[0], [1], [0]], bool),
    Column([[0], [1], [0]])], ids=repr)
def test_labels_in_a_column_for_a_target_of_one_unit(de, session, rng, ys):
    X, T = mlp(tf.nn.tanh, rng, outputs=1)
    initialise(session)
    xs = rng.randn(3, 5)
    words = (r"ys of (ints|bools) of shape \(3, 1\) could be labels or weights of T's one unit: the unit is named by "
             r"ys=0, or by n ints of shape \(3,\), weights are floats \(ys.astype\('float32'\)\)")
    for target in (T, tf.placeholder_with_default(T, [None, None]), tf.placeholder_with_default(T, None)):
        explainer = de.get_explainer('gradient', target, X)
        refuses(de, explainer.run, words, xs, ys)
    three = de.get_explainer('gradient', tf.reshape(T, [-1, 1, 1]), X)
    refuses(de, three.run, 'could be labels or weights', xs, np.ones((3, 1, 1), int))


def test_either_can_be_said(session, rng):
    X, T = mlp(tf.nn.tanh, rng, outputs=1)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, X)
        want = explainer.run(xs)
        assert want.any(1).all()
        for ys in (0, [0, 0, 0], np.zeros(3, int), np.zeros(3, object), 'max', [[1.], [1], [1]], (0,)):
            np.testing.assert_array_equal(explainer.run(xs, ys), want)
        np.testing.assert_array_equal(explainer.run(xs, np.array([[0.], [1], [2]])), want * [[0], [1], [2]])
        with pytest.raises(ValueError, match=r'ys must name units of T .* from 0 to 0, not 1'):
            explainer.run(xs, [0, 1, 0])


def test_a_column_for_a_target_of_several_units(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, X)
        for ys in ([[0], [1], [2]], [[True], [False], [True]], np.ones((3, 1))):
            with pytest.raises(RuntimeError, match=r'must have the shape of T .*, \(\?, 3\), not \(3, 1\): weights .* '
                                                   r'or name units by n ints, of shape \(3,\)'):
                explainer.run(xs, ys)
        # One-hot, of whatever dtype.
        want = explainer.run(xs, [0, 2, 1])
        for dtype in (int, bool, np.uint8, float, object):
            np.testing.assert_array_equal(explainer.run(xs, np.eye(3)[[0, 2, 1]].astype(dtype)), want)
        # Of a shape that is not known a column of weights would be spread over the units.
        for shape in ([None, None], None):
            unknown = de.get_explainer('gradient', tf.placeholder_with_default(T, shape), X)
            with pytest.raises(RuntimeError, match=r'must have the shape of T .*, \(\?, 3\), not \(3, 1\)'):
                unknown.run(xs, np.ones((3, 1)))
            np.testing.assert_array_equal(unknown.run(xs, np.eye(3)[[0, 2, 1]]), want)
        # For one number a sample they are weights, as is written.
        close(de.explain('gradient', T[:, 0], X, xs, [0, 1, 2]),
              explainer.run(xs, 0) * [[0], [1], [2]], 1e-6)


# -- bools and other options ------------------------------------------------------------------------------------------


FLAGS = [('deeplift', dict(complete=None)), ('deeplift.reveal_cancel', dict(complete=None)),
         ('deeplift.reveal_cancel', dict(rescale_convolutions=None)), ('shapley_sampling', dict(antithetic=None)),
         ('shapley_sampling', dict(feature_mask=[0, 0, 1, 1, 1], per_group=None)),
         ('occlusion', dict(feature_mask=[0, 0, 1, 1, 1], per_group=None)), ('pattern.net', dict(normalize=None)),
         ('pattern.attribution', dict(normalize=None)), ('lrp.z', dict(bias=None)), ('lrp.epsilon', dict(bias=None)),
         ('lrp.gamma', dict(bias=None)), ('lrp.alpha_beta', dict(bias=None)),
         ('lrp.sequential_preset_a', dict(bias=None))]


@pytest.mark.parametrize('method,options', FLAGS)
def test_what_is_true_or_false(de, model, method, options):
    X, T = model
    name = next(name for name, one in options.items() if one is None)
    for value in ('no', 'False', 0, 1, 0., [], np.ones(3), np.array(True)):
        given = dict(options, **{name: value})
        words = '^%s must be True(,| or) False' % name
        refuses(de, de.get_explainer, words, method, T, X, **given)
        refuses(de, de.get_explainer, words, 'smoothgrad', T, X, of=method, options=given)


def test_what_is_true_or_false_of_a_run(de, model):
    X, T = model
    explainer, xs = de.get_explainer('intgrad', T, X), np.ones((2, 5))
    for name in ('return_convergence_delta', 'show_progress'):
        for value in ('no', 0, 1, None, [True]):
            words = '^%s must be True or False, not ' % name
            refuses(de, explainer.run, words, xs, **{name: value})
            refuses(de, de.explain, words, 'elrp', T, X, xs, **{name: value})


def test_a_bool_of_numpy(session, model, rng):
    X, T = model
    with DeepExplain(session=session) as de:
        assert len(de.explain('lrp.z', T, X, rng.randn(2, 5), bias=np.bool_(False),
                              return_convergence_delta=np.bool_(True))) == 2
        assert Epsilon(bias=np.bool_(True)).bias is True and AlphaBeta(bias=np.bool_(False)).bias is False


@pytest.mark.parametrize('method,options,words', [
    ('intgrad', dict(steps=True), 'steps must be a positive int, not True'),
    ('intgrad', dict(steps='3'), "steps must be a positive int, not '3'"),
    ('intgrad', dict(steps=np.ones((9, 9))), r'steps must be a positive int, not an array of shape \(9, 9\)'),
    ('shapley_sampling', dict(sampling_dims=[True]), r'sampling_dims must name .* not \[True\]'),
    ('shapley_sampling', dict(seed=2 ** 32), r'seed must be an int of at least 0 and below 2 \*\* 32'),
    ('random', dict(seed=np.ones(1000)), r'seed must be .* not an array of shape \(1000,\)'),
    ('random', dict(seed=list(range(1000))), 'seed must be .* not a list'),
    ('occlusion', dict(feature_mask=np.ma.array([0, 0, 1, 1, 1], mask=[1, 0, 0, 0, 0])), 'feature_mask .*masked'),
    ('shapley_sampling', dict(feature_mask=[0, 0, 1, 1, None]), 'feature_mask must be of ints, .* not of None'),
    ('occlusion', dict(per_group=True), 'per_group needs a feature_mask'),
    ('lrp', dict(composite=[('*', 'zz')]), 'A rule must be in'), ('lrp', dict(uncovered='pass'), 'uncovered must be'),
    ('expected_gradients', dict(references=np.full((2, 5), np.nan)), '^references must be of finite numbers'),
    ('deeplift', dict(baseline=[None] * 5), r'^baseline must be an array of numbers \(float32\), not of None'),
    ('pattern.net', dict(patterns=[[np.nan]]), r'^patterns\[0\] must be of finite numbers'),
    ('pattern.net', dict(patterns={'a': None}), r"^patterns\['a'\] must be an array of numbers"),
])
def test_a_failed_explainer_leaves_no_op(de, model, method, options, words):
    X, T = model
    wide = tf.placeholder(tf.float32, [None, 64])
    size = wide if method == 'occlusion' and 'per_group' in options else X
    # A first layer of 64 features would be made ready for.
    target = tf.matmul(wide, tf.ones([64, 2])) if size is wide else T
    refuses(de, de.get_explainer, words, method, target, size, **options)


def test_an_epsilon_that_is_no_number(de, model):
    X, T = model
    for epsilon in (True, float('nan'), float('inf'), '1', None, 1j, np.ones(3)):
        refuses(de, de.get_explainer, 'epsilon must be greater than zero', 'elrp', T, X, epsilon=epsilon,
                error=AssertionError)


@pytest.mark.parametrize('method', ['gradient', 'intgrad', 'deeplift', 'lrp.z_IB', 'occlusion', 'random', 'vargrad'])
def test_a_run_adds_nothing_to_the_graph(session, model, rng, method):
    # What is built only where it is asked for has been by then.
    X, T = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X)
        size = len(session.graph.get_operations())
        explainer.run(rng.randn(2, 5), 'max', return_convergence_delta=explainer.has_convergence_delta)
        assert len(session.graph.get_operations()) == size
