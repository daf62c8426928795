"""idgi, conductance and internal influence against slow replicas of their papers."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain


@pytest.fixture
def network(session, rng):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    hidden = [op.outputs[0] for op in session.graph.get_operations() if op.type == 'Tanh']
    return X, hidden, T


def points(x, base, steps):
    return [base + j / steps * (x - base) for j in range(steps + 1)]


def test_idgi_step_by_step(session, network, rng):
    X, _, T = network
    xs, base = rng.randn(3, 5).astype('f'), rng.randn(5).astype('f')
    gradient = tf.gradients(T[:, 1], X)[0]
    want = np.zeros((3, 5))
    for i, x in enumerate(xs):
        line = points(x, base, 7)
        for here, after in zip(line, line[1:]):
            g = session.run(gradient, {X: [here]})[0]
            low, high = [session.run(T, {X: [one]})[0, 1] for one in (here, after)]
            want[i] += g ** 2 * (high - low) / (g ** 2).sum()
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('idgi', T, X, steps=7, baseline=base)
        got, delta = explainer.run(xs, 1, return_convergence_delta=True)
        close(explainer.run(xs, 1, batch_size=3), got, 1e-6)
        close(explainer.run(xs[1:2], 1), got[1:2], 1e-6)
    close(got, want, 1e-5)
    assert np.abs(delta).max() < 1e-5


def test_conductance_adds_up_over_a_layer(session, network, rng):
    X, hidden, T = network
    xs, base = rng.randn(3, 5).astype('f'), rng.randn(5).astype('f')
    change = session.run(T, {X: xs})[:, 2] - session.run(T, {X: [base]})[0, 2]
    with DeepExplain(session=session) as de:
        for y in hidden + [X]:
            gradient = tf.gradients(T[:, 2], y)[0]
            want = []
            for x in xs:
                of_y, g = session.run([y, gradient], {X: points(x, base, 9)})
                want.append(sum((of_y[j + 1] - of_y[j]) * (g[j] + g[j + 1]) / 2 for j in range(9)))
            options = dict(layer=y, baseline=base)
            if y is X:
                close(want, de.explain('intgrad', T, X, xs, 2, steps=9, baseline=base, quadrature='trapezoid'), .1)
                continue
            close(de.explain('conductance', T, X, xs, 2, steps=9, **options), want, 1e-5)
            close(per_sample(de.explain('conductance', T, X, xs, 2, steps=300, **options)), change, 1e-3)


def test_internal_influence_is_the_mean_gradient(session, network, rng):
    X, hidden, T = network
    xs = rng.randn(3, 5).astype('f')
    gradient = tf.gradients(T[:, 0], hidden[0])[0]
    want = []
    for x in xs:
        g = session.run(gradient, {X: points(x, 0 * x, 6)})
        want.append(sum((g[j] + g[j + 1]) / 2 for j in range(6)) / 6)
    with DeepExplain(session=session) as de:
        close(de.explain('internal_influence', T, X, xs, 0, layer=hidden[0].name, steps=6), want, 1e-5)


@pytest.mark.parametrize('method', ['idgi', 'conductance', 'internal_influence'])
def test_references_batches_and_other_rows(session, network, rng, method):
    X, hidden, T = network
    xs, references = rng.randn(4, 5).astype('f'), rng.randn(3, 5).astype('f')
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, steps=5)
        whole = explainer.run(xs, [0, 1, 2, 0], references=references)
        each = [explainer.run(xs, [0, 1, 2, 0], baseline=one) for one in references]
        close(whole, np.mean(each, 0), 1e-5)
        close(explainer.run(xs, [0, 1, 2, 0], references=references, batch_size=4), whole, 1e-5)
        close(explainer.run(xs[2:3], 2, references=references), whole[2:3], 1e-5)
        assert whole.shape == ((4, 5) if method == 'idgi' else (4, 4)) and whole.dtype == np.float32
        close(explainer.run(xs, 'max'), explainer.run(xs, session.run(T, {X: xs}).argmax(1)), 1e-6)


def test_the_layer_by_default_is_the_last_activation(session, network, rng):
    X, hidden, T = network
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        close(de.explain('conductance', T, X, xs, 1), de.explain('conductance', T, X, xs, 1, layer=hidden[1]), 1e-7)
        with pytest.raises(RuntimeError) as error:
            de.get_explainer('conductance', 2 * X, X)
    assert str(error.value).startswith('conductance: say at which inner tensor, by layer=...: between X and T (')


def test_rows_are_what_is_said(session, network, rng):
    X, _, T = network
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        de.get_explainer('idgi', T, X, steps=9).run(rng.randn(3, 5), 0)
    assert sum(len(value) for call in counting.calls for name, value in call.items() if name == X.name) == 30


def test_several_inputs(session, rng):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = mlp(tf.tanh, rng, X=tf.concat([A, B], 1))[1]
    initialise(session)
    xs = [rng.randn(4, 2), rng.randn(4, 3)]
    with DeepExplain(session=session) as de:
        got, delta = de.explain('idgi', T, [A, B], xs, 1, return_convergence_delta=True)
        assert [one.shape for one in got] == [(4, 2), (4, 3)] and np.abs(delta).max() < 1e-5
        assert de.explain('conductance', T, [A, B], xs, 1).shape == (4, 4)
