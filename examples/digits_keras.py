"""A convolutional network in Keras on scikit-learn's digits, explained through Keras's own session.

Runs on Keras 2.2.5 with TensorFlow 1.15, on tf.keras up to TensorFlow 2.15, and on tf_keras after that.

Run: python examples/digits_keras.py --out digits_keras.png
"""

import argparse
import importlib.util
import os

# Keras 3 has no sessions. tf_keras does, and TensorFlow takes it if told so before its first import.
if importlib.util.find_spec('tf_keras'):
    os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')

import numpy as np
import tensorflow.compat.v1 as tf
from sklearn.datasets import load_digits

from deepexplain.plotting import grid
from deepexplain.tensorflow import DeepExplain

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()

METHODS = ['grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion']


def find_keras():
    """The keras package to build with, and the function that returns its session."""
    if tf.__version__.startswith('1.') and importlib.util.find_spec('keras'):
        import keras

        return keras, keras.backend.get_session
    if not hasattr(tf.keras, 'backend') or not hasattr(tf.keras.backend, 'get_session'):
        raise SystemExit('This Keras has no sessions: pip install tf_keras, of the version of your TensorFlow.')
    return tf.keras, tf.keras.backend.get_session


def build(keras):
    """Pictures (8, 8, 1) to ten probabilities; the softmax is a layer of its own."""
    layers = keras.layers
    return keras.models.Sequential(
        [
            layers.Conv2D(16, 3, padding='same', activation='relu', input_shape=(8, 8, 1)),
            layers.BatchNormalization(),
            layers.Conv2D(32, 3, padding='same', activation='relu'),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10),
            layers.Activation('softmax'),
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', default='digits_keras.png', help='the picture to write')
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--samples', type=int, default=5, help='how many test digits to explain')
    args = parser.parse_args()

    keras, get_session = find_keras()
    np.random.seed(0)
    tf.set_random_seed(0)
    digits = load_digits()
    pictures = (digits.images / 16.0).astype('float32')[..., None]
    labels = digits.target
    order = np.random.permutation(len(labels))
    train, test = order[:1437], order[1437:]

    model = build(keras)
    model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
    model.fit(pictures[train], labels[train], batch_size=32, epochs=args.epochs, verbose=0)
    answers = model.predict(pictures[test]).argmax(axis=1)
    print('test accuracy: %.3f' % np.mean(answers == labels[test]))

    chosen = test[answers == labels[test]][: args.samples]
    xs, ys = pictures[chosen], np.eye(10)[labels[chosen]]
    with DeepExplain(session=get_session()) as de:
        logits = model.layers[-2].output  # the layer before the softmax
        attributions = {method: de.explain(method, logits, model.input, xs, ys=ys) for method in METHODS}

    figure = grid(xs, attributions, labels=[str(digit) for digit in labels[chosen]])
    figure.savefig(args.out)
    print('wrote %s' % args.out)


if __name__ == '__main__':
    main()
