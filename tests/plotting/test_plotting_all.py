"""What holds for every function that draws or writes: axes, arrays, no display."""

import os
import subprocess
import sys

import numpy as np
import pytest
from test_plotting import extent, own_axes, pixels

from deepexplain import plotting


def drawn():
    """A call of every function that draws or writes, with all arrays it takes: name -> (function, arrays, options)."""
    random = np.random.RandomState(0)
    tokens = ['a', '<b>', '$c$']
    return {
        'bars': (plotting.bars, [random.randn(6)], {'values': random.randn(6), 'top': 2}),
        'compare': (plotting.compare, [random.rand(1, 6, 5, 3), {'one': random.randn(1, 6, 5, 3)}], {}),
        'grid': (plotting.grid, [random.rand(1, 6, 5, 3), {'one': random.randn(1, 6, 5, 3)}], {}),
        'heatmap': (plotting.heatmap, [random.randn(6, 5, 3), random.rand(6, 5, 3)], {}),
        'logo': (plotting.logo, [np.eye(4)[random.randint(0, 4, 7)], random.randn(7, 4)], {}),
        'signal': (plotting.signal, [random.randn(7, 2), random.randn(7, 2)], {'times': np.arange(7.0)}),
        'spectrogram': (plotting.spectrogram, [random.rand(7, 4), random.randn(7, 4)],
                        {'times': np.arange(7.0), 'frequencies': np.arange(4.0)}),
        'summary': (plotting.summary, [random.randn(9, 3), random.randn(9, 3)], {'top': 1}),
        'text': (plotting.text, [tokens, random.randn(3, 4)], {}),
        'waterfall': (plotting.waterfall, [random.randn(6)], {'values': random.randn(6), 'top': 2, 'start': 1.0}),
        'words': (plotting.words, [tokens, random.randn(3, 4)], {}),
        'words_html': (plotting.words_html, [tokens, random.randn(3, 4)], {}),
    }


FIGURES = {'compare', 'grid'}
ON_AXES = sorted(set(plotting.__all__) - FIGURES - {'words', 'words_html'})


def test_every_function_is_among_those_drawn_here():
    assert sorted(drawn()) == sorted(plotting.__all__)


@pytest.mark.parametrize('name', ON_AXES)
def test_given_axes_are_returned_and_no_others_are_made(name):
    figure, axes = own_axes(1, 2)
    function, arrays, options = drawn()[name]
    assert function(*arrays, ax=axes[0, 0], title='a title', **options) is axes[0, 0]
    assert figure.axes == list(axes[0])
    assert axes[0, 0].get_title() == 'a title'
    assert not axes[0, 1].has_data()
    pixels(function(*arrays, title='a title', **options).figure)


@pytest.mark.parametrize('name', ON_AXES)
def test_axes_keep_a_title_where_none_is_given(name):
    _, axes = own_axes(1, 1)
    axes[0, 0].set_title('before')
    function, arrays, options = drawn()[name]
    assert function(*arrays, ax=axes[0, 0], **options).get_title() == 'before'


@pytest.mark.parametrize('name', ON_AXES)
def test_titles_are_not_cut_off(name):
    function, arrays, options = drawn()[name]
    ax = function(*arrays, title='Title', **options)
    ax.figure.canvas.draw()
    assert extent(ax.title).y1 <= ax.figure.bbox.y1


@pytest.mark.parametrize('name', plotting.__all__)
@pytest.mark.parametrize('spoilt', [False, True])
def test_no_function_changes_its_arrays(name, spoilt):
    function, arrays, options = drawn()[name]
    given = [value for value in arrays + list(options.values()) + [
        part for value in arrays if isinstance(value, dict) for part in value.values()]
        if isinstance(value, np.ndarray)]
    assert given
    if spoilt and name not in ('spectrogram', 'logo', 'summary', 'waterfall'):
        for value in given[:1]:
            value.flat[0], value.flat[1] = np.nan, np.inf
    before = [value.copy() for value in given]
    for value in given:
        value.setflags(write=False)
    function(*arrays, **options)
    for value, expected in zip(given, before):
        np.testing.assert_array_equal(value, expected)


def test_importing_draws_on_nothing_heavy():
    code = "import sys, deepexplain.plotting; print([n for n in ('matplotlib', 'skimage') if n in sys.modules])"
    assert subprocess.check_output([sys.executable, '-c', code]).strip() == b'[]'


def test_no_backend_is_chosen_and_no_display_needed(tmp_path):
    code = (
        'import os, sys\n'
        'sys.path.insert(0, sys.argv[2])\n'
        'import matplotlib\n'
        'from matplotlib.figure import Figure\n'
        'def show(*ignored): raise AssertionError("show")\n'
        'Figure.show = show\n'
        'import test_plotting_all\n'
        'before = dict(dict.items(matplotlib.rcParams))  # asking it for its backend would choose one\n'
        'for name, (function, arrays, options) in test_plotting_all.drawn().items():\n'
        '    made = function(*arrays, **options)\n'
        '    if not isinstance(made, str):\n'
        '        figure = made if name in test_plotting_all.FIGURES else made.figure\n'
        '        figure.savefig(os.path.join(sys.argv[1], name + ".png"))\n'
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        'assert dict(dict.items(matplotlib.rcParams)) == before\n'
    )
    env = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'MPLBACKEND')}
    subprocess.check_call([sys.executable, '-c', code, str(tmp_path), os.path.dirname(__file__)], env=env)
    written = {path.name[:-len('.png')]: path.stat().st_size for path in tmp_path.iterdir()}
    assert sorted(written) == sorted(set(plotting.__all__) - {'words', 'words_html'})
    assert min(written.values()) > 1000


@pytest.mark.parametrize('name', ON_AXES)
def test_what_is_no_axes(name):
    figure, axes = own_axes(1, 2)
    function, arrays, options = drawn()[name]
    for wrong, words in ((figure, r'Figure: pass what its subplots\(\) or gca\(\) returns'), (3, 'int$'),
                         ('ax', 'str$'), (axes, 'ndarray: pass one of them'), (list(axes[0]), 'list: pass one of them'),
                         (figure.canvas, 'FigureCanvasAgg|Figure')):
        with pytest.raises(TypeError, match='^ax: expected the axes of matplotlib, got (%s)' % words):
            function(*arrays, ax=wrong, **options)
    assert figure.axes == list(axes[0]) and not any(ax.has_data() for ax in axes[0])


def test_a_grid_in_what_are_no_axes():
    function, arrays, options = drawn()['grid']
    for wrong in ([[3, 4]], [[None, None]], [['a', 'b']]):
        with pytest.raises(TypeError, match='^axes: expected the axes of matplotlib, got'):
            function(*arrays, axes=wrong, **options)
