"""Names in tables count wherever values go by features: baselines, references, batches, masks; and what no table is."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting
from test_result_names import Polars

from deepexplain import evaluation
from deepexplain.results import Attributions
from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.runs.keys import Keys

NAMES = list('abcde')


@pytest.fixture
def counting(session, model):
    """A door on a session that counts its calls, and the model's tensors."""
    counts = Counting(session)
    with DeepExplain(session=counts) as de:
        yield de, model, counts


@pytest.fixture
def several(session):
    left, right = tf.placeholder(tf.float32, [None, 1], name='left'), tf.placeholder(tf.float32, [None], name='right')
    with DeepExplain(session=session) as de:
        yield de.get_explainer('intgrad', tf.tanh(left * [[1., 2]] + 3 * right[:, None]), [left, right])


def data(n=4, seed=0):
    return np.random.RandomState(seed).randn(n, 5).astype('f')


def tables(array):
    """Tables of the kinds that are installed, each with a function that puts columns in another order."""
    yield Polars(dict(zip(NAMES, array.T))), lambda table, names: Polars({name: table[name] for name in names})
    try:
        import pandas
        yield pandas.DataFrame(array, columns=NAMES), lambda table, names: table[names]
    except ImportError:
        pass
    try:
        import pyarrow
        yield pyarrow.table(dict(zip(NAMES, array.T))), lambda table, names: table.select(names)
    except ImportError:
        pass


@pytest.mark.parametrize('method', ['intgrad', 'deeplift', 'occlusion'])
def test_references_and_baselines_in_another_order(session, model, method):
    X, T = model
    xs, array, moved = data(), data(1, 1), list('cbeda')
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X)
        for (table, _), (absent, order) in zip(tables(xs), tables(array)):
            for one in (absent, order(absent, moved)):
                np.testing.assert_array_equal(explainer.run(table, 1, baseline=one),
                                              explainer.run(xs, 1, baseline=array))
            other = de.get_explainer(method, T, X, baseline=order(absent, moved))
            np.testing.assert_array_equal(other.run(table, 1), explainer.run(xs, 1, baseline=array))
            # Samples without names, by the order.
            np.testing.assert_array_equal(explainer.run(xs, 1, baseline=order(absent, moved)), explainer.run(
                xs, 1, baseline=array[:, [NAMES.index(name) for name in moved]]))
        if method != 'occlusion':
            for (table, _), (absent, order) in zip(tables(xs), tables(data(2, 2))):
                np.testing.assert_array_equal(explainer.run(table, 1, references=order(absent, moved)),
                                              explainer.run(xs, 1, references=data(2, 2)))
                found = explainer.explain(table, 1, references=order(absent, moved))
                assert found.options == {'references': {'shape': [2, 5], 'of': type(absent).__name__}}
                np.testing.assert_allclose(found.baseline, [data(2, 2).mean(0)], rtol=1e-6)


def test_a_series_with_the_names_of_the_features(counting):
    pandas = pytest.importorskip('pandas')
    de, (X, T), counts = counting
    explainer, xs = de.get_explainer('intgrad', T, X), data()
    frame, mean = pandas.DataFrame(xs, columns=NAMES), pandas.Series(xs.mean(0), NAMES)
    want = explainer.run(xs, 1, baseline=xs.mean(0))
    for one in (mean, mean[list('edcba')], pandas.Series(xs.mean(0)), mean.values):
        np.testing.assert_array_equal(explainer.run(frame, 1, baseline=one), want)
    numbered = pandas.DataFrame(xs)  # Columns 0 to 4.
    np.testing.assert_array_equal(explainer.run(numbered, 1, baseline=pandas.Series(
        xs.mean(0))[[4, 0, 1, 3, 2]]), want)
    np.testing.assert_array_equal(explainer.run(numbered, 1, baseline=mean), want)
    counts.calls[:] = []
    for name, value, text in (
            ('baseline', mean.rename({'a': 'z'}), "^baseline must have the columns of xs, and has no 'a' and 'z' "
                                                  'besides.$'),
            ('references', frame.rename(columns={'b': 'x', 'c': 'y'}), "has no 'b', 'c' and 'x', 'y' besides"),
            ('references', frame.assign(b='q'), r"^references\['b'\] must be an array of numbers"),
            ('references', frame.assign(b=pandas.array([1, None, 2, 3], 'Int64')),
             r"^references\['b'\] must have a value in each row")):
        with pytest.raises(ValueError, match=text):
            explainer.run(frame, 1, **{name: value})
    assert not counts.calls


def test_what_is_kept_is_that_of_the_names(session, model):
    pandas = pytest.importorskip('pandas')
    X, T = model
    xs, values = data(), np.arange(5.)
    frame = pandas.DataFrame(xs, columns=NAMES)
    with DeepExplain(session=session) as de:
        for names in (NAMES, NAMES[::-1]):
            found = de.explain('sobol', T, X, frame, 1, samples=4, seed=1, baseline=pandas.Series(values, names))
            np.testing.assert_array_equal(found, de.get_explainer('sobol', T, X, samples=4, seed=1, baseline=(
                values if names is NAMES else values[::-1])).run(xs, 1))
    one, other = (Keys().of(pandas.Series(values, names)) for names in (NAMES, NAMES[::-1]))
    assert one != other and one == Keys().of(pandas.Series(values, NAMES))


def test_measures_put_their_baseline_in_order(session, model):
    pandas = pytest.importorskip('pandas')
    X, T = model
    xs = data()
    frame, mean = pandas.DataFrame(xs, columns=NAMES), pandas.Series(xs.mean(0), NAMES)[list('badec')]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('grad*input', T, X)
        np.testing.assert_array_equal(evaluation.deletion(explainer, frame, 1, baseline=mean).scores,
                                      evaluation.deletion(explainer, xs, 1, baseline=xs.mean(0)).scores)


def test_batches_have_the_columns_of_the_first(session, model, several):
    X, T = model
    xs, ys = data(), np.array([0, 1, 2, 1])
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X)
        want = evaluation.evaluate({'a': explainer}, xs, ys, ['deletion']).mean
        for (first, order), (second, _) in zip(tables(xs[:2]), tables(xs[2:])):
            with pytest.raises(RuntimeError, match="^batch 1: xs must have the columns of the first batch in their "
                                                   "order, 'a', 'b', 'c', 'd', 'e', not 'b', 'a', 'c', 'd', 'e'.$"):
                list(explainer.run_batches([first, order(second, list('bacde'))], ys=1))
            if isinstance(first, Polars):
                with pytest.raises(TypeError, match='tables of pandas, polars or pyarrow, .*not Polars'):
                    evaluation.evaluate({'a': explainer}, [(first, ys[:2])], measures=['deletion'], labels=True)
                continue
            pairs = [(first, ys[:2]), (second, ys[2:])]
            np.testing.assert_array_equal(evaluation.evaluate({'a': explainer}, pairs, None, ['deletion'],
                                                              labels=True).mean, want)
            for other in (order(second, list('bacde')), xs[2:]):
                with pytest.raises(ValueError, match='^xs must yield tables of one kind with the same columns in the '
                                                     'same order with labels=True, and batch 1 has'):
                    evaluation.evaluate({'a': explainer}, [pairs[0], (other, ys[2:])], None, ['deletion'], labels=True)
        # Of several inputs a table's columns go by their names.
        pandas = pytest.importorskip('pandas')
        both = pandas.DataFrame({'right': xs[:, 0], 'left': xs[:, 1]})
        found = list(several.run_batches([both[:2], both[2:][['left', 'right']]], ys=0))
        for got, one in zip(zip(*found), several.run([xs[:, 1:2], xs[:, 0]], 0)):
            np.testing.assert_allclose(np.concatenate(got), one, rtol=1e-5)


def test_rows_go_by_their_index(counting):
    pandas = pytest.importorskip('pandas')
    de, (X, T), counts = counting
    explainer, xs = de.get_explainer('intgrad', T, X), data()
    frame, ys = pandas.DataFrame(xs, columns=NAMES, index=list('wxyz')), np.array([0, 1, 2, 1])
    counts.calls[:] = []
    for name, value in (('ys', pandas.Series(ys, list('zwxy'))), ('ids', pandas.Series(ys, list('xwyz')))):
        with pytest.raises(ValueError, match=f'^{name} must have the index of xs in its order, and has it in another: '
                                             rf'{name}.loc\[xs.index\] is in that order.$'):
            explainer.run(frame, **{name: value})
    assert not counts.calls
    dates = pandas.date_range('2020-02-28', periods=4)
    with pytest.raises(ValueError, match='^ys must have the index of xs in its order'):
        explainer.run(frame.set_index(dates), pandas.Series(ys, dates[::-1]))
    for index in (list('wxyz'), range(4), list('pqrs')):
        found = explainer.explain(frame, pandas.Series(ys, index))
        np.testing.assert_array_equal(found, explainer.run(xs, ys))
        assert found.target == 'units'
    assert explainer.explain(frame, pandas.Series([.5, 1, 0, 1]).values[:, None] * np.eye(3)[1]).target == 'weights'


def test_names_that_are_not_compared_are_refused(counting):
    pandas = pytest.importorskip('pandas')
    de, (X, T), counts = counting
    mask = pandas.Series([0, 0, 1, 1, 1], NAMES)
    with pytest.raises(ValueError, match=r"^feature_mask must be an array, in the order of the features: the names of "
                                         r"a Series \('a', 'b', 'c'\) are not compared with those of xs.$"):
        de.get_explainer('shapley_sampling', T, X, feature_mask=mask)
    with pytest.raises(ValueError, match='^low must be an array, in the order'):
        de.get_explainer('deep_taylor.bounded', T, X, low=-mask, high=mask.values + 1)
    assert de.get_explainer('shapley_sampling', T, X, feature_mask=pandas.Series(mask.values))
    result = Attributions(np.arange(10.).reshape(2, 5), feature_names=NAMES)
    for one in (mask, mask[list('edabc')], pandas.Series(mask.values), mask.values):
        np.testing.assert_array_equal(result.groups(one), [[1, 9], [11, 24]])
    with pytest.raises(ValueError, match="^mask must name the features"):
        result.groups(mask.rename({'a': 'z'}))


class Lazy:
    columns = ['a']

    def collect(self):
        raise AssertionError('it is not read')


class Odd:
    """A column that numpy cannot read."""
    dtype = 'Int128'

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError('no such integers')


def test_what_is_no_table_or_no_column_of_numbers(counting):
    de, (X, T), counts = counting
    explainer, xs = de.get_explainer('intgrad', T, X), data(2)
    columns = dict(zip(NAMES, xs.T))
    counts.calls[:] = []
    table = Polars(columns)
    table._columns['b'] = Odd()
    for one, text in ((Lazy(), r'^xs must be a table with its rows, not a Lazy: .collect\(\) reads them.$'),
                      (Polars(dict(columns, b=np.array([1, None], object))), r"^xs\['b'\] must have a value in each "
                                                                             'row, and has none in 1'),
                      (Polars(dict(columns, b=np.array(['x', None], object))), r"^xs\['b'\] must have a value in each"),
                      (Polars(dict(columns, b=np.array([1, 'x'], object))), r"^xs\['b'\] must be a column of numbers, "
                                                                            'not of object'),
                      (Polars(dict(columns, b=np.ones((2, 2)))), r"^xs\['b'\] must be a column of numbers")):
        with pytest.raises(ValueError, match=text):
            explainer.run(one, 1)
    assert not counts.calls
    whole = Polars(dict(columns, b=np.array([1.5, True], object)))
    np.testing.assert_array_equal(explainer.run(whole, 1), explainer.run(np.column_stack(
        [xs[:, 0], [1.5, 1], xs[:, 2:]]), 1))


def test_columns_of_arrow(counting):
    pa = pytest.importorskip('pyarrow')
    de, (X, T), counts = counting
    explainer, table = de.get_explainer('intgrad', T, X), pa.table(dict(zip(NAMES, data().T)))
    halves = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    np.testing.assert_array_equal(explainer.run(halves, 1), explainer.run(data(), 1))
    counts.calls[:] = []
    for column, text in ((pa.array([5, 6, 5, 6]).dictionary_encode(), r"^xs\['b'\] must be a column of numbers, not of "
                                                                      'dictionary'),
                         (pa.array([1, None, 2, 3]), r"^xs\['b'\] must have a value in each row, and has none in 1"),
                         (pa.array([[1.]] * 4), r"^xs\['b'\] must be a column of numbers, not of list")):
        with pytest.raises(ValueError, match=text):
            explainer.run(table.set_column(1, 'b', column), 1)
    with pytest.raises(ValueError, match=r'^xs must be a table with its rows, not a RecordBatchReader: .read_all\(\)'):
        explainer.run(pa.RecordBatchReader.from_batches(table.schema, table.to_batches()), 1)
    assert not counts.calls


class Stored:
    """An array in a file, say: no table, though it has two axes and parts."""

    def __init__(self, array):
        self._array, self.shape = array, array.shape

    def __getitem__(self, key):
        return self._array[key]

    def __array__(self, dtype=None, copy=None):
        return self._array if dtype is None else self._array.astype(dtype)


class Exchanged:
    """A table of another library, which has but the door of one of the protocols."""

    def __init__(self, table, door):
        self._table = table
        if door == '__arrow_c_stream__':
            self.column_names = table.column_names


def test_tables_of_other_libraries_and_arrays_of_files(counting):
    de, (X, T), counts = counting
    explainer, xs = de.get_explainer('intgrad', T, X), data()
    want = explainer.run(xs, 1)
    np.testing.assert_array_equal(explainer.run(Stored(xs), 1), want)
    pa = pytest.importorskip('pyarrow', '14')
    table = pa.table(dict(zip(NAMES, xs.T)))
    for door in ('__dataframe__', '__arrow_c_stream__'):
        own = getattr(table, door)
        kind = type('Other', (Exchanged,), {door: lambda self, *given, own=own, **more: own(*given, **more)})
        found = explainer.explain(kind(table, door), 1)
        np.testing.assert_array_equal(found, want)
        assert found.feature_names == NAMES


def test_several_inputs_absent_by_name(several):
    left, right = data()[:, :1], data()[:, 1]
    want = several.run([left, right], 0, baseline=[.25, .5])
    for got, one in zip(several.run([left, right], 0, baseline={'right': .5, 'left': .25}), want):
        np.testing.assert_array_equal(got, one)
    with pytest.raises(ValueError, match="^baseline must have all inputs, and has no 'left'.$"):
        several.run([left, right], 0, baseline={'right': .5})
    pandas = pytest.importorskip('pandas')
    frame = pandas.DataFrame({'right': right, 'left': left[:, 0]})
    want = several.run([left, right], 0, references=[left[:2], right[:2]])
    for got, one in zip(several.run(frame, 0, references=frame[:2]), want):
        np.testing.assert_array_equal(got, one)


def test_a_series_for_an_input_of_a_number(session):
    pandas = pytest.importorskip('pandas')
    X = tf.placeholder(tf.float32, [None])
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', tf.stack([X, tf.tanh(X)], 1), X)
        found = explainer.explain(pandas.Series([1., 2], ['u', 'v']), 1)
        assert list(found.index) == ['u', 'v'] and found.feature_names is None
        frame = pandas.DataFrame({'a': [1., 2]}, index=['u', 'v'])
        np.testing.assert_array_equal(explainer.run(frame, 1), found)
        assert explainer.explain(frame, 1).feature_names is None
        with pytest.raises(ValueError, match=r'^xs must have the shape of .*, \(\?,\), not \(2, 2\)'):
            explainer.run(frame.assign(b=1.), 1)
        np.testing.assert_array_equal(found, explainer.run([1., 2], 1))
        with pytest.raises(ValueError, match='^xs must have a value in each row, and has none in 1'):
            explainer.run(pandas.Series(pandas.array([1, None], 'Int64')), 1)


def test_an_index_of_tuples_or_dates_comes_out_again(tmp_path):
    pandas = pytest.importorskip('pandas')
    both = pandas.MultiIndex.from_product([[1, 2], ['u', 'v']])
    result = Attributions(np.ones((4, 2)), index=np.array(both))
    assert result.to_dataframe().index.equals(both)
    dates = pandas.date_range('2020-02-28', periods=4)
    result = Attributions(np.ones((4, 2)), index=np.array(dates))
    for ending in ('.npz', '.parquet'):
        if ending == '.parquet':
            pytest.importorskip('pyarrow')
        result.save(tmp_path / ('r' + ending))
        again = Attributions.load(tmp_path / ('r' + ending))
        assert again.index.dtype.kind == 'M' and (again.to_dataframe().index == dates).all()
