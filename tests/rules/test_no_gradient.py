"""Ops that TensorFlow has no gradient of end a way, as any other; linear ones that it has are linear to all methods."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise

from deepexplain.tensorflow import DeepExplain

METHODS = ['saliency', 'intgrad', 'elrp', 'deeplift', 'guided_backprop', 'lrp.epsilon', 'lrp.w_square']


def contrast(x):
    return tf.image.adjust_contrast(x, 1.5)


def area(x):
    return tf.image.resize_area(x, [3, 3])


def scores(x):
    boxes = tf.reshape(x, [-1, 4])
    return tf.image.non_max_suppression_with_scores(boxes, tf.reduce_sum(boxes, 1), 3)[1][None]


def hue(x):
    return tf.image.adjust_hue(tf.reshape(x, [1, 4, 4, 3]), .1)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('make, name', [(contrast, 'AdjustContrast'), (area, 'ResizeArea'), (scores, 'NonMaxSup'),
                                        (hue, 'AdjustHue')])
def test_the_cut_is_named(session, make, name, method):
    """At once: nothing is said before of an ordinary gradient, and no option is offered that is of no use."""
    X = tf.placeholder(tf.float32, [1, 3, 4, 4])
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        for T in (2 * make(X), make(2 * X)):
            for options in [{}] + [{'uncovered': 'gradient'}] * method.startswith('lrp'):
                with pytest.raises(RuntimeError) as error:
                    de.get_explainer(method, T, X, **options)
                assert "the gradient stops at '" in str(error.value) and f'({name}' in str(error.value)
                assert 'uncovered' not in str(error.value)


def test_one_input_of_two_is_cut_off(session):
    A, B = tf.placeholder(tf.float32, [1, 4, 4, 3]), tf.placeholder(tf.float32, [1, 4, 4, 3])
    with DeepExplain(session=session) as de:
        for method in METHODS:
            with pytest.raises(RuntimeError, match=f"X \\('{B.name}', .*the gradient stops at .*AdjustContrast"):
                de.get_explainer(method, 2 * A + contrast(B), [A, B])


@pytest.mark.parametrize('method', ['grad*input', 'elrp', 'deeplift', 'lrp.z'])
def test_another_way_is_explained(session, method):
    X = tf.placeholder(tf.float32, [None, 3, 3, 1])
    xs = np.random.RandomState(0).rand(2, 3, 3, 1)
    options = {'uncovered': 'gradient'} if method == 'lrp.z' else {}
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match='X also reaches T by a way without gradient: through AdjustC') as caught:
            got = de.explain(method, contrast(X) + 2 * X, X, xs, **options)
        if method != 'lrp.z':  # Which shares T out among what it adds.
            close(got, 2 * xs, 1e-3)
        assert not [one for one in caught if 'ordinary gradient' in str(one.message)]


def test_what_the_option_does_there(session):
    X = tf.placeholder(tf.float32, [None, 3, 3, 1])
    T = contrast(X) + tf.cumprod(X, 1)
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match="Of it there is no gradient either: uncovered='gradient' leaves out"):
            de.get_explainer('lrp.z', contrast(X) + 2 * X, X)
        with pytest.raises(RuntimeError, match=r"'gradient' passes Cumprod \(\w+\) by its .*Of AdjustContrastv2 \("):
            de.get_explainer('lrp.z', T, X)
        with pytest.warns(UserWarning) as caught:
            de.get_explainer('lrp.z', T, X, uncovered='gradient')
        told = [str(one.message) for one in caught]
        assert any('no rule for Cumprod (Cumprod), on the path' in one for one in told), told


def test_inside_a_functional_branch(session):
    tf.enable_control_flow_v2()
    try:
        X = tf.placeholder(tf.float32, [None, 3, 3, 1])
        T = tf.cond(tf.placeholder_with_default(True, []), lambda: contrast(X), lambda: X)
    finally:
        tf.disable_control_flow_v2()
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match=r"the gradient stops at '.*' \(AdjustContrastv2\).*occlusion"):
            de.get_explainer('saliency', T, X)


LINEAR = ['grad*input', 'intgrad', 'elrp', 'deeplift', 'lrp.z', 'lrp.epsilon', 'lrp.w_square', 'lrp.alpha_2_beta_1']


@pytest.mark.parametrize('size, kernel', [(3, 'triangle'), (9, 'lanczos3')])
def test_antialiased_resizing_is_linear(session, rng, size, kernel):
    X = tf.placeholder(tf.float32, [None, 6, 6, 2])
    rate = tf.constant([size / 6.] * 2)
    smaller = tf.raw_ops.ScaleAndTranslate(images=X, size=[size, size], scale=rate, translation=[0., 0.],
                                           kernel_type=kernel, antialias=True)
    T = dense(tf.reshape(smaller, [-1, size * size * 2]), rng, 2, bias=False)
    initialise(session)
    xs = rng.rand(2, 6, 6, 2)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        for method in LINEAR:
            got, delta = de.explain(method, T, X, xs, return_convergence_delta=True) if method != 'grad*input' else (
                de.explain(method, T, X, xs), np.zeros(2))
            assert np.abs(delta).max() < 1e-2 and np.isfinite(got).all()
        want = xs * session.run(tf.gradients(T, X)[0], {X: xs})
        for method in ('grad*input', 'lrp.z', 'deeplift', 'elrp'):
            close(de.explain(method, T, X, xs), want, 1e-3)


@pytest.mark.parametrize('turned', [False, True])
@pytest.mark.parametrize('of_values', [False, True])
def test_a_sparse_product_is_a_layer(session, rng, of_values, turned):
    """Its third row has no entries: what comes out there has no inputs."""
    indices, shape = [[0, 0], [0, 2], [1, 1], [3, 0], [3, 1]], [4, 3]
    values, matrix = rng.randn(5).astype(np.float32), rng.randn(2, 3) if turned else rng.randn(3, 2)
    X = tf.placeholder(tf.float32, [5] if of_values else matrix.shape)
    weights = tf.constant(matrix, tf.float32) if of_values else X
    h = tf.sparse.sparse_dense_matmul(tf.SparseTensor(indices, X if of_values else values, shape), weights,
                                      adjoint_b=turned)
    T = tf.reduce_sum(tf.nn.relu(h) * [[1., 2.]], 0)
    xs = values if of_values else matrix.astype(np.float32)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        want = session.run(T, {X: xs}).sum()
        for method in ('lrp.z', 'lrp.epsilon', 'lrp.w_square', 'lrp.flat', 'lrp.alpha_1_beta_0', 'elrp',
                       'deeplift', 'intgrad', 'deep_taylor'):
            got = de.explain(method, T, X, xs, rows='together')
            assert got.shape == xs.shape and abs(got.sum() - want) < 2e-2 * abs(want) + 1e-4, method
        gradient = session.run(tf.gradients(T, X)[0], {X: xs})
        close(de.explain('lrp.z', T, X, xs, rows='together'), gradient * xs, 1e-4)
        # The bias of the empty row has to go somewhere.
        T = tf.reduce_sum(tf.nn.relu(h + [1., 2.]), 0)
        got, want = de.explain('lrp.flat', T, X, xs, rows='together'), session.run(T, {X: xs}).sum()
        assert abs(got.sum() - want) < 1e-4 * want


@tf.RegisterGradient('DeepExplainTestContrast')
def _of_contrast(op, grad):
    return [2. * grad, None]


@pytest.mark.filterwarnings('ignore:.*(unsupported activation|no rule for)')
@pytest.mark.parametrize('method,options', [
    ('saliency', {}), ('elrp', {}), ('deeplift', {}), ('lrp.z', dict(uncovered='gradient'))])
def test_a_gradient_that_the_user_puts_in_its_place(session, method, options):
    X = tf.placeholder(tf.float32, [None, 2, 2, 3])
    with session.graph.gradient_override_map({'AdjustContrastv2': 'DeepExplainTestContrast'}):
        T = tf.reduce_sum(tf.image.adjust_contrast(X, 2.), [1, 2, 3])
    with DeepExplain(session=session) as de:
        close(de.explain(method, T, X, np.ones((2, 2, 2, 3)), **options), np.full((2, 2, 2, 3), 2.), 1e-6)
