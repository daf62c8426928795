"""Pictures of tables of measures: what is handed to matplotlib, and what comes out of it."""
import os

import numpy as np
import pytest
from test_plotting import extent, pixels

from deepexplain.evaluation import Curves, Table
from deepexplain.plotting.colours import ink
from deepexplain.plotting.tables import _Curves, goodness

NAN = float('nan')


def table(methods=('a', 'b'), n=3, curves=('deletion', 'sensitivity_n'), **more):
    """A table of two measures that are curves and one that is none, the methods from the best to the worst."""
    values, found = {}, {}
    for k, name in enumerate(list(methods) + ['random', 'input']):
        own = {'deletion': Curves(np.linspace(0, 1, 5), k + np.arange(n)[:, None] + np.linspace(1, 0, 5)),
               'sensitivity_n': Curves([.01, .1, .8], np.full((n, 3), -float(k)), of='features in a subset',
                                       what='correlation', by='mean', log=True)}
        found[name] = {measure: own[measure] for measure in curves}
        values[name] = {'deletion': own['deletion'].auc, 'sensitivity_n': own['sensitivity_n'].scores.mean(1),
                        'entropy': np.full(n, float(k))}
        values[name].update(more.get('values', {}))
    return Table(values, {'deletion': 'lower', 'sensitivity_n': 'higher', 'entropy': 'lower'}, found)


def panels(figure):
    """The axes with curves, by the measure in the title."""
    return {ax.get_title('left').split(' ')[0]: ax for ax in figure.axes if ax.get_title('left')}


def names(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_mean_and_its_error_along_a_curve_by_hand():
    curves = Curves([0, .5, 1], np.array([[1, 2, NAN], [3, 2, NAN], [NAN, 5, 4.]]))
    np.testing.assert_allclose(curves.mean, [2, 3, 4])
    np.testing.assert_allclose(curves.error, [1, 1, NAN])


def test_better_is_the_same_colour_whatever_the_direction():
    mean = np.array([[1, 1, 5, NAN, NAN], [2, 2, 5, 0, NAN], [4, 4, 5, 3, NAN]])
    rank = np.array([[3, 1, 2, NAN, NAN], [2, 2, 2, 1, NAN], [1, 3, 2, 2, NAN]])
    directions = ['higher', 'lower', 'higher', 'lower', 'higher']
    np.testing.assert_allclose(goodness(rank, mean, directions), [
        [0, 1, .5, NAN, NAN], [.5, .5, .5, 1, NAN], [1, 0, .5, 0, NAN]])
    np.testing.assert_allclose(goodness(rank, mean, directions, 'mean'), [
        [0, 1, .5, NAN, NAN], [1 / 3., 2 / 3., .5, 1, NAN], [1, 0, .5, 0, NAN]])
    # What is infinite is beyond the others, and does not hide how they differ.
    infinite = np.array([[1], [np.inf], [2]])
    np.testing.assert_allclose(goodness(rank[:, :1], infinite, ['lower'], 'mean'), [[1], [0], [0]])


def test_a_matrix_has_the_mean_in_each_cell():
    figure = table().plot('matrix')
    ax = figure.axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ['a', 'b', 'random', 'input']
    assert [text.get_color() for text in ax.get_yticklabels()] == ['black', 'black', '0.5', '0.5']
    assert [text.get_text() for text in ax.get_xticklabels()] == [
        'deletion \u2193', 'sensitivity_n \u2191', 'entropy \u2193']
    written = {(int(text.get_position()[1]), int(text.get_position()[0])): text for text in ax.texts}
    assert [written[2, column].get_text() for column in range(3)] == ['3.5', '-2', '2']
    cells = np.asarray(ax.images[0].get_array())[..., :3]
    # a is the best by all three: the darkest, with letters that can be read on it.
    np.testing.assert_allclose(cells[0, 0], cells[0, 2])
    assert (np.diff(cells.sum(-1), axis=0) > 0).all()
    assert [written[row, 0].get_color() for row in range(4)] == [ink(cells[row, 0]) for row in range(4)]
    assert not panels(figure)
    pixels(figure)


def test_what_has_no_value_is_white():
    ax = table(values={'entropy': np.full(3, NAN)}).plot('matrix').axes[0]
    assert (np.asarray(ax.images[0].get_array())[:, 2, :3] == 1).all()
    assert [text.get_text() for text in ax.texts if text.get_position()[0] == 2] == ['-'] * 4


def test_curves_have_a_panel_for_each_measure_and_a_line_for_each_method():
    shown = table()
    figure = shown.plot('curves')
    found = panels(figure)
    assert list(found) == ['deletion', 'sensitivity_n'] and len(figure.axes) == 2
    ax = found['deletion']
    assert ax.get_title('left') == 'deletion (lower area is better)'
    assert found['sensitivity_n'].get_title('left') == 'sensitivity_n (higher mean is better)'
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('features gone', 'target')
    assert (found['sensitivity_n'].get_xscale(), ax.get_xscale()) == ('log', 'linear')
    assert names(ax) == names(found['sensitivity_n']) == ['a', 'b', 'random', 'input']
    for line, band, name in zip(ax.lines, ax.collections, shown.methods):
        curves = shown.curves[name]['deletion']
        np.testing.assert_allclose(line.get_xydata(), np.stack([curves.fractions, curves.mean], 1))
        corners = band.get_paths()[0].vertices
        for fraction, mean, error in zip(curves.fractions, curves.mean, curves.error):
            at = corners[np.abs(corners[:, 0] - fraction) < 1e-9][:, 1]
            assert at.min() == pytest.approx(mean - error) and at.max() == pytest.approx(mean + error)
    assert [line.get_color() for line in ax.lines[2:]] == ['0.55'] * 2
    # A method looks alike in all panels.
    for one, other in zip(ax.lines, found['sensitivity_n'].lines):
        assert (one.get_color(), one.get_linestyle()) == (other.get_color(), other.get_linestyle())
    pixels(figure)


def test_the_best_is_named_first():
    values = {'a': {'m': np.array([1.])}, 'b': {'m': np.array([3.])}, 'c': {'m': np.array([NAN])}}
    curves = {name: {'m': Curves([0, 1], np.array([[of['m'][0]] * 2]))} for name, of in values.items()}
    ax, = panels(Table(values, {'m': 'higher'}, curves).plot('curves')).values()
    assert names(ax) == ['b', 'a', 'c']
    assert [line.get_ydata()[0] for line in ax.lines[:2]] == [3, 1]


def test_a_method_without_a_curve_has_no_line():
    shown = table()
    del shown.curves['a']['deletion']
    assert names(panels(shown.plot('curves'))['deletion']) == ['b', 'random', 'input']


def test_both_where_there_are_curves():
    figure = table().plot()
    matrix, legend, *curves = figure.axes
    assert matrix.images and legend.images and len(curves) == 2
    assert all(matrix.get_position().y0 > ax.get_position().y1 for ax in curves)
    assert len(table(curves=()).plot().axes) == 2


@pytest.mark.parametrize('count, n', [(1, 1), (2, 1), (40, 2), (60, 2)])
def test_nothing_is_cut_off_or_covered(count, n):
    """Whatever the number of methods, and of one sample."""
    figure = table(['method_%d' % k for k in range(count)], n).plot()
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    boxes = []
    for ax in figure.axes:
        shown = [label for labels, (low, high), at in (
            (ax.get_xticklabels(), ax.get_xlim(), 0), (ax.get_yticklabels(), sorted(ax.get_ylim()), 1))
            for label in labels if low <= label.get_position()[at] <= high]
        legend = [] if ax.get_legend() is None else ax.get_legend().get_texts()
        for text in ax.texts + shown + legend + [ax.xaxis.label, ax.yaxis.label]:
            box = extent(text)
            assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text
        if ax.get_legend() is not None:
            boxes += [extent(ax.get_legend()), ax.bbox]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[:i])


def test_lines_are_told_apart():
    looks = _Curves(table(['method_%d' % k for k in range(48)]), ['deletion'])._lines.values()
    assert len({(one['color'], str(one['linestyle'])) for one in looks}) == 50


def test_names_are_shown_as_they_are():
    """No mathematics, no controls, nothing that matplotlib takes for a name that it should hide, and no book."""
    odd = ['$x^2$', '_hidden', 'two\nlines\x1b[31m', '\u00e4\u03b2', 'x' * 300, '%s%d']
    shown = table(odd)
    figure = shown.plot()
    want = [r'\$x^2\$', '_hidden', r'two\nlines\x1b[31m', '\u00e4\u03b2', 'x' * 29 + '...', '%s%d', 'random', 'input']
    assert names(panels(figure)['deletion']) == want
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == want
    pixels(figure)


def test_curves_of_one_point_and_without_a_value():
    values = {'a': {'m': np.array([NAN]), 'k': np.array([1.])}}
    curves = {'a': {'m': Curves([0, 1], np.array([[NAN, NAN]])), 'k': Curves([.5], np.array([[1.]]), log=True)}}
    figure = Table(values, {'m': 'higher', 'k': 'lower'}, curves).plot()
    assert panels(figure)['k'].lines[0].get_marker() == 'o'
    pixels(figure)


def test_it_is_written_whole_in_the_format_of_its_name(tmp_path, monkeypatch):
    for ending, start in (('.png', b'\x89PNG'), ('.PDF', b'%PDF'), ('.svg', b'<?xml')):
        path = tmp_path / ('t' + ending)
        table().plot(path=str(path) if ending == '.svg' else path)
        assert path.read_bytes().startswith(start)
    from matplotlib.figure import Figure

    def fail(self, file, **options):
        file.write(b'half')
        raise OSError('no room')

    monkeypatch.setattr(Figure, 'savefig', fail)
    with pytest.raises(OSError, match='no room'):
        table().plot(path=str(tmp_path / 't.png'))
    assert sorted(os.listdir(str(tmp_path))) == ['t.PDF', 't.png', 't.svg']
    assert (tmp_path / 't.png').read_bytes().startswith(b'\x89PNG')


@pytest.mark.parametrize('options, text', [
    (dict(kind='lines'), "kind: expected 'matrix' or 'curves', got 'lines'"),
    (dict(colour='red'), "colour: expected 'rank' or 'mean', got 'red'"),
    (dict(path='t.doc'), "path: expected a name that ends in .png, .pdf, .svg or .jpg, got 't.doc'"),
    (dict(kind='curves'), 'kind: there are no curves to draw')])
def test_errors(options, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError) as error:
        table(curves=()).plot(**options)
    assert str(error.value).startswith(text) and not os.listdir('.')
