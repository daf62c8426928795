"""A SavedModel from a package, opened and explained: which tones say to Basic Pitch that a note sounds.

Basic Pitch (Bittner et al., ICASSP 2022) reads two seconds of music and says for each of 172 moments which of a piano's
88 keys sound. Its folder comes in a package of PyPI, 1 MB. It is read, the package is not imported, so none of what
that asks for is needed; TensorFlow 1.15 reads it too:

    pip install --no-deps basic-pitch

Run: python examples/saved_model.py --out saved_model.png
     python examples/saved_model.py --model folder_of_a_basic_pitch --out saved_model.png
"""

import argparse
import importlib.util
import os

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from deepexplain.plotting import spectrogram
from deepexplain.tensorflow import DeepExplain

tf.get_logger().setLevel('ERROR')

RATE, SAMPLES, HOP = 22050, 43844, 256  # samples a second, in a window, and between two moments
LOWEST = 27.5  # Hertz, of the first key and the first of the spectrogram's bins, 36 an octave

#: Name, Hertz, and when it is plucked. The first two are an octave apart: their tones coincide.
NOTES = (('A3', 220.0, 0.2), ('A4', 440.0, 0.7), ('E4', 329.63, 1.2))

#: The spectrogram in the model: 0 is silence, 1 the loudest. `de.layers()` has the names.
SPECTROGRAM = 'model_1/normalized_log_1/Reshape_2'


def installed():
    """The folder in the package, found without importing it; None if it is not there."""
    found = importlib.util.find_spec('basic_pitch')
    return found and os.path.join(found.submodule_search_locations[0], 'saved_models', 'icassp_2022', 'nmp')


def pluck(frequency, start):
    """A plucked string: eight tones that die away, the higher the sooner."""
    after = np.maximum(np.arange(SAMPLES) / RATE - start, 0)
    tones = [np.sin(2 * np.pi * frequency * k * after) * np.exp(-after * (1.5 + 0.8 * k)) / k for k in range(1, 9)]
    return 0.2 * np.sum(tones, axis=0) * np.minimum(after / 0.005, 1)


def target(frequency, start):
    """Weights of the model's answers (1, moments, keys, 1): the mean of one key while its note sounds."""
    key = int(round(12 * np.log2(frequency / LOWEST)))
    first, last = [int((start + after) * RATE / HOP) for after in (0.05, 0.45)]
    weights = np.zeros((1, 172, 88, 1))
    weights[0, first:last, key] = 1.0 / (last - first)
    return weights


def near(attributions, frequency):
    """The sum of what falls on a tone and the bins beside it."""
    place = int(round(36 * np.log2(frequency / LOWEST)))
    return attributions[:, place - 1 : place + 2].sum()


def draw(loudness, attributions):
    """The same spectrogram for each note, coloured by what raises (red) and lowers (blue) its score."""
    times = np.arange(len(loudness)) * HOP / RATE
    frequencies = LOWEST * 2 ** (np.arange(loudness.shape[1]) / 36.0)
    figure = Figure(figsize=(9, 7.6))
    for ax, (name, _, _), values in zip(figure.subplots(len(NOTES), 1, sharex=True), NOTES, attributions):
        spectrogram(loudness, values, times, frequencies, ax=ax, percentile=99.7, alpha=1)
        ax.set_yscale('log')
        ax.set_ylim(150, 4200)
        ax.set_yticks([220, 440, 880, 1760, 3520])
        ax.set_yticklabels(['220', '440', '880', '1760', '3520'])
        ax.minorticks_off()
        ax.set_title('What speaks for %s (red) and against it (blue)' % name, fontsize=10, loc='left')
        ax.set_ylabel('Hertz', fontsize=9)
        ax.set_xlabel('seconds' if name == NOTES[-1][0] else '', fontsize=9)
    figure.tight_layout()
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', help='the folder of the SavedModel; by default that of the installed package')
    parser.add_argument('--out', default='saved_model.png', help='the picture to write')
    args = parser.parse_args()
    folder = args.model or installed()
    if folder is None:
        raise SystemExit('The model is not installed: pip install --no-deps basic-pitch')

    audio = np.sum([pluck(frequency, start) for _, frequency, start in NOTES], axis=0)[None, :, None]
    with DeepExplain.open(folder, outputs=['note']) as de:
        layers = de.layers()
        print('%d tensors, among them:' % len(layers))
        for layer in layers:
            if layer.name == SPECTROGRAM or layer.op_type in ('Relu', 'Sigmoid'):
                print('  %-36s %s' % (layer.name, layer.shape))

        heard = {de.inputs[0]: audio}
        loudness = de.tensor(SPECTROGRAM)
        scores, shown = de.session.run([de.logits, loudness], heard)
        attributions = []
        for name, frequency, start in NOTES:
            weights = target(frequency, start)
            # Compared with silence, and of the scores before the sigmoid: de.logits.
            values, delta = de.explain(
                'deeplift', de.logits, loudness, ys=weights, feed_dict=heard, return_convergence_delta=True)
            attributions.append(values[0])
            print('%s: score %.2f, attributions add up but for %.0e' % (name, (scores * weights).sum(), abs(delta[0])))
            print('  ' + ', '.join('%.0f Hz %+.2f' % (frequency * k, near(values[0], frequency * k))
                                   for k in (0.5, 1, 2, 3, 4, 5)))

    draw(shown[0], attributions).savefig(args.out, dpi=110)
    print('wrote %s' % args.out)


if __name__ == '__main__':
    main()
