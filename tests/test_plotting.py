"""Pictures are checked by what was handed to matplotlib, and by the pixels that come out."""

import subprocess
import sys

import numpy as np
import pytest

from deepexplain import plotting


def heat(ax):
    """The image of an axes that carries the attribution: the one with limits on both sides of zero."""
    found = [image for image in ax.images if image.get_array().ndim == 2 and image.get_clim()[0] < 0]
    assert len(found) == 1
    return found[0]


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)


def attribution():
    return np.random.RandomState(0).randn(6, 5)


def test_the_colours_are_symmetric_about_zero():
    image = heat(plotting.heatmap(attribution() + 3))
    low, high = image.get_clim()
    assert low == -high
    red, _, blue, _ = image.cmap(image.norm(0.0))
    assert abs(red - blue) < 0.02 and red > 0.9
    red, _, blue, _ = image.cmap(image.norm(high))
    assert red > blue + 0.2
    red, _, blue, _ = image.cmap(image.norm(low))
    assert blue > red + 0.2


@pytest.mark.parametrize('percentile', [50, 90, 100])
def test_the_limit_is_the_percentile_of_the_absolute_values(percentile):
    values = attribution()
    image = heat(plotting.heatmap(values, percentile=percentile))
    assert image.get_clim()[1] == pytest.approx(np.percentile(np.abs(values), percentile))


def test_the_default_percentile_is_99():
    values = attribution()
    assert heat(plotting.heatmap(values)).get_clim()[1] == pytest.approx(np.percentile(np.abs(values), 99))


def test_few_values_among_zeros_still_show():
    values = np.zeros((20, 20))
    values[3, 4] = -2.0
    assert heat(plotting.heatmap(values)).get_clim() == (-2.0, 2.0)


@pytest.mark.parametrize('channels', [(), (1,), (3,), (5,)])
def test_channels_are_summed(channels):
    values = np.random.RandomState(1).randn(*((6, 5) + channels))
    drawn = heat(plotting.heatmap(values, percentile=100)).get_array()
    np.testing.assert_allclose(drawn, values.reshape(6, 5, -1).sum(axis=2))


@pytest.mark.parametrize('over', ['edges', 'grey'])
@pytest.mark.parametrize('channels', [(), (1,), (3,)])
def test_a_picture_of_any_channels_and_range(channels, over):
    picture = np.random.RandomState(1).randint(-200, 300, size=(6, 5) + channels)
    ax = plotting.heatmap(attribution(), picture, over=over)
    assert len(ax.images) == 2
    pixels(ax.figure)


def test_outlines_lie_on_the_edge_of_the_picture():
    picture = np.zeros((10, 10))
    picture[:, 5:] = 7.0
    ax = plotting.heatmap(np.zeros((10, 10)), picture)
    lines = ax.images[-1].get_array()[..., 3]
    columns = np.flatnonzero(lines.max(axis=0))
    assert len(columns)
    assert np.all(np.abs(columns / lines.shape[1] - 0.5) < 0.05)


def test_one_nan_in_the_picture_leaves_its_other_edges():
    picture = np.zeros((10, 10))
    picture[:, 5:] = 7.0
    picture[0, 0] = np.nan
    lines = plotting.heatmap(np.zeros((10, 10)), picture).images[-1].get_array()[..., 3]
    assert lines[lines.shape[0] // 2].any()


def test_grey_shows_the_picture_where_the_attribution_is_small():
    values = np.array([[0.0, 1.0]])
    picture = np.array([[0.0, 0.0]])
    picture[0, 0] = 1.0
    ax = plotting.heatmap(values, picture, over='grey')
    np.testing.assert_allclose(heat(ax).get_alpha(), [[0, 1]], atol=1e-6)
    np.testing.assert_allclose(ax.images[0].get_array(), [[1, 0]])


def test_nan_and_infinity_do_not_spoil_the_colours():
    values = attribution()
    values[0, 0], values[1, 1] = np.nan, np.inf
    for over in ('edges', 'grey'):
        image = heat(plotting.heatmap(values, np.arange(30.0).reshape(6, 5), over=over, percentile=100))
        assert image.get_clim()[1] == pytest.approx(np.abs(values[np.isfinite(values)]).max())
        assert image.get_array().mask.sum() == 2
        pixels(image.figure)


@pytest.mark.parametrize('value', [0.0, np.nan])
def test_attributions_without_any_size_are_drawn(value):
    with np.errstate(all='raise'):
        ax = plotting.heatmap(np.full((4, 4), value), np.full((4, 4), value))
        assert heat(ax).get_clim() == (-1.0, 1.0)
        pixels(ax.figure)


def test_zero_is_drawn_white_and_signs_red_and_blue():
    figure = plotting.heatmap(np.array([[-1.0, 0.0, 1.0]])).figure
    row = pixels(figure)[int(figure.bbox.height) // 2]
    left, middle, right = (row[int(len(row) * share)] for share in (0.2, 0.5, 0.8))
    assert left[2] > left[0] + 50
    assert middle.min() > 230
    assert right[0] > right[2] + 50


def test_given_axes_are_drawn_into():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot(1, 1, 1)
    assert plotting.heatmap(attribution(), ax=ax, title='a title') is ax
    assert ax.get_title() == 'a title'


def test_the_caller_keeps_its_arrays():
    values, picture = attribution(), np.random.RandomState(2).rand(6, 5)
    values[0, 0] = np.nan
    before = values.copy(), picture.copy()
    for over in ('edges', 'grey'):
        plotting.heatmap(values, picture, over=over)
        plotting.grid(picture[None], {'one': values[None]}, over=over)
    np.testing.assert_array_equal(values, before[0])
    np.testing.assert_array_equal(picture, before[1])


def test_the_grid_has_a_row_for_each_sample_and_a_column_for_each_method(tmp_path):
    random = np.random.RandomState(0)
    pictures = random.rand(3, 8, 6, 1)
    attributions = {'first': random.randn(3, 8, 6, 1), 'second': random.randn(3, 8, 6)}
    figure = plotting.grid(pictures, attributions, labels=['a', 'b', 'c'], percentile=100)
    axes = np.array(figure.axes[:9], dtype=object).reshape(3, 3)
    assert [ax.get_title() for ax in axes[0]] == ['input', 'first', 'second']
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ['a', 'b', 'c']
    for row in range(3):
        np.testing.assert_allclose(heat(axes[row, 1]).get_array(), attributions['first'][row, ..., 0])
        np.testing.assert_allclose(heat(axes[row, 2]).get_array(), attributions['second'][row])
        picture = pictures[row, ..., 0]
        shown = (picture - picture.min()) / (picture.max() - picture.min())
        np.testing.assert_allclose(axes[row, 0].images[0].get_array(), shown)
    path = tmp_path / 'grid.png'
    figure.savefig(str(path))
    assert path.read_bytes().startswith(b'\x89PNG')


def test_the_panels_keep_the_shape_of_the_pictures():
    figure = plotting.grid(np.zeros((2, 30, 10)), {'one': np.zeros((2, 30, 10))})
    for ax in figure.axes[:4]:
        box = ax.get_position(original=True)
        assert box.height * figure.bbox.height / (box.width * figure.bbox.width) == pytest.approx(3, rel=0.01)


def test_a_coloured_picture_is_shown_in_its_colours():
    picture = np.zeros((1, 2, 2, 3))
    picture[0, 0, 0] = [255, 0, 0]
    figure = plotting.grid(picture, {'one': np.zeros((1, 2, 2))})
    np.testing.assert_allclose(figure.axes[0].images[0].get_array()[0, 0], [1, 0, 0])


def call(function, *args, **options):
    return lambda: function(*args, **options)


SQUARE = np.zeros((2, 2))


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(plotting.heatmap, np.zeros(3)), ValueError, ['attribution', '(H, W)', '(3,)']),
        (call(plotting.heatmap, np.zeros((0, 3))), ValueError, ['attribution', '(0, 3)']),
        (call(plotting.heatmap, [['a']]), TypeError, ['attribution', 'numbers', 'list']),
        (call(plotting.heatmap, None), (TypeError, ValueError), ['attribution']),
        (call(plotting.heatmap, SQUARE, np.zeros((3, 2))), ValueError, ['picture', '(2, 2)', '(3, 2)']),
        (call(plotting.heatmap, SQUARE, over='colour'), ValueError, ['over', "'edges'", "'grey'", "'colour'"]),
        (call(plotting.heatmap, SQUARE, percentile=0), ValueError, ['percentile', '100', 'got 0']),
        (call(plotting.heatmap, SQUARE, percentile=101), ValueError, ['percentile', '101']),
        (call(plotting.grid, SQUARE, {'one': SQUARE}), ValueError, ['pictures', 'samples', '(2, 2)']),
        (call(plotting.grid, SQUARE[None], [SQUARE]), TypeError, ['attributions', 'mapping', 'list']),
        (call(plotting.grid, SQUARE[None], {}), ValueError, ['attributions', 'at least one']),
        (call(plotting.grid, SQUARE[None], {'m': np.zeros((1, 3, 2))}), ValueError, ['m', '(1, 2, 2)', '(1, 3, 2)']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, labels='ab'), ValueError, ['labels', '1', '2']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, size=0), ValueError, ['size', '0']),
        (call(plotting.words, ['a', 'b'], [1.0]), ValueError, ['attributions', '(2,)', '(1,)']),
        (call(plotting.words, ['a'], ['x']), TypeError, ['attributions', 'numbers']),
        (call(plotting.words, ['a'], [1.0], width=0), ValueError, ['width', '0']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    with pytest.raises(kind) as error:
        failing()
    for word in words:
        assert word in str(error.value)
    assert '\n' not in str(error.value)


def test_words_with_bars():
    lines = plotting.words(['not', 'good'], [-1.0, 0.5], colour=False, width=4).split('\n')
    assert lines == [
        'not         -1  ----|',
        'good      +0.5      |++',
    ]


def test_words_sum_the_components_of_an_embedding():
    vectors = np.random.RandomState(0).randn(3, 7)
    tokens = ['a', 'b', 'c']
    assert plotting.words(tokens, vectors, colour=False) == plotting.words(tokens, vectors.sum(axis=1), colour=False)


def test_words_with_colours():
    text = plotting.words(['up', 'none', 'down', 'half'], [1.0, 0.0, -1.0, 0.5])
    up, none, down, half = text.split(' ')
    assert up == '\x1b[30;48;2;255;80;80mup\x1b[0m'
    assert none == 'none'
    assert down == '\x1b[30;48;2;80;80;255mdown\x1b[0m'
    assert half.startswith('\x1b[30;48;2;255;168;168m')


@pytest.mark.parametrize('colour', [True, False])
def test_words_without_any_size(colour):
    with np.errstate(all='raise'):
        assert plotting.words([], [], colour=colour) == ''
        text = plotting.words(['a', 'b'], [0.0, np.nan], colour=colour)
    assert '\x1b' not in text and '+' * 2 not in text
    assert colour or text.endswith('?')


def test_importing_draws_on_nothing_heavy():
    code = "import sys, deepexplain.plotting; print([n for n in ('matplotlib', 'skimage') if n in sys.modules])"
    assert subprocess.check_output([sys.executable, '-c', code]).strip() == b'[]'


def test_no_backend_is_chosen_and_no_display_needed(tmp_path):
    code = (
        'import sys, numpy, deepexplain.plotting as p\n'
        'p.heatmap(numpy.eye(4), numpy.eye(4)).figure.savefig(sys.argv[1])\n'
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    path = tmp_path / 'one.png'
    subprocess.check_call([sys.executable, '-c', code, str(path)])
    assert path.stat().st_size > 1000
