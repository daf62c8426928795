"""The models of XAI-TRIS: side by side they are what each is alone, and the best epoch is kept."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
import tetrominoes
from tris_models import MODELS, Schedule, Trainer, first, network, side_by_side, together


def replica(model, xs, weights):
    """The logits of pictures (n, 8, 8), in loops."""
    if model != 'cnn':
        h = xs.reshape(len(xs), 64)
        for name in [name for name in weights if not name.endswith('bias')]:
            h = h @ weights[name] + weights.get(name + '/bias', 0)
            h = h if weights[name].shape[1] == 2 else np.maximum(h, 0)
        return h
    h = xs[..., np.newaxis]
    for i in range(4):
        w, side = weights['conv%d' % (i + 1)], h.shape[1]
        padded = np.pad(h, [(0, 0), (0, 1), (0, 1), (0, 0)])
        z = sum(padded[:, a:a + side, b:b + side] @ w[a, b] for a in (0, 1) for b in (0, 1))
        z = np.maximum(z + weights['conv%d/bias' % (i + 1)], 0)
        half = max(1, side // 2)
        h = np.array([[[z[n, 2 * r:2 * r + 2, 2 * c:2 * c + 2].max((0, 1)) for c in range(half)] for r in range(half)]
                      for n in range(len(z))])
    return h.reshape(len(h), 4) @ weights['dense'] + weights['dense/bias']


def drawn(model, seed):
    random = np.random.RandomState(seed)
    return {name: one + random.normal(size=one.shape).astype(np.float32) for name, one in first(model, random).items()}


@pytest.mark.parametrize('model', MODELS)
def test_alone_and_side_by_side(model):
    xs = np.random.RandomState(0).normal(size=(3, 5, 8, 8)).astype(np.float32)
    members = [drawn(model, seed) for seed in range(3)]
    with tf.Graph().as_default(), tf.Session() as session:
        stacked = {name: tf.constant(np.stack([one[name] for one in members])) for name in members[0]}
        beside = session.run(side_by_side(model, tf.constant(xs), stacked))
        for i, one in enumerate(members):
            alone = session.run(network(model, tf.constant(xs[i, ..., np.newaxis]), one))
            expected = replica(model, xs[i].astype(np.float64), one)
            assert np.abs(expected).max() > .1
            np.testing.assert_allclose(alone, expected, rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(beside[i], expected, rtol=1e-3, atol=1e-3)


def test_first_weights():
    found = first('mlp', np.random.RandomState(0))
    assert {name: one.shape for name, one in found.items()} == {
        'dense1': (64, 32), 'dense1/bias': (32,), 'dense2': (32, 16), 'dense2/bias': (16,), 'dense3': (16, 8),
        'dense3/bias': (8,), 'dense4': (8, 2), 'dense4/bias': (2,)}
    assert abs(found['dense1'].std() - (2 / 64.) ** .5) < .01 and not found['dense1/bias'].any()
    assert list(first('linear', np.random.RandomState(0))) == ['dense1']
    assert first('cnn', np.random.RandomState(0))['conv2'].shape == (2, 2, 4, 4)


def loss(model, weights, pictures):
    z = replica(model, pictures.xs.astype(np.float64), weights)
    z = z - np.log(np.exp(z).sum(1, keepdims=True))
    return -z[np.arange(len(z)), pictures.ys].mean()


@pytest.mark.parametrize('model', ['linear', 'cnn'])
def test_the_epoch_of_the_least_loss_is_kept(model):
    sets = [tetrominoes.make('xor', 'white', 200, seed) for seed in range(2)]
    schedule = Schedule(epochs=4, warm=2, candidates=2, batch=40, rate=.05)
    trainer = Trainer(model, 2, schedule)
    # Some are trained on the others' validation: the loss goes up.
    train, valid = sets, [sets[1], sets[0]]
    seen, run = [], trainer._session.run

    def watched(fetches, feed=None):
        got = run(fetches, feed)
        if isinstance(fetches, list) and fetches[0] is trainer._loss:
            seen.append([one.copy() for one in [got[0]]] + [{name: one.copy() for name, one in got[1].items()}])
        return got
    trainer._session.run = watched
    found = trainer.train(train, valid, seed=3)
    assert len(seen) == 2 * 2 + 4
    for i, one in enumerate(found):
        least = min(losses[i] for losses, _ in seen[4:])
        assert loss(model, one, valid[i]) == pytest.approx(least, rel=1e-4)
        assert any((one[name] != seen[-1][1][name][i]).any() for name in one) or least == seen[-1][0][i]
    again = trainer.train(train, valid, seed=3)
    assert all((a[name] == b[name]).all() for a, b in zip(found, again) for name in a)


def test_it_learns():
    sets = [tetrominoes.make('linear', 'white', 2000, seed) for seed in range(2)]
    parts = [tetrominoes.split(one.ys) for one in sets]
    train, valid, test = [[one.at(rows[k]) for one, rows in zip(sets, parts)] for k in range(3)]
    found = Trainer('linear', 2, Schedule(epochs=15, candidates=1)).train(train, valid, 0)
    for one, unseen in zip(found, test):
        assert (replica('linear', unseen.xs, one).argmax(1) == unseen.ys).mean() > .75


def test_together():
    xs, ys = together([tetrominoes.make('linear', 'white', 8, seed) for seed in range(2)])
    assert xs.shape == (2, 8, 8, 8) and ys.shape == (2, 8)
