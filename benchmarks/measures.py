"""Prints what measures of attributions take beside the bare cost of the evaluations that they need.

    python benchmarks/measures.py [--out FILE] [--only NAME ...] [--budget 4]

On the CNN of `models.py`, 28x28, ten samples. Of those that ask the model, maps are given, and the bare cost is that of
the cheapest plain session call a row, as in `bench.py`; time is taken with calls of the default size, and of that of
the cheapest. Of those that explain more, the bare cost is that of the same explanations by `Explainer.run`; of those
that look at maps alone it is the one explanation that makes them. The last column is what a measure does besides:
(time taken) / (time in session calls), which other work on the machine moves less.
"""
import argparse
import time
import warnings
from statistics import median

import models
import numpy as np
import tensorflow.compat.v1 as tf
from bench import Case, heading, table
from measure import data, in_turn, paired

from deepexplain.evaluation.catalogue import EXPLAINER, MAPS, MASKS, measures
from deepexplain.evaluation.subsets import subset_sizes
from deepexplain.tensorflow import DeepExplain

SAMPLES, SIZES = 10, (16, 32, 64, 128, 256, 512)
#: Of each size in sensitivity_n, a tenth of the default, for time.
SUBSETS = 10
#: The evaluations of a sample by a measure that asks the model, given its number of features (28x28).
EVALUATIONS = {
    'sensitivity_n': lambda features: 1 + SUBSETS * len(subset_sizes(features)), 'mu_fidelity': lambda features: 201,
    'deletion': lambda features: 1 + min(100, features), 'insertion': lambda features: 1 + min(100, features),
    'pixel_flipping': lambda features: 1 + min(100, features),
    # Squares of nine places along both sides.
    'region_perturbation': lambda features: 1 + min(100, int(-(-features ** .5 // 9)) ** 2),
    'road': lambda features: 10, 'infidelity': lambda features: 101, 'monotonicity': lambda features: 1 + features,
    'average_drop': lambda features: 2, 'completeness': lambda features: 2}
#: A linear program of 784 places for each sample takes seconds: on pictures of 8x8.
SMALL = ('earth_mover',)


class Watched:
    """A session that knows how long its calls took."""

    def __init__(self, session):
        self.graph, self._session, self.seconds = session.graph, session, 0.

    def run(self, *arguments, **options):
        start = time.perf_counter()
        try:
            return self._session.run(*arguments, **options)
        finally:
            self.seconds += time.perf_counter() - start


class Bench:
    """A network, its samples and an explainer of them."""

    def __init__(self, model, sizes=()):
        self.case = Case(model, sizes)
        self.xs, self.ys = data(self.case.X, self.case.Y, SAMPLES)
        self.session = Watched(self.case.session)
        with DeepExplain(session=self.session) as de:
            self.explainer = de.get_explainer('grad*input', self.case.T, self.case.X)
        self.maps = self.explainer.run(self.xs, self.ys)
        side = self.xs.shape[1]
        self.masks = np.zeros(self.xs.shape, bool)
        self.masks[:, side // 4:side // 2, side // 4:side // 2] = True

    def runner(self, name, batch_size=None):
        """A run of a measure with its defaults."""
        function, needs = measures[name].function, measures[name].needs
        more = dict(masks=self.masks) if needs == MASKS else {}
        if name == 'input_invariance':
            more = dict(shifted=self.explainer, shift=0.)
        if name == 'sensitivity_n':
            more = dict(subsets=SUBSETS)
        maps = None if needs in (MAPS, MASKS) else self.maps
        return lambda: function(self.explainer, self.xs, self.ys, attributions=maps, seed=0, batch_size=batch_size,
                                **more)

    def bare(self, name):
        """The explanations that a measure needs, and no more."""
        run, xs, ys = self.explainer.run, self.xs, self.ys
        if measures[name].needs != EXPLAINER or name == 'random_target':
            return lambda: run(xs, ys)
        if name == 'input_invariance':
            return lambda: (run(xs, ys), self.explainer.target(xs, ys), self.explainer.target(xs, ys))
        if name == 'model_randomization':
            layers = len(self.explainer.probe(xs, ys).layers())
            return lambda: [run(xs, ys) for _ in range(layers)]
        # The samples that are drawn by default.
        many, units = np.repeat(xs, 10, 0), np.repeat(ys, 10, 0)
        return lambda: run(many, units)

    def besides(self, run, times=3):
        """The time of a run divided by that in its session calls, the median."""
        found = []
        for _ in range(times):
            self.session.seconds = 0.
            start = time.perf_counter()
            run()
            found.append((time.perf_counter() - start) / self.session.seconds)
        return median(found)


def row(bench, name, budget):
    """A line of the table."""
    run, bare = bench.runner(name), bench.case.bare['score'] if name in EVALUATIONS else None
    if bare:
        said = EVALUATIONS[name](bench.case.features)
        costs = [1 / paired(bare, SAMPLES * said, one, budget, 3)[0] for one in (
            run, bench.runner(name, bare.size))]
    else:
        said = measures[name].cost if measures[name].needs == EXPLAINER else '1 explanation'
        costs = [in_turn(run, bench.bare(name), budget)]
    cells = ['%.2f' % cost for cost in costs] + [''] * (2 - len(costs))
    return [name, str(said)] + cells + ['%.2f' % bench.besides(run)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', default='benchmarks/results.md', help='the file to add to')
    parser.add_argument('--only', nargs='*', default=list(measures), help='names of measures')
    parser.add_argument('--budget', type=float, default=4., help='seconds for each')
    arguments = parser.parse_args()
    warnings.simplefilter('ignore')
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    large, small = Bench(models.cnn, SIZES), None
    rows = []
    for name in arguments.only:
        if name in SMALL:
            small = small or Bench(models.digits)
        rows.append(row(small if name in SMALL else large, name, arguments.budget))
        print(rows[-1], flush=True)
    head = ['', 'evaluations of a sample', 'time / bare cost', 'in calls of its size', 'time / that in session calls']
    lines = [heading(), ''] + table('Measures: time taken / bare cost of what they need, n=%d' % SAMPLES, head, rows)
    with open(arguments.out, 'a') as out:
        out.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
