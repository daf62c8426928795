"""Small networks for the pictures of gallery.py, each trained on the spot, with samples and their attributions.

Each function takes a number of epochs and returns the arrays that are drawn.
"""

from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf
import text_embedding
from digits_methods import network
from digits_tensorflow import dense, load, train
from sklearn.datasets import load_wine

from deepexplain.tensorflow import DeepExplain


def fit(loss, x, y, xs, ys, epochs, rate=0.003):
    """A session with the variables trained."""
    step = tf.train.AdamOptimizer(rate).minimize(loss)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    train(session, step, x, y, xs, ys, epochs)
    return session


def convolve(h, *sizes):
    """A convolution and a relu, (width, features) each for signals, (height, width, features) each for pictures."""
    for size in sizes:
        shape = list(size[:-1]) + [int(h.shape[-1]), size[-1]]
        filters = tf.Variable(tf.random_normal(shape, stddev=(2.0 / np.prod(shape[:-1])) ** 0.5))
        h = tf.nn.relu(tf.nn.convolution(h, filters, 'SAME') + tf.Variable(tf.zeros(shape[-1:])))
    return h


def digits(epochs):
    """A CNN on scikit-learn's digits: what makes it answer 3, 0 and 7."""
    train_x, train_y, test_x, test_y = load()
    x, y = tf.placeholder(tf.float32, [None, 64]), tf.placeholder(tf.int64, [None])
    logits = network(x)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    names = ('grad*input', 'deeplift', 'lrp.alpha_2_beta_1_IB', 'occlusion')
    with fit(loss, x, y, train_x, train_y, epochs) as session, DeepExplain(session=session) as de:
        answers = session.run(logits, {x: test_x}).argmax(axis=1)
        print('digits, accuracy: %.3f' % np.mean(answers == test_y))
        chosen = [np.flatnonzero((test_y == digit) & (answers == digit))[0] for digit in (3, 0, 7)]
        found = {name: de.explain(name, logits, x, test_x[chosen], ys=test_y[chosen]).reshape(-1, 8, 8)
                 for name in names}
    return SimpleNamespace(pictures=test_x[chosen].reshape(-1, 8, 8), attributions=found)


def make_shapes(count, seed):
    """Pictures (count, 40, 40, 3) of yellow, green and violet shapes, and the area of yellow less green (count,)."""
    random = np.random.RandomState(seed)
    down, right = np.mgrid[:40, :40]
    colours = np.array([(0.95, 0.75, 0.1), (0.3, 0.7, 0.35), (0.65, 0.5, 0.75)])
    pictures, areas = np.ones((count, 40, 40, 3), 'float32'), np.zeros(count, 'float32')
    for i in range(count):
        # One in each quarter, so that none hides another.
        for row, column in ((10, 10), (10, 30), (30, 10), (30, 30)):
            colour, size = random.randint(3), random.uniform(4, 7)
            y, x = down - row - random.uniform(-2, 2), right - column - random.uniform(-2, 2)
            inside = (y ** 2 + x ** 2 < size ** 2 if random.randint(2) else np.maximum(abs(y), abs(x)) < 0.9 * size)
            pictures[i, inside] = colours[colour] + random.uniform(-0.05, 0.05, 3)
            areas[i] += (1, -1, 0)[colour] * inside.sum() / 100
    return pictures, areas


def shapes(epochs):
    """A CNN on coloured pictures, for which yellow counts, green counts against, and violet says nothing."""
    train_x, train_y = make_shapes(1000, seed=0)
    test_x, test_y = make_shapes(200, seed=1)
    x, y = tf.placeholder(tf.float32, [None, 40, 40, 3]), tf.placeholder(tf.float32, [None])
    score = dense(tf.reduce_mean(convolve(1 - x, (3, 3, 8), (3, 3, 8)), [1, 2]), 1, 'score')[:, 0]
    loss = tf.reduce_mean(tf.square(score - y))
    with fit(loss, x, y, train_x, train_y, epochs) as session, DeepExplain(session=session) as de:
        print('shapes, correlation: %.3f' % np.corrcoef(session.run(score, {x: test_x}), test_y)[0, 1])
        found = de.explain('deeplift.reveal_cancel', score, x, test_x[4:8], baseline=1)
    return SimpleNamespace(pictures=test_x[4:8], attributions=found)


def sentences(epochs):
    """The network of text_embedding.py, which reads whether a sentence is pleased or annoyed."""
    made = text_embedding.make_sentences(120, seed=0)
    other = text_embedding.make_sentences(100, seed=1)[len(text_embedding.WRITTEN):]
    known = sorted({word for line, _ in made for word in line.split()})
    vocabulary = {word: number for number, word in enumerate(known, start=1)}
    train_x, test_x = [text_embedding.to_ids([line for line, _ in some], vocabulary) for some in (made, other)]
    train_y, test_y = [np.array([sense for _, sense in some]) for some in (made, other)]
    # Some words are left out, as in text_embedding.py, so that none leans on its neighbours.
    random = np.random.RandomState(2)
    train_x = np.concatenate([train_x * (random.rand(*train_x.shape) < 0.85) for _ in range(4)])
    train_y = np.tile(train_y, 4)
    ids, y = tf.placeholder(tf.int32, [None, text_embedding.LENGTH]), tf.placeholder(tf.float32, [None])
    embedding, score = text_embedding.build(ids, len(known))
    decay = tf.add_n([tf.nn.l2_loss(variable) for variable in tf.trainable_variables()])
    loss = tf.reduce_mean(tf.nn.softplus(-y * score[:, 0])) + 0.003 * decay
    fresh = text_embedding.HELD_OUT
    with fit(loss, ids, y, train_x, train_y, 4 * epochs, rate=0.01) as session, DeepExplain(session=session) as de:
        print('sentences, accuracy: %.3f' % np.mean(session.run(score, {ids: test_x})[:, 0] * test_y > 0))
        found = de.explain('deeplift', score, embedding, feed_dict={ids: text_embedding.to_ids(fresh, vocabulary)})
    tokens = [line.split() for line in fresh]
    return SimpleNamespace(tokens=tokens, attributions=[vectors[:len(line)] for line, vectors in zip(tokens, found)])


def wine(epochs):
    """A dense network that tells three growers by what their wine holds."""
    data = load_wine()
    order = np.random.RandomState(0).permutation(len(data.target))
    values, growers = data.data[order], data.target[order]
    scaled = ((values - values.mean(0)) / values.std(0)).astype('float32')
    x, y = tf.placeholder(tf.float32, [None, 13]), tf.placeholder(tf.int64, [None])
    logits = dense(tf.nn.tanh(dense(x, 16, 'hidden')), 3, 'logits')
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    with fit(loss, x, y, scaled[:120], growers[:120], 6 * epochs) as session, DeepExplain(session=session) as de:
        print('wine, accuracy: %.3f' % np.mean(session.run(logits, {x: scaled[120:]}).argmax(1) == growers[120:]))
        found = de.explain('shapley_sampling', logits, x, scaled[120:], ys=growers[120:], samples=20, seed=0,
                           as_result=True)
    names = [name.replace('_', ' ').replace('/', ' / ') for name in data.feature_names]
    return SimpleNamespace(values=values[120:], names=names, attributions=found.attributions, scores=found.scores,
                           start=(found.scores - found.sums + found.delta)[0])


def make_genes(count, seed):
    """One-hot sequences (count, 60, 4) of DNA, and how often TGACTCA is in each, less TATAAA."""
    random = np.random.RandomState(seed)
    letters = random.randint(4, size=(count, 60))
    scores = np.zeros(count, 'float32')
    for i in range(count):
        for third in range(3):
            site, sign = (('TGACTCA', 1), ('TATAAA', -1), ('', 0))[random.randint(3)]
            start = 20 * third + random.randint(20 - len(site))
            letters[i, start:start + len(site)] = ['ACGT'.index(letter) for letter in site]
            scores[i] += sign
    return np.eye(4, dtype='float32')[letters], scores


def genes(epochs):
    """A CNN that counts the places where a protein binds to DNA."""
    train_x, train_y = make_genes(3000, seed=0)
    test_x, test_y = make_genes(200, seed=1)
    x, y = tf.placeholder(tf.float32, [None, 60, 4]), tf.placeholder(tf.float32, [None])
    score = dense(tf.reduce_sum(convolve(x, (8, 16), (3, 16)), 1), 1, 'score')[:, 0]
    loss = tf.reduce_mean(tf.square(score - y))
    with fit(loss, x, y, train_x, train_y, 2 * epochs) as session, DeepExplain(session=session) as de:
        print('genes, correlation: %.3f' % np.corrcoef(session.run(score, {x: test_x}), test_y)[0, 1])
        chosen = [np.flatnonzero(test_y == 1)[0]]
        # Compared with the average letter.
        found = de.explain('deeplift', score, x, test_x[chosen], baseline=.25)
    return SimpleNamespace(sequences=test_x[chosen], attributions=found)


def make_heartbeats(count, seed):
    """Seconds (250,), five of them, series (count, 250, 3) of sensors, and whether a beat came too soon (count,)."""
    random = np.random.RandomState(seed)
    times = np.arange(250) / 50.0
    series, early = np.zeros((count, 250, 3), 'float32'), np.arange(count) % 2
    # Each wave of a beat: seconds after it, height and width.
    usual = ((-0.18, 0.15, 0.03), (-0.04, -0.15, 0.015), (0, 1, 0.02), (0.04, -0.25, 0.015), (0.28, 0.3, 0.05))
    odd = ((0, 0.9, 0.06), (0.13, -0.5, 0.05), (0.35, -0.25, 0.07))
    for i in range(count):
        rhythm = random.uniform(0.75, 0.9)
        beats = random.uniform(0, rhythm) + rhythm * np.arange(-1, 8)
        soon = random.randint(2, 6) if early[i] else None
        for place, beat in enumerate(beats):
            for after, height, width in odd if place == soon else usual:
                moment = beat + after - (0.3 * rhythm if place == soon else 0)
                series[i, :, 0] += height * np.exp(-((times - moment) / width) ** 2 / 2)
        breath = np.sin(2 * np.pi * (times / random.uniform(3, 5) + random.rand()))
        series[i, :, 1] = random.uniform(0.1, 1) * breath + random.normal(0, 0.5)
        series[i] += random.normal(0, 0.04, (250, 3))
        series[i, :, 2] += np.cumsum(random.normal(0, 0.1, 250))
    return times, series, early


def heartbeats(epochs):
    """A CNN that reads a heart, the breath and a hand's movement, and tells whether a heartbeat came too soon."""
    times, train_x, train_y = make_heartbeats(1000, seed=0)
    _, test_x, test_y = make_heartbeats(100, seed=1)
    x, y = tf.placeholder(tf.float32, [None, 250, 3]), tf.placeholder(tf.float32, [None])
    score = dense(tf.reduce_max(convolve(x, (15, 8), (15, 8)), 1), 1, 'score')[:, 0]
    decay = tf.add_n([tf.nn.l2_loss(variable) for variable in tf.trainable_variables()])
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=score)) + 0.003 * decay
    with fit(loss, x, y, train_x, train_y, 2 * epochs) as session, DeepExplain(session=session) as de:
        print('heartbeats, accuracy: %.3f' % np.mean((session.run(score, {x: test_x}) > 0) == test_y))
        found = de.explain('intgrad', score, x, test_x[:6])
    return SimpleNamespace(times=times, values=test_x[:6], attributions=found)


def make_whistles(count, seed):
    """Seconds, Hertz, spectrograms (count, times, frequencies) in decibels, and rising whistles less falling ones."""
    random = np.random.RandomState(seed)
    rate, window = 4000, 128
    clock = np.arange(rate) / rate
    starts = np.arange(0, rate - window, 64)
    scores, spectrograms = np.zeros(count, 'float32'), []
    for i in range(count):
        sound = random.normal(0, 0.05, rate) + 0.3 * np.sin(2 * np.pi * random.uniform(200, 400) * clock)
        for half in (0.05, 0.55):
            sense = random.randint(-1, 2)
            after = (clock - half - random.uniform(0, 0.1)) / 0.3
            # The phase of a tone that moves by 500 Hertz in these 0.3 seconds.
            phase = 2 * np.pi * 0.3 * (random.uniform(900, 1500) * after + sense * 250 * (after ** 2 - after))
            sound += np.abs(sense) * np.sin(phase) * np.hanning(rate)[(np.clip(after, 0, 1) * (rate - 1)).astype(int)]
            scores[i] += sense
        frames = sound[starts[:, None] + np.arange(window)] * np.hanning(window)
        power = np.abs(np.fft.rfft(frames)) ** 2
        spectrograms.append(np.maximum(10 * np.log10(power) + 16, 0))
    return (starts + window / 2) / rate, np.fft.rfftfreq(window, 1.0 / rate), np.array(spectrograms, 'float32'), scores


def whistles(epochs):
    """A CNN on spectrograms of a humming room, in which rising whistles count for 1 and falling ones for -1."""
    times, frequencies, train_x, train_y = make_whistles(1000, seed=0)
    _, _, test_x, test_y = make_whistles(100, seed=1)
    x, y = tf.placeholder(tf.float32, [None] + list(test_x.shape[1:])), tf.placeholder(tf.float32, [None])
    h = convolve(x[..., None] / 30, (5, 5, 8))
    h = convolve(tf.nn.avg_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME'), (5, 5, 16))
    score = dense(tf.reduce_mean(h, [1, 2]), 1, 'score')[:, 0]
    loss = tf.reduce_mean(tf.square(score - y))
    with fit(loss, x, y, train_x, train_y, epochs) as session, DeepExplain(session=session) as de:
        print('whistles, correlation: %.3f' % np.corrcoef(session.run(score, {x: test_x}), test_y)[0, 1])
        found = de.explain('deeplift', score, x, test_x[:10])
    return SimpleNamespace(times=times, frequencies=frequencies, values=test_x[:10], attributions=found)
