"""Which methods find planted motifs whose interaction makes the label: position recall of every method.

    python experiments/motifs.py [--quick] [--out FOLDER]
"""
import os
import time
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import motif_data
import motif_methods
import numpy as np
import tensorflow.compat.v1 as tf
from motif_methods import Row
from motif_page import write
from pages import parser

from deepexplain.evaluation import rank_accuracy
from deepexplain.genomics import dinucleotide_shuffle
from deepexplain.tensorflow import DeepExplain

#: Of each: repetitions, sequences to train by, epochs, sequences explained, shuffled references of each.
FULL, QUICK = (4, 6000, 12, 20, 5), (2, 128, 1, 3, 2)
#: What is measured of a map; the site of the first motif is looked at with and without the second.
MEASURES = ('recall', 'precision', 'weaker', 'decoy', 'share', 'alone')


class Sites(NamedTuple):
    """What the network makes of the two sites as two players, the mean over sequences.

    Attributes:
        joint: T with both less T with neither.
        alone: the Shapley value of the first where the second is not there, as a part of that where it is.
        accuracy: of the network.
    """
    joint: float
    alone: float
    accuracy: float


def falling(values: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """The order of falling values in each row, equal ones in random order."""
    return np.lexsort((random.random_sample(values.shape), -values))


def average_precision(values: np.ndarray, inside: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """The mean precision at each place inside, going by falling values, equal ones in random order; of each row."""
    hits = np.take_along_axis(inside, falling(values, random), 1)
    precision = hits.cumsum(1) / np.arange(1., 1 + hits.shape[1])
    return (precision * hits).sum(1) / hits.sum(1)


def measured(places: np.ndarray, scored: bool, data: motif_data.Planted, joint: float, seed: int) -> List[float]:
    """The measures of a map of sequences, and then of the same without their second site."""
    intact, broken = np.split(places, 2)
    first, both, random = data.sites[:, 0], data.sites.any(1), np.random.RandomState(seed)

    def recall(masks: np.ndarray) -> np.ndarray:
        return rank_accuracy(None, None, attributions=intact, masks=masks)

    each = [np.array([values[site].mean() for values, site in zip(intact, sites)])
            for sites in (first, data.sites[:, 1])]
    lesser = np.where((each[0] < each[1])[:, np.newaxis], first, data.sites[:, 1])
    # How much of the weaker site is among as many positions as both sites have.
    top = np.arange(both.shape[1]) < both.sum(1)[:, np.newaxis]
    found = (np.take_along_axis(lesser, falling(intact, random), 1) & top).sum(1) / lesser.sum(1)
    alone = (broken * first).sum() / (intact * first).sum() if (intact * first).sum() > 0 else np.nan
    return [recall(both).mean(), average_precision(intact, both, random).mean(), found.mean(),
            recall(data.decoys).mean(), (intact * both).sum(1).mean() / joint if scored else np.nan, alone]


def repeated(task: str, seed: int, rows: Sequence[Row], sizes: Tuple[int, ...]) -> Tuple[Sites, Dict[Row, List[float]]]:
    """One network of a task: what it makes of the sites, and what each method does."""
    _, count, epochs, samples, m = sizes
    with tf.Graph().as_default(), tf.Session() as session, DeepExplain(session=session) as de:
        tf.set_random_seed(seed)
        x, score = motif_data.network(tf)
        accuracy = motif_data.train(tf, session, x, score, task, seed, count, epochs)
        data = motif_data.planted(task, 20 * samples, (seed, 2))
        data = data.take(data.labels & data.sites.any(2).all(1))
        right = session.run(score, {x: motif_data.coded(data.letters)}) > 0
        data = data.take(np.argsort(~right, kind='stable')[:samples])
        both, one, two, none = (session.run(score, {x: motif_data.coded(data.only(*sites))}).astype(float).mean()
                                for sites in ((0, 1), (0,), (1,), ()))
        seen = Sites(both - none, (one - none) / ((both - two + one - none) / 2), accuracy)
        xs = motif_data.coded(np.concatenate([data.letters, data.only(0)]))
        shuffled = dinucleotide_shuffle(xs, m, seed=seed)
        fit = motif_data.coded(motif_data.planted(task, min(count, 500), (seed, 0)).letters)
        found = {}
        for row in rows:
            places, scored = motif_methods.explained(de, row, score, x, xs, shuffled, fit, seed)
            found[row] = measured(places, scored, data, seen.joint, seed)
    return seen, found


def main() -> None:
    arguments = parser(__doc__).parse_args()
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    sizes = QUICK if arguments.quick else FULL
    rows, began = motif_methods.rows(arguments.quick), (time.time(), time.process_time())
    numbers: Any = np.empty((len(rows), len(motif_data.TASKS), sizes[0], len(MEASURES)))
    seen: Dict[str, List[Sites]] = {task: [] for task in motif_data.TASKS}
    for at, task in enumerate(motif_data.TASKS):
        for repetition in range(sizes[0]):
            sites, found = repeated(task, repetition, rows, sizes)
            seen[task].append(sites)
            numbers[:, at, repetition] = [found[row] for row in rows]
            print('%s, %d: accuracy %.3f, after %.0f s' % (task, repetition, sites.accuracy, time.time() - began[0]),
                  flush=True)
    write(arguments.out, rows, dict(zip(MEASURES, np.moveaxis(numbers, 3, 0))), seen, sizes, began,
          'TensorFlow %s, numpy %s' % (tf.__version__, np.__version__))


if __name__ == '__main__':
    main()
