"""Models built, loaded, trained or run outside of the context get the attributions of models built inside it."""
import warnings

import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from models import close, dense, fast, initialise, mlp, per_sample, weights

from deepexplain.tensorflow import DeepExplain

RULED = ['elrp', 'deeplift']


def convnet(rng):
    """A network with batch normalisation at inference, dropout, max pooling and a residual sum."""
    X = tf.placeholder(tf.float32, [None, 8, 8, 2], name='X')
    h = tf.nn.conv2d(X, weights(rng, 3, 3, 2, 4), [1, 1, 1, 1], 'SAME')
    scale = tf.Variable(rng.rand(4).astype(np.float32) + .5)
    h = tf.nn.fused_batch_norm(h, scale, weights(rng, 4), weights(rng, 4), scale * 2, is_training=False)[0]
    h = tf.nn.elu(h)
    h += tf.nn.conv2d(tf.nn.softplus(h), weights(rng, 3, 3, 4, 4), [1, 1, 1, 1], 'SAME')
    h = tf.nn.max_pool(tf.nn.leaky_relu(h), [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')
    h = tf.nn.dropout(h, rate=tf.placeholder_with_default(0., []))
    return X, tf.identity(dense(tf.nn.tanh(dense(tf.reshape(h, [-1, 64]), rng, 6)), rng, 3), name='T')


def explain_all(session, T, X, xs, methods=RULED, **options):
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        return [de.explain(method, T, X, xs, **options) for method in methods]


@pytest.fixture
def inside(rng):
    """Samples, and their attributions by the model built inside the context; its weights are those of rng(1)."""
    xs = rng.randn(3, 8, 8, 2)
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=fast()) as sess:
        with DeepExplain(session=sess) as de:
            X, T = convnet(np.random.RandomState(1))
            initialise(sess)
            return xs, [de.explain(method, T, X, xs) for method in RULED]


def check(got, want):
    for one, other in zip(got, want):
        close(one, other, 1e-6)


def test_built_and_run_before(session, inside):
    xs, want = inside
    X, T = convnet(np.random.RandomState(1))
    initialise(session)
    session.run([T, tf.gradients(T, X)], {X: xs})
    check(explain_all(session, T, X, xs), want)
    session.run(T, {X: xs})
    check(explain_all(session, T, X, xs), want)


def test_from_a_checkpoint_and_its_metagraph(session, inside, tmp_path):
    xs, want = inside
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=fast()) as sess:
        convnet(np.random.RandomState(1))
        initialise(sess)
        tf.train.Saver().save(sess, str(tmp_path / 'model'))
    saver = tf.train.import_meta_graph(str(tmp_path / 'model.meta'))
    saver.restore(session, str(tmp_path / 'model'))
    T, X = [session.graph.get_tensor_by_name(name + ':0') for name in 'TX']
    check(explain_all(session, T, X, xs), want)


def test_from_a_frozen_graph(session, inside):
    xs, want = inside
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=fast()) as sess:
        convnet(np.random.RandomState(1))
        initialise(sess)
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ['T'])
    T, X = tf.import_graph_def(frozen, return_elements=['T:0', 'X:0'], name='model')
    check(explain_all(session, T, X, xs), want)


def test_trained_before(rng):
    xs, target = rng.randn(6, 5), rng.randn(6, 3)
    results = []
    for build_inside in (False, True):
        with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=fast()) as sess:
            de = DeepExplain(session=sess)
            if build_inside:
                de.__enter__()
            X, T = mlp(tf.nn.sigmoid, np.random.RandomState(1))
            step = tf.train.AdamOptimizer(.01).minimize(tf.reduce_mean(tf.square(T - target)))
            initialise(sess)
            for _ in range(10):
                sess.run(step, {X: xs})
            if build_inside:
                de.__exit__(None, None, None)
            results.append(explain_all(sess, T, X, xs))
    check(*results)


def test_the_users_gradients_stay(session, rng):
    X, T = convnet(rng)
    initialise(session)
    xs = rng.randn(2, 8, 8, 2)

    def gradients():
        return session.run(tf.gradients(T, X)[0], {X: xs})

    before = gradients()
    nodes = {op.name: op.node_def for op in session.graph.get_operations()}
    with DeepExplain(session=session) as de:
        inside = gradients()
        for method in ('saliency', 'intgrad') + tuple(RULED):
            de.explain(method, T, X, xs)
        after_explaining = gradients()
        with pytest.raises(AssertionError):
            de.explain('elrp', T, X, xs, epsilon=0)
        after_failing = gradients()
    for other in (inside, after_explaining, after_failing, gradients()):
        np.testing.assert_array_equal(other, before)
    for name, node in nodes.items():
        assert session.graph.get_operation_by_name(name).node_def == node


def test_an_inner_tensor_as_x(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    inner = [op for op in session.graph.get_operations() if op.type == 'Tanh'][0].outputs[0]
    initialise(session)
    xs = rng.randn(3, 6)
    for method in ('saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'shapley_sampling'):
        got, = explain_all(session, T, inner, xs, [method])
        assert got.shape == (3, 6)
        if method in ('deeplift', 'shapley_sampling'):
            change = session.run(T, {inner: xs}) - session.run(T, {inner: 0 * xs})
            close(per_sample(got), per_sample(change), 1e-5)


def test_the_target_is_the_input(session):
    X = tf.placeholder(tf.float32, [None, 3])
    xs = np.array([[1, -2, 3.]])
    for method, want in (('saliency', [[1, 1, 1]]), ('elrp', xs), ('deeplift', xs), ('intgrad', xs), ('occlusion', xs)):
        close(explain_all(session, X, X, xs, [method])[0], want, 1e-5)


# -- loops, branches and calls ------------------------------------------------------------------------------------

STEPS, SIZE = 4, 3


def cell(x, h, W, V):
    """A recurrent step with hard sigmoids, products and a tanh."""
    z = tf.matmul(x, W) + tf.matmul(h, V)
    gate = tf.clip_by_value(.2 * z[:, :SIZE] + .5, 0., 1.)
    return gate * h + tf.sigmoid(z[:, :SIZE]) * tf.tanh(z[:, SIZE:])


def recurrent(kind, seed=1):
    """X and T of a recurrent network: unrolled, a loop, one with a branch in it, or one with dynamic_rnn's arrays."""
    rng = np.random.RandomState(seed)
    X = tf.placeholder(tf.float32, [None, STEPS, 2], name='X')
    W, V = weights(rng, 2, 2 * SIZE), weights(rng, SIZE, 2 * SIZE)
    h = tf.zeros([tf.shape(X)[0], SIZE])
    if kind == 'unrolled':
        for t in range(STEPS):
            h = cell(X[:, t], h, W, V)
    elif kind == 'array':
        array = tf.TensorArray(tf.float32, STEPS).unstack(tf.transpose(X, [1, 0, 2]))
        out = tf.TensorArray(tf.float32, STEPS)

        def step(t, h, out):
            h = cell(array.read(t), h, W, V)
            return t + 1, h, out.write(t, h)

        h = tf.while_loop(lambda t, *_: t < STEPS, step, [0, h, out],
                          shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, SIZE]),
                                            tf.TensorShape(None)])[2].stack()[-1]
    else:
        def step(t, h):
            new = cell(X[:, t], h, W, V)
            if kind == 'branch':
                new = tf.cond(t < 100, lambda: tf.identity(new), lambda: tf.tanh(new))
            return t + 1, new

        h = tf.while_loop(lambda t, h: t < STEPS, step, [0, h],
                          shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, SIZE])])[1]
    h.set_shape([None, SIZE])
    return X, tf.matmul(tf.tanh(h), weights(rng, SIZE, 2))


METHODS = ['saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'guided_backprop']


@pytest.fixture
def unrolled(rng):
    xs = rng.randn(3, STEPS, 2)
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=fast()) as sess:
        X, T = recurrent('unrolled')
        initialise(sess)
        return xs, explain_all(sess, T, X, xs, METHODS)


@pytest.mark.parametrize('run_before', [False, True])
@pytest.mark.parametrize('kind', ['loop', 'array', 'branch'])
def test_loops_equal_their_unrolling(session, unrolled, kind, run_before):
    xs, want = unrolled
    X, T = recurrent(kind)
    initialise(session)
    if run_before:
        session.run([T] + tf.gradients(T, X), {X: xs})
    for _ in range(2):
        for got, one in zip(explain_all(session, T, X, xs, METHODS), want):
            close(got, one, 1e-5)


def test_a_trained_loop(unrolled, session):
    xs, want = unrolled
    X, T = recurrent('array')
    step = tf.train.GradientDescentOptimizer(0.).minimize(tf.reduce_sum(T))
    initialise(session)
    session.run(step, {X: xs})
    for got, one in zip(explain_all(session, T, X, xs, METHODS), want):
        close(got, one, 1e-5)
    session.run(step, {X: xs})


def smooth_cell(x, h, W, V):
    z = tf.matmul(x, W) + tf.matmul(h, V)
    return tf.sigmoid(z[:, :SIZE]) * tf.tanh(z[:, SIZE:])


@pytest.mark.parametrize('kind', ['loop', 'array', 'branch'])
@pytest.mark.parametrize('run_before', [False, True])
def test_functional_loops_equal_their_unrolling(rng, monkeypatch, kind, run_before):
    monkeypatch.setitem(globals(), 'cell', smooth_cell)
    xs = rng.randn(3, STEPS, 2)
    results = []
    for made in ('unrolled', kind):
        with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=fast()) as sess:
            tf.enable_control_flow_v2()
            try:
                X, T = recurrent(made)
            finally:
                tf.disable_control_flow_v2()
            initialise(sess)
            if run_before:
                sess.run(T, {X: xs})
            results.append(explain_all(sess, T, X, xs, METHODS))
            results[-1] += explain_all(sess, T, X, xs, METHODS)
    assert any(op.type in ('While', 'StatelessWhile') for op in graph.get_operations())
    for got, want in zip(*results):
        close(got, want, 1e-5)


@pytest.mark.parametrize('stop', [tf.identity, tf.stop_gradient])
def test_deeplift_refuses_a_loop_that_is_as_long_as_X_decides(session, control_flow, rng, stop):
    X = tf.placeholder(tf.float32, [None, 3])
    h = tf.while_loop(lambda h: tf.reduce_sum(tf.abs(stop(h))) > 1., lambda h: .5 * tf.tanh(h) * h, [X])
    with DeepExplain(session=session) as de:
        for method in ('deeplift', 'deeplift.reveal_cancel'):
            with pytest.raises(RuntimeError, match=method + " cannot compare the steps of the loop 'while' with "
                                                            'those at the baseline: X decides .* an lrp .*intgrad'):
                de.get_explainer(method, h, X)


def test_deeplift_refuses_a_loop_that_changes_variables(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    counter = tf.Variable(0., use_resource=True)
    h = tf.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, tf.tanh(h) * counter.assign_add(1.)), [0, X])[1]
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match="deeplift cannot reach into the loop of 'while/.*variables"):
            de.get_explainer('deeplift', h, X)


@pytest.mark.parametrize('method', ['saliency', 'grad*input', 'elrp'])
def test_branches(session, control_flow, rng, method):
    X = tf.placeholder(tf.float32, [None, 5])
    first = tf.placeholder_with_default(True, [])
    W = weights(rng, 5, 4)
    h = tf.cond(first, lambda: tf.nn.relu(tf.matmul(X, W)), lambda: tf.nn.tanh(tf.matmul(2 * X, W)))
    V = weights(rng, 4, 2)
    T = tf.matmul(h, V)
    straight = tf.matmul(tf.nn.relu(tf.matmul(X, W)), V)
    initialise(session)
    xs = rng.randn(3, 5)
    session.run(T, {X: xs})
    got, want = [explain_all(session, one, X, xs, [method])[0] for one in (T, straight)]
    close(got, want, 1e-6)


def test_deeplift_and_branches(session, control_flow, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    h = tf.cond(tf.placeholder_with_default(True, []), lambda: tf.nn.relu(X), lambda: tf.nn.tanh(X))
    T = dense(h, rng, 2) if h.shape.ndims else dense(tf.reshape(h, [-1, 5]), rng, 2)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        if control_flow == 'v2':
            with pytest.raises(RuntimeError, match=r"deeplift cannot reach (Relu|Tanh) \(.* in cond.*\)"
                                                   r'.*disable_v2_behavior'):
                de.get_explainer('deeplift', T, X)
        else:
            change = session.run(T, {X: xs}) - session.run(T, {X: 0 * xs})
            close(per_sample(de.explain('deeplift', T, X, xs)), per_sample(change), 1e-5)


@pytest.mark.parametrize('method', ['saliency', 'intgrad'] + RULED)
def test_calls_are_inlined(session, rng, method):
    W, V = weights(rng, 5, 4), weights(rng, 4, 2)

    @plain_tf.function
    def inner(x):
        return tf.nn.softplus(x), 2 * x

    @plain_tf.function
    def outer(x, w):
        with tf.control_dependencies([tf.reduce_sum(x)]):
            y, twice = inner(tf.matmul(x, w))
        return tf.nn.swish(twice) + y

    X = tf.placeholder(tf.float32, [None, 5])
    T = tf.matmul(tf.tanh(outer(X, W)), V)
    z = tf.matmul(X, W)
    straight = tf.matmul(tf.tanh(tf.nn.swish(2 * z) + tf.nn.softplus(z)), V)
    initialise(session)
    xs = rng.randn(3, 5)
    session.run(T, {X: xs})
    assert any('PartitionedCall' in op.type for op in session.graph.get_operations())
    got, want = [explain_all(session, one, X, xs, [method])[0] for one in (T, straight)]
    close(got, want, 1e-5)


def test_a_call_inside_a_loop(session, control_flow, rng):
    X = tf.placeholder(tf.float32, [2, 3])
    called = plain_tf.function(lambda x: tf.tanh(x))
    h = tf.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, called(h)), [0, X])[1]
    xs = rng.randn(2, 3)
    with DeepExplain(session=session) as de:
        for method in ('elrp', 'deeplift'):
            want = de.explain(method, tf.tanh(tf.tanh(tf.tanh(X))), X, xs)
            close(de.explain(method, h, X, xs), want, 1e-5)


def test_control_inputs_from_outside(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    counter = tf.Variable(0)
    initial = tf.no_op()
    with tf.control_dependencies([counter.assign_add(1), initial]):
        h = tf.nn.relu(X)
    T = dense(h, rng, 2)
    initialise(session)
    explain_all(session, T, X, rng.randn(2, 5), ['elrp'])
    assert session.run(counter) >= 1


@pytest.mark.parametrize('scope', ['control', 'name', 'device'])
def test_the_callers_scopes_do_not_matter(session, rng, scope):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs = rng.randn(2, 5)
    want = explain_all(session, T, X, xs)
    never = tf.check_numerics(np.float32('nan'), 'must not run').op
    scopes = {'control': lambda: tf.control_dependencies([never]), 'name': lambda: tf.name_scope('gradients'),
              'device': lambda: tf.device('/job:nowhere')}
    with scopes[scope]():
        check(explain_all(session, T, X, xs), want)


def reversed_gradient(x):
    @tf.custom_gradient
    def reverse(x):
        return tf.identity(x), lambda grad: -grad

    return reverse(x)


@pytest.mark.parametrize('method', ['saliency', 'grad*input'] + RULED)
def test_custom_gradients_of_the_graph_are_kept(session, method):
    X = tf.placeholder(tf.float32, [None, 3])
    T = 2 * reversed_gradient(tf.nn.relu(X))
    with DeepExplain(session=session) as de:
        if method in RULED:
            with pytest.warns(UserWarning, match='unsupported activation.*IdentityN'):
                explainer = de.get_explainer(method, T, X)
        else:
            explainer = de.get_explainer(method, T, X)
    close(explainer.run([[1, 2, 3]]), [[2, 2, 2]] if method == 'saliency' else [[-2, -4, -6]], 1e-3)


@pytest.mark.parametrize('method', ['grad*input'] + RULED)
def test_custom_gradients_that_are_lost_are_named(session, method):
    X = tf.placeholder(tf.float32, [None, 3])
    T = plain_tf.function(lambda x: 2 * reversed_gradient(tf.nn.relu(x)))(X)
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match=r'IdentityN \('):
        close(de.explain(method, T, X, [[1, 2, 3]]), [[2, 4, 6]], 1e-3)


def custom_relu(x):
    @tf.custom_gradient
    def seven_times(x):
        return tf.nn.relu(x), lambda grad: 7 * grad

    return seven_times(x)


def test_custom_gradients_of_activations_are_the_users(session):
    X = tf.placeholder(tf.float32, [None, 3])
    composed = X * reversed_gradient(tf.sigmoid(X))
    with session.graph.gradient_override_map({'Identity': 'DeepExplainTestFlip'}):
        flipped = tf.identity(tf.nn.relu(X))
    xs = np.array([[1, -2, 3.]])
    for T in (custom_relu(X), composed, flipped):
        want = session.run(tf.gradients(T, X)[0], {X: xs}) * xs
        with DeepExplain(session=session) as de:
            close(de.explain('grad*input', T, X, xs), want, 1e-6)
            for method in RULED:
                with pytest.warns(UserWarning, match=r'unsupported activation.*Identity'):
                    de.get_explainer(method, T, X)


try:
    @tf.RegisterGradient('DeepExplainTestFlip')
    def flip(op, grad):
        return -grad
except KeyError:
    pass


def test_custom_gradients_in_functional_branches_are_named(session, control_flow):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.cond(tf.placeholder_with_default(True, []), lambda: reversed_gradient(tf.tanh(X)), lambda: X)
    xs = np.array([[1, -2, 3.]])
    with DeepExplain(session=session) as de:
        if control_flow == 'v1':
            close(de.explain('grad*input', T, X, xs), -xs * (1 - np.tanh(xs) ** 2), 1e-5)
            return
        with pytest.warns(UserWarning, match=r'custom gradient is lost.*IdentityN \(.* in cond'):
            de.get_explainer('grad*input', T, X)
        with pytest.raises(RuntimeError, match=r'elrp cannot reach IdentityN \(.* in cond.*disable_v2_behavior'):
            de.get_explainer('elrp', T, X)


def test_one_x_made_of_another(session, rng):
    with DeepExplain(session=session) as de:
        A = tf.placeholder(tf.float32, [None, 3])
        B = tf.tanh(dense(A, rng, 4))
        T = dense(tf.nn.relu(B), rng, 2) + dense(A, rng, 2)
        initialise(session)
        a, b = rng.randn(2, 3), rng.randn(2, 4)
        # Both are fed, so A moves T by its own way alone.
        for method in ('grad*input', 'elrp', 'deeplift', 'intgrad'):
            of_a, of_b = de.explain(method, T, [A, B], [a, b])
            close(of_b, de.explain(method, T, B, b, feed_dict={A: a}), 1e-5)
            if method != 'elrp':
                change = session.run(T, {A: a, B: b}) - session.run(T, {A: 0 * a, B: b})
                close(per_sample(of_a), per_sample(change), 1e-4)


@pytest.mark.parametrize('method', RULED)
def test_an_activation_of_what_is_stopped(session, method):
    with DeepExplain(session=session) as de:
        X = tf.placeholder(tf.float32, [None, 3])
        T = X * tf.sigmoid(tf.stop_gradient(X))
        xs = np.array([[1, -2, 3.]])
        close(de.explain(method, T, X, xs), xs / (1 + np.exp(-xs)), 1e-5)


@pytest.mark.parametrize('make', [lambda h: h * tf.sigmoid(h), lambda h: tf.clip_by_value(h, -.3, .4)])
def test_composed_activations_in_functional_branches(session, control_flow, make):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.cond(tf.placeholder_with_default(True, []), lambda: make(X), lambda: X)
    xs = np.array([[1, -2, 3.]])
    with DeepExplain(session=session) as de:
        if control_flow == 'v1':
            close(de.explain('elrp', T, X, xs, epsilon=1e-7), session.run(make(tf.constant(xs))), 1e-5)
        else:
            with pytest.raises(RuntimeError, match=r'elrp cannot reach \w+ \(.* in cond.*disable_v2_behavior'):
                de.get_explainer('elrp', T, X)


def test_products_in_functional_bodies_are_named_and_linear_ops_are_not(session, control_flow, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    W = weights(rng, 3, 3)
    gate = tf.placeholder_with_default(True, [])
    linear = tf.cond(gate, lambda: 2 * tf.matmul(X, W), lambda: X)
    product = tf.cond(gate, lambda: tf.matmul(X, W) * tf.tanh(X), lambda: X)
    with DeepExplain(session=session) as de:
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            de.get_explainer('elrp', linear, X)
        with pytest.warns(UserWarning, match=r'unsupported activation.*Mul \('):
            de.get_explainer('elrp', product, X)


@pytest.mark.parametrize('method', ['saliency', 'grad*input', 'elrp'])
def test_a_call_inside_a_v1_loop(session, rng, method):
    X = tf.placeholder(tf.float32, [2, 3])
    W = weights(rng, 3, 3)
    called = plain_tf.function(lambda x: tf.tanh(2 * tf.matmul(x, W)))
    T = tf.while_loop(lambda t, h: t < 2, lambda t, h: (t + 1, called(h)), [0, X])[1]
    straight = tf.tanh(2 * tf.matmul(tf.tanh(2 * tf.matmul(X, W)), W))
    initialise(session)
    xs = rng.randn(2, 3)
    close(explain_all(session, T, X, xs, [method])[0], explain_all(session, straight, X, xs, [method])[0], 1e-5)


@pytest.mark.parametrize('shape', [[None, 1], [None, None]])
@pytest.mark.parametrize('method', RULED)
def test_a_maximum_that_broadcasts_its_input(session, shape, method):
    X = tf.placeholder(tf.float32, shape)
    T = tf.maximum(X, [[0., .5, 1., 2.]])
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, X, [[.7], [3.]])
    close(got, [[1.4], [12.]], 1e-3)


def test_deeplift_where_x_chooses_the_branch(session):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.cond(tf.reduce_max(X) > .1, lambda: tf.nn.relu(X), lambda: tf.tanh(X))
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match='deeplift cannot pass the branches of .* X decides which is taken'):
            de.get_explainer('deeplift', T, X)
        close(de.explain('elrp', T, X, [[1, 2, 3]]), [[1, 2, 3]], 1e-3)


def test_a_loop_over_the_shape_of_x_is_no_loop_between_x_and_t(session, control_flow, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    positions = tf.map_fn(lambda i: 2. * i * i, tf.cast(tf.range(tf.shape(X)[1]), tf.float32))
    T = tf.nn.relu(X + positions)
    xs = rng.rand(2, 3)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        close(de.explain('deeplift', T, X, xs), xs, 1e-5)
        de.explain('elrp', T, X, xs)


def test_complex_activations_are_named(session):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.math.real(tf.exp(tf.complex(X, 0 * X)))
    with DeepExplain(session=session) as de:
        for method in RULED:
            with pytest.warns(UserWarning, match='unsupported activation.*Exp'):
                de.explain(method, T, X, [[1, 2, 3]])


def test_a_tensor_inside_a_loop_is_refused(session):
    X = tf.placeholder(tf.float32, [2, 3])
    inner = []

    def step(t, h):
        inner.append(tf.tanh(h))
        return t + 1, inner[0]

    T = tf.while_loop(lambda t, h: t < 2, step, [0, X])[1]
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match="T .* must be a tensor outside of loops"):
            de.get_explainer('saliency', inner[0], X)
        with pytest.raises(RuntimeError, match="X .* must be a tensor outside of loops"):
            de.get_explainer('saliency', T, inner[0])
