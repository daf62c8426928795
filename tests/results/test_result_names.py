"""Tables as samples: columns by name and in order, dicts of inputs, and pairs of a data set."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, initialise, mlp

from deepexplain import evaluation
from deepexplain.tensorflow import DeepExplain


@pytest.fixture
def named(session, rng):
    """An explainer of two inputs of a number each, and one of three."""
    left, right = tf.placeholder(tf.float32, [None, 1], name='left'), tf.placeholder(tf.float32, [None], name='right')
    wide = tf.placeholder(tf.float32, [None, 3], name='wide')
    T = left * [[1., 2]] + 3 * right[:, None]
    with DeepExplain(session=session) as de:
        yield de.get_explainer('intgrad', tf.tanh(T), [left, right]), de.get_explainer(
            'intgrad', tf.tanh(T + tf.reduce_sum(wide, 1, keepdims=True)), [left, right, wide])


class Polars:
    """A stand-in for a DataFrame of polars: columns by name, no index."""

    def __init__(self, columns):
        self._columns, self.columns = columns, list(columns)
        self.shape = (len(list(columns.values())[0]), len(columns))

    def __getitem__(self, name):
        return np.asarray(self._columns[name])


COLUMNS = {'b': [1., 2, 3], 'a': [4, 5, 6], 'e': [True, False, True], 'c': [.5, .25, 1], 'd': [0., 0, 1]}


def frames():
    yield Polars(COLUMNS), None
    try:
        import pandas
        yield pandas.DataFrame(COLUMNS, index=['x', 'y', 'z']), ['x', 'y', 'z']
    except ImportError:
        pass
    try:
        import pyarrow
        yield pyarrow.table(COLUMNS), None
        yield pyarrow.RecordBatch.from_pydict({name: pyarrow.array(one) for name, one in COLUMNS.items()}), None
    except ImportError:
        pass


def test_the_columns_are_the_features_of_one_input(session, rng, model):
    X, T = model
    array = np.stack([np.asarray(one, float) for one in COLUMNS.values()], 1)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X)
        want = explainer.run(array, 1)
        for frame, index in frames():
            np.testing.assert_array_equal(explainer.run(frame, 1), want)
            np.testing.assert_array_equal(explainer.target(frame, 1), explainer.target(array, 1))
            found = explainer.explain(frame, 1)
            assert found.feature_names == list('baecd') and found.xs.dtype == np.float32
            assert index is None and found.index is None or list(found.index) == index
            np.testing.assert_array_equal(found, want)
            np.testing.assert_array_equal(found.xs, array.astype('f'))
            both = explainer.explain(frame, 'all')
            assert both.feature_names == list('baecd') and both.several
        assert explainer.explain(array, 1).feature_names is None


def test_names_come_out_again(session, rng, model):
    pandas = pytest.importorskip('pandas')
    X, T = model
    frame = pandas.DataFrame(COLUMNS, index=['x', 'y', 'z'])
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X)
        found = explainer.explain(frame, 1).to_dataframe()
        assert list(found.columns) == list(frame.columns) and list(found.index) == ['x', 'y', 'z']
        groups = de.explain('shapley_sampling', T, X, frame, 1, samples=2, per_group=True, as_result=True,
                            feature_mask=np.arange(5))
        assert groups.feature_names is None
        table = evaluation.evaluate({'a': explainer}, frame, 1, ['deletion'])
        np.testing.assert_array_equal(table.mean, evaluation.evaluate(
            {'a': explainer}, frame.values.astype(float), 1, ['deletion']).mean)
        parts = list(explainer.run_batches([frame[:2], frame[2:]], ys=1))
        np.testing.assert_allclose(np.concatenate(parts), explainer.run(frame, 1), rtol=1e-5, atol=1e-6)


def test_several_inputs_by_name(named):
    pandas = pytest.importorskip('pandas')
    explainer, wider = named
    left, right = np.array([[.1], [.2]]), np.array([.3, .4])
    want = explainer.run([left, right], 0)
    for xs in ({'right': right, 'left': left}, {'left:0': left, 'right': right},
               pandas.DataFrame({'right': right, 'left': left[:, 0]}, index=[7, 9])):
        for got, one in zip(explainer.run(xs, 0), want):
            np.testing.assert_array_equal(got, one)
    found = explainer.explain(pandas.DataFrame({'right': right, 'left': left[:, 0]}, index=[7, 9]), 0)
    assert found.input_names == ['left', 'right'] and list(found.index) == [7, 9]
    assert [one.shape for one in found.xs] == [(2, 1), (2,)]
    wide = pandas.DataFrame(np.ones((2, 3)), columns=list('abc'), index=[7, 9])
    for xs in ({'wide': wide, 'right': right, 'left': left}, [left, right, wide]):
        found = wider.explain(xs, 0)
        assert found.feature_names == [None, None, ['a', 'b', 'c']] and list(found.index) == [7, 9]
    with pytest.raises(ValueError, match='tables of the same index for all inputs'):
        wider.explain([pandas.DataFrame(left, index=[9, 7]), right, wide], 0)


def test_names_that_are_unknown_missing_or_twice(named):
    pandas = pytest.importorskip('pandas')
    explainer, wider = named
    one = np.ones(2)
    for xs, text in (({'left': one[:, None]}, "^xs must have all inputs, and has no 'right'.$"),
                     ({'left': one, 'right': one, 'up': one}, "^xs names 'up', which is none of the inputs: they are "
                                                              "'left', 'right'.$"),
                     ({'left': one, 'left:0': one, 'right': one}, "^xs names the input 'left' twice.$"),
                     (pandas.DataFrame({'left': one, 'up': one}), "^xs names 'up', which is none of the inputs")):
        with pytest.raises(ValueError, match=text):
            explainer.run(xs)
    with pytest.raises(ValueError, match=r"^xs\['wide'\]: the input takes more than a number for each sample"):
        wider.run(pandas.DataFrame({'left': one, 'right': one, 'wide': one}))


def test_columns_that_are_none_of_numbers(session, rng):
    pandas = pytest.importorskip('pandas')
    X, T = mlp(tf.tanh, rng, inputs=2)
    initialise(session)
    counting = Counting(session)
    good = [1., 2]
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('intgrad', T, X)
        for bad, text in ((['a', 'b'], r"^xs\['b'\] must be an array of numbers \(float32\), not of strings"),
                          ([1, 'b'], r"^xs\['b'\] must be a column of numbers, not of object: turn it into numbers"),
                          ([{}, {}], r"^xs\['b'\] must be a column of numbers, not of object"),
                          ([None, {}], r"^xs\['b'\] must have a value in each row, and has none in 1"),
                          (pandas.Categorical([3, 4]), r"^xs\['b'\] must be a column of numbers, not of category"),
                          (pandas.to_datetime(['2020-01-01', '2020-01-02']), r"^xs\['b'\] .*not of datetime64"),
                          (pandas.array([1, None], 'Int64'), r"^xs\['b'\] must have a value in each row, and has none "
                                                             'in 1')):
            with pytest.raises(ValueError, match=text):
                explainer.run(pandas.DataFrame({'a': good, 'b': bad}))
        with pytest.raises(ValueError, match="^xs has the column 'a' twice.$"):
            explainer.run(pandas.DataFrame(np.ones((2, 2)), columns=['a', 'a']))
        with pytest.raises(ValueError, match=r"xs must have the shape of '.*', \(\?, 2\), not \(2, 3\)"):
            explainer.run(pandas.DataFrame(np.ones((2, 3))))
        assert not counting.calls
        # Ints of pandas that could be missing, and are not.
        found = explainer.run(pandas.DataFrame({'a': good, 'b': pandas.array([1, 2], 'Int64')}))
        np.testing.assert_array_equal(found, explainer.run(np.array([[1, 1], [2, 2]])))
        with pytest.warns(UserWarning, match=r"xs\['b'\] holds whole numbers that float32 does not have"):
            explainer.run(pandas.DataFrame({'a': good, 'b': [2 ** 24 + 1, 0]}))


def test_rows_of_a_table_that_are_one_sample(session):
    pandas = pytest.importorskip('pandas')
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.reduce_sum(tf.tanh(X), 0, keepdims=True)
    with DeepExplain(session=session) as de:
        found = de.explain('grad*input', T, X, pandas.DataFrame({'a': [1, 2, 3], 'b': [4, 5, 6]}), rows='together',
                           as_result=True)
        assert found.feature_names == ['a', 'b'] and found.index is None and found.shape == (3, 2)


def test_pairs_of_a_data_set(session, rng, model):
    X, T = model
    xs, ys = rng.randn(5, 5), np.array([0, 2, 1, 1, 0])
    pairs = [(xs[:2], ys[:2]), (xs[2:], ys[2:])]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X)
        found = np.concatenate(list(explainer.run_batches(iter(pairs), labels=True)))
        np.testing.assert_allclose(found, explainer.run(xs, ys), rtol=1e-5, atol=1e-6)
        with pytest.raises(RuntimeError, match='batch 1: with labels=True a batch must be a pair .*not a tuple of 3'):
            list(explainer.run_batches([pairs[0], pairs[1] + (1,)], labels=True))
        with pytest.raises(RuntimeError, match='must be a pair .*not ndarray'):
            list(explainer.run_batches([xs], labels=True))
        with pytest.raises(ValueError, match='ys must be left out with labels=True'):
            explainer.run_batches(pairs, labels=True, ys=1)
        with pytest.raises(ValueError, match='labels must be True or False'):
            explainer.run_batches(pairs, labels=1)
        explainers = {'a': explainer}
        want = evaluation.evaluate(explainers, xs, ys, ['deletion']).mean
        found = evaluation.evaluate(explainers, pairs, None, ['deletion'], labels=True)
        np.testing.assert_array_equal(found.mean, want)
        for batches, kind, text in (([xs], TypeError, 'batch 0 is ndarray'), (xs, TypeError, 'and is ndarray'),
                                    ([], ValueError, 'at least one batch'),
                                    ([pairs[0] + (1,)], TypeError, 'batch 0 is a tuple of 3')):
            with pytest.raises(kind, match=text):
                evaluation.evaluate(explainers, batches, None, ['deletion'], labels=True)
        with pytest.raises(ValueError, match='ys must be left out'):
            evaluation.evaluate(explainers, pairs, 1, ['deletion'], labels=True)
    several = [([xs[:2], xs[:2] + 1], ys[:2]), ([xs[2:], xs[2:] + 1], ys[2:])]
    from deepexplain.evaluation.batches import together
    np.testing.assert_array_equal(together(several, None)[0][1], xs + 1)
    named = [({'a': one}, own) for (one, _), own in several]
    np.testing.assert_array_equal(together(named, None)[0]['a'], xs)
