"""Loops that take as many steps as the data say: what the methods with rules give equals what the steps give."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise, weights

from deepexplain.tensorflow import DeepExplain, noise_tunnel

SIZE = 4
METHODS = ['deeplift', 'deeplift.reveal_cancel', 'lrp.sequential_preset_a', 'elrp']


def cell(x, h, W, V):
    return tf.nn.relu(tf.matmul(x, W) + tf.matmul(h, V))


def recurrent(lengths=None, straight=None, seed=1):
    """X and T of a recurrent network of any length, or of as many steps as are said, and the lengths of its samples."""
    rng = np.random.RandomState(seed)
    X = tf.placeholder(tf.float32, [None, None, 2], name='X')
    W, V, out = weights(rng, 2, SIZE), weights(rng, SIZE, SIZE), weights(rng, SIZE, 2)
    h = tf.zeros([tf.shape(X)[0], SIZE])
    fed = tf.placeholder(tf.int32, [None], name='lengths') if lengths else None

    def after(t, h):
        new = cell(X[:, t], h, W, V)
        return new if fed is None else tf.where_v2((t < fed)[:, tf.newaxis], new, h)

    if straight:
        for t in range(straight):
            h = after(t, h)
    else:
        steps = tf.shape(X)[1] if fed is None else tf.reduce_max(fed)
        array = tf.TensorArray(tf.float32, steps, element_shape=[None, SIZE])
        h, array = tf.while_loop(lambda t, *_: t < steps, lambda t, h, array: (
            t + 1, after(t, h), array.write(t, h)), [0, h, array], shape_invariants=[
                tf.TensorShape([]), tf.TensorShape([None, SIZE]), tf.TensorShape(None)])[1:]
    return X, tf.matmul(h, out), fed


def explained(method, xs, straight=None, lengths=None, **run):
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        X, T, fed = recurrent(lengths is not None, straight)
        initialise(session)
        with DeepExplain(session=session) as de:
            return de.get_explainer(method, T, X).run(xs, feed_dict=None if fed is None else {fed: lengths}, **run)


@pytest.mark.parametrize('method', METHODS)
def test_any_length(session, control_flow, rng, method):
    X, T, _ = recurrent()
    initialise(session)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        explainer = de.get_explainer(method, T, X)
        for steps in (3, 5, 3):
            before = len(session.graph.get_operations())
            xs = rng.randn(3, steps, 2)
            got, delta = explainer.run(xs, return_convergence_delta=True)
            close(got, explained(method, xs, steps), 1e-5)
        # What was built once stays.
        assert len(session.graph.get_operations()) == before
        if 'deeplift' in method:
            assert np.abs(delta).max() < 1e-3
        close(explainer.run(xs, ys='max', batch_size=1), explained(method, xs, steps, ys='max'), 1e-5)


@pytest.mark.parametrize('method', ['deeplift', 'lrp.z'])
@pytest.mark.parametrize('size', [None, 2])
def test_lengths_that_are_fed(control_flow, rng, method, size):
    xs, lengths = rng.randn(4, 5, 2), [2, 4, 5, 2]
    want = explained(method, xs, 5, lengths)
    close(explained(method, xs, None, lengths, batch_size=size), want, 1e-5)


def test_references_and_noise(rng):
    xs, references = rng.randn(3, 4, 2), rng.randn(2, 4, 2)
    want = explained('deeplift', xs, 4, references=references)
    close(explained('deeplift', xs, references=references), want, 1e-5)
    close(explained('deeplift', xs, references=references, batch_size=1), want, 1e-5)
    noisy = noise_tunnel('deeplift', samples=3, seed=1)
    close(explained(noisy, xs), explained(noisy, xs, 4), 1e-5)


def test_inner_tensors(session, rng):
    X, T, _ = recurrent()
    initialise(session)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('lrp.z', T, X)
        for steps in (2, 3):
            xs = rng.randn(2, steps, 2)
            at_x, at_T = explainer.relevances([X, T], xs)
            np.testing.assert_array_equal(at_x, explainer.run(xs))
            close(at_T, session.run(T, {X: xs}), 1e-6)
        with pytest.raises(RuntimeError, match='lies in a loop: there is one of it for each step'):
            explainer.relevances([next(op.outputs[0] for op in session.graph.get_operations()
                                       if op.type == 'Relu' and not op.name.startswith('deepexplain'))], xs)


def test_a_loop_over_the_samples(session, control_flow, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    W = weights(rng, 3, 3)
    T = tf.map_fn(lambda row: tf.nn.relu(tf.linalg.matvec(W, row, transpose_a=True)), X)
    initialise(session)
    xs, references = rng.randn(4, 3), rng.randn(3, 3)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        want = de.explain('deeplift', tf.nn.relu(tf.matmul(X, W)), X, xs, references=references)
        explainer = de.get_explainer('deeplift', T, X, references=references)
        close(explainer.run(xs), want, 1e-5)
        close(explainer.run(xs, batch_size=3), want, 1e-5)


def test_as_long_as_X_decides(session, control_flow, rng):
    """Of one pass at the sample itself."""
    X = tf.placeholder(tf.float32, [None, 3])
    W = .3 * rng.randn(3, 3).astype('f')
    T = tf.while_loop(lambda h: tf.reduce_max(h) > 1., lambda h: tf.nn.relu(tf.matmul(h, W)), [X])
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('lrp.z', T, X)
        for scale in (1, 10, 100):
            xs = scale * np.abs(rng.randn(2, 3)) + 1.
            h, straight = xs.astype('f'), X
            while h.max() > 1:
                h, straight = np.maximum(h @ W, 0), tf.nn.relu(tf.matmul(straight, W))
            close(explainer.run(xs), de.explain('lrp.z', straight, X, xs), 1e-5)


def test_what_has_no_rule_fails_each_time_without_more_ops(session, control_flow, rng):
    X = tf.placeholder(tf.float32, [None, None, 2])
    W = weights(rng, 2, 2)
    h = tf.while_loop(lambda t, h: t < tf.shape(X)[1], lambda t, h: (t + 1, tf.cumprod(h + tf.matmul(X[:, t], W), 1)),
                      [0, tf.zeros_like(X[:, 0])], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])])[1]
    initialise(session)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('lrp.epsilon', h, X)
        counts = []
        for _ in range(3):
            with pytest.raises(RuntimeError, match='no rule for Cumprod'):
                explainer.run(rng.randn(2, 3, 2))
            counts.append(len(session.graph.get_operations()))
    assert counts[0] == counts[1] == counts[2]


def test_a_training_is_said_in_the_run_that_builds(session, rng):
    """What only training brings in is known from the first build on, which the first run makes."""
    X, flag = tf.placeholder(tf.float32, [None, None, 2]), tf.placeholder_with_default(False, [], name='is_training')
    W = weights(rng, 2, 2)
    h = tf.while_loop(lambda t, h: t < tf.shape(X)[1], lambda t, h: (t + 1, tf.tanh(h + tf.matmul(X[:, t], W))),
                      [0, tf.zeros_like(X[:, 0])], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])])[1]
    T = tf.cond(flag, lambda: h * tf.matmul(h, W), lambda: tf.tanh(h))
    initialise(session)
    with DeepExplain(session=session) as de:
        for method, options in (('deeplift', {}), ('smoothgrad', {'of': 'deeplift', 'samples': 2})):
            explainer = de.get_explainer(method, T, X, **options)
            with pytest.warns(UserWarning, match=r'While the model trains, Mul \('):
                explainer.run(rng.randn(2, 3, 2), feed_dict={flag: True})
            with warnings.catch_warnings():
                warnings.simplefilter('error', UserWarning)
                explainer.run(rng.randn(2, 3, 2))


@pytest.mark.parametrize('known', [True, False])
def test_a_constant_that_steps_were_counted_by_is_not_fed(session, control_flow, rng, known):
    """In place of the answer for another number, in silence."""
    X = tf.placeholder(tf.float32, [None, 4 if known else None, 2])
    W, first = weights(rng, 2, 2), tf.constant(1)
    doubled = first * tf.constant(2)
    T = tf.while_loop(lambda t, h: t < tf.shape(X)[1], lambda t, h: (t + 1, tf.nn.relu(h + tf.matmul(X[:, t], W))),
                      [doubled - 2, X[:, 1]], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2])])[1]
    initialise(session)
    xs = rng.randn(3, 4, 2)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X)
        want = explainer.run(xs)
        np.testing.assert_array_equal(explainer.run(xs, feed_dict={first: 1}), want)
        for fed, value, said in ((first, 2, r'or be 1: it is known'), (doubled, 3, 'it is known')):
            with pytest.raises(RuntimeError, match=r"feed_dict\['%s'\] must be left out(, |: )%s without data.* "
                               'deeplift has written out the steps of a loop by it' % (fed.name, said)):
                explainer.run(xs, feed_dict={fed: value})
        # Methods that leave loops as they are follow what is fed.
        attributions = de.explain('intgrad', T, X, xs, feed_dict={first: 2}, steps=300)
        change = session.run(T, {X: xs, first: 2}) - session.run(T, {X: 0 * xs, first: 2})
        close(attributions.sum((1, 2)), change.sum(1), 2e-2)
