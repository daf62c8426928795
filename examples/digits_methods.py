"""A small convolutional network on scikit-learn's digits, and what every method says of its answers.

Run: python examples/digits_methods.py --out digits_methods.png; with --each FOLDER a small picture of each method.
"""

import argparse
import os

import numpy as np
import tensorflow.compat.v1 as tf
from digits_tensorflow import dense, load, train
from matplotlib.figure import Figure
from tqdm import tqdm

from deepexplain.plotting import heatmap
from deepexplain.tensorflow import DeepExplain, attribution_methods
from deepexplain.tensorflow.relevance import FIRST, Epsilon

#: Other names of methods that are there already, what has nothing to show, and what is not for pictures.
LEFT_OUT = ('zero', 'feature_ablation', 'conductance', 'internal_influence', 'input_t_gradient', 'integrated_gradients',
            'in_silico_mutagenesis', 'lrp', 'lrp.z_IB', 'lrp.epsilon_IB', 'lrp.gamma_IB',
            'lrp.alpha_beta', 'lrp.alpha_beta_IB', 'lrp.z_plus', 'lrp.z_plus_IB', 'lrp.z_plus_fast_IB',
            'lrp.w_square_IB', 'lrp.flat_IB', 'lrp.sequential_preset_b_flat_until_idx')
COLUMNS = 8
#: What has no picture by itself: no attributions, and attributions of sequences of letters.
UNSEEN = ('zero', 'in_silico_mutagenesis')
#: Whose attributions are of the units of an inner layer, the last activation.
OF_UNITS = ('conductance', 'internal_influence')


def network(x):
    """Pictures (n, 64) to ten logits."""
    h = tf.reshape(x, [-1, 8, 8, 1], name='pictures')
    for before, after in ((1, 16), (16, 32)):
        filters = tf.Variable(tf.random_normal([3, 3, before, after], stddev=(2.0 / 9 / before) ** 0.5))
        h = tf.nn.conv2d(h, filters, strides=[1, 1, 1, 1], padding='SAME')
        h = tf.nn.relu(tf.nn.bias_add(h, tf.Variable(tf.zeros([after]))))
    h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    hidden = tf.nn.relu(dense(tf.reshape(h, [-1, 4 * 4 * 32]), 64, 'hidden'))
    return dense(hidden, 10, 'logits')


def draw(pictures, attributions):
    """Panels of the methods in rows, each method's maps of all pictures one above the other."""
    names = ['input picture'] + list(attributions)
    lines, deep = -(-len(names) // COLUMNS), len(pictures)
    figure = Figure(figsize=(1.35 * COLUMNS, 1.3 * lines * deep + 0.35 * lines))
    panels = figure.subplots(lines * deep, COLUMNS, squeeze=False)
    for ax in panels.ravel():
        ax.axis('off')
    for place, name in enumerate(names):
        line, column = divmod(place, COLUMNS)
        for i, picture in enumerate(pictures):
            ax = panels[line * deep + i, column]
            if name == 'input picture':
                ax.imshow(picture, cmap='gray_r')
            else:
                ax.axis('on')
                heatmap(attributions[name][i], picture, ax=ax)
            if i == 0:
                ax.set_title(name, fontsize=7.5 if len(name) < 24 else 6)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.975, bottom=0.01, wspace=0.06, hspace=0.22)
    return figure


def each_once():
    """The names of the methods that have a picture, each class once."""
    seen = set()
    for name, method in attribution_methods.items():
        if name not in UNSEEN and not name.endswith('_IB') and method not in seen:
            seen.add(method)
            yield name


def draw_one(pictures, maps, name):
    """The pictures and a method's maps beside one another, or bars of inner units."""
    if name in OF_UNITS:
        figure = Figure(figsize=(4.8, 1.6))
        for i, ax in enumerate(figure.subplots(1, len(maps))):
            ax.bar(np.arange(len(maps[i])), maps[i], color=np.where(maps[i] < 0, 'tab:blue', 'tab:red'))
            ax.tick_params(labelsize=6)
        figure.subplots_adjust(left=0.07, right=0.99, top=0.95, bottom=0.15)
        return figure
    figure = Figure(figsize=(1.2 * 2 * len(pictures), 1.2))
    panels = figure.subplots(1, 2 * len(pictures))
    for i, picture in enumerate(pictures):
        panels[2 * i].imshow(picture, cmap='gray_r')
        panels[2 * i].axis('off')
        heatmap(maps[i], picture, ax=panels[2 * i + 1])
    figure.subplots_adjust(left=0.005, right=0.995, top=0.99, bottom=0.01, wspace=0.04)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', default='digits_methods.png', help='the picture to write')
    parser.add_argument('--each', help='a folder, in place of --out: a picture of each method by itself')
    parser.add_argument('--epochs', type=int, default=10)
    args = parser.parse_args()

    train_x, train_y, test_x, test_y = load()
    tf.set_random_seed(0)
    x = tf.placeholder(tf.float32, [None, 64])
    y = tf.placeholder(tf.int64, [None])
    logits = network(x)
    pictures = x.graph.get_tensor_by_name('pictures:0')
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    step = tf.train.AdamOptimizer(0.002).minimize(loss)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        print('training a convolutional network on %d digits, %d epochs' % (len(train_x), args.epochs), flush=True)
        train(session, step, x, y, train_x, train_y, args.epochs)
        answers = session.run(logits, {x: test_x}).argmax(axis=1)
        print('test accuracy: %.3f' % np.mean(answers == test_y))
        chosen = [np.flatnonzero((test_y == digit) & (answers == digit))[0] for digit in (3, 0)]
        xs, ys = test_x[chosen], test_y[chosen]

        np.random.seed(0)  # what draws draws from numpy
        options = {
            'deep_taylor.bounded': {'low': 0, 'high': 1},  # what a pixel can be
            'expected_gradients': {'references': train_x[:100], 'samples': 200},
            'shapley_sampling': {'samples': 20},
            'lrp': {'composite': [(FIRST, 'w_square'), ('Conv2D', 'gamma'), ('*', Epsilon(0.1))]},
            'lrp.epsilon': {'epsilon': 0.1},
            'lrp.sequential_preset_b_flat_until_idx': {'until_layer_idx': 1},
            'permutation': {'references': train_x[:100], 'samples': 100},
            'rise': {'cells': 8},  # every pixel by itself
        }
        attributions = {}
        with DeepExplain(session=session) as de:
            methods = list(each_once()) if args.each else [one for one in attribution_methods if one not in LEFT_OUT]
            print('explaining %d digits by %d methods' % (len(xs), len(methods)), flush=True)
            # A bar where somebody watches.
            for method in tqdm(methods, unit=' methods', disable=None):
                # Maps, masks and blurs of places need to know those of X.
                flat = 'cam' not in method and method not in ('rise', 'blur_ig', 'xrai', 'fullgrad')
                X, samples = (x, xs) if flat else (pictures, xs.reshape(-1, 8, 8, 1))
                explainer = de.get_explainer(method, logits, X, **options.get(method, {}))
                if method.startswith('pattern'):
                    explainer.fit_patterns(train_x)
                maps = explainer.run(samples, ys)
                if method not in OF_UNITS:
                    maps = maps.reshape(-1, 8, 8)
                # Those of rise vary around the target's mean.
                attributions[method] = maps - maps.min((1, 2), keepdims=True) if method == 'rise' else maps

    if args.each:
        os.makedirs(args.each, exist_ok=True)
        for method, maps in attributions.items():
            name = method.replace('*', '_x_').replace('++', '_plus_plus') + '.png'
            draw_one(xs.reshape(-1, 8, 8), maps, method).savefig(os.path.join(args.each, name), dpi=100)
    else:
        draw(xs.reshape(-1, 8, 8), attributions).savefig(args.out, dpi=110)
    print('wrote %s' % (args.each or args.out))


if __name__ == '__main__':
    main()
