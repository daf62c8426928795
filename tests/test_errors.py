"""Bad input is refused at the door, in words that name the argument, and leaves no trace."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, close, dense, initialise, mlp

from deepexplain.tensorflow import DeepExplain, register_rule
from deepexplain.tensorflow.methods import attribution_methods

GRADIENT_METHODS = ['saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift']


class Refusing:
    """A session that must not be called."""

    def __init__(self, session):
        self.graph = session.graph

    def run(self, *_, **__):
        raise AssertionError('the session was called')


@pytest.fixture
def model(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    return X, T


@pytest.fixture
def de(session):
    with DeepExplain(session=Refusing(session)) as context:
        yield context


def test_outside_of_the_context(session, model):
    X, T = model
    de = DeepExplain(session=session)
    for call in (lambda: de.explain('elrp', T, X, [[1] * 5]), lambda: de.get_explainer('elrp', T, X)):
        with pytest.raises(RuntimeError) as error:
            call()
        assert str(error.value) == 'Explain can be called only within a DeepExplain context.'


def test_unknown_method(de, model):
    X, T = model
    with pytest.raises(RuntimeError, match=r"Method must be in \['zero', 'saliency', .*\], not 'sumcam'"):
        de.explain('sumcam', T, X, [[1] * 5])


@pytest.mark.parametrize('T,X,which', [
    ('T', None, 'X'), (None, 'X', 'T'), ('T', np.zeros(5), 'X'), ('T', ['X', 3], 'X')])
def test_what_is_no_tensor(de, model, T, X, which):
    tensors = dict(zip('XT', model))
    T = tensors.get(T, T)
    X = [tensors.get(x, x) if isinstance(x, str) else x for x in X] if isinstance(X, list) else (
        tensors[X] if isinstance(X, str) else X)
    with pytest.raises(RuntimeError, match='^%s must be a Tensorflow Tensor object' % which):
        de.get_explainer('grad*input', T, X)


def test_a_tensor_of_another_graph(de, model):
    with tf.Graph().as_default():
        stranger = tf.placeholder(tf.float32, [None, 5], name='stranger')
    with pytest.raises(RuntimeError, match="'stranger:0' belongs to another graph"):
        de.get_explainer('saliency', model[1], stranger)


def test_an_empty_list_and_an_input_named_twice(de, model):
    X, T = model
    with pytest.raises(RuntimeError, match='not an empty list'):
        de.get_explainer('saliency', T, [])
    with pytest.raises(RuntimeError, match='names an input twice: Placeholder:0, Placeholder:0'):
        de.get_explainer('saliency', T, [X, X])


@pytest.mark.parametrize('method', GRADIENT_METHODS)
def test_no_path_from_x_to_t(de, model, method):
    X, T = model
    stranger = tf.placeholder(tf.float32, [None, 2], name='stranger')
    with pytest.raises(RuntimeError, match=r"does not depend differentiably on X \('stranger:0', float32\): there is "
                                           'no path of ops from X to T.$'):
        de.get_explainer(method, T, stranger)
    cut = tf.cast(tf.argmax(T, 1, name='choice'), tf.float32, name='back')
    with pytest.raises(RuntimeError, match=r"differentiably on X .*the gradient stops at 'back' \(Cast\).$"):
        de.get_explainer(method, cut, X)
    stopped = tf.stop_gradient(T, name='stop') * 2
    with pytest.raises(RuntimeError, match=r"the gradient stops at 'stop' \(StopGradient\)"):
        de.get_explainer(method, stopped, X)
    with pytest.raises(RuntimeError, match='X depends on T: are they swapped?'):
        de.get_explainer(method, X, T)
    ids = tf.placeholder(tf.int32, [None, 2])
    looked_up = tf.tanh(tf.gather(tf.zeros([4, 3]), ids, name='lookup'))
    with pytest.raises(RuntimeError, match=r"int32\): the gradient stops at 'lookup' \(GatherV2\). Nearest to X that "
                                           "can be explained instead: 'lookup:0'.$"):
        de.get_explainer(method, looked_up, ids)


@pytest.mark.parametrize('method', ['occlusion', 'shapley_sampling'])
def test_perturbing_what_the_target_does_not_depend_on(de, model, method):
    with pytest.raises(RuntimeError, match="does not depend on X"):
        de.get_explainer(method, model[1], tf.placeholder(tf.float32, [None, 2]))


def test_wrong_number_of_inputs(de, model):
    X, T = model
    explainer = de.get_explainer('grad*input', T, [X])
    for xs, count in (([np.zeros((2, 5))] * 2, '1 and 2'), ([], '1 and 0'), (3, '1 and int')):
        with pytest.raises(RuntimeError) as error:
            explainer.run(xs)
        assert str(error.value) == 'List of input tensors and input data have different lengths (%s)' % count


def test_shapes_of_xs(de, model):
    X, T = model
    explainer = de.get_explainer('grad*input', T, X)
    for xs, got in ((np.zeros((2, 4)), r'\(2, 4\)'), (np.zeros(5), r'\(5,\)'), (1., r'\(\)')):
        with pytest.raises(ValueError, match=r"xs must have the shape of 'Placeholder:0', \(\?, 5\), not " + got):
            explainer.run(xs)
    with pytest.raises(RuntimeError, match=r'at least one sample; its shape is \(0, 5\)'):
        explainer.run(np.zeros((0, 5)))
    with pytest.raises(ValueError, match=r'xs must be an array of numbers \(float32\)'):
        explainer.run([['a'] * 5])
    with pytest.raises(ValueError, match='xs must be an array of numbers'):
        explainer.run([[1, 2], [1, 2, 3]])


def test_inputs_of_different_lengths(session, de, rng):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    explainer = de.get_explainer('saliency', dense(tf.concat([A, B], 1), rng, 2), (A, B))
    with pytest.raises(RuntimeError, match='as many samples for every input, not 2 and 3'):
        explainer.run([np.zeros((2, 2)), np.zeros((3, 3))])
    with pytest.raises(ValueError, match=r'xs\[1\] must have the shape'):
        explainer.run([np.zeros((2, 2)), np.zeros((2, 2))])


def test_ys(de, model):
    X, T = model
    explainer = de.get_explainer('grad*input', T, X)
    xs = np.zeros((3, 5))
    with pytest.raises(RuntimeError, match=r'same batch size as xs \(xs has batch size 3 and ys 2\)'):
        explainer.run(xs, np.ones((2, 3)))
    with pytest.raises(RuntimeError, match='ys is a single number'):
        explainer.run(xs, 2.)
    with pytest.raises(RuntimeError, match=r'ys must have the shape of T .*\(\?, 3\), not \(3, 4\)'):
        explainer.run(xs, np.ones((3, 4)))
    for ys in (np.ones(3), np.ones((3, 1)), np.ones((3, 1, 3))):
        with pytest.raises(RuntimeError, match=r'ys must have the shape of T .*\(\?, 3\), not \(3'):
            explainer.run(xs, ys)


@pytest.mark.parametrize('batch_size', [0, -1, 1.5, 'all', True])
def test_batch_size_that_is_no_positive_int(de, model, batch_size):
    X, T = model
    with pytest.raises(ValueError, match='batch_size must be a positive int, not %r' % batch_size):
        de.get_explainer('saliency', T, X).run(np.zeros((3, 5)), batch_size=batch_size)


def test_batch_size_that_a_fixed_dimension_cannot_take(de, rng):
    X = tf.placeholder(tf.float32, [4, 5])
    explainer = de.get_explainer('saliency', dense(X, rng, 2), X)
    with pytest.raises(RuntimeError, match='When using batch evaluation, the first dimension of the target tensor must '
                                           'be compatible with the batch size. Found 4 instead of 2'):
        explainer.run(np.zeros((4, 5)), batch_size=2)
    summed = de.get_explainer('saliency', tf.reduce_sum(dense(X, rng, 2)), X)
    with pytest.raises(RuntimeError, match='first dimension of the input tensor must be compatible'):
        summed.run(np.zeros((4, 5)), batch_size=2)
    with pytest.raises(RuntimeError, match='a multiple of 4 samples'):
        summed.run(np.zeros((6, 5)))


@pytest.mark.parametrize('method', sorted(set(attribution_methods) - set(MAPS)))
def test_an_option_that_the_method_has_not(de, model, method):
    X, T = model
    size = len(de.graph.get_operations())
    with pytest.raises(TypeError, match="has no option 'epsilonn'"):
        de.get_explainer(method, T, X, epsilonn=1)
    assert len(de.graph.get_operations()) == size


@pytest.mark.parametrize('method,options,words', [
    ('intgrad', dict(steps=0), 'steps must be a positive int, not 0'),
    ('intgrad', dict(steps=2.5), 'steps must be a positive int, not 2.5'),
    ('shapley_sampling', dict(samples=0), 'samples must be a positive int, not 0'),
    ('shapley_sampling', dict(sampling_dims=[0]), r'from 1 to 1, each once, not \[0\]'),
    ('shapley_sampling', dict(sampling_dims=[2]), r'from 1 to 1, each once, not \[2\]'),
    ('shapley_sampling', dict(sampling_dims=[]), r'each once, not \[\]'),
    ('occlusion', dict(window_shape=(1, 1)), r'one size for each dimension of a sample \(1\), not \(1, 1\)'),
    ('occlusion', dict(window_shape=(0,)), 'window_shape must be a positive int, not 0'),
    ('occlusion', dict(step=0), 'step must be a positive int, not 0'),
])
def test_values_of_options(de, model, method, options, words):
    with pytest.raises(ValueError, match=words):
        de.get_explainer(method, model[1], model[0], **options)


def test_a_window_larger_than_the_sample(de, model):
    X, T = model
    with pytest.raises(ValueError, match=r'must fit into a sample of shape \(5,\), not \(6,\)'):
        de.get_explainer('occlusion', T, X, window_shape=(6,)).run(np.zeros((1, 5)))


def test_what_newcomers_pass(session, rng):
    p, q = tf.placeholder(tf.float32, [None, 4], name='p'), tf.placeholder(tf.float32, [None], name='q')
    hid = tf.tanh(dense(p, rng, 8), name='hid')
    T = dense(hid, rng, 2)
    initialise(session)
    one = np.ones((5, 4))
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError, match=r"'hid:0', \(\?, 8\), not \(5, 4\).*leave xs out .*{'p:0': xs}"):
            de.explain('gradient', T, hid, one)
        with pytest.raises(RuntimeError, match=r"not str. Pass the tensor: de.tensor\('p'\)"):
            de.explain('gradient', 'p', p, one)
        with pytest.raises(ValueError, match="^xs names 'x', which is none of the inputs: they are 'p'.$"):
            de.explain('gradient', T, [p], {'x': one})
        for ys in (True, 1.):
            with pytest.raises(RuntimeError, match='is named by an int, not %s' % ys):
                de.explain('gradient', T, p, one, ys)
        with pytest.raises(ValueError, match=r'sampling_dims must be \[\], as X has no dimensions'):
            de.explain('shapley_sampling', tf.square(q), q, np.ones(3), sampling_dims=[1])


@pytest.mark.parametrize('epsilon', [0, -1.])
def test_epsilon_must_be_positive(de, model, epsilon):
    with pytest.raises(AssertionError, match='epsilon must be greater than zero'):
        de.get_explainer('elrp', model[1], model[0], epsilon=epsilon)


@pytest.mark.parametrize('method', ['intgrad', 'deeplift'])
def test_baselines(de, model, method):
    X, T = model
    with pytest.raises(RuntimeError, match=r'Baseline shape \(4,\) does not match expected shape \(5,\)'):
        de.get_explainer(method, T, X, baseline=np.zeros(4))
    for baseline, got in (([np.zeros(5)] * 2, 'a list of 2'), (np.zeros((1, 5)), 'ndarray')):
        with pytest.raises(RuntimeError, match='one baseline for each of the 1 inputs, not ' + got):
            de.get_explainer(method, T, [X], baseline=baseline)
    with pytest.raises(ValueError, match='baseline must be an array of numbers'):
        de.get_explainer(method, T, X, baseline='black')


@pytest.mark.parametrize('method', ['occlusion', 'shapley_sampling'])
def test_perturbing_several_inputs(de, model, method):
    X, T = model
    with pytest.raises(RuntimeError, match='not yet supported .*: pass X and xs without the list; or '):
        de.get_explainer(method, T, [X])


def test_perturbing_a_target_that_is_not_per_sample(session, model):
    X, T = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('occlusion', tf.reduce_sum(T), X)
        with pytest.raises(RuntimeError, match='must have a value for each sample to compare .*: it has 1 for 3'):
            explainer.run(np.ones((3, 5)))
        close(explainer.run(np.ones((1, 5))), de.explain('occlusion', T, X, np.ones((1, 5))), 1e-5)


@pytest.mark.parametrize('method', sorted(set(attribution_methods) - set(MAPS)))
def test_batches_of_a_target_that_is_not_per_sample(de, model, method):
    X, T = model
    with pytest.raises(RuntimeError, match="T .* is one number for all samples, so that batches would change"):
        de.get_explainer(method, tf.reduce_mean(T), X, **REQUIRED.get(method, {})).run(np.ones((3, 5)), batch_size=2)


def test_a_finalized_graph(session, model):
    X, T = model
    session.graph.finalize()
    with session.graph.as_default():
        de = DeepExplain(session=session)
        with de, pytest.raises(RuntimeError, match='The graph is finalized: make the explainer before'):
            de.get_explainer('saliency', T, X)


def test_what_is_no_graph_and_no_session(session):
    with pytest.raises(RuntimeError, match=r'graph must be a tf.Graph, not Session; .*session=your_session'):
        DeepExplain(session)
    with pytest.raises(RuntimeError, match='session must be a session with a graph.* not str'):
        DeepExplain(session='main')
    for arguments, options in ((['model.keras'], {}), ([], dict(session='model.keras')), ([len], {})):
        with pytest.raises(RuntimeError, match=r'model use DeepExplain.open\(model\)'):
            DeepExplain(*arguments, **options)
    with pytest.raises(TypeError, match=r"takes graph and session, and no 'model'; .* DeepExplain.open\(model\)"):
        DeepExplain(model=3)


def test_register_rule_refuses():
    for op_type in ('atan', 'Relu7', 'ArgMax2'):
        with pytest.raises(ValueError, match="'%s' is not the type of an op that has a gradient" % op_type):
            register_rule(op_type)
    for op_type in ('MatMul', 'Mul', 'Reshape', 'Softmax', 'MaxPool', 'Sum'):
        with pytest.raises(ValueError, match='%s is not known as an elementwise activation' % op_type):
            register_rule(op_type, elrp=lambda grad, x, y, epsilon: grad)
    with pytest.raises(TypeError, match='op_type must be the name of an op type'):
        register_rule(tf.nn.relu)
    with pytest.raises(TypeError, match='elrp must be a function or None, not int'):
        register_rule('Sin', elrp=3)
