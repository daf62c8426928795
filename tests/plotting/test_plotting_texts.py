"""Words on a terminal, as HTML, and in a picture."""

from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from test_plotting import call, check_message, extent, own_axes, pixels

from deepexplain import plotting


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


def test_words_take_lists_of_anything():
    assert plotting.words((1, 'b'), [0, 0]) == '1 b'
    assert plotting.words(np.array(['a', 'b']), [0, 0]) == 'a b'
    assert plotting.words([('a', 'b')], [0]) == "('a', 'b')"


class Spans(HTMLParser):
    """What a browser reads: the attributes and the text of each tag."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self.between = [], [], []
        self.inside = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert tag == 'span'
        assert not self.inside
        self.inside = True
        self.tags.append(dict(attrs))
        self.texts.append('')

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data
        else:
            self.between.append(data)


def colours_of(tag):
    """Ground and letters as numbers between 0 and 1."""
    style = dict(part.split(': ') for part in tag['style'].split('; '))
    return to_rgb(style['background-color']), to_rgb(style['color'])


HOSTILE = ['<script>alert("x")</script>', 'a & b', '&lt;', "it's", '"', '"><b>', '</span>', 'ä', '']


def test_html_shows_the_tokens_and_takes_none_of_them_for_its_own():
    html = plotting.words_html(HOSTILE, np.arange(len(HOSTILE)))
    spans = Spans(html)
    assert spans.texts == HOSTILE
    assert spans.between == [' '] * (len(HOSTILE) - 1)
    assert '<script' not in html and html.count('<') == 2 * len(HOSTILE)


def test_html_of_a_word_by_hand():
    # The ends of RdBu_r; white letters on both.
    style = 'style="background-color: %s; color: white; padding: 0.1em 0.2em; border-radius: 0.2em"'
    assert plotting.words_html(['up', '<'], [2, -2]) == (
        '<span title="+2" %s>up</span> <span title="-2" %s>&lt;</span>' % (style % '#67001f', style % '#053061'))


def test_html_is_red_for_what_raises_and_blue_for_what_lowers():
    (up, _), (half, _), (zero, _), (down, _) = [
        colours_of(tag) for tag in Spans(plotting.words_html('abcd', [2, 1, 0, -2])).tags]
    assert up[0] > up[2] + 0.2 and down[2] > down[0] + 0.2
    assert half[0] > half[2] + 0.2 and min(half) > min(up)
    assert min(zero) > 0.95


def test_html_says_the_number_of_each_word():
    titles = [tag['title'] for tag in Spans(plotting.words_html('abcde', [0.12345, -2, 0, np.nan, np.inf])).tags]
    assert titles == ['+0.123', '-2', '+0', 'nan', '+inf']


def test_html_of_words_that_are_no_number_has_no_colour():
    html = plotting.words_html(['a', 'b', 'c', 'd'], [np.nan, np.inf, -np.inf, 1.0])
    assert ['style' in tag for tag in Spans(html).tags] == [False, False, False, True]
    assert '#67001f' in html, 'the largest finite number has the deepest colour'


def contrast(one, other):
    """As the Web Content Accessibility Guidelines define it."""
    light, dark = sorted([
        sum(share * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
            for share, part in zip((0.2126, 0.7152, 0.0722), colour))
        for colour in (one, other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize('cmap', [None, 'PiYG', 'coolwarm'])
def test_letters_can_be_read_on_every_shade(cmap):
    values = np.linspace(-1, 1, 41)
    for tag in Spans(plotting.words_html(['x'] * 41, values, cmap=cmap)).tags:
        assert contrast(*colours_of(tag)) > 4.5


def test_a_colour_map_by_name():
    (ground, _), = [colours_of(tag) for tag in Spans(plotting.words_html(['x'], [1.0], cmap='PiYG')).tags]
    assert ground[1] > max(ground[0], ground[2]) + 0.1, 'not green'
    box = plotting.text(['x'], [1.0], cmap='PiYG').texts[0].get_bbox_patch()
    np.testing.assert_allclose(box.get_facecolor()[:3], ground, atol=0.002)


@pytest.mark.parametrize('function', [plotting.words_html, plotting.text])
def test_embeddings_are_summed(function):
    vectors = np.random.RandomState(0).randn(3, 7)
    apart, summed = function('abc', vectors), function('abc', vectors.sum(axis=1))
    if isinstance(apart, str):
        assert apart == summed
    else:
        np.testing.assert_array_equal(pixels(apart.figure), pixels(summed.figure))


def test_infinite_components_of_both_signs_have_no_colour():
    with np.errstate(all='raise'):
        assert plotting.words(['a'], [[np.inf, -np.inf]]) == 'a'


def test_no_words_at_all():
    assert plotting.words_html([], []) == ''
    assert len(plotting.text([], []).texts) == 0


SENTENCE = 'the quick brown fox jumps over the lazy dog and then it does the same once more from the other side'.split()


def boxes(ax):
    ax.figure.canvas.draw()
    return [extent(text) for text in ax.texts]


def check_reading_order(ax):
    """Words stand from left to right, lines from the top down, none of them over another or outside of the axes."""
    found = boxes(ax)
    for before, after in zip(found, found[1:]):
        assert after.x0 > before.x1 or after.y1 <= before.y0 + 1
        assert after.y0 < before.y1, 'a line above the one before'
    for box in found:
        assert ax.bbox.x0 - 1 <= box.x0 and box.x1 <= ax.bbox.x1 + 1
        assert ax.bbox.y0 - 1 <= box.y0 and box.y1 <= ax.bbox.y1 + 1


@pytest.mark.parametrize('fontsize', [6, 11, 20])
def test_the_words_of_a_picture_are_those_given_in_their_order(fontsize):
    ax = plotting.text(SENTENCE, np.arange(len(SENTENCE)), fontsize=fontsize)
    assert [text.get_text() for text in ax.texts] == SENTENCE
    assert {text.get_fontsize() for text in ax.texts} == {fontsize}
    check_reading_order(ax)
    lines = {round(text.get_position()[1]) for text in ax.texts}
    assert len(lines) == {6: 1, 11: 2, 20: 3}[fontsize]


@pytest.mark.parametrize('width, height', [(6, 3), (2, 2), (1.2, 1)])
def test_words_shrink_to_fit_into_given_axes(width, height):
    figure, axes = own_axes(1, 1)
    figure.set_size_inches(width, height)
    ax = plotting.text(SENTENCE, np.zeros(len(SENTENCE)), ax=axes[0, 0])
    size, = {text.get_fontsize() for text in ax.texts}
    assert 4 <= size <= 11
    assert (size == 11) == (width == 6)
    if size > 4:
        check_reading_order(ax)


def test_a_word_wider_than_the_axes_shrinks():
    figure, axes = own_axes(1, 1)
    figure.set_size_inches(2, 2)
    ax = plotting.text(['a', 'honorificabilitudinitatibus'], [0, 0], ax=axes[0, 0])
    check_reading_order(ax)
    assert 4 < ax.texts[0].get_fontsize() < 11


def test_the_grounds_of_words_have_their_colours_and_letters_are_readable():
    ax = plotting.text(['up', 'none', 'down', 'nan', 'inf'], [3, 0, -3, np.nan, np.inf])
    up, none, down, nan, inf = [text.get_bbox_patch().get_facecolor() for text in ax.texts]
    assert up[0] > up[2] + 0.2 and down[2] > down[0] + 0.2
    assert min(none) > 0.95
    assert nan[3] == inf[3] == 0
    assert [text.get_color() for text in ax.texts] == ['white', 'black', 'white', 'black', 'black']


@pytest.mark.parametrize('token', ['$x_1$', '$5', 'from $5 to $9', '$\\frac$', 'a\\$b', '$$', '<b>&amp;'])
def test_a_dollar_begins_no_formula(token):
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    ax = plotting.text([token], [1.0], fontsize=20)
    width, _, _ = text_to_path.get_text_width_height_descent(token, FontProperties(size=20), False)
    ax.figure.canvas.draw()
    # Without the ground behind it.
    ax.texts[0].set_bbox(None)
    assert extent(ax.texts[0]).width * 72 / ax.figure.dpi == pytest.approx(width, abs=1.5)


def test_words_stand_on_nothing_else():
    ax = plotting.text(['a'], [0.0])
    assert not any(spine.get_visible() for spine in ax.spines.values())
    assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0
    assert pixels(ax.figure)[0, 0].min() == 255


TWO = ['a', 'b']


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(function, *args, **options), kind, words)
        for function in (plotting.words, plotting.words_html, plotting.text)
        for args, options, kind, words in [
            ([TWO, [1.0]], {}, ValueError, ['attributions', '(2,)', '(2, depth)', 'got (1,)']),
            ([TWO, np.zeros((3, 4))], {}, ValueError, ['attributions', '2 tokens', '(3, 4)']),
            ([TWO, np.zeros((2, 1, 1))], {}, ValueError, ['attributions', '(2, 1, 1)']),
            ([['a'], ['x']], {}, TypeError, ['attributions', 'numbers', 'list']),
            ([[['the', 'cat'], ['a', 'b']], np.zeros((2, 2))], {}, TypeError,
             ['tokens', 'one sentence', 'tokens[i] with attributions[i]']),
            ([np.array([['the', 'cat'], ['a', 'b']]), np.zeros((2, 2))], {}, TypeError, ['tokens', 'one sentence']),
            ([[['a', 'b'], ['c']], [1.0, 2.0]], {}, TypeError, ['tokens', 'one sentence', 'list']),
            (['the cat', [1.0, 2.0]], {}, ValueError, ['7 tokens', 'list of words', 'a string']),
            ([['a'], None], {}, (TypeError, ValueError), ['attributions']),
        ]
    ] + [
        (call(plotting.words, ['a'], [1.0], width=0), ValueError, ['width', '0']),
        (call(plotting.words, ['a'], [1.0], width=2.5), ValueError, ['width', 'int', '2.5']),
        (call(plotting.words_html, ['a'], [1.0], cmap='rainbows'), ValueError, ['cmap', "'rainbows'"]),
        (call(plotting.text, ['a'], [1.0], cmap='rainbows'), ValueError, ['cmap', "'rainbows'"]),
        (call(plotting.text, ['a'], [1.0], fontsize=0), ValueError, ['fontsize', 'points', 'got 0']),
        (call(plotting.text, ['a'], [1.0], fontsize='big'), ValueError, ['fontsize', "'big'"]),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)


@pytest.mark.parametrize('colour', [True, False])
def test_tokens_give_a_terminal_no_orders(colour):
    tokens = ['\x1b[2J', '\x9b31m', 'a\nb', 'é', '\u202e\u2066', '漢字\x7f']
    found = plotting.words(tokens, [0.0, 1.0, 0.5, 0.1, -1.0, 0.3], colour=colour)
    for shown in ('\\x1b[2J', '\\x9b31m', 'a\\nb', 'é', '\\u202e\\u2066', '漢字\\x7f'):
        assert shown in found
    assert found.count('\n') == (0 if colour else 5)
    assert not set(found) & set('\x9b\u202e\u2066\x7f') and ('\x1b' in found) == colour
    assert '\x1b[2J' not in found
