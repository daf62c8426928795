"""Time series and spectrograms."""

import datetime

import numpy as np
import pytest
from test_plotting import call, check_message, extent, own_axes, pixels

from deepexplain import plotting

SIGNS = [
    ('both', [-2, 0, 1, 4], (-4, 4), 'RdBu_r'),
    ('positive', [0, 0, 1, 4], (0, 4), 'Reds'),
    ('negative', [-2, 0, 0, 0], (-2, 0), 'Blues_r'),
    ('absolute', [2, 0, 1, 4], (0, 4), 'Purples'),
]
ROW = [-2.0, 0.0, 1.0, 4.0]


def coloured(ax):
    """The broad, coloured line."""
    lines, = ax.collections
    return lines


def thin(ax):
    return [line.get_xydata() for line in ax.lines]


def test_the_thin_line_is_the_series_itself():
    ax = plotting.signal([3.0, 1.0, 2.0], [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(thin(ax), [[[0, 3], [1, 1], [2, 2]]])


def test_the_coloured_line_reaches_half_way_to_the_neighbours():
    segments = coloured(plotting.signal([0.0, 4.0, 2.0], [1.0, 2.0, 3.0], times=[0, 2, 6])).get_segments()
    assert [segment.tolist() for segment in segments] == [
        [[0, 0], [0, 0], [1, 2]],
        [[1, 2], [2, 4], [4, 3]],
        [[4, 3], [6, 2], [6, 2]],
    ]


def test_each_time_has_the_colour_of_its_attribution():
    values = np.random.RandomState(0).randn(50)
    lines = coloured(plotting.signal(np.zeros(50), values))
    np.testing.assert_array_equal(lines.get_array(), values)
    limit = np.percentile(np.abs(values), 99)
    assert lines.get_clim() == pytest.approx((-limit, limit))


@pytest.mark.parametrize('sign, shown, limits, cmap', SIGNS)
def test_the_sign_of_a_signal(sign, shown, limits, cmap):
    lines = coloured(plotting.signal(np.arange(4), ROW, sign=sign, percentile=100))
    np.testing.assert_array_equal(lines.get_array(), shown)
    assert lines.get_clim() == limits
    assert lines.get_cmap().name == cmap


def test_red_raises_and_blue_lowers():
    # A level line: the colours stand above and below the thin one.
    figure = plotting.signal([0.0, 0.0, 0.0, 0.0], [1.0, 1.0, -1.0, -1.0]).figure
    picture = pixels(figure)
    red = (picture[..., 0] > picture[..., 2] + 50).any(axis=0).nonzero()[0]
    blue = (picture[..., 2] > picture[..., 0] + 50).any(axis=0).nonzero()[0]
    assert len(red) > 100 and len(blue) > 100
    assert red.max() <= blue.min() + 2


def test_channels_stand_one_above_the_other():
    values = [[0.0, 5.0, -1.0], [10.0, 5.0, 1.0], [5.0, 5.0, 0.0]]
    ax = plotting.signal(values, np.zeros((3, 3)), names=['a', 'b', 'c'])
    # Each 0.8 high; one that never changes lies in the middle of its place.
    np.testing.assert_allclose([line[:, 1] for line in thin(ax)], [[2, 2.8, 2.4], [1.4, 1.4, 1.4], [0, 0.8, 0.4]])
    assert [label.get_text() for label in ax.get_yticklabels()] == ['a', 'b', 'c']
    np.testing.assert_allclose(ax.get_yticks(), [2.4, 1.4, 0.4])
    low, high = ax.get_ylim()
    assert low < 0 and high > 2.8


def test_channels_share_one_scale_of_colours():
    ax = plotting.signal(np.zeros((2, 3)), [[1.0, 10.0, 100.0], [2.0, 20.0, -200.0]], percentile=100)
    lines = coloured(ax)
    np.testing.assert_array_equal(lines.get_array(), [1, 2, 10, 20, 100, -200])
    assert lines.get_clim() == (-200, 200)
    heights = [segment[1, 1] for segment in lines.get_segments()]
    np.testing.assert_allclose(heights, np.concatenate([line[:, 1] for line in thin(ax)]))


def test_channels_without_names_are_numbered():
    ax = plotting.signal(np.zeros((3, 2)), np.zeros((3, 2)))
    assert [label.get_text() for label in ax.get_yticklabels()] == ['channel 0', 'channel 1']


def test_long_names_of_channels_are_not_cut_off():
    ax = plotting.signal(np.zeros((3, 2)), np.zeros((3, 2)), names=['a name that takes a lot of room', 'b'])
    ax.figure.canvas.draw()
    assert min(extent(label).x0 for label in ax.get_yticklabels()) > 0


@pytest.mark.parametrize('shape', [(3,), (3, 1)])
def test_one_channel_keeps_its_units(shape):
    ax = plotting.signal(np.reshape([3.0, 7.0, 5.0], shape), np.zeros(shape), names=['volts'])
    np.testing.assert_array_equal(thin(ax)[0][:, 1], [3, 7, 5])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('time', 'volts')
    assert plotting.signal([0.0, 1.0], [0.0, 0.0]).get_ylabel() == ''


def test_nan_leaves_a_gap_and_no_colour():
    with np.errstate(all='raise'):
        ax = plotting.signal([1.0, np.nan, 3.0, 4.0], [np.nan, 1.0, np.inf, -2.0], percentile=100)
    assert coloured(ax).get_array().mask.tolist() == [True, False, True, False]
    assert coloured(ax).get_clim() == (-2, 2)
    assert np.isnan(thin(ax)[0][1, 1])
    pixels(ax.figure)


def test_nan_in_one_of_the_channels_leaves_their_heights():
    ax = plotting.signal([[0.0, 1.0], [np.nan, 2.0], [10.0, np.inf]], np.zeros((3, 2)))
    np.testing.assert_allclose(thin(ax)[0][:, 1], [1, np.nan, 1.8])
    np.testing.assert_allclose(thin(ax)[1][:2, 1], [0, 0.8])
    pixels(ax.figure)


DAYS = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=i) for i in range(4)]


@pytest.mark.parametrize('times', [DAYS, np.array(DAYS, 'datetime64[s]')])
def test_dates_on_the_axis_of_a_signal(times):
    import matplotlib.dates as dates

    ax = plotting.signal(np.arange(4.0), np.zeros(4), times=times)
    assert dates.num2date(thin(ax)[0][1, 0]).date() == DAYS[1].date()
    ax.figure.canvas.draw()
    assert any(label.get_text().startswith('01-02') for label in ax.get_xticklabels())


def test_labels_of_the_callers_stay():
    for function, values in ((plotting.signal, np.zeros(3)), (plotting.spectrogram, np.zeros((3, 2)))):
        _, axes = own_axes(1, 1)
        axes[0, 0].set(xlabel='seconds', ylabel='volts')
        ax = function(values, values, ax=axes[0, 0])
        assert (ax.get_xlabel(), ax.get_ylabel()) == ('seconds', 'volts')


def test_a_bar_of_the_colours_can_be_added():
    ax = plotting.signal(np.arange(3.0), [-2.0, 0.0, 2.0], percentile=100)
    bar = ax.figure.colorbar(ax.collections[0], ax=ax)
    assert (bar.vmin, bar.vmax) == (-2, 2)
    pixels(ax.figure)


@pytest.mark.parametrize('function', [plotting.signal, plotting.spectrogram])
def test_the_percentile_and_the_colour_map(function):
    values = np.arange(1.0, 102).reshape(101, 1)
    drawn = function(values, values, percentile=50, cmap='PiYG').collections[-1]
    assert drawn.get_clim() == (-51, 51)
    assert drawn.get_cmap().name == 'PiYG'
    assert function(values, values).collections[-1].get_clim() == (-100, 100), '99 unless said otherwise'


def layers(ax):
    """The spectrogram in grey and the attribution over it."""
    grey, over = ax.collections
    return grey, over


def test_a_spectrogram_has_time_from_left_to_right_and_frequency_from_the_bottom_up():
    values = np.zeros((30, 20))
    values[0, -1] = 1.0  # the first time, the highest frequency
    ax = plotting.spectrogram(values, np.zeros((30, 20)))
    picture = pixels(ax.figure)
    box = ax.bbox
    inside = picture[int(picture.shape[0] - box.y1) + 3:int(picture.shape[0] - box.y0) - 3,
                     int(box.x0) + 3:int(box.x1) - 3].mean(axis=2)
    rows, columns = np.nonzero(inside < 200)
    assert len(rows) > 50
    assert rows.max() < inside.shape[0] / 15 and columns.max() < inside.shape[1] / 25
    assert inside.max() == 255 and np.median(inside) == 255


def test_loud_is_dark_but_not_black():
    grey, _ = layers(plotting.spectrogram([[0.0, 5.0], [10.0, 0.0]], np.zeros((2, 2))))
    np.testing.assert_allclose(np.ravel(grey.get_array()), [0, 1, 0.5, 0])
    shades = [grey.get_cmap()(grey.norm(share))[0] for share in (0.0, 0.5, 1.0)]
    assert shades == sorted(shades, reverse=True)
    assert shades[0] == 1 and 0.3 < shades[2] < 0.6


@pytest.mark.parametrize('sign, shown, limits, cmap', SIGNS)
def test_the_sign_of_a_spectrogram(sign, shown, limits, cmap):
    attributions = np.array(ROW).reshape(2, 2)
    _, over = layers(plotting.spectrogram(np.zeros((2, 2)), attributions, sign=sign, percentile=100))
    np.testing.assert_array_equal(np.ravel(over.get_array()), np.reshape(shown, (2, 2)).T.ravel())
    assert over.get_clim() == limits
    assert over.get_cmap().name == cmap


def test_colours_over_a_spectrogram_are_the_clearer_the_smaller():
    attributions = np.array([[0.0, 1.0], [-4.0, np.nan]])
    _, over = layers(plotting.spectrogram(np.zeros((2, 2)), attributions, percentile=100, alpha=0.8))
    np.testing.assert_allclose(np.ravel(over.get_alpha()), [0, 0.8, 0.2, 0])
    _, over = layers(plotting.spectrogram(np.zeros((2, 2)), attributions, percentile=100))
    assert np.max(over.get_alpha()) == 0.85


def test_the_spectrogram_shows_where_the_attribution_is_nothing():
    shares = [pixels(plotting.spectrogram([[0.0, 1.0]], [[value, 1.0]]).figure) for value in (0.0, np.nan, np.inf)]
    np.testing.assert_array_equal(shares[0], shares[1])
    np.testing.assert_array_equal(shares[0], shares[2])


def borders(ax):
    corners = layers(ax)[1].get_coordinates()
    return corners[0, :, 0].tolist(), corners[:, 0, 1].tolist()


def test_cells_end_half_way_between_their_middles():
    ax = plotting.spectrogram(np.zeros((3, 3)), np.zeros((3, 3)), times=[0.5, 1, 1.5], frequencies=[1, 2, 4])
    assert borders(ax) == ([0.25, 0.75, 1.25, 1.75], [0.5, 1.5, 3, 5])
    assert (ax.get_xlim(), ax.get_ylim()) == ((0.25, 1.75), (0.5, 5))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ('time', 'frequency')


def test_cells_without_places_are_counted():
    ax = plotting.spectrogram(np.zeros((2, 1)), np.zeros((2, 1)))
    assert borders(ax) == ([-0.5, 0.5, 1.5], [-0.5, 0.5])
    assert ax.get_ylabel() == 'frequency bin'


def test_dates_on_the_axis_of_a_spectrogram():
    import matplotlib.dates as dates

    ax = plotting.spectrogram(np.zeros((4, 2)), np.zeros((4, 2)), times=DAYS)
    assert dates.num2date(borders(ax)[0][0]).replace(tzinfo=None) == DAYS[0] - datetime.timedelta(hours=12)
    pixels(ax.figure)


@pytest.mark.parametrize('value', [0.0, np.nan, np.inf])
def test_what_has_no_size_is_drawn(value):
    with np.errstate(all='raise'):
        pixels(plotting.spectrogram(np.full((2, 2), value), np.full((2, 2), value)).figure)
        pixels(plotting.signal(np.full(3, value), np.full(3, value)).figure)
        pixels(plotting.signal(np.full((3, 2), value), np.full((3, 2), value)).figure)


ZEROS = np.zeros((3, 2))


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(function, *args, **options), kind, words)
        for function in (plotting.signal, plotting.spectrogram)
        for args, options, kind, words in [
            ([np.zeros((2, 2, 2)), ZEROS], {}, ValueError, ['values', '(times', '(2, 2, 2)']),
            ([np.zeros((0, 2)), ZEROS], {}, ValueError, ['values', '(0, 2)']),
            ([[['x']], ZEROS], {}, TypeError, ['values', 'numbers', 'list']),
            ([ZEROS, ZEROS.T], {}, ValueError, ['attributions', 'values', '(3, 2)', '(2, 3)']),
            ([ZEROS, [['x']]], {}, TypeError, ['attributions', 'numbers']),
            ([ZEROS, ZEROS], {'times': [1, 2]}, ValueError, ['times', '(3,)', '(2,)']),
            ([ZEROS, ZEROS], {'sign': 'plus'}, ValueError, ['sign', "'positive'", "'plus'"]),
            ([ZEROS, ZEROS], {'percentile': 0}, ValueError, ['percentile', 'above 0', 'got 0']),
            ([ZEROS, ZEROS], {'cmap': 'rainbows'}, ValueError, ['cmap', "'rainbows'"]),
        ]
    ] + [
        (call(plotting.signal, [1.0], [1.0]), ValueError, ['values', 'two times', '(1,)']),
        (call(plotting.signal, ZEROS, ZEROS, names=['a']), ValueError, ['names', '2 channels', 'got 1']),
        (call(plotting.signal, ZEROS, ZEROS, names=1), TypeError, ['names', '2 channels', 'int']),
        (call(plotting.spectrogram, ZEROS[0], ZEROS[0]), ValueError, ['values', '(times, frequencies)', '(2,)']),
        (call(plotting.spectrogram, ZEROS, ZEROS, frequencies=[1]), ValueError, ['frequencies', '(2,)', '(1,)']),
        (call(plotting.spectrogram, ZEROS, ZEROS, times=[1, 3, 2]), ValueError, ['times', 'rise']),
        (call(plotting.spectrogram, ZEROS, ZEROS, frequencies=[1, 1]), ValueError, ['frequencies', 'rise']),
        (call(plotting.spectrogram, ZEROS, ZEROS, frequencies=[1, np.nan]), ValueError, ['frequencies', 'rise']),
        (call(plotting.spectrogram, ZEROS, ZEROS, alpha=0), ValueError, ['alpha', 'got 0']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)
