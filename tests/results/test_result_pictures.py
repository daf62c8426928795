"""Pictures of results: summaries, waterfalls, several inputs in one figure, colour bars."""
import numpy as np
import pytest
from test_attributions import of_units, result, two

from deepexplain.results import Attributions

pytest.importorskip('matplotlib')


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


def steps(ax):
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]


def upright(ax):
    """Where the lines of the first and the last row of a waterfall stand."""
    return [lines.get_segments()[0][0][0] for lines in ax.collections[1:]]


def tables():
    """Three inputs of features: a number, a number in a column, and two with names."""
    xs = [np.array([1., 2]), np.array([[3], [4]]), np.array([[5., 6], [7, 8]])]
    return Attributions([np.array([.5, -1]), np.array([[2.], [0]]), np.array([[-1., 4], [3, .25]])], xs, method='some',
                        input_names=['age', 'income', 'body'], feature_names=[None, None, ['height', 'weight']],
                        scores=[6., 3], delta=[0., .5])


def mixed(several=False):
    """A picture, a signal, words, letters and a table."""
    random = np.random.RandomState(0)
    letters = np.eye(4)[random.randint(0, 4, (2, 6))]
    xs = [random.rand(2, 3, 8, 6), random.randn(2, 9, 2), np.array([['a', 'b'], ['c', b'd']], object), letters,
          random.randn(2, 3)]
    found = [xs[0] - .5, xs[1] * 2, np.array([[1., -2], [3, 4]]), letters * 3, np.array([[1., 2, 3], [-4, 5, 6]])]
    return Attributions([np.stack([one, -one]) for one in found] if several else found, xs, method='some',
                        index=['x', 'y'], input_names=['picture', 'signal', 'words', 'dna', 'table'],
                        feature_names=[None] * 4 + [list('abc')], several=several)


def test_a_summary_is_of_all_samples():
    values = np.random.RandomState(0).randn(30, 3) * [1, 3, 2]
    one = Attributions(values, values, method='some', feature_names=list('abc'))
    figure = one.plot('summary')
    ax, bar = figure.axes
    assert labels(ax) == ['b', 'c', 'a'] and ax.get_title() == 'some, 30 samples' and bar.get_ylabel() == 'value'
    np.testing.assert_allclose([one.get_width() for one in ax.patches], np.abs(values).mean(0)[[1, 2, 0]])
    assert sum(len(one.get_offsets()) for one in ax.collections) == 90
    few = one.plot('summary', most=5, colorbar='cm')
    assert few.axes[0].get_title() == 'some, 5 samples' and few.axes[1].get_ylabel() == 'cm'
    np.testing.assert_allclose([one.get_width() for one in few.axes[0].patches],
                               sorted(np.abs(values[:5]).mean(0), reverse=True))
    groups = one.groups([0, 1, 0], ['left', 'right']).plot('summary')
    assert sorted(labels(groups.axes[0])) == ['left', 'right'] and len(groups.axes) == 1, 'groups have no values'


def test_a_summary_of_several_units_has_one_each():
    ax, other = of_units()._with(xs=None).plot('summary').axes
    assert [ax.get_title(), other.get_title()] == ['attributions, unit ranked 1, 3 samples',
                                                   'attributions, unit ranked 2, 3 samples']
    assert [bar.get_width() for bar in ax.patches] == [3, 2] and [bar.get_width() for bar in other.patches] == [9, 8]


def test_a_waterfall_leads_from_the_baseline_to_the_sample():
    one = result(xs=np.ones((4, 3)))
    figure = one.plot('waterfall', most=2)
    assert titles(figure) == ['some, sample w, unit 0', 'some, sample x, unit 2']
    starts = one.scores - one.attributions.sum(1) + one.delta
    for row, ax in enumerate(figure.axes):
        assert upright(ax) == pytest.approx([starts[row], one.scores[row]], abs=1e-12)
        assert steps(ax)[0] == pytest.approx((starts[row], starts[row] + one.attributions[row][
            np.abs(one.attributions[row]).argmax()]))
        assert all(' = 1' in label for label in labels(ax)[1:4])
    assert 'not explained (-delta)' not in labels(figure.axes[0])
    assert labels(figure.axes[1])[-2] == 'not explained (-delta)'
    assert np.diff(steps(figure.axes[1])[-1]) == pytest.approx(-one.delta[1])


@pytest.mark.parametrize('missing', ['scores', 'delta'])
def test_a_waterfall_of_an_unknown_baseline_begins_at_0(missing):
    one = result(**{missing: None})
    ax = one.plot('waterfall', most=1).axes[0]
    assert upright(ax) == pytest.approx([0, one.attributions[0].sum()])
    assert labels(ax)[0] == 'from 0, the baseline is not known' and labels(ax)[-1] == 'sum of attributions'
    other = result(xs=np.ones((4, 7)))
    assert not any('=' in label for label in labels(other.plot('waterfall', most=1).axes[0])), 'values of other things'
    assert len(other.plot('summary').axes) == 1
    assert labels(two()['left'].plot('waterfall').axes[0])[0].startswith('from 0'), 'one input is not all of it'


def test_a_waterfall_of_several_units():
    one = of_units()
    figure = one.plot('waterfall', most=2)
    assert len(figure.axes) == 4
    for place, ax in enumerate(figure.axes):
        row, unit = divmod(place, 2)
        end = one.scores[unit, row]
        assert upright(ax) == [end - one.attributions[unit, row].sum(), end]


def test_tables_of_several_inputs_are_one():
    figure = tables().plot()
    assert titles(figure) == ['some, sample 0', 'some, sample 1']
    assert labels(figure.axes[0]) == ['body/weight = 6', 'income = 3', 'body/height = 5', 'age = 1']
    assert [bar.get_width() for bar in figure.axes[0].patches] == [4, 2, -1, .5]
    assert labels(figure.axes[1])[0] == 'body/height = 7'
    figure = tables().plot('waterfall')
    first, second = figure.axes
    assert upright(first) == [.5, 6] and steps(first) == [(.5, 4.5), (4.5, 6.5), (6.5, 5.5), (5.5, 6)]
    # -1 + 0 + 3.25 from 1.25 on is 3.5, half more than the target.
    assert upright(second) == [1.25, 3] and steps(second)[-1] == (3.5, 3)
    ax = tables().plot('summary').axes[0]
    assert labels(ax) == ['body/weight', 'body/height', 'income', 'age']
    assert [bar.get_width() for bar in ax.patches] == [2.125, 2, 1, .75]
    assert labels(two()._with(attributions=[np.ones((2, 3)), np.ones((2, 2))], xs=None, feature_names=None).plot(
        ).axes[0])[:1] == ['left/feature 0']


def test_the_inputs_of_a_sample_stand_below_each_other(monkeypatch):
    figure = mixed().plot()
    assert titles(figure) == ['some, sample %s, %s' % (row, name) for row in 'xy'
                              for name in ('picture', 'signal', 'words', 'dna', 'table')]
    picture, signal, words, letters, table = figure.axes[5:10]
    np.testing.assert_allclose(picture.images[0].get_array(), mixed()[0][1].sum(0))  # channels first
    np.testing.assert_allclose(signal.collections[0].get_array(), mixed()[1][1].T.ravel())
    assert [text.get_text() for text in words.texts] == ['c', 'd']
    assert letters.get_ylim()[1] == pytest.approx(3.15)
    assert [bar.get_width() for bar in table.patches] == [6, 5, -4] and labels(table)[0].startswith('c = ')
    boxes = [ax.get_position() for ax in figure.axes]
    assert all(low.y1 < high.y0 for high, low in zip(boxes, boxes[1:]))
    coloured = mixed().plot(most=1, colorbar='V')
    assert [ax.get_xlabel() or ax.get_ylabel() for ax in coloured.axes[5:]] == ['V'] * 3
    units = mixed(several=True).plot(most=1)
    assert len(units.axes) == 10 and titles(units)[:2] == [
        'some, unit ranked 1, sample x, picture', 'some, unit ranked 2, sample x, picture']
    np.testing.assert_allclose(units.axes[1].images[0].get_array(), -mixed()[0][0].sum(0))
    assert [ax.get_ylabel() for ax in two().plot().axes] == ['', '', '', '']


def test_maps_of_other_sizes_over_several_inputs():
    one = Attributions([np.ones((1, 2, 3)), np.array([[1., 2]])], [np.random.rand(1, 8, 6, 3), np.zeros((1, 4, 2))],
                       method='some')
    picture, signal = one.plot().axes
    assert picture.images[0].get_array().shape == (2, 3)
    assert list(picture.images[0].get_extent()) == [-.5, 5.5, 7.5, -.5]
    assert list(signal.collections[0].get_array()) == [1, 1, 2, 2] * 2
    # Those of an inner layer are of other things than the inputs.
    inner = Attributions(np.array([[1., -2]]), [np.zeros((1, 3)), np.zeros((1, 4))], input_names=['a', 'b'])
    assert labels(inner.plot().axes[0]) == ['feature 1', 'feature 0']


@pytest.mark.parametrize('colorbar, count', [(False, 5), (True, 7), ('V', 7)])
def test_colour_bars_of_pictures(colorbar, count, tmp_path):
    pictures = np.random.RandomState(0).rand(2, 6, 6, 3)
    one = Attributions(pictures, pictures, method='some')
    figure = one.plot(colorbar=colorbar, path=str(tmp_path / 'p.png'))
    assert len(figure.axes) == count and (tmp_path / 'p.png').stat().st_size > 1000
    assert [ax.get_ylabel() for ax in figure.axes[5:]] == [colorbar if colorbar == 'V' else 'attribution'] * (count - 5)
    signal = Attributions(np.ones((1, 9)), np.ones((1, 9))).plot(colorbar=colorbar)
    words = Attributions(np.ones((1, 2)), np.array([['a', 'b']])).plot(colorbar=colorbar)
    assert len(signal.axes) == len(words.axes) == 1 + bool(colorbar)
    assert len(result().plot(colorbar=colorbar).axes) == 4, 'bars have none'


def test_what_cannot_be_drawn(tmp_path):
    nan = result()._with(attributions=np.full((4, 3), np.nan))
    for one, options, kind, text in (
            (result((4, 2, 3)), dict(kind='summary'), ValueError, r'of one axis of features, not of shape \(2, 3\): '
                                                                  r'sum_over\(axes\) or groups\(mask\) makes one'),
            (result((4, 2, 3)), dict(kind='waterfall'), ValueError, 'one axis of features'),
            (two(), dict(kind='bars'), ValueError, r'one axis of features, not of shape \(2, 2\)'),
            (two(), dict(kind='images'), ValueError, r"input 'left': samples of shape \(3,\) cannot be drawn"),
            (two(), dict(letters='ACGT'), ValueError, 'letters are for sequences'),
            (two()._with(xs=None), {}, ValueError, r"input 'right': without samples .* \(2, 2\) cannot be drawn"),
            (nan, dict(kind='summary'), ValueError, 'attributions: expected finite numbers, got nan'),
            (nan, dict(kind='waterfall'), ValueError, 'attributions: expected finite numbers, got nan'),
            (result(), dict(kind='pie'), ValueError, "^kind: expected 'images', .* or 'waterfall', got 'pie'"),
            (result(), dict(colorbar=2), TypeError, 'colorbar: expected True, False or a label, got int')):
        with pytest.raises(kind, match=text):
            one.plot(path=str(tmp_path / 'a.png'), **options)
    assert not list(tmp_path.iterdir())
