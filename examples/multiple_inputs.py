"""What made this house dear? Attributions for a model with two inputs, as a table.

The prices follow a rule written below, so the answers can be checked: the house number and the colour of the door
have no influence. The features of one house are compared with those of the average house, the baseline.

Run: python examples/multiple_inputs.py
"""

import argparse

import numpy as np
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()

NUMBERS = ['area, m2', 'age, years', 'distance, km', 'house number']
MEANS, SPREADS = np.array([110, 40, 8, 50]), np.array([30, 20, 4, 25])
FLAGS = ['garden', 'garage', 'lift', 'blue door']


def make_houses(count, seed):
    """Numbers (count, 4), flags (count, 4) and prices (count, 1) in thousands."""
    random = np.random.RandomState(seed)
    numbers = np.maximum(random.normal(MEANS, SPREADS, [count, 4]), 1).astype('float32')
    flags = (random.rand(count, 4) < 0.5).astype('float32')
    area, age, distance, _ = numbers.T
    garden, garage, lift, _ = flags.T
    price = 3.0 * area - 1.2 * age * (age < 60) - 8.0 * distance + 0.4 * garden * area + 25.0 * garage + 15.0 * lift
    return numbers, flags, price[:, None].astype('float32')


def dense(inputs, units):
    """A fully connected layer without activation."""
    depth = int(inputs.shape[1])
    weights = tf.Variable(tf.random_normal([depth, units], stddev=(1.0 / depth) ** 0.5))
    return tf.matmul(inputs, weights) + tf.Variable(tf.zeros([units]))


def print_table(names, house, average, contributions):
    """One row for each feature."""
    print('%-14s %10s %10s %14s' % ('feature', 'house', 'average', 'contribution'))
    for name, value, usual, contribution in zip(names, house, average, contributions):
        print('%-14s %10.1f %10.1f %+14.1f' % (name, value, usual, contribution))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--steps', type=int, default=3000, help='training steps')
    parser.add_argument('--houses', type=int, default=3, help='how many houses to explain')
    args = parser.parse_args()

    numbers, flags, prices = make_houses(4000, seed=0)
    tf.set_random_seed(0)
    number_input = tf.placeholder(tf.float32, [None, 4])
    flag_input = tf.placeholder(tf.float32, [None, 4])
    price_input = tf.placeholder(tf.float32, [None, 1])
    scaled = (number_input - MEANS.astype('float32')) / SPREADS.astype('float32')
    hidden = tf.nn.tanh(dense(tf.concat([scaled, flag_input], axis=1), 64))
    hidden = tf.nn.tanh(dense(hidden, 32))
    price = 300.0 + 100.0 * dense(hidden, 1)
    step = tf.train.AdamOptimizer(0.005).minimize(tf.reduce_mean(tf.square((price - price_input) / 100.0)))

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        random = np.random.RandomState(1)
        for _ in range(args.steps):
            rows = random.randint(len(prices), size=64)
            feed = {number_input: numbers[rows], flag_input: flags[rows], price_input: prices[rows]}
            session.run(step, feed)

        new_numbers, new_flags, new_prices = make_houses(500, seed=2)
        guesses = session.run(price, {number_input: new_numbers, flag_input: new_flags})
        print('mean error on 500 new houses: %.1f thousand\n' % np.mean(np.abs(guesses - new_prices)))

        # Several inputs are a list everywhere: X, xs, the baselines, and the attributions that come back.
        baseline = [numbers.mean(axis=0), flags.mean(axis=0)]
        xs = [new_numbers[: args.houses], new_flags[: args.houses]]
        with DeepExplain(session=session) as de:
            of_numbers, of_flags = de.explain('deeplift', price, [number_input, flag_input], xs, baseline=baseline)

        usual = session.run(price, {number_input: baseline[0][None], flag_input: baseline[1][None]})[0, 0]

    for house in range(args.houses):
        contributions = np.concatenate([of_numbers[house], of_flags[house]])
        print('house %d: priced at %.1f, the average house at %.1f' % (house + 1, guesses[house, 0], usual))
        values = np.concatenate([xs[0][house], xs[1][house]])
        print_table(NUMBERS + FLAGS, values, np.concatenate(baseline), contributions)
        print('%-14s %36.1f = %.1f - %.1f\n' % ('sum', contributions.sum(), guesses[house, 0], usual))


if __name__ == '__main__':
    main()
