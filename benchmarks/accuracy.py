"""How many evaluations integrated gradients and Shapley sampling need for an answer that is so exact.

A CNN on scikit-learn's digits is trained, the answers of each option are compared with an answer of many more
evaluations, and the error is drawn against the cost.

    python benchmarks/accuracy.py [--out docs/accuracy.png]
"""
import argparse
import warnings

import models
import numpy as np
import tensorflow.compat.v1 as tf
from sklearn.datasets import load_digits

from deepexplain.tensorflow import DeepExplain

QUADRATURES = ('riemann_right', 'trapezoid', 'midpoint', 'gauss_legendre')
STEPS = (2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800)
SAMPLES = (2, 4, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
GOAL = .01


def train(session, X, T, pictures, labels):
    y = tf.placeholder(tf.int64, [None])
    step = tf.train.AdamOptimizer(.002).minimize(
        tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=T)))
    session.run(tf.global_variables_initializer())
    random = np.random.RandomState(0)
    for _ in range(10):
        for rows in np.array_split(random.permutation(len(pictures)), len(pictures) // 32):
            session.run(step, {X: pictures[rows], y: labels[rows]})


def error(got, want):
    """The mean over samples of |got - want| / |want|, Euclidean."""
    got, want = [one.reshape(len(one), -1).astype(np.float64) for one in (got, want)]
    return np.mean(np.linalg.norm(got - want, axis=1) / np.linalg.norm(want, axis=1))


def needed(costs, errors):
    """The cost at which the error falls to the goal for good, read off between two points."""
    above = [place for place, one in enumerate(errors) if one > GOAL]
    if not above:
        return '%d or fewer' % costs[0]
    last = above[-1]
    if last + 1 == len(costs):
        return 'more than %d' % costs[-1]
    (a, b), (e, f) = np.log(costs[last:last + 2]), np.log(errors[last:last + 2])
    return '%d' % round(np.exp(a + (b - a) * (e - np.log(GOAL)) / (e - f)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', default='docs/accuracy.png', help='the picture to write')
    arguments = parser.parse_args()
    warnings.simplefilter('ignore')
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    digits = load_digits()
    pictures = (digits.images / 16).astype(np.float32)[..., np.newaxis]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(0)
        X, T = models.digits()
        train(session, X, T, pictures[:1437], digits.target[:1437])
        accuracy = np.mean(session.run(T, {X: pictures[1437:]}).argmax(1) == digits.target[1437:])
        print('test accuracy %.3f' % accuracy)
        xs, ys = pictures[1437:1447], digits.target[1437:1447]
        with DeepExplain(session=session) as de:
            exact = de.explain('intgrad', T, X, xs, ys, steps=20000, quadrature='midpoint')
            of_steps = {name: [error(de.explain('intgrad', T, X, xs, ys, steps=steps, quadrature=name), exact)
                               for steps in STEPS] for name in QUADRATURES}
            xs, ys = xs[:4], ys[:4]
            fair = de.explain('shapley_sampling', T, X, xs, ys, samples=60000, antithetic=True, seed=10 ** 6)
            of_samples = {name: [np.mean([error(de.explain(
                'shapley_sampling', T, X, xs, ys, samples=samples, antithetic=name == 'antithetic', seed=seed), fair)
                for seed in range(3)]) for samples in SAMPLES] for name in ('random', 'antithetic')}
    print('| intgrad | %s | steps for 1 %% |' % ' | '.join(str(steps) for steps in STEPS[2:11:2]))
    for name, errors in of_steps.items():
        print('| %s | %s | %s |' % (name, ' | '.join('%.2g %%' % (100 * one) for one in errors[2:11:2]),
                                    needed(STEPS, errors)))
    print('| shapley_sampling | %s | permutations for 1 %% |' % ' | '.join(str(samples) for samples in SAMPLES[2:9:2]))
    for name, errors in of_samples.items():
        print('| %s | %s | %s |' % (name, ' | '.join('%.2g %%' % (100 * one) for one in errors[2:9:2]),
                                    needed(SAMPLES, errors)))
    draw(arguments.out, of_steps, of_samples)


def draw(path, of_steps, of_samples):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    figure = Figure(figsize=(9, 3.6))
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for axes, costs, found, what in ((left, STEPS, of_steps, 'intgrad: steps'),
                                     (right, SAMPLES, of_samples, 'shapley_sampling: permutations')):
        for name, errors in found.items():
            axes.loglog(costs, [100 * one for one in errors], marker='.', label=name)
        axes.axhline(100 * GOAL, color='grey', linewidth=.8, linestyle='--')
        axes.set_xlabel(what)
        axes.set_ylabel('error in %')
        axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == '__main__':
    main()
