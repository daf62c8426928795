"""rows='together': all rows of X are one sample. Against numpy, and against the same network with an axis in front."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, Counting, close, initialise, mlp, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods

NODES = 5
XS = np.random.RandomState(1).randn(NODES, 3).astype('f')
A = (np.random.RandomState(2).rand(NODES, NODES) < .5).astype('f') + np.eye(NODES, dtype='f')
PATTERNS = [np.random.RandomState(3).randn(*shape) for shape in ((3, 4), (NODES, NODES), (4, 2), (NODES, NODES))]

OPTIONS = {
    'expected_gradients': dict(references=np.random.RandomState(4).randn(3, NODES, 3), seed=0),
    'deep_taylor.bounded': dict(low=-5, high=np.full((NODES, 3), 5)),
    'kernel_shap': dict(seed=0), 'lime': dict(seed=0, samples=50), 'rise': dict(seed=0, samples=30),
    'sobol': dict(seed=0, samples=8), 'hsic': dict(seed=0, samples=30),
    'permutation': dict(references=np.random.RandomState(4).randn(3, NODES, 3)),
    'shapley_sampling': dict(seed=0), 'random': dict(seed=0), 'smoothgrad': dict(seed=0, samples=4),
    'smoothgrad_squared': dict(seed=0, samples=4), 'vargrad': dict(seed=0, samples=4), 'intgrad': dict(steps=7),
    'guided_ig': dict(steps=9, max_dist=1), 'blur_ig': dict(steps=7),
    'pattern.net': dict(patterns=PATTERNS), 'pattern.attribution': dict(patterns=PATTERNS)}


def gcn(X, adjacency, rng, activation=tf.nn.relu):
    """Two layers that hand on from node to node."""
    h = activation(tf.matmul(adjacency, tf.matmul(X, weights(rng, 3, 4))) + weights(rng, 4))
    return tf.matmul(adjacency, tf.matmul(h, weights(rng, 4, 2)))


@pytest.fixture
def both(session):
    """A graph network, and the same one of a batch of one graph."""
    adjacency = tf.placeholder(tf.float32, [None, None], name='adjacency')
    X = tf.placeholder(tf.float32, [None, 3], name='nodes')
    X1 = tf.placeholder(tf.float32, [1, NODES, 3])
    T = gcn(X, adjacency, np.random.RandomState(0))
    T1 = gcn(tf.squeeze(X1, [0]), adjacency, np.random.RandomState(0))[tf.newaxis]
    initialise(session)
    return X, T, X1, T1, {adjacency: A}


@pytest.mark.filterwarnings('ignore:.*unsupported|.*off what', 'ignore:.*pass.* by its ordinary')
@pytest.mark.parametrize('method', sorted(set(attribution_methods) - set(MAPS)))
def test_every_method_explains_one_sample(session, both, method):
    X, T, X1, T1, feed = both
    options = OPTIONS.get(method, {})
    ys = np.random.RandomState(5).randn(NODES, 2)
    delta = attribution_methods[method].has_convergence_delta
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, X, XS, ys, feed_dict=feed, rows='together', return_convergence_delta=delta,
                         **options)
        want = de.explain(method, T1, X1, XS[np.newaxis], ys[np.newaxis], feed_dict=feed,
                          return_convergence_delta=delta, **options)
    if delta:
        assert np.shape(got[1]) == () and abs(got[1] - want[1][0]) < 1e-4
        got, want = got[0], want[0]
    assert got.shape == XS.shape and got.dtype == XS.dtype
    close(got, want[0], 1e-5)


@pytest.mark.parametrize('method,options', [
    ('intgrad', dict(baseline=XS[::-1])), ('deeplift', dict(baseline=XS[::-1])),
    ('intgrad', dict(references=np.random.RandomState(6).randn(3, NODES, 3))),
    ('deeplift', dict(references=np.random.RandomState(6).randn(3, NODES, 3))),
    ('occlusion', dict(window_shape=(2, 3), step=(1, 3), baseline=.5)),
    ('occlusion', dict(feature_mask=np.arange(NODES)[:, np.newaxis], per_group=True)),
    ('shapley_sampling', dict(feature_mask=np.arange(NODES)[:, np.newaxis], per_group=True, seed=2)),
    ('shapley_sampling', dict(feature_mask=np.arange(3), seed=2)), ('deeplift.reveal_cancel', dict(complete=True))])
@pytest.mark.filterwarnings('ignore:.*off what')
def test_options_have_the_shape_of_xs(session, both, method, options):
    X, T, X1, T1, feed = both
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, X, XS, feed_dict=feed, rows='together', **options)
        want = de.explain(method, T1, X1, XS[np.newaxis], feed_dict=feed, **options)
    close(got, want[0], 1e-5)


def replica(xs, session):
    """The network in numpy, and its gradient: T's units are summed."""
    w1, b, w2 = session.run(tf.global_variables()[:3])
    h = A @ (xs @ w1) + b
    T = A @ (np.maximum(h, 0) @ w2)
    back = (A.T @ np.ones_like(T)) @ w2.T * (h > 0)
    return T, (A.T @ back) @ w1.T


def test_against_numpy(session, both):
    X, T, _, _, feed = both
    with DeepExplain(session=session) as de:
        def of(method, **options):
            return de.explain(method, T, X, XS, feed_dict=feed, rows='together', **options)

        close(of('gradient'), replica(XS, session)[1], 1e-5)
        steps = [replica(XS * (k + 1) / 4, session)[1] for k in range(4)]
        close(of('intgrad', steps=4), XS * np.mean(steps, 0), 1e-5)
        whole = replica(XS, session)[0].sum()
        falls = np.zeros(NODES)
        for node in range(NODES):
            without = XS.copy()
            without[node] = 0
            falls[node] = whole - replica(without, session)[0].sum()
        close(of('occlusion', window_shape=(1, 3), step=(1, 3)), np.repeat(falls[:, np.newaxis] / 3, 3, 1), 1e-4)
        got, delta = of('deeplift', return_convergence_delta=True)
        assert abs(got.sum() - (whole - replica(0 * XS, session)[0].sum())) < 1e-3 and abs(delta) < 1e-3
        by_node = of('shapley_sampling', sampling_dims=[0], seed=0)
        assert by_node.shape == (NODES,) and abs(by_node.sum() - got.sum()) < 1e-3


def test_what_ys_says(session, both):
    X, T, _, _, feed = both
    value = session.run(T, {X: XS, 'adjacency:0': A})
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, X, rows='together')

        def of(ys):
            return explainer.run(XS, ys, feed_dict=feed)

        units = np.array([0, 1, 1, 0, 1])
        close(of(1), of(np.eye(2)[[1] * NODES]), 1e-6)
        close(of(units), of(np.eye(2)[units]), 1e-6)
        close(of('max'), of(np.eye(2)[value.argmax(1)]), 1e-6)
        one = np.zeros((NODES, 2))
        one[3, 1] = 1
        close(of((3, 1)), of(one), 1e-6)
        with pytest.raises(ValueError, match=r"ys must name a unit of T .*, of shape \(5, 2\), not \(5, 1\)"):
            of((5, 1))
        with pytest.raises(RuntimeError, match=r'ys must have one row for each of the 5 rows of T .*\(3, 2\)'):
            of(np.ones((3, 2)))
        with pytest.raises(ValueError, match='ys must name units of T .* from 0 to 1'):
            of(2)


@pytest.mark.parametrize('readout', ['scalar', 'vector', 'graph', 'rank'])
def test_a_target_of_other_rows(session, both, readout):
    X, T, _, _, feed = both
    target = {'scalar': lambda: tf.reduce_sum(T), 'vector': lambda: tf.reduce_sum(T, 1),
              'graph': lambda: tf.reduce_sum(T, 0, keepdims=True),
              'rank': lambda: tf.placeholder_with_default(T, None)}[readout]()
    with DeepExplain(session=session) as de:
        for method in ('saliency', 'intgrad', 'deeplift', 'occlusion'):
            want = de.explain(method, T, X, XS, feed_dict=feed, rows='together')
            close(de.explain(method, target, X, XS, feed_dict=feed, rows='together'), want, 1e-5)
        if readout == 'scalar':
            got = de.explain('gradient', target, X, XS, 2., feed_dict=feed, rows='together')
            close(got, 2 * de.explain('gradient', T, X, XS, feed_dict=feed, rows='together'), 1e-5)
        if readout == 'vector':
            one = np.eye(NODES)[2]
            close(de.explain('gradient', target, X, XS, one, feed_dict=feed, rows='together'),
                  de.explain('gradient', target, X, XS, (2,), feed_dict=feed, rows='together'), 1e-6)


def test_inputs_of_different_numbers_of_rows(session, rng):
    nodes, edges = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 2])
    ends = tf.placeholder(tf.int32, [None, 2])
    w = weights(rng, 5, 4)
    messages = tf.nn.tanh(tf.matmul(tf.concat([tf.gather(nodes, ends[:, 0]), edges], 1), w))
    T = tf.math.unsorted_segment_sum(messages, ends[:, 1], tf.shape(nodes)[0])
    initialise(session)
    xs = [rng.randn(7, 3), rng.randn(12, 2)]
    feed = {ends: rng.randint(0, 7, (12, 2))}
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        warnings.filterwarnings('ignore', 'Converting sparse IndexedSlices')
        value = session.run(T, {nodes: xs[0], edges: xs[1], ends: feed[ends]}).sum()
        for method, options in (('intgrad', dict(steps=200)), ('deeplift', {}), ('shapley_sampling', dict(
                sampling_dims=[[0], [0, 1]]))):
            got, delta = de.explain(method, T, [nodes, edges], xs, feed_dict=feed, rows='together',
                                    return_convergence_delta=True, **options)
            assert [one.shape for one in got] == [(7, 3) if method != 'shapley_sampling' else (7,), (12, 2)]
            assert abs(sum(one.sum() for one in got) - value) < .05 and abs(delta) < .05
        windows = de.explain('occlusion', T, [nodes, edges], xs, feed_dict=feed, rows='together',
                             window_shape=[(1, 3), None])
        assert windows[0].any() and not windows[1].any()


def test_inner_tensors(session, both):
    X, T, _, _, feed = both
    relus = [op.outputs[0] for op in session.graph.get_operations() if op.type == 'Relu']
    with DeepExplain(session=session) as de:
        for method in ('grad*input', 'deeplift', 'intgrad', 'lrp.epsilon'):
            got = de.get_explainer(method, T, X, rows='together').relevances([relus[0], X], XS, feed_dict=feed)
            assert [one.shape for one in got] == [(NODES, 4), (NODES, 3)]
            close(got[1], de.explain(method, T, X, XS, feed_dict=feed, rows='together'), 1e-5)
        want = de.explain('intgrad', T, relus[0], None, feed_dict={X: XS, **feed}, rows='together',
                          baseline=session.run(relus[0], {X: 0 * XS, 'adjacency:0': A}))
        close(de.get_explainer('intgrad', T, X, rows='together').relevances([relus[0]], XS, feed_dict=feed)[0], want,
              1e-5)


def test_patterns_are_fitted_to_all_rows(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        one, other = (de.get_explainer('pattern.net', T, X, rows=rows) for rows in ('together', None))
        xs = rng.randn(8, 5)
        for a, b in zip(one.fit_patterns(xs), other.fit_patterns(xs)):
            close(a, b, 1e-5)
        got = one.run(xs)
        assert got.shape == xs.shape and abs(np.abs(got).max() - 1) < 1e-6


def test_a_call_takes_all_rows(session, both):
    X, T, _, _, feed = both
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('occlusion', T, X, rows='together')
        explainer.run(XS, feed_dict=feed)
        assert len(counting.calls) == 1 + XS.size
        assert all(call['nodes:0'].shape == XS.shape for call in counting.calls)
        ways = list(explainer.run_batches([dict(xs=XS, feed_dict=feed), dict(
            xs=XS[:3], feed_dict={'adjacency': A[:3, :3]})]))
        assert [one.shape for one in ways] == [(5, 3), (3, 3)]


def test_what_cannot_be_is_said_at_the_door(session, both):
    X, T, _, _, feed = both
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        with pytest.raises(ValueError, match="rows must be 'together'.* or None, not 'apart'"):
            de.explain('saliency', T, X, XS, feed_dict=feed, rows='apart')
        explainer = de.get_explainer('intgrad', T, X, rows='together')
        with pytest.raises(RuntimeError, match="batch_size must be left out with rows='together'"):
            explainer.run(XS, batch_size=2, feed_dict=feed)
        with pytest.raises(ValueError, match=r"xs must have the shape of 'nodes:0', \(\?, 3\), not \(1, 5, 3\)"):
            explainer.run(XS[np.newaxis], feed_dict=feed)
        with pytest.raises(RuntimeError, match='xs must have at least one row'):
            explainer.run(XS[:0], feed_dict=feed)
        with pytest.raises(RuntimeError, match="per_sample must be left out with rows='together'"):
            explainer.run(XS, feed_dict=feed, per_sample='adjacency')
        with pytest.raises(RuntimeError, match=r'Baseline shape \(3,\) does not match expected shape \(\?, 3\)'):
            explainer.run(XS, feed_dict=feed, baseline=np.zeros(3))
    assert counting.calls == []


def test_xs_made_of_what_is_fed(session, rng):
    ids, adjacency = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.float32, [None, None])
    X = tf.gather(weights(rng, 9, 3), ids)
    T = gcn(X, adjacency, rng)
    initialise(session)
    feed = {ids: [3, 1, 4, 1, 5], adjacency: A}
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', T, X, None, feed_dict=feed, rows='together')
        close(got, de.explain('deeplift', T, X, session.run(X, feed), feed_dict=feed, rows='together'), 1e-6)
