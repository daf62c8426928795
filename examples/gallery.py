"""Every picture that deepexplain.plotting draws, of small networks trained on the spot, with the code of each.

Run: python examples/gallery.py --out gallery
"""

import argparse
import inspect
import os
import re
import textwrap

import gallery_data
import numpy as np
import tensorflow.compat.v1 as tf
from matplotlib.figure import Figure

from deepexplain import plotting

# Of each function below the first line of the docstring is the heading, the rest of it the text, and the body, without
# its last line, the code in the gallery. They take what the function of gallery_data with their parameter's name made.


def grid(digits):
    """Methods by samples: `grid`

    What a small network's answers 3, 0 and 7 rest on, by four methods. Red raises the score of the answer, blue lowers
    it; each panel has colours of its own.
    """
    figure = plotting.grid(digits.pictures, digits.attributions, labels=['3', '0', '7'], size=1.5)
    return figure


def grid_in_axes(shapes):
    """A grid among other things: `grid(axes=...)`

    Drawn into axes of a figure of yours, beside what each quarter of the picture adds to the score. These pictures
    have their channels first.
    """
    pictures, attributions = np.moveaxis(shapes.pictures[:2], 3, 1), np.moveaxis(shapes.attributions[:2], 3, 1)
    figure = Figure(figsize=(7, 3), constrained_layout=True)
    axes = figure.subplots(2, 3, gridspec_kw={'width_ratios': [1, 1, 1.5]})
    plotting.grid(pictures, {'deeplift': attributions}, over='blend', channels='first', axes=axes[:, :2])
    for ax, quarters in zip(axes[:, 2], attributions.reshape(2, 3, 2, 20, 2, 20).sum(axis=(1, 3, 5))):
        plotting.bars(quarters.ravel(), ['upper left', 'upper right', 'lower left', 'lower right'], ax=ax)
    return figure


def heatmap_over(shapes):
    """A heat map and its picture: `heatmap(over=...)`

    Yellow raises this network's score, green lowers it, violet does not count. The picture shows as outlines, in grey,
    or in its own colours; with 'overlay' also what counts for nothing is covered, in white.
    """
    figure = Figure(figsize=(9, 2.1))
    first, *others = figure.subplots(1, 5)
    first.imshow(shapes.pictures[0])
    first.set_title('picture')
    first.set_axis_off()
    for ax, over in zip(others, ('edges', 'grey', 'blend', 'overlay')):
        plotting.heatmap(shapes.attributions[0], shapes.pictures[0], ax, over=over, title=over)
    return figure


def heatmap_sign(shapes):
    """Only what raises, only what lowers: `heatmap(sign=...)`

    Each sign has a colour of its own; the palest is always zero.
    """
    figure = Figure(figsize=(9, 2.4))
    for ax, sign in zip(figure.subplots(1, 4), ('both', 'positive', 'negative', 'absolute')):
        plotting.heatmap(shapes.attributions[0], shapes.pictures[0], ax, sign=sign, title=sign)
    return figure


def compare(digits):
    """On one scale: `compare`

    Both methods measure in units of the score, so that one colour may mean the same number in all panels, and the
    legend says which. Signals, bars and letters are compared so, too.
    """
    methods = {name: digits.attributions[name] for name in ('deeplift', 'grad*input')}
    figure = plotting.compare(digits.pictures, methods, labels=['3', '0', '7'], kind='images', colorbar='score')
    return figure


def heatmap_colorbar(shapes):
    """What the colours are as numbers: `colorbar`

    A string is its label. The pointed ends stand for the few values beyond the deepest colours.
    """
    ax = plotting.heatmap(shapes.attributions[0], shapes.pictures[0], colorbar='score')
    return ax.figure


def text(sentences):
    """Words in a picture: `text`

    Sentences that the network never met; red words make them sound pleased, blue ones annoyed.
    """
    figure = Figure(figsize=(6, 2.6))
    for ax, tokens, attributions in zip(figure.subplots(4, 1), sentences.tokens, sentences.attributions):
        plotting.text(tokens, attributions, ax, fontsize=13)
    return figure


def words_html(sentences):
    """Words on a web page or in a notebook: `words_html`

    Each word is a `<span>` whose title is its number. GitHub shows no colours here, so they are in a file.
    """
    lines = [plotting.words_html(*line) for line in zip(sentences.tokens, sentences.attributions)]
    page = '<!DOCTYPE html>\n<meta charset="utf-8">\n<p>%s</p>\n' % '</p>\n<p>'.join(lines)
    return page


def words(sentences):
    """Words on a terminal: `words`

    What it returns is printed.
    """
    printed = '\n'.join(plotting.words(*line) for line in zip(sentences.tokens, sentences.attributions))
    return printed


def words_plain(sentences):
    """Words where there are no colours: `words(colour=False)`

    One line for each word, for files and logs.
    """
    printed = plotting.words(sentences.tokens[3], sentences.attributions[3], colour=False)
    return printed


def bars(wine):
    """The features of one sample: `bars`

    Why the network takes this wine for one of its grower's. The bars add up to what the wine changes in the score,
    compared with the average one; the last one stands for the features that have no bar of
    their own.
    """
    ax = plotting.bars(wine.attributions[0], wine.names, wine.values[0], top=7)
    return ax.figure


def bars_of_many(wine):
    """The features of many samples: `bars` of a batch

    What the network goes by, over all wines: the mean of the absolute attributions.
    """
    ax = plotting.bars(wine.attributions, wine.names, top=7, title='58 wines')
    return ax.figure


def waterfall(wine):
    """How one sample's features add up: `waterfall`

    From the score of the average wine to that of this one, the largest step first.
    """
    ax = plotting.waterfall(wine.attributions[0], wine.names, wine.values[0], wine.start, wine.scores[0], top=7)
    return ax.figure


def summary(wine):
    """The features of many samples, with their spread: `summary`

    A dot is a wine: on the right where the feature raises the score of its grower, and the lighter the more it has of
    it. Bars are the means of the absolute attributions.
    """
    ax = plotting.summary(wine.attributions, wine.values, wine.names, top=7)
    return ax.figure


def summary_quantiles(wine):
    """The same without values: `summary` as quantiles

    Thin lines reach from the 5th to the 95th percentile, thick ones from the 25th to the 75th; the median is white.
    """
    ax = plotting.summary(wine.attributions, names=wine.names, top=7)
    return ax.figure


def logo(genes):
    """A sequence of letters: `logo`

    The network counts the places where a protein binds, TGACTCA, and a TATA box beside it counts against. What each
    letter adds to the count, or takes from it.
    """
    ax = plotting.logo(genes.sequences[0], genes.attributions[0], 'ACGT')
    return ax.figure


def signal(heartbeats):
    """A time series: `signal`

    The network says that a heartbeat came too soon, and the colours say which.
    """
    ax = plotting.signal(heartbeats.values[1, :, 0], heartbeats.attributions[1, :, 0], heartbeats.times)
    ax.set_xlabel('seconds')
    return ax.figure


def signal_channels(heartbeats):
    """Several channels: `signal` of (times, channels)

    The channels share one scale of colours, so it shows that breath and movement hardly count.
    """
    ax = plotting.signal(heartbeats.values[3], heartbeats.attributions[3], heartbeats.times,
                         names=['heart', 'breath', 'movement'], colorbar=True)
    return ax.figure


def spectrogram(whistles):
    """A spectrogram: `spectrogram`

    Rising whistles raise the network's score, falling ones lower it, and the room's hum, the grey line below,
    hardly counts.
    """
    ax = plotting.spectrogram(whistles.values[9], whistles.attributions[9], whistles.times, whistles.frequencies)
    ax.set(xlabel='seconds', ylabel='Hertz')
    return ax.figure


def spectrogram_sign(whistles):
    """Only what raises, only what lowers: `spectrogram(sign=...)`

    As for heat maps.
    """
    figure = Figure(figsize=(8, 2.4))
    for ax, sign in zip(figure.subplots(1, 2, sharey=True), ('positive', 'negative')):
        plotting.spectrogram(whistles.values[9], whistles.attributions[9], whistles.times, whistles.frequencies, ax,
                             sign=sign, title=sign)
        ax.label_outer()
    return figure


DRAWINGS = (grid, grid_in_axes, compare, heatmap_over, heatmap_sign, heatmap_colorbar, text, words, words_plain,
            words_html, bars, bars_of_many, waterfall, summary, summary_quantiles, logo, signal, signal_channels,
            spectrogram, spectrogram_sign)
OPENING = '''# Pictures

All of `deepexplain.plotting`, written by `python examples/gallery.py --out docs/gallery`. The networks and the samples
are those of `examples/gallery_data.py`, the attributions what `DeepExplain.explain` returns. Before each code stands

```python
import numpy as np
from matplotlib.figure import Figure

from deepexplain import plotting
```

'''


def terminal(printed):
    """A figure that shows the words in their colours as a terminal does."""
    lines = [re.findall(r'\x1b\[30;48;2;(\d+);(\d+);(\d+)m(.*?)\x1b\[0m|(\S+)', line) for line in printed.split('\n')]
    figure = Figure(figsize=(6, 0.24 * len(lines) + 0.24), facecolor='0.12')
    for row, line in enumerate(lines):
        x = 0.02
        for red, green, blue, coloured, plain in line:
            word = coloured or plain
            ground = {'facecolor': [int(part) / 255 for part in (red, green, blue)]} if coloured else {'alpha': 0}
            figure.text(x, 1 - (row + 1) / (len(lines) + 1), word, family='monospace', fontsize=10, va='center',
                        color='black' if coloured else '0.9',
                        bbox=dict(ground, boxstyle='square,pad=0.1', edgecolor='none'))
            x += 6.02 * (len(word) + 1) / 72 / 6
    return figure


def write(folder, name, made):
    """Writes what a function above returned; returns what shows it in the README."""
    if isinstance(made, str) and made.startswith('<!DOCTYPE'):
        with open(os.path.join(folder, name + '.html'), 'w', encoding='utf-8') as file:
            file.write(made)
        return '[%s.html](%s.html)' % (name, name)
    if isinstance(made, str) and '\x1b' not in made:
        return '```text\n%s\n```' % made
    figure = terminal(made) if isinstance(made, str) else made
    figure.savefig(os.path.join(folder, name + '.png'), dpi=150, bbox_inches='tight', pad_inches=0.1,
                   facecolor=figure.get_facecolor())
    return '![%s](%s.png)' % (name, name)


def section(drawing, shown):
    """Heading, text, picture and code."""
    heading, said = inspect.getdoc(drawing).split('\n\n')
    body = inspect.getsource(drawing).split('"""\n', 1)[1].rstrip().split('\n')[:-1]
    code = textwrap.dedent('\n'.join(body))
    return '## %s\n\n%s\n\n%s\n\n```python\n%s\n```\n' % (heading, said, shown, code)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', default='gallery', help='the folder to write')
    parser.add_argument('--epochs', type=int, default=10)
    args = parser.parse_args()

    os.makedirs(args.out, exist_ok=True)
    made, sections = {}, []
    for drawing in DRAWINGS:
        data, = inspect.signature(drawing).parameters
        if data not in made:
            with tf.Graph().as_default():
                tf.set_random_seed(0)
                made[data] = getattr(gallery_data, data)(args.epochs)
        sections.append(section(drawing, write(args.out, drawing.__name__, drawing(made[data]))))
    with open(os.path.join(args.out, 'README.md'), 'w', encoding='utf-8') as file:
        file.write(OPENING + '\n'.join(sections))
    print('wrote %s' % args.out)


if __name__ == '__main__':
    main()
