"""Heat maps. Pictures are checked by what was handed to matplotlib, and by the pixels that come out."""

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


def own_axes(rows, columns):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def extent(artist):
    return artist.get_window_extent(artist.figure.canvas.get_renderer())


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def widths(ax):
    return [bar.get_width() for bar in ax.patches]


def numbers(ax):
    return [text.get_text() for text in ax.texts]


def call(function, *args, **options):
    return lambda: function(*args, **options)


def check_message(failing, kind, words):
    """The error is one line that has the words in it."""
    with pytest.raises(kind) as error:
        failing()
    for word in words:
        assert word in str(error.value)
    assert '\n' not in str(error.value)


SQUARE = np.zeros((2, 2))
ROW = [[-2.0, 0.0, 1.0, 4.0]]


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


def test_lists_and_other_dtypes_do_as_well():
    whole = np.arange(12).reshape(3, 4)
    for given in (whole.tolist(), whole.astype('int8'), whole.astype('float32')):
        np.testing.assert_array_equal(plotting.heatmap(given).images[0].get_array(), whole)


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
        (call(plotting.heatmap, SQUARE, percentile='half'), ValueError, ['percentile', "'half'"]),
        (call(plotting.heatmap, SQUARE, sign='plus'), ValueError, ['sign', "'absolute'", "'plus'"]),
        (call(plotting.heatmap, SQUARE, channels=1), ValueError, ['channels', "'last'", "'first'", 'got 1']),
        (call(plotting.heatmap, SQUARE, alpha=0), ValueError, ['alpha', 'above 0', 'got 0']),
        (call(plotting.heatmap, SQUARE, alpha=1.1), ValueError, ['alpha', 'at most 1', '1.1']),
        (call(plotting.heatmap, SQUARE, alpha=np.ones((2, 2))), ValueError, ['alpha', 'float64', '(2, 2)']),
        (call(plotting.heatmap, SQUARE, cmap='rainbows'), ValueError, ['cmap', 'colour map', "'rainbows'"]),
        (call(plotting.heatmap, np.zeros((3, 2, 2)), SQUARE), ValueError, ['picture', '(3, 2)', '(2, 2)', "'last'"]),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)
