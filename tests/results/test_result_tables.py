"""Results as others have them: DataFrames, SHAP's Explanations, pictures."""
import sys
import types

import numpy as np
import pytest
from test_attributions import of_units, result, two

from deepexplain.results import Attributions


@pytest.fixture
def shap(monkeypatch):
    """A stand-in for the package: an Explanation holds what it is given."""
    module = types.ModuleType('shap')
    module.Explanation = lambda **given: types.SimpleNamespace(**given)
    monkeypatch.setitem(sys.modules, 'shap', module)


def test_a_wide_table_has_a_column_for_each_feature():
    pytest.importorskip('pandas')
    one = result()
    frame = one.to_dataframe()
    assert list(frame.columns) == ['a', 'b', 'c'] and list(frame.index) == list('wxyz')
    np.testing.assert_array_equal(frame.values, one)
    deep = result((4, 2, 3)).to_dataframe()
    assert list(deep.columns) == ['0/a', '0/b', '0/c', '1/a', '1/b', '1/c']
    np.testing.assert_array_equal(deep['1/b'], result((4, 2, 3)).attributions[:, 1, 1])
    plain = Attributions(np.ones((2, 2))).to_dataframe()
    assert list(plain.columns) == ['feature 0', 'feature 1'] and list(plain.index) == [0, 1]
    frame = two().to_dataframe()
    assert list(frame.columns) == ['left/a', 'left/b', 'left/c', 'right/0/0', 'right/0/1', 'right/1/0', 'right/1/1']
    np.testing.assert_array_equal(frame['right/1/0'], two()[1][:, 1, 0])
    frame = of_units().to_dataframe()
    assert frame.index.names == ['unit', 'sample'] and list(frame.index.get_level_values(0)) == [
        'unit ranked 1'] * 3 + ['unit ranked 2'] * 3
    np.testing.assert_array_equal(frame.values.reshape(2, 3, 2), of_units())
    with pytest.raises(ValueError, match='feature_names must differ'):
        result(feature_names=['a', 'a', 'b']).to_dataframe()


def test_a_long_table_has_a_row_for_each():
    pytest.importorskip('pandas')
    one = result((4, 2, 3), xs=np.arange(24.).reshape(4, 2, 3))
    frame = one.to_dataframe(long=True)
    assert list(frame.columns) == ['sample', 'feature', 'value', 'attribution', 'score', 'delta'] and len(frame) == 24
    row = frame[(frame['sample'] == 'y') & (frame['feature'] == '1/b')].iloc[0]
    assert row['attribution'] == one.attributions[2, 1, 1] and row['value'] == 16 and row['score'] == 2
    assert row['delta'] == .2
    frame = of_units().to_dataframe(long=True)
    assert list(frame['unit']) == [0, 0, 1, 1, 2, 2] + [3] * 6
    np.testing.assert_array_equal(frame['attribution'], np.arange(12))
    np.testing.assert_array_equal(frame['score'], np.repeat(np.arange(6), 2))
    frame = two().to_dataframe(long=True)
    assert list(frame['input']) == ['left'] * 6 + ['right'] * 8
    assert list(frame['feature'][:3]) == ['a', 'b', 'c'] and list(frame['feature'][6:8]) == ['0/0', '0/1']
    np.testing.assert_array_equal(frame['attribution'], np.concatenate([one.ravel() for one in two()]))


def test_tables_of_rows_that_are_one_sample():
    pytest.importorskip('pandas')
    one = Attributions(np.arange(6.).reshape(2, 3), together=True, scores=5.)
    assert one.to_dataframe().shape == (1, 6) and list(one.to_dataframe(True)['score']) == [5] * 6


def test_an_explanation_of_shap(shap):
    one = result()
    found = one.to_shap()
    np.testing.assert_array_equal(found.values, one)
    np.testing.assert_array_equal(found.data, one.xs)
    np.testing.assert_allclose(found.base_values, one.scores - one.sums + one.delta)
    assert found.feature_names == ['a', 'b', 'c'] and not hasattr(found, 'output_names')
    assert np.isnan(result(delta=None).to_shap().base_values).all()
    assert np.isnan(result(scores=None).to_shap().base_values).all()
    np.testing.assert_array_equal(result().to_shap(3).base_values, [3] * 4)
    assert not hasattr(result(xs=np.ones((4, 7))).to_shap(), 'data')
    pictures = result((4, 2, 2, 3)).to_shap()
    assert pictures.values.shape == (4, 2, 2, 3) and not hasattr(pictures, 'feature_names')


def test_explanations_of_several_units_and_inputs(shap):
    one = of_units()
    found = one.to_shap()
    np.testing.assert_array_equal(found.values, np.moveaxis(one.attributions, 0, -1))
    assert found.values.shape == (3, 2, 2) and found.base_values.shape == (3, 2)
    np.testing.assert_allclose(found.base_values[2, 1], one.scores[1, 2] - one.attributions[1, 2].sum())
    assert found.output_names == ['unit ranked 1', 'unit ranked 2'] and found.data.shape == (3, 2)
    every = one._with(units=np.repeat([[0], [2]], 3, 1), unit_names=['cat', 'dog', 'cow'])
    assert every.to_shap().output_names == ['cat', 'cow']
    np.testing.assert_array_equal(one.to_shap([1, 2]).base_values, [[1, 2]] * 3)
    left, right = two().to_shap()
    assert left.feature_names == ['a', 'b', 'c'] and right.values.shape == (2, 2, 2)
    np.testing.assert_allclose(left.base_values, two().scores - two().sums + two().delta)


def test_what_is_missing_is_said_in_a_sentence(monkeypatch):
    for name, call, extra in (('shap', 'to_shap', 'shap'), ('pandas', 'to_dataframe', 'pandas')):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ImportError, match=r"pip install 'deepexplain\[%s\]'" % extra):
            getattr(result(), call)()


@pytest.fixture
def drawn(monkeypatch):
    """What was drawn: the kind of `overview`, or the number of panels of others."""
    pytest.importorskip('matplotlib')
    from deepexplain.plotting import overview
    found, kept = [], overview.overview
    monkeypatch.setattr(overview, 'overview', lambda xs, shown, kind, channels, *more: (
        found.append((kind, channels)) or kept(xs, shown, kind, channels, *more)))
    return found


def pictures(*shape):
    values = np.random.RandomState(0).rand(*shape)
    return Attributions(values - .5, values, method='some', units=np.zeros(len(values), int), unit_names=['cat'])


def test_the_picture_is_of_the_kind_of_the_data(drawn):
    letters = np.eye(4)[np.random.RandomState(0).randint(0, 4, (2, 9))]
    for one, want in ((pictures(2, 8, 8, 3), ('images', 'last')), (pictures(2, 3, 8, 8), ('images', 'first')),
                      (pictures(2, 20), ('signal', 'last')), (pictures(2, 20, 2), ('signal', 'last')),
                      (Attributions(letters * .5, letters, method='some'), ('logo', 'last')),
                      (pictures(2, 8, 8, 3).sum_over(-1), ('images', 'last'))):
        assert len(one.plot().axes) >= 2
        assert drawn.pop() == want
    assert pictures(2, 8, 8).plot('images') and drawn.pop() == ('images', 'last')


def test_bars_and_words(drawn, tmp_path):
    def titles(figure):
        return [ax.get_title() or ax.get_title('left') for ax in figure.axes]

    named = titles(result(unit_names=['cat', 'dog', 'cow']).plot(most=2))
    assert named == ['some, sample w, unit cat', 'some, sample x, unit cow']
    assert len(result().groups([0, 0, 1]).plot().axes) == 4
    words = np.array([['a', 'good', 'film'], ['a', 'dull', 'one']], object)
    text = Attributions(np.ones((2, 3)), words, method='occlusion', units=[0, 1]).plot()
    assert titles(text) == ['occlusion, unit 0', 'occlusion, unit 1']
    assert len(of_units().plot('bars', most=1).axes) == 2 and drawn == [('bars', 'last')]
    result().plot(path=str(tmp_path / 'p.png'))
    assert (tmp_path / 'p.png').read_bytes()[:4] == b'\x89PNG'
    assert len(two()['left'].plot().axes) == 2


def test_what_cannot_be_drawn(drawn, tmp_path):
    for one, options, text in (
            (Attributions(np.ones((2, 3)), np.ones((2, 3)), together=True), {}, "plot draws samples, and with rows="),
            (result(), dict(most=0), 'most must be a positive int, not 0'),
            (result(), dict(path='p.txt'), 'path: expected a name that ends in .png'),
            (result(), dict(kind='cake'), "kind: expected 'images'"),
            (Attributions(np.ones((2, 3, 3))), {}, 'attributions without samples are drawn as bars'),
            (Attributions(np.ones((2, 5)), np.ones((2, 4, 4, 3))), {}, r'attributions of shape \(5,\) cannot be drawn'),
            (result((4, 2, 3)), dict(kind='text', path=str(tmp_path / 'a.png')), 'text is drawn of samples of words')):
        with pytest.raises(ValueError, match=text):
            one.plot(**options)
    assert not drawn and not list(tmp_path.iterdir())
