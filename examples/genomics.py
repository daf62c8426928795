"""Which letters of a sequence say that two proteins bind: a small CNN on planted motifs, and what finds them.

A sequence counts as bound where both motifs are in it. Half of the others have one of them, and all have a decoy. The
references are the sequence's own letters, shuffled so that all pairs of neighbours are as frequent as before.

Run: python examples/genomics.py --out genomics.png
     python examples/genomics.py --modisco folder    # and modisco motifs -w 100 -s folder/ohe.npz ...
"""

import argparse

import numpy as np
import tensorflow.compat.v1 as tf
from matplotlib.figure import Figure

from deepexplain.genomics import dinucleotide_shuffle, in_silico_mutagenesis, one_hot, plot_logo, save_modisco
from deepexplain.plotting import logo
from deepexplain.tensorflow import DeepExplain

tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)

LENGTH = 100
MOTIFS, DECOY = ('AGATAAG', 'CACGTGAC'), 'TTGCGCAA'


def make(count, seed):
    """Sequences, whether both motifs are in each, and where a motif and the decoy are, bools (count, LENGTH)."""
    random = np.random.RandomState(seed)
    sequences, bound = [], np.zeros(count, 'float32')
    planted, decoys = np.zeros((2, count, LENGTH), bool)
    for i in range(count):
        # Letters of which the next hangs on the one before, C and G seldom neighbours, as in genomes.
        letters = [random.choice(list('ACGT'))]
        while len(letters) < LENGTH:
            letters.append(random.choice(list('ACGT'), p=(.35, .26, .04, .35) if letters[-1] == 'C' else
                                         (.3, .2, .2, .3)))
        bound[i] = i % 2
        there = MOTIFS if bound[i] else [MOTIFS[:0], MOTIFS[:1], MOTIFS[1:]][(0, 0, 1, 2)[random.randint(4)]]
        thirds = random.permutation(3)
        for third, site in zip(thirds, (DECOY, *there)):
            start = 33 * third + random.randint(33 - len(site))
            letters[start:start + len(site)] = site
            (decoys if site == DECOY else planted)[i, start:start + len(site)] = True
        sequences.append(''.join(letters))
    return sequences, bound, planted, decoys


def network(x):
    """Sequences (n, LENGTH, 4) to one score each."""
    def weights(*shape):
        return tf.Variable(tf.random_normal(shape, stddev=(2.0 / np.prod(shape[:-1])) ** .5))

    found = tf.nn.relu(tf.nn.conv1d(x, weights(11, 4, 24), 1, 'SAME') - .1)
    strongest = tf.reduce_max(found, 1)
    hidden = tf.nn.relu(tf.matmul(strongest, weights(24, 16)) + tf.Variable(tf.zeros(16)))
    return tf.matmul(hidden, weights(16, 1))[:, 0] + tf.Variable(0.)


def train(session, x, score, xs, bound, epochs):
    """Adam on the cross-entropy, in batches of 64."""
    y = tf.placeholder(tf.float32, [None])
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=score))
    step = tf.train.AdamOptimizer(.01).minimize(loss)
    session.run(tf.global_variables_initializer())
    random = np.random.RandomState(0)
    for _ in range(epochs):
        for batch in np.array_split(random.permutation(len(xs)), len(xs) // 64):
            session.run(step, {x: xs[batch], y: bound[batch]})


def recall(by_place, planted):
    """How many of the planted places are among as many that a sequence's largest attributions name, the mean."""
    found = []
    for values, places in zip(by_place, planted):
        largest = np.argsort(-values)[:places.sum()]
        found.append(places[largest].mean())
    return np.mean(found)


def draw(path, xs, attributions, hypothetical, changes, planted, decoys):
    """One sequence: its letters' attributions, what others would have contributed, what substitutions do."""
    figure = Figure(figsize=(13, 6.2), dpi=110, facecolor='white')
    panels = figure.subplots(3, 1, sharex=True)
    logo(xs, attributions, ax=panels[0], title='deeplift against shuffled references: the letters that are there')
    plot_logo(hypothetical, ax=panels[1], title='what each letter would have contributed')
    limit = np.abs(changes).max()
    panels[2].imshow(changes.T, cmap='RdBu_r', vmin=-limit, vmax=limit, aspect='auto', interpolation='nearest')
    panels[2].set_yticks(range(4))
    panels[2].set_yticklabels('ACGT')
    panels[2].set_title('in-silico mutagenesis: the change of the score with the letter in its place', pad=10)
    panels[2].set_xlabel('position')
    for ax in panels:
        for places, colour in ((planted, '#ffe08a'), (decoys, '#dddddd')):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], places, [0]])))
            for start, stop in edges.reshape(-1, 2):
                ax.axvspan(start - .5, stop - .5, color=colour, alpha=.5, zorder=-2, linewidth=0)
                if ax is panels[2]:
                    ax.plot([start - .5, stop - .5], [-.62, -.62], color=colour, linewidth=4, clip_on=False)
    panels[2].set_ylim(3.5, -.5)
    for ax in panels[:2]:
        ax.set_xlabel('')
        for side in ('top', 'right'):
            ax.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--sequences', type=int, default=4000)
    parser.add_argument('--out', help='a picture (needs logomaker)')
    parser.add_argument('--modisco', help='a folder for the files that tfmodisco-lite reads')
    arguments = parser.parse_args()

    sequences, bound, _, _ = make(arguments.sequences, seed=0)
    test, of_test, planted, decoys = make(400, seed=1)
    train_x, test_x = one_hot(sequences), one_hot(test)
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, LENGTH, 4])
    score = network(x)
    with tf.Session() as session, DeepExplain(session=session) as de:
        train(session, x, score, train_x, bound, arguments.epochs)
        print('accuracy on sequences that it has not seen: %.3f' % np.mean((session.run(score, {x: test_x}) > 0)
                                                                          == of_test))
        chosen = of_test == 1
        xs, planted, decoys = test_x[chosen], planted[chosen], decoys[chosen]

        def references(xs, ids):
            return dinucleotide_shuffle(xs, 10, seed=0, ids=ids)

        shared = dict(references=references, hypothetical=True)
        found = {'deeplift': de.explain('deeplift', score, x, xs, complete=True, **shared),
                 'intgrad': de.explain('intgrad', score, x, xs, steps=20, **shared)}
        changes = in_silico_mutagenesis(de, score, x, xs)
        zeros = de.explain('deeplift', score, x, xs, complete=True)
    by_place = {name + ', shuffled references': (xs * values).sum(-1) for name, values in found.items()}
    by_place['deeplift, a baseline of zeros'] = zeros.sum(-1)
    by_place['in-silico mutagenesis, the mean fall'] = -changes.sum(-1) / 3
    for name, values in by_place.items():
        print('%-40s recall of the motifs: %.3f, of the decoy: %.3f' % (
            name, recall(values, planted), recall(values, decoys)))
    if arguments.modisco:
        print('wrote %s and %s' % tuple(save_modisco(arguments.modisco, xs, found['deeplift'])))
    if arguments.out:
        one = int(np.argmax(planted[:, 20:80].sum(1) + decoys[:, 20:80].sum(1)))
        hypothetical = found['deeplift'][one]
        draw(arguments.out, xs[one], xs[one] * hypothetical, hypothetical, changes[one], planted[one], decoys[one])
        print('wrote ' + arguments.out)


if __name__ == '__main__':
    main()
