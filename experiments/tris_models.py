"""The three models of XAI-TRIS: several of one kind trained side by side, and one of them as an ordinary network."""
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf
from tetrominoes import SIDE, Pictures

MODELS = ('linear', 'mlp', 'cnn')
#: Units of the hidden layers of the MLP; filters of the four layers of the CNN.
HIDDEN, FILTERS, LAYERS = (32, 16, 8), 4, 4
#: Weights of one model by the names of variables.
Weights = Dict[str, np.ndarray]


class Schedule(NamedTuple):
    """Adam on so many pictures a step; of some first weights those that are best after `warm` epochs go on."""

    epochs: int = 60
    warm: int = 8
    candidates: int = 3
    batch: int = 128
    rate: float = 5e-3


def sizes(model: str) -> List[Tuple[str, Tuple[int, ...]]]:
    """The weights of a model: names and shapes; each layer but that of the linear model has a bias beside them."""
    if model == 'cnn':
        return [('conv%d' % (i + 1), (2, 2, FILTERS if i else 1, FILTERS)) for i in range(LAYERS)] + [
            ('dense', (FILTERS, 2))]
    units = (SIDE * SIDE,) + (HIDDEN if model == 'mlp' else ()) + (2,)
    return [('dense%d' % (i + 1), pair) for i, pair in enumerate(zip(units, units[1:]))]


def first(model: str, random: Any) -> Weights:
    """Weights to begin with: He's, and biases of 0."""
    found = {}
    for name, shape in sizes(model):
        found[name] = (random.normal(size=shape) * (2. / np.prod(shape[:-1])) ** .5).astype(np.float32)
        if model != 'linear':
            found[name + '/bias'] = np.zeros(shape[-1], np.float32)
    return found


def network(model: str, x: tf.Tensor, weights: Dict[str, Any]) -> tf.Tensor:
    """The logits (n, 2) of pictures (n, 8, 8, 1): an ordinary network on these tensors."""
    h = x if model == 'cnn' else tf.reshape(x, [-1, SIDE * SIDE])
    names = [name for name, _ in sizes(model)]
    for name in names:
        if name.startswith('conv'):
            h = tf.nn.relu(tf.nn.conv2d(h, weights[name], 1, 'SAME') + weights[name + '/bias'], name='relu_of_' + name)
            h = tf.nn.max_pool2d(h, 2, 2, 'SAME')
            continue
        h = tf.matmul(tf.reshape(h, [-1, FILTERS]) if model == 'cnn' else h, weights[name])
        h = h if model == 'linear' else h + weights[name + '/bias']
        h = h if name == names[-1] else tf.nn.relu(h)
    return h


def side_by_side(model: str, xs: tf.Tensor, weights: Dict[str, tf.Tensor]) -> tf.Tensor:
    """The logits (members, n, 2) of pictures (members, n, 8, 8) by weights (members, ...): as `network` for each."""
    members = xs.shape.as_list()[0]
    names = [name for name, _ in sizes(model)]
    h = tf.transpose(xs, [1, 2, 3, 0]) if model == 'cnn' else tf.reshape(xs, [members, -1, SIDE * SIDE])
    for name in names:
        if name.startswith('conv'):
            # One convolution for all: each member has channels of its own, and no weights from another's.
            w = tf.transpose(weights[name], [1, 2, 0, 3, 4])[:, :, :, :, tf.newaxis]
            own = np.eye(members, dtype=np.float32)[:, np.newaxis, :, np.newaxis]
            channels = sizes(model)[names.index(name)][1][2]
            w = tf.reshape(w * own, [2, 2, members * channels, members * FILTERS])
            h = tf.nn.relu(tf.nn.conv2d(h, w, 1, 'SAME') + tf.reshape(weights[name + '/bias'], [-1]))
            h = tf.nn.max_pool2d(h, 2, 2, 'SAME')
            continue
        if model == 'cnn':
            h = tf.transpose(tf.reshape(h, [-1, members, FILTERS]), [1, 0, 2])
        h = tf.matmul(h, weights[name])
        h = h if model == 'linear' else h + weights[name + '/bias'][:, tf.newaxis]
        h = h if name == names[-1] else tf.nn.relu(h)
    return h


class Trainer:
    """Trains members of one kind, each on pictures of its own, in a graph of its own.

    Args:
        model: one of `MODELS`.
        members: how many.
    """

    def __init__(self, model: str, members: int, schedule: Schedule) -> None:
        self.model, self.members, self.schedule = model, members, schedule
        with tf.Graph().as_default():
            self._session = tf.Session(config=one_thread())
            self._xs = tf.placeholder(tf.float32, [members, None, SIDE, SIDE])
            self._ys = tf.placeholder(tf.int32, [members, None])
            begin = first(model, np.random.RandomState(0))
            self._into = {name: tf.placeholder(tf.float32, (members,) + one.shape) for name, one in begin.items()}
            self._weights = {name: tf.Variable(tf.zeros((members,) + one.shape)) for name, one in begin.items()}
            self._load = [tf.assign(self._weights[name], self._into[name]) for name in begin]
            logits = side_by_side(model, self._xs, self._weights)
            self._loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self._ys, logits=logits), 1)
            self._step = tf.train.AdamOptimizer(schedule.rate).minimize(tf.reduce_sum(self._loss))
            self._begin = tf.global_variables_initializer()

    def train(self, train: Sequence[Pictures], valid: Sequence[Pictures], seed: int) -> List[Weights]:
        """The weights of each member at the epoch whose loss on its validation pictures was least."""
        random, plan = np.random.RandomState(seed), self.schedule
        data = [together(train), together(valid)]
        tries = []
        for _ in range(plan.candidates if plan.candidates > 1 else 0):
            tries.append(self._run(data, plan.warm, random, self._new(random)))
        chosen = self._new(random)
        if tries:
            best = np.argmin([losses for _, losses in tries], 0)
            chosen = {name: np.stack([tries[k][0][name][i] for i, k in enumerate(best)]) for name in chosen}
        found, _ = self._run(data, plan.epochs, random, chosen)
        return [{name: one[i] for name, one in found.items()} for i in range(self.members)]

    def _new(self, random: Any) -> Weights:
        members = [first(self.model, random) for _ in range(self.members)]
        return {name: np.stack([one[name] for one in members]) for name in members[0]}

    def _run(self, data: Any, epochs: int, random: Any, weights: Weights) -> Tuple[Weights, np.ndarray]:
        (xs, ys), valid = data
        self._session.run(self._begin)
        self._session.run(self._load, {self._into[name]: one for name, one in weights.items()})
        best, least = {name: one.copy() for name, one in weights.items()}, np.full(self.members, np.inf)
        for _ in range(epochs):
            order = random.permutation(xs.shape[1])
            for k in range(0, len(order), self.schedule.batch):
                rows = order[k:k + self.schedule.batch]
                self._session.run(self._step, {self._xs: xs[:, rows], self._ys: ys[:, rows]})
            losses, now = self._session.run([self._loss, self._weights], dict(zip((self._xs, self._ys), valid)))
            better = losses < least
            least = np.where(better, losses, least)
            for name, one in now.items():
                best[name][better] = one[better]
        return best, least


def together(sets: Sequence[Pictures]) -> Tuple[np.ndarray, np.ndarray]:
    """Pictures and classes of all members."""
    return np.stack([one.xs for one in sets]), np.stack([one.ys for one in sets])


def one_thread() -> Any:
    """Sessions of one thread: processes share the cores."""
    return tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
