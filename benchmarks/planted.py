"""Where rule methods put their relevance in networks with loops and attention, on tasks whose answer is known.

    python benchmarks/planted.py [--seconds 60] [--samples 200] [--only NAME ...]

Each model is trained for at most a minute on three tasks: to copy the third of six tokens, to tell the sign of the
product of two entries of six steps of three numbers, and to tell which of two words came first. The table says how
much of the absolute relevance of samples that are answered rightly lies on what the answer hangs on: on the third
token, on the two entries, on the two words.
"""
import argparse
import os
import sys
import time
import warnings

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import numpy as np

STEPS, WORDS, WIDTH = 6, 12, 8

#: Methods by what the table calls them.
METHODS = {
    'gradient': ('gradient', {}), 'grad*input': ('grad*input', {}), 'intgrad': ('intgrad', {'steps': 50}),
    'deeplift': ('deeplift', {'complete': True}), 'reveal_cancel': ('deeplift.reveal_cancel', {}),
    'elrp': ('elrp', {}), 'lrp.epsilon': ('lrp.epsilon', {'epsilon': 1e-3}),
    'lrp.epsilon, signal': ('lrp.epsilon', {'epsilon': 1e-3, 'products': 'signal'}),
    'lrp.epsilon, constant': ('lrp.epsilon', {'epsilon': 1e-3, 'softmax': 'constant'}),
    'lrp.epsilon, identity': ('lrp.epsilon', {'epsilon': 1e-3, 'norms': 'identity'}),
    'lrp.alpha_1_beta_0': ('lrp.alpha_1_beta_0', {}), 'occlusion': ('occlusion', {}),
}


def copy(rng, n):
    """Tokens, the third of them, and where it is."""
    xs = rng.randint(0, WORDS, (n, STEPS))
    return xs, xs[:, 2], np.tile(np.arange(STEPS) == 2, (n, 1))


def product(rng, n):
    """Numbers, whether the product of two of them is above 0, and where these are."""
    xs = rng.randn(n, STEPS, 3).astype('f')
    where = np.zeros((n, STEPS, 3), bool)
    where[:, 1, 0] = where[:, 4, 2] = True
    return xs, (xs[:, 1, 0] * xs[:, 4, 2] > 0).astype(int), where


def order(rng, n):
    """Tokens among which 0 and 1 are once each, whether 0 comes first, and where they are."""
    xs = rng.randint(2, WORDS, (n, STEPS))
    places = np.array([rng.permutation(STEPS)[:2] for _ in range(n)])
    xs[np.arange(n), places[:, 0]], xs[np.arange(n), places[:, 1]] = 0, 1
    return xs, (places[:, 0] < places[:, 1]).astype(int), xs < 2


TASKS = {'copy': (copy, WORDS), 'product': (product, 1), 'order': (order, 1)}


def attention(keras, h):
    """A pre-norm transformer block."""
    layers = keras.layers
    h = layers.Dense(16)(h)
    places = layers.Embedding(STEPS, 16)(np.arange(STEPS)[None])
    h = layers.Add()([h, places])
    normed = layers.LayerNormalization()(h)
    h = layers.Add()([h, layers.MultiHeadAttention(2, 8)(normed, normed)])
    h = layers.Add()([h, layers.Dense(16)(layers.Dense(48, activation='gelu')(layers.LayerNormalization()(h)))])
    return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(h))


def networks(keras):
    """What makes features of a sequence, by name."""
    layers = keras.layers
    return {
        'LSTM': lambda h: layers.LSTM(24)(h), 'GRU': lambda h: layers.GRU(24)(h),
        'SimpleRNN': lambda h: layers.SimpleRNN(24)(h),
        'two LSTMs': lambda h: layers.LSTM(24)(layers.LSTM(24, return_sequences=True)(h)),
        'BiLSTM, pooled': lambda h: layers.GlobalMaxPooling1D()(layers.Bidirectional(
            layers.LSTM(16, return_sequences=True))(h)),
        'Conv1D, GRU': lambda h: layers.GRU(24)(layers.Conv1D(16, 2, padding='same', activation='relu')(h)),
        'transformer': lambda h: attention(keras, h),
    }


def trained(keras, network, task, seconds):
    """A model and how often it is right on new samples."""
    make, classes = TASKS[task]
    rng = np.random.RandomState(0)
    keras.utils.set_random_seed(0)
    if task == 'product':
        inputs = h = keras.Input((STEPS, 3))
    else:
        inputs = keras.Input((STEPS,), dtype='int32')
        h = keras.layers.Embedding(WORDS, WIDTH, name='words')(inputs)
    outputs = keras.layers.Dense(classes)(keras.layers.Dense(32, activation='relu')(network(h)))
    model = keras.Model(inputs, outputs)
    loss = keras.losses.SparseCategoricalCrossentropy if classes > 1 else keras.losses.BinaryCrossentropy
    model.compile(keras.optimizers.Adam(3e-3), loss(from_logits=True))
    test, labels, _ = make(np.random.RandomState(1), 1000)
    until = time.time() + seconds
    while True:
        xs, ys, _ = make(rng, 25600)
        model.fit(xs, ys, batch_size=256, verbose=0)
        values = model.predict(test, verbose=0)
        right = (values.argmax(1) if classes > 1 else (values[:, 0] > 0)) == labels
        if right.mean() > .99 or time.time() > until:
            return model, right.mean()


def shares(model, task, methods, samples):
    """For each method the part of the absolute relevance that lies where it should, or why there is none."""
    from deepexplain.tensorflow import DeepExplain
    make, classes = TASKS[task]
    xs, labels, where = make(np.random.RandomState(2), samples)
    found = {}
    with DeepExplain.open(model) as de:
        X = de.inputs[0] if task == 'product' else de.tensor('words')
        values = model.predict(xs, verbose=0)
        right = (values.argmax(1) if classes > 1 else (values[:, 0] > 0)) == labels
        xs, labels, where = xs[right], labels[right], where[right]
        rows = dict(xs=xs) if task == 'product' else dict(feed_dict={de.inputs[0]: xs})
        for name in methods:
            method, options = METHODS[name]
            if method == 'occlusion' and task != 'product':
                options = dict(options, window_shape=(1, WIDTH))
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter('ignore')
                    got = de.explain(method, de.outputs[0], X, ys=labels if classes > 1 else None, **rows, **options)
                sizes = np.abs(got if task == 'product' else got.sum(2))
                found[name] = '%.0f' % (100 * (sizes * where).sum() / sizes.sum())
            except (RuntimeError, TypeError, ValueError) as error:
                found[name] = type(error).__name__
                print(f'{name}: {error}', file=sys.stderr)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=60, help='of training, at most')
    parser.add_argument('--samples', type=int, default=200)
    parser.add_argument('--only', nargs='*', help='names of models')
    parser.add_argument('--methods', nargs='*', default=list(METHODS))
    options = parser.parse_args()
    import keras

    print('| | right | %s |' % ' | '.join(options.methods))
    print('|---|---|%s' % ('---|' * len(options.methods)))
    for name, network in networks(keras).items():
        if options.only and name not in options.only:
            continue
        for task in TASKS:
            model, accuracy = trained(keras, network, task, options.seconds)
            found = shares(model, task, options.methods, options.samples)
            print('| %s: %s | %.2f | %s |' % (name, task, accuracy, ' | '.join(found.values())), flush=True)


if __name__ == '__main__':
    main()
