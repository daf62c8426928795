"""Pictures are checked by what was handed to matplotlib, and by the pixels that come out."""

import os
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


ROW = [[-2.0, 0.0, 1.0, 4.0]]


@pytest.mark.parametrize(
    'sign, shown, limits, deepest',
    [
        ('both', [-2, 0, 1, 4], (-4, 4), 'red'),
        ('positive', [0, 0, 1, 4], (0, 4), 'red'),
        ('negative', [-2, 0, 0, 0], (-2, 0), 'blue'),
        ('absolute', [2, 0, 1, 4], (0, 4), 'purple'),
    ],
)
def test_the_sign_says_what_is_shown(sign, shown, limits, deepest):
    image = plotting.heatmap(ROW, sign=sign, percentile=100).images[0]
    np.testing.assert_array_equal(image.get_array(), [shown])
    assert image.get_clim() == limits
    assert min(image.cmap(image.norm(0.0))) > 0.9, 'zero is not white'
    red, green, blue, _ = image.cmap(image.norm(max(shown, key=abs)))
    most = {'red': red, 'blue': blue, 'purple': min(red, blue)}[deepest]
    others = {'red': max(green, blue), 'blue': max(red, green), 'purple': green}[deepest]
    assert most > others + 0.2


def test_the_percentile_is_of_what_is_shown():
    image = plotting.heatmap(np.array([[-100.0, 1, 2, 3, 4]]), sign='positive', percentile=50).images[0]
    assert image.get_clim() == (0, 2)


def test_a_colour_map_by_name():
    assert heat(plotting.heatmap(attribution(), cmap='PiYG')).cmap.name == 'PiYG'
    panel = plotting.grid(np.zeros((1, 6, 5)), {'one': attribution()[None]}, cmap='PiYG').axes[1]
    assert heat(panel).cmap.name == 'PiYG'


def test_blend_is_the_clearer_the_smaller_the_value():
    picture = np.random.RandomState(0).rand(1, 5, 3)
    ax = plotting.heatmap([[0.0, 1.0, -2.0, 4.0, np.nan]], picture, over='blend', percentile=100, alpha=0.6)
    np.testing.assert_allclose(heat(ax).get_alpha(), [[0, 0.15, 0.3, 0.6, 0]])
    below = ax.images[0].get_array()
    np.testing.assert_allclose(below, (picture - picture.min()) / (picture.max() - picture.min()))


def test_overlay_is_everywhere_as_clear():
    picture = np.random.RandomState(0).rand(1, 4, 3)
    ax = plotting.heatmap(ROW, picture, over='overlay', alpha=0.3)
    assert ax.images[0].get_array().shape == (1, 4, 3)
    assert heat(ax).get_alpha() == 0.3


def test_the_usual_opacity_is_seven_tenths():
    assert heat(plotting.heatmap(ROW, ROW, over='overlay')).get_alpha() == 0.7
    assert heat(plotting.heatmap(ROW, ROW, over='blend')).get_alpha().max() == pytest.approx(0.7)


@pytest.mark.parametrize('over, expected', [('edges', 1.0), ('grey', 1.0), ('blend', 0.2), ('overlay', 0.2)])
def test_opacity_counts_over_the_colours_of_the_picture_only(over, expected):
    image = heat(plotting.heatmap(ROW, ROW, over=over, percentile=100, alpha=0.2))
    assert np.max(image.get_alpha()) == pytest.approx(expected)


@pytest.mark.parametrize('over', ['grey', 'blend', 'overlay'])
def test_the_picture_shows_below_what_is_nan(over):
    # Black beside white, so that it keeps its brightness; the attribution of the white pixel is nan.
    figure = plotting.heatmap([[1.0, np.nan]], [[0.0, 1.0]], over=over).figure
    row = pixels(figure)[int(figure.bbox.height) // 2]
    assert row[int(len(row) * 0.75)].min() > 250
    assert row[int(len(row) * 0.25)].min() < 150


def test_over_nothing_nan_stays_grey():
    figure = plotting.heatmap([[1.0, np.nan]]).figure
    row = pixels(figure)[int(figure.bbox.height) // 2]
    assert list(row[int(len(row) * 0.75)]) == [204, 204, 204]


def test_infinite_channels_of_both_signs_have_no_colour():
    values = np.array([[[np.inf, -np.inf], [1.0, 2.0]]])
    with np.errstate(all='raise'):
        drawn = heat(plotting.heatmap(values, values, over='grey')).get_array()
    assert drawn.mask.tolist() == [[True, False]]
    assert drawn[0, 1] == 3


@pytest.mark.parametrize('over', ['edges', 'grey', 'blend', 'overlay'])
def test_channels_first_are_channels_last_moved(over):
    random = np.random.RandomState(3)
    values, picture = random.randn(6, 5, 3), random.rand(6, 5, 3)
    last = plotting.heatmap(values, picture, over=over)
    first = plotting.heatmap(np.moveaxis(values, -1, 0), np.moveaxis(picture, -1, 0), over=over, channels='first')
    np.testing.assert_array_equal(pixels(first.figure), pixels(last.figure))
    last = plotting.grid(picture[None], {'one': values[None]}, over=over)
    first = plotting.grid(np.moveaxis(picture, -1, 0)[None], {'one': np.moveaxis(values, -1, 0)[None]}, over=over,
                          channels='first')
    np.testing.assert_array_equal(pixels(first), pixels(last))


def test_without_axes_each_picture_has_a_figure_of_its_own():
    first, second = plotting.heatmap(attribution()), plotting.heatmap(attribution())
    assert first.figure is not second.figure
    assert first.figure.axes == [first]


def own_axes(rows, columns):
    from matplotlib.figure import Figure

    figure = Figure()
    return figure, figure.subplots(rows, columns, squeeze=False)


def test_a_grid_in_given_axes():
    figure, axes = own_axes(2, 4)
    values = {'one': np.ones((2, 6, 5)), 'two': 2 * np.ones((2, 6, 5))}
    assert plotting.grid(np.zeros((2, 6, 5)), values, ['a', 'b'], axes=axes[:, :3], percentile=100) is figure
    assert figure.axes == list(axes.ravel()), 'no legend, no other axes'
    assert [ax.get_title() for ax in axes.ravel()] == ['input', 'one', 'two', '', '', '', '', '']
    assert [ax.get_ylabel() for ax in axes.ravel()] == ['a', '', '', '', 'b', '', '', '']
    assert [len(ax.images) for ax in axes.ravel()] == [1, 2, 2, 0] * 2
    assert [heat(ax).get_clim()[1] for ax in axes[:, 1:3].ravel()] == [1, 2, 1, 2]


def test_a_grid_in_axes_as_lists():
    figure, axes = own_axes(1, 2)
    assert plotting.grid(SQUARE[None], {'one': SQUARE[None]}, axes=[list(axes[0])]) is figure


def test_the_look_of_a_grid_is_that_of_its_heat_maps():
    picture, values = np.random.RandomState(0).rand(6, 5, 3), attribution()
    look = {'over': 'blend', 'percentile': 80, 'sign': 'absolute', 'alpha': 0.4}
    one = plotting.heatmap(values, picture, **look)
    panel = plotting.grid(picture[None], {'one': values[None]}, **look).axes[1]
    for drawn, expected in zip(panel.images, one.images):
        np.testing.assert_array_equal(drawn.get_array(), expected.get_array())
        np.testing.assert_array_equal(drawn.get_alpha(), expected.get_alpha())
        assert drawn.get_clim() == expected.get_clim()
        assert drawn.cmap.name == expected.cmap.name
    assert len(panel.images) == len(one.images) == 2


def test_each_panel_of_a_grid_has_colours_of_its_own():
    values = np.ones((2, 6, 5)) * np.array([1, 10])[:, None, None]
    axes = plotting.grid(np.zeros((2, 6, 5)), {'one': values}, percentile=100).axes
    assert [heat(axes[place]).get_clim()[1] for place in (1, 3)] == [1, 10]


@pytest.mark.parametrize(
    'sign, ends',
    [
        ('both', ['lowers the target', '0', 'raises it']),
        ('positive', ['0', 'raises the target']),
        ('negative', ['lowers the target', '0']),
        ('absolute', ['0', 'moves the target']),
    ],
)
def test_the_legend_of_a_grid_says_what_its_colours_mean(sign, ends):
    figure = plotting.grid(SQUARE[None], {'one': SQUARE[None]}, sign=sign)
    legend = figure.axes[-1]
    assert len(figure.axes) == 3
    assert [label.get_text() for label in legend.get_xticklabels()] == ends
    assert legend.images[0].cmap.name == plotting.heatmap(SQUARE, sign=sign).images[0].cmap.name


@pytest.mark.parametrize('size', [0.5, 1.25, 2])
def test_the_size_is_that_of_one_panel_in_inches(size):
    figure = plotting.grid(SQUARE[None], {'one': SQUARE[None], 'two': SQUARE[None]}, size=size)
    for ax in figure.axes[:3]:
        assert ax.get_position(original=True).width * figure.get_figwidth() == pytest.approx(size)


def extent(artist):
    return artist.get_window_extent(artist.figure.canvas.get_renderer())


def test_long_labels_of_a_grid_are_not_cut_off():
    label = 'a rather long label of a sample'
    figure = plotting.grid(SQUARE[None], {'one': SQUARE[None]}, labels=[label])
    figure.canvas.draw()
    assert extent(figure.axes[0].yaxis.label).x0 > 0


def test_long_titles_of_a_grid_do_not_meet():
    name = 'lrp.sequential_preset_a'
    figure = plotting.grid(SQUARE[None], {name: SQUARE[None], name + '_': SQUARE[None], 'short': SQUARE[None]})
    figure.canvas.draw()
    first, second, third = [extent(ax.title) for ax in figure.axes[1:4]]
    assert first.x1 < second.x0 and second.x1 < third.x0
    assert figure.axes[3].title.get_fontsize() == 9


def drawn():
    """A call of every function that draws or writes, with all arrays it takes: name -> (function, arrays, options)."""
    random = np.random.RandomState(0)
    tokens = ['a', '<b>', '$c$']
    return {
        'bars': (plotting.bars, [random.randn(6)], {'values': random.randn(6), 'top': 2}),
        'grid': (plotting.grid, [random.rand(1, 6, 5, 3), {'one': random.randn(1, 6, 5, 3)}], {}),
        'heatmap': (plotting.heatmap, [random.randn(6, 5, 3), random.rand(6, 5, 3)], {}),
        'signal': (plotting.signal, [random.randn(7, 2), random.randn(7, 2)], {'times': np.arange(7.0)}),
        'spectrogram': (plotting.spectrogram, [random.rand(7, 4), random.randn(7, 4)],
                        {'times': np.arange(7.0), 'frequencies': np.arange(4.0)}),
        'text': (plotting.text, [tokens, random.randn(3, 4)], {}),
        'words': (plotting.words, [tokens, random.randn(3, 4)], {}),
        'words_html': (plotting.words_html, [tokens, random.randn(3, 4)], {}),
    }


ON_AXES = sorted(set(plotting.__all__) - {'grid', 'words', 'words_html'})


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
    if spoilt and name != 'spectrogram':
        for value in given[:1]:
            value.flat[0], value.flat[1] = np.nan, np.inf
    before = [value.copy() for value in given]
    for value in given:
        value.setflags(write=False)
    function(*arrays, **options)
    for value, expected in zip(given, before):
        np.testing.assert_array_equal(value, expected)


def test_lists_and_other_dtypes_do_as_well():
    whole = np.arange(12).reshape(3, 4)
    for given in (whole.tolist(), whole.astype('int8'), whole.astype('float32')):
        np.testing.assert_array_equal(plotting.heatmap(given).images[0].get_array(), whole)


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
        (call(plotting.heatmap, SQUARE, percentile='half'), ValueError, ['percentile', "'half'"]),
        (call(plotting.heatmap, SQUARE, sign='plus'), ValueError, ['sign', "'absolute'", "'plus'"]),
        (call(plotting.heatmap, SQUARE, channels=1), ValueError, ['channels', "'last'", "'first'", 'got 1']),
        (call(plotting.heatmap, SQUARE, alpha=0), ValueError, ['alpha', 'above 0', 'got 0']),
        (call(plotting.heatmap, SQUARE, alpha=1.1), ValueError, ['alpha', 'at most 1', '1.1']),
        (call(plotting.heatmap, SQUARE, alpha=np.ones((2, 2))), ValueError, ['alpha', 'float64', '(2, 2)']),
        (call(plotting.heatmap, SQUARE, cmap='rainbows'), ValueError, ['cmap', 'colour map', "'rainbows'"]),
        (call(plotting.heatmap, np.zeros((3, 2, 2)), SQUARE), ValueError, ['picture', '(3, 2)', '(2, 2)', "'last'"]),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, labels=5), TypeError, ['labels', 'sequence', 'int']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, sign='plus'), ValueError, ['sign', "'plus'"]),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, over='x'), ValueError, ['over', "'x'"]),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, alpha=2), ValueError, ['alpha', '2']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, axes=[None]), ValueError, ['axes', '(1, 2)', '(1,)']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    with pytest.raises(kind) as error:
        failing()
    for word in words:
        assert word in str(error.value)
    assert '\n' not in str(error.value)


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
        'import test_plotting\n'
        'before = dict(dict.items(matplotlib.rcParams))  # asking it for its backend would choose one\n'
        'for name, (function, arrays, options) in test_plotting.drawn().items():\n'
        '    made = function(*arrays, **options)\n'
        '    if not isinstance(made, str):\n'
        '        figure = made if name == "grid" else made.figure\n'
        '        figure.savefig(os.path.join(sys.argv[1], name + ".png"))\n'
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        'assert dict(dict.items(matplotlib.rcParams)) == before\n'
    )
    env = {name: value for name, value in os.environ.items() if name not in ('DISPLAY', 'MPLBACKEND')}
    subprocess.check_call([sys.executable, '-c', code, str(tmp_path), os.path.dirname(__file__)], env=env)
    written = {path.name[:-len('.png')]: path.stat().st_size for path in tmp_path.iterdir()}
    assert sorted(written) == sorted(set(plotting.__all__) - {'words', 'words_html'})
    assert min(written.values()) > 1000
