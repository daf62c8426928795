"""Small networks of 64 numbers, pictures of 8x8 among them, and the data that they are trained on."""
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

SIDE = 8


def known_mean(values: Any) -> Any:
    """The mean over the first axis of what is known; nan where nothing is."""
    values = np.asarray(values, float)
    known = ~np.isnan(values)
    return np.where(known, values, 0).sum(0) / np.where(known.any(0), known.sum(0), np.nan)


class Data(NamedTuple):
    """Samples (n, 64) float32 and their classes (n,), to train with and to test with."""
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    classes: int


def digits() -> Data:
    """scikit-learn's digits, between 0 and 1, in an order of their own: 1437 to train with, 360 to test with."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.RandomState(0).permutation(len(found.target))
    pictures, labels = (found.data[order] / 16).astype(np.float32), found.target[order]
    return Data(pictures[:1437], labels[:1437], pictures[1437:], labels[1437:], 10)


def _generated(score: Callable[[np.ndarray], np.ndarray], count: int) -> Data:
    """Pictures of normal numbers, the class whether a score of them is above 0."""
    xs = np.random.RandomState(0).randn(count, SIDE * SIDE).astype(np.float32)
    ys = (score(xs) > 0).astype(int)
    part = count // 5
    return Data(xs[part:], ys[part:], xs[:part], ys[:part], 2)


def additive(count: int = 10000) -> Data:
    """The score is the sum of all features, each with a weight of its own."""
    weights = np.random.RandomState(1).randn(SIDE * SIDE)
    return _generated(lambda xs: xs @ weights, count)


def products(count: int = 20000) -> Data:
    """The score is the sum of three products of two neighbours: no feature says anything by itself."""
    return _generated(lambda xs: sum(xs[:, place] * xs[:, place + 1] for place in (9, 28, 51)), count)


def dense(inputs: Any, units: int, name: str) -> Any:
    """A layer without activation."""
    import tensorflow.compat.v1 as tf

    depth = int(inputs.shape[1])
    weights = tf.Variable(tf.random_normal([depth, units], stddev=depth ** -.5), name=name + '_weights')
    return tf.matmul(inputs, weights) + tf.Variable(tf.zeros([units]), name=name + '_bias')


def convolution(inputs: Any, filters: int, name: str) -> Any:
    """A layer of 3x3 without activation."""
    import tensorflow.compat.v1 as tf

    depth = int(inputs.shape[3])
    kernels = tf.Variable(tf.random_normal([3, 3, depth, filters], stddev=(9 * depth) ** -.5), name=name + '_weights')
    found = tf.nn.conv2d(inputs, kernels, strides=[1, 1, 1, 1], padding='SAME')
    return tf.nn.bias_add(found, tf.Variable(tf.zeros([filters]), name=name + '_bias'))


def mlp(inputs: Any, activation: Callable[[Any], Any], classes: int) -> Any:
    """64-64-32-classes, to logits."""
    import tensorflow.compat.v1 as tf

    hidden = activation(dense(tf.reshape(inputs, [-1, SIDE * SIDE]), 64, 'first'))
    return dense(activation(dense(hidden, 32, 'second')), classes, 'logits')


def cnn(inputs: Any, activation: Callable[[Any], Any], classes: int, pool: bool = True) -> Any:
    """Two convolutions of 3x3 with 8 and 16 filters, max pooling, and two dense layers, to logits."""
    import tensorflow.compat.v1 as tf

    hidden = activation(convolution(tf.reshape(inputs, [-1, SIDE, SIDE, 1]), 8, 'first'))
    hidden = activation(convolution(hidden, 16, 'second'))
    if pool:
        hidden = tf.nn.max_pool(hidden, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    hidden = tf.reshape(hidden, [-1, int(np.prod(hidden.shape[1:]))])
    return dense(activation(dense(hidden, 32, 'third')), classes, 'logits')


NETWORKS: Dict[str, Callable[..., Any]] = {'MLP': mlp, 'CNN': cnn}


class Network:
    """A network on a session of its own, trained anew from other initial values as often as one likes.

    Args:
        make: `mlp` or `cnn`.
        activation: between its layers.
        data: what it is trained on; samples are fed as they lie there, or as pictures.
        pictures: whether X is (None, 8, 8, 1), not (None, 64).
        threads: of TensorFlow's; None for as many as there are cores.

    Attributes:
        X, T, session: the inputs, the logits, and where the weights are.
    """

    def __init__(self, make: Callable[..., Any], activation: Callable[[Any], Any], data: Data, pictures: bool = False,
                 threads: Optional[int] = None, **options: Any) -> None:
        import tensorflow.compat.v1 as tf

        self.data, self._pictures = data, pictures
        self._graph = tf.Graph()
        with self._graph.as_default():
            self.X = tf.placeholder(tf.float32, [None, SIDE, SIDE, 1] if pictures else [None, SIDE * SIDE], 'X')
            self.T = make(self.X, activation, data.classes, **options)
            self._y = tf.placeholder(tf.int64, [None])
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=self._y, logits=self.T))
            self._weights = tf.trainable_variables()
            self._rate = tf.placeholder(tf.float32, [])
            self._step = tf.train.AdamOptimizer(self._rate).minimize(loss)
            self._again = tf.global_variables_initializer()
        config = tf.ConfigProto(intra_op_parallelism_threads=threads or 0, inter_op_parallelism_threads=threads or 0)
        self.session = tf.Session(graph=self._graph, config=config)

    def samples(self, xs: np.ndarray) -> np.ndarray:
        """Rows of the data as X takes them."""
        return xs.reshape(-1, SIDE, SIDE, 1) if self._pictures else xs

    def train(self, seed: int, steps: int = 1500, rate: float = .003, gain: float = 1., rows: int = 64) -> float:
        """Train from the initial values of a seed; returns how often the network is right on the test set.

        Args:
            gain: initial weights are normal, of a deviation of this by the square root of what they meet.
        """
        random, count = np.random.RandomState(seed), len(self.data.train_x)
        self.session.run(self._again)
        for variable in self._weights:
            shape = [int(size) for size in variable.shape]
            if len(shape) > 1:
                values = random.randn(*shape) * gain * np.prod(shape[:-1]) ** -.5
                self.session.run(variable.initializer, {variable.initializer.inputs[1]: values})
        for step in range(steps):
            chosen = random.randint(0, count, rows)
            # The rate falls to nothing, so that the last batches leave no mark.
            self.session.run(self._step, {self.X: self.samples(self.data.train_x[chosen]),
                                          self._y: self.data.train_y[chosen], self._rate: rate * (1 - step / steps)})
        return float(np.mean(self.answers(self.data.test_x) == self.data.test_y))

    def answers(self, xs: np.ndarray) -> np.ndarray:
        """The class of the largest logit."""
        return self.session.run(self.T, {self.X: self.samples(xs)}).argmax(1)

    def right(self, count: int) -> Tuple[np.ndarray, np.ndarray]:
        """The first test samples that the network is right about, and their classes."""
        chosen = np.flatnonzero(self.answers(self.data.test_x) == self.data.test_y)[:count]
        return self.samples(self.data.test_x[chosen]), self.data.test_y[chosen]
