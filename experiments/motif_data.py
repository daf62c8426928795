"""Sequences with planted motifs, of which the label needs both, either, or both at a distance, and the network."""
from typing import Any, NamedTuple, Tuple

import numpy as np

LENGTH, LETTERS = 100, 'ACGT'
FIRST, SECOND, DECOY = 'AGATAAG', 'CACGTGAC', 'TTGCGCAA'
#: How many letters there are between the motifs where the label of 'spacing' is 1; what is wrong is off by as many.
GAP, OFF = 8, 6
#: What makes a sequence's label 1, by the name of the task.
TASKS = {'both': 'both motifs are there', 'copies': 'the first motif is there, once or twice',
         'spacing': 'the second motif follows the first after %d letters' % GAP}
#: Of the letters that follow C, and others: C and G are seldom neighbours, as in genomes.
AFTER_C, AFTER = (.35, .26, .04, .35), (.3, .2, .2, .3)


class Planted(NamedTuple):
    """Sequences of a task.

    Attributes:
        backgrounds: the letters' numbers before a motif is planted, but with the decoy, (n, LENGTH).
        letters: with them.
        labels: bools (n,).
        sites: where the first and the second motif, or copy, are, bools (n, 2, LENGTH).
        decoys: where the decoy is, bools (n, LENGTH).
    """
    backgrounds: np.ndarray
    letters: np.ndarray
    labels: np.ndarray
    sites: np.ndarray
    decoys: np.ndarray

    def only(self, *sites: int) -> np.ndarray:
        """The letters with these sites alone, (n, LENGTH)."""
        kept = self.sites[:, list(sites)].any(1)
        return np.where(kept, self.letters, self.backgrounds)

    def take(self, chosen: Any) -> 'Planted':
        """Some of the sequences."""
        return Planted(*(one[chosen] for one in self))


def coded(letters: np.ndarray) -> np.ndarray:
    """One-hot arrays of letters' numbers, float32 with one more axis."""
    return np.eye(len(LETTERS), dtype=np.float32)[letters]


def numbers(word: str) -> np.ndarray:
    """The numbers of letters."""
    return np.array([LETTERS.index(letter) for letter in word])


def planted(task: str, count: int, seed: Any) -> Planted:
    """Sequences of a task: every other one has the label 1."""
    random = np.random.RandomState(seed)
    letters = np.empty((count, LENGTH), int)
    letters[:, 0] = random.randint(4, size=count)
    draws = random.random_sample((count, LENGTH))
    limits = np.cumsum([AFTER_C if letter == 'C' else AFTER for letter in LETTERS], 1)
    for place in range(1, LENGTH):
        passed = draws[:, place, np.newaxis] > limits[letters[:, place - 1]]
        letters[:, place] = np.minimum(passed.sum(1), 3)
    labels = np.arange(count) % 2 == 1
    sites, decoys = np.zeros((count, 2, LENGTH), bool), np.zeros((count, LENGTH), bool)
    backgrounds = letters
    letters = letters.copy()
    for i in range(count):
        words, starts, decoy = _plan(task, labels[i], random)
        backgrounds[i, decoy:decoy + len(DECOY)] = numbers(DECOY)
        decoys[i, decoy:decoy + len(DECOY)] = True
        letters[i] = backgrounds[i]
        for number, (word, start) in enumerate(zip(words, starts)):
            letters[i, start:start + len(word)] = numbers(word)
            sites[i, number, start:start + len(word)] = True
    return Planted(backgrounds, letters, labels, sites, decoys)


def _plan(task: str, label: bool, random: np.random.RandomState) -> Tuple[Tuple[str, str], Tuple[int, int], int]:
    """Two words, '' for none, where they start, and where the decoy does."""
    one, two = {'both': (FIRST, SECOND), 'copies': (FIRST, FIRST), 'spacing': (FIRST, SECOND)}[task]
    if task == 'copies':
        one, two = (one, two if random.randint(2) else '') if label else ('', '')
    elif not label:
        # Half of them nothing, or with 'spacing' both at another distance; a quarter each of the motifs alone.
        draw = random.randint(4)
        one = one if draw == 2 or (draw < 2 and task == 'spacing') else ''
        two = two if draw == 3 or (draw < 2 and task == 'spacing') else ''
    while True:
        starts = random.randint(LENGTH - 8, size=3)
        if task == 'spacing' and label:
            starts[1] = starts[0] + len(FIRST) + GAP
        apart = np.abs(starts[:, np.newaxis] - starts)[np.triu_indices(3, 1)]
        off = abs(starts[1] - starts[0] - len(FIRST) - GAP)
        if apart.min() >= 10 and starts.max() <= LENGTH - 8 and (label or task != 'spacing' or off >= OFF):
            return (one, two), (starts[0], starts[1]), starts[2]


def network(tf: Any) -> Tuple[Any, Any]:
    """X (n, LENGTH, 4) and a score (n,) of it, which is above 0 for label 1."""
    def weights(*shape: int) -> Any:
        return tf.Variable(tf.random_normal(shape, stddev=(2. / np.prod(shape[:-1])) ** .5))

    def convolution(h: Any, width: int, before: int, after: int) -> Any:
        return tf.nn.relu(tf.nn.conv1d(h, weights(width, before, after), 1, 'SAME') + tf.Variable(tf.zeros(after)))

    x = tf.placeholder(tf.float32, [None, LENGTH, len(LETTERS)])
    h = convolution(x, 11, 4, 24)
    h = tf.squeeze(tf.nn.max_pool(h[:, :, tf.newaxis], [1, 4, 1, 1], [1, 4, 1, 1], 'SAME'), [2])
    h = tf.reduce_max(convolution(h, 9, 24, 24), 1)
    h = tf.nn.relu(tf.matmul(h, weights(24, 16)) + tf.Variable(tf.zeros(16)))
    return x, tf.reshape(tf.matmul(h, weights(16, 1)) + tf.Variable(tf.zeros(1)), [-1])


def train(tf: Any, session: Any, x: Any, score: Any, task: str, seed: int, count: int, epochs: int) -> float:
    """Adam on the cross-entropy in batches of 64, at most so many epochs; the accuracy on other sequences."""
    y = tf.placeholder(tf.float32, [None])
    rate = tf.placeholder(tf.float32, [])
    step = tf.train.AdamOptimizer(rate).minimize(
        tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=score)))
    session.run(tf.global_variables_initializer())
    data, test = planted(task, count, (seed, 0)), planted(task, min(count, 1000), (seed, 1))
    xs, tests, random = coded(data.letters), coded(test.letters), np.random.RandomState(seed)
    for epoch in range(epochs):
        for batch in np.array_split(random.permutation(count), count // 64):
            session.run(step, {x: xs[batch], y: data.labels[batch], rate: .005 if epoch < .7 * epochs else .0005})
        accuracy = np.mean((session.run(score, {x: tests}) > 0) == test.labels)
    return float(accuracy)
