"""A small network in plain TensorFlow on scikit-learn's digits, and what seven methods say of its answers.

Run: python examples/digits_tensorflow.py --out digits.png
"""

import argparse

import numpy as np
import tensorflow.compat.v1 as tf
from sklearn.datasets import load_digits

from deepexplain.plotting import grid
from deepexplain.tensorflow import DeepExplain

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()

METHODS = ('saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'shapley_sampling')


def load():
    """Pictures (n, 64) between 0 and 1 and their digits (n,), shuffled: 1437 to train with, 360 to test with."""
    digits = load_digits()
    order = np.random.RandomState(0).permutation(len(digits.target))
    pictures, labels = (digits.data[order] / 16.0).astype('float32'), digits.target[order]
    return pictures[:1437], labels[:1437], pictures[1437:], labels[1437:]


def dense(inputs, units, name):
    """A fully connected layer without activation."""
    depth = int(inputs.shape[1])
    weights = tf.Variable(tf.random_normal([depth, units], stddev=(1.0 / depth) ** 0.5), name=name + '_weights')
    return tf.matmul(inputs, weights) + tf.Variable(tf.zeros([units]), name=name + '_bias')


def train(session, step, x, y, pictures, labels, epochs):
    """Runs the training step over shuffled batches of 32."""
    random = np.random.RandomState(1)
    for _ in range(epochs):
        for rows in np.array_split(random.permutation(len(pictures)), len(pictures) // 32):
            session.run(step, {x: pictures[rows], y: labels[rows]})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', default='digits_tensorflow.png', help='the picture to write')
    parser.add_argument('--epochs', type=int, default=30)
    parser.add_argument('--samples', type=int, default=5, choices=range(1, 11), help='explain the digits below')
    args = parser.parse_args()

    train_x, train_y, test_x, test_y = load()
    tf.set_random_seed(0)
    x = tf.placeholder(tf.float32, [None, 64])
    y = tf.placeholder(tf.int64, [None])
    hidden = tf.nn.tanh(dense(x, 128, 'first'))
    hidden = tf.nn.tanh(dense(hidden, 64, 'second'))
    logits = dense(hidden, 10, 'logits')  # what we explain: the layer before the softmax
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    step = tf.train.AdamOptimizer(0.002).minimize(loss)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        print('training two hidden layers on %d digits, %d epochs' % (len(train_x), args.epochs), flush=True)
        train(session, step, x, y, train_x, train_y, args.epochs)
        scores = session.run(logits, {x: test_x})
        print('test accuracy: %.3f' % np.mean(scores.argmax(axis=1) == test_y))

        # Of each digit the most typical picture, nearest to the mean of all, among those that are classified right.
        right = np.flatnonzero(scores.argmax(axis=1) == test_y)
        chosen = []
        for digit in range(args.samples):
            rows = right[test_y[right] == digit]
            distances = np.square(test_x[rows] - train_x[train_y == digit].mean(axis=0)).sum(axis=1)
            chosen.append(rows[distances.argmin()])
        xs = test_x[chosen]
        ys = np.eye(10)[test_y[chosen]]  # one unit for each sample: its true class

        np.random.seed(0)  # Shapley sampling draws its permutations from numpy
        attributions = {}
        with DeepExplain(session=session) as de:
            for number, method in enumerate(METHODS, 1):
                print('explaining %d digits: %s (%d of %d)' % (len(xs), method, number, len(METHODS)), flush=True)
                attributions[method] = de.explain(method, logits, x, xs, ys=ys).reshape(-1, 8, 8)

    figure = grid(xs.reshape(-1, 8, 8), attributions, labels=[str(digit) for digit in test_y[chosen]])
    figure.savefig(args.out)
    print('wrote %s' % args.out)


if __name__ == '__main__':
    main()
