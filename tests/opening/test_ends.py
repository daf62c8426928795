"""Where a graph without a signature begins and ends, and what an opened model's logits are."""
from functools import partial

import numpy as np
import opened
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph import walks as graph_walks
from deepexplain.tensorflow.graph.names import first_unnumbered
from deepexplain.tensorflow.opening.ends import target_of
from deepexplain.tensorflow.opening.graphs import from_live

RNG = np.random.RandomState(0)


def variable(*shape):
    return tf.Variable(RNG.randn(*shape).astype('f'))


def saved(folder, build, kind):
    """A model of variables as a MetaGraph or frozen; `build` returns what it ends with."""
    with tf.Graph().as_default(), tf.Session() as session:
        end = build()
        tf.global_variables() or tf.Variable(1.)
        initialise(session)
        return opened.saved(session, folder, end, kind)


def normalised(h, training, fused):
    """Batch normalisation that a placeholder switches, with moving averages that are updated beside it."""
    scale, offset, mean, variance = [tf.Variable(tf.ones([3]) * i) for i in (2, 1, 0, 4)]
    if fused:
        h, *moments = tf.cond(training, lambda: tf.nn.fused_batch_norm(h, scale, offset, is_training=True)[:3],
                              lambda: tf.nn.fused_batch_norm(h, scale, offset, mean, variance, is_training=False)[:3])
    else:
        moments = tf.nn.moments(h, [0, 1, 2])
        kept = [mean.value(), variance.value()]
        now = tf.cond(training, lambda: list(moments), lambda: [tf.identity(one) for one in kept])
        h = tf.nn.batch_normalization(h, now[0], now[1], offset, scale, 1e-3)
    for average, moment in zip((mean, variance), moments):
        tf.assign_sub(average, .1 * (average - moment))
    return h


def classifier(fused=True, depth=3):
    x, training = tf.placeholder(tf.float32, [None, 4, 4, 3], name='x'), tf.placeholder(tf.bool, name='is_training')
    h = x
    for _ in range(depth):
        h = tf.nn.relu(normalised(tf.nn.conv2d(h, variable(3, 3, 3, 3), [1, 1, 1, 1], 'SAME'), training, fused))
    return tf.nn.softmax(tf.identity(tf.matmul(tf.reduce_mean(h, [1, 2]), variable(3, 3)), name='logits'),
                         name='probabilities')


def trained():
    """What a training leaves in its graph: a loss, an accuracy, metrics, summaries, an optimizer."""
    probabilities = classifier()
    labels = tf.placeholder(tf.int64, [None], name='labels')
    logits = probabilities.op.inputs[0]
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), name='loss')
    tf.reduce_mean(tf.cast(tf.equal(tf.argmax(probabilities, 1), labels), tf.float32), name='accuracy')
    tf.metrics.accuracy(labels, tf.argmax(logits, 1))
    tf.summary.histogram('drawn', probabilities)
    tf.train.AdamOptimizer().minimize(loss)
    return probabilities


def judged():
    """A loss that is written out, and labels."""
    scores = tf.add(tf.matmul(tf.placeholder(tf.float32, [None, 3], name='x'), variable(3, 2)), 1., name='z')
    labels = tf.placeholder(tf.float32, [None, 2], name='labels')
    tf.reduce_mean(tf.square(scores - labels), name='loss')
    tf.reduce_mean(tf.cast(tf.equal(tf.argmax(scores, 1), tf.argmax(labels, 1)), tf.float32), name='accuracy')


def recurrent():
    """A v1 loop with states that nobody reads, and zeros of the shape of its input."""
    x, w = tf.placeholder(tf.float32, [None, 5, 4], name='x'), variable(4, 4)
    steps = tf.TensorArray(tf.float32, 5).unstack(tf.transpose(x, [1, 0, 2]))

    def body(i, out, state, cell):
        cell = tf.tanh(tf.matmul(steps.read(i), w) + state)
        return i + 1, out.write(i, cell), tf.nn.relu(cell) * state, cell

    zeros = tf.zeros([tf.shape(x)[0], 4])
    tf.zeros_like(x, name='unused')
    out = tf.while_loop(lambda i, *rest: i < 5, body, [0, tf.TensorArray(tf.float32, 5), zeros, zeros])[1]
    return tf.nn.softmax(tf.add(out.stack()[-1], 1., name='z'), name='probabilities')


def chosen():
    """It ends with the number of a class."""
    x = tf.placeholder(tf.float32, [None, 3], name='x')
    z = tf.identity(tf.matmul(x, variable(3, 3)), name='z')
    return tf.argmax(tf.nn.softmax(z, name='probabilities'), 1, name='class')


def detector():
    """It ends with a selection of what a sigmoid makes."""
    x = tf.placeholder(tf.float32, [1, 10, 4], name='x')
    scores = tf.sigmoid(tf.add(tf.matmul(x[0], variable(4, 2)), 1., name='z'))
    return tf.gather(scores, tf.image.non_max_suppression(x[0], scores[:, 0], 5), name='selected')


def positive():
    """It ends with the probability of the second class."""
    z = tf.matmul(tf.placeholder(tf.float32, [None, 3], name='x'), variable(3, 2), name='z')
    return tf.identity(tf.nn.softmax(z)[:, 1], name='probability')


def measured():
    """The state of a recurrent layer is made of the shape of an input's part, and of that of what has weights."""
    x, w = tf.placeholder(tf.float32, [None, 5, 4], name='x'), variable(4, 4)
    steps = tf.transpose(x, [1, 0, 2])
    wide = tf.matmul(x[:, 0], variable(4, 6), name='wide')
    state = tf.fill([tf.shape(wide)[0], 4], .5) + tf.zeros_like(tf.strided_slice(steps, [0], [1], shrink_axis_mask=1))
    states = tf.scan(lambda h, e: tf.tanh(tf.matmul(h, w) + e), steps, state)
    return tf.matmul(states[-1], variable(4, 2), name='z')


def noted():
    """Means are written out, and a variance that was made along with a mean is not used."""
    x = tf.placeholder(tf.float32, [None, 3], name='x')
    h = tf.matmul(x, variable(3, 4))
    tf.summary.scalar('mean', tf.reduce_mean(h, name='mean'))
    tf.summary.scalar('weighed', tf.reduce_mean(tf.matmul(x, variable(3, 3)), name='weighed'))
    tf.summary.scalar('sparsity', tf.nn.zero_fraction(tf.nn.relu(h)))
    mean, _ = tf.nn.moments(h, [1], keep_dims=True)
    return tf.matmul(tf.nn.relu(h - mean), variable(4, 2), name='z')


def headed():
    """Two outputs with weights of their own, and one without."""
    x = tf.placeholder(tf.float32, [None, 3], name='x')
    h = tf.nn.tanh(tf.matmul(x, variable(3, 4)), name='h')
    tf.nn.l2_normalize(h, 1, name='embedding')
    tf.matmul(h, variable(4, 2), name='first')
    return tf.matmul(h, variable(4, 3), name='second')


@pytest.mark.parametrize('kind', ['meta', 'frozen'])
@pytest.mark.parametrize('build, logits', [(measured, 'z'), (noted, 'z'), (headed, 'first')])
def test_what_is_left_over_is_no_target(build, logits, kind, tmp_path):
    with DeepExplain.open(saved(tmp_path, build, kind)) as de:
        names = [tensor.op.name for tensor in de.outputs]
        assert de.logits.op.name == names[0] == (logits if kind == 'meta' or build is not headed else 'second')
        if build is headed and kind == 'meta':
            assert names == ['first', 'second', 'embedding']


@pytest.mark.parametrize('build, outputs, logits', [
    (classifier, ['probabilities'], 'logits'), (lambda: classifier(fused=False), ['probabilities'], 'logits'),
    (recurrent, ['probabilities'], 'z'), (chosen, ['probabilities'], 'z'), (detector, ['selected'], 'z'),
    (positive, ['probability'], 'z')], ids=['fused', 'not fused', 'recurrent', 'chosen', 'detector', 'positive'])
@pytest.mark.parametrize('kind', ['meta', 'frozen'])
def test_an_op_of_which_anything_is_read_is_no_end(build, outputs, logits, kind, tmp_path):
    with DeepExplain.open(saved(tmp_path, build, kind)) as de:
        assert [tensor.name for tensor in de.inputs] == ['x:0']
        assert [tensor.op.name for tensor in de.outputs] == outputs
        assert de.logits.op.name == logits


@pytest.mark.parametrize('build, logits', [(trained, 'logits'), (judged, 'z')])
def test_scores_are_found_in_the_graph_of_a_training(build, logits, tmp_path):
    with DeepExplain.open(saved(tmp_path, build, 'meta')) as de:
        assert [tensor.name for tensor in de.inputs] == ['x:0', 'labels:0']
        assert [tensor.op.name for tensor in de.outputs] == ['loss', 'accuracy']
        assert de.logits.op.name == logits


def test_a_loop_may_be_the_end(tmp_path):
    def build():
        x = tf.placeholder(tf.float32, [None, 3], name='x')
        return tf.while_loop(lambda i, h, c: i < 3, lambda i, h, c: (i + 1, h + c, tf.tanh(c)), [0, x, x])[1]

    with DeepExplain.open(saved(tmp_path, build, 'frozen')) as de:
        assert len(de.outputs) == 1 and de.outputs[0].op.type == 'Exit'


def test_of_batch_normalisation_at_the_end_the_first_output_alone(tmp_path):
    def build():
        x = tf.placeholder(tf.float32, [None, 3, 3, 2], name='x')
        ones = tf.ones(2)
        return tf.nn.fused_batch_norm(x, ones, ones, ones, ones, is_training=False, name='norm')[0]

    with DeepExplain.open(saved(tmp_path, build, 'frozen')) as de:
        assert len(de.outputs) == 1 and de.outputs[0].name.endswith(':0')


def signed(folder, build, signature='serving_default'):
    """A SavedModel; `build` returns the inputs and the outputs of its signature."""
    with tf.Graph().as_default(), tf.Session() as session:
        ends = build()
        initialise(session)
        builder = tf.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ['serve'], {
            signature: tf.saved_model.predict_signature_def(*ends)}, main_op=tf.tables_initializer())
        builder.save()
    return str(folder)


def estimated(keys):
    """The outputs that estimators export, as many as there are keys."""
    x = tf.placeholder(tf.float32, [None, 4], name='x')
    w = variable(4, 3)
    logits = tf.matmul(x, w, name='z')
    probabilities = tf.nn.softmax(logits)
    ids = tf.argmax(probabilities, 1)
    rows = tf.shape(x)[0]
    found = {'all_class_ids': tf.tile([[0, 1, 2]], [rows, 1]), 'all_classes': tf.tile([['a', 'b', 'c']], [rows, 1]),
             'class_ids': ids[:, tf.newaxis], 'classes': tf.as_string(ids[:, tf.newaxis]), 'logits': logits,
             'embedding': tf.nn.relu(x), 'probabilities': probabilities, 'scores': tf.identity(probabilities)}
    return {'x': x}, {key: found[key] for key in keys.split()}


@pytest.mark.parametrize('keys', [
    'all_class_ids all_classes class_ids classes logits probabilities', 'classes scores', 'classes logits',
    'embedding probabilities', 'embedding logits', 'class_ids', 'classes'])
def test_the_target_of_a_signature(keys, tmp_path):
    xs = RNG.rand(2, 4)
    with DeepExplain.open(signed(tmp_path / 'model', lambda: estimated(keys))) as de:
        assert len(de.outputs) == len(keys.split()) and de.logits.op.name == 'z'
        attributions, delta = de.explain('intgrad', de.logits, de.inputs[0], xs, ys='max', steps=3,
                                         return_convergence_delta=True)
        assert attributions.any() and abs(delta).max() < 1e-4


def test_a_signature_of_one_probability(tmp_path):
    def build():
        z = positive().graph.get_tensor_by_name('z:0')
        return {'x': z.graph.get_tensor_by_name('x:0')}, {'score': z.graph.get_tensor_by_name('probability:0')}

    with DeepExplain.open(signed(tmp_path / 'model', build)) as de:
        assert de.logits.op.name == 'z' and de.outputs[0].shape.ndims == 1


def test_an_input_is_no_target(tmp_path):
    def build():
        inputs, outputs = estimated('probabilities')
        return inputs, {'attention': tf.nn.softmax(inputs['x']), 'scores': outputs['probabilities']}

    with DeepExplain.open(signed(tmp_path / 'model', build)) as de:
        assert de.logits.op.name == 'z'


def test_the_first_floats_where_nothing_is_squashed(tmp_path):
    with DeepExplain.open(signed(tmp_path / 'model', lambda: estimated('all_classes embedding'))) as de:
        assert de.logits is de.tensor('embedding')
    with DeepExplain.open(signed(tmp_path / 'ids', lambda: estimated('all_class_ids all_classes'))) as de:
        with pytest.raises(ValueError, match=r"none of the model's outputs is of floats, but 'Tile:0' \(int32\), 'T"):
            print(de.logits)


def test_outputs_that_the_caller_names_are_in_order(tmp_path):
    path = signed(tmp_path / 'model', lambda: estimated('classes embedding probabilities'))
    with DeepExplain.open(path) as de:
        assert de.logits.op.name == 'z'
    with DeepExplain.open(path, outputs=['embedding', 'probabilities']) as de:
        assert de.logits is de.tensor('embedding')


@pytest.mark.parametrize('method', ['saliency', 'occlusion', 'deeplift', 'lrp.epsilon', 'zero'])
@pytest.mark.parametrize('key, words', [('classes', 'not of string'), ('class_ids', 'not of int64')])
def test_labels_are_refused_as_targets(method, key, words, tmp_path):
    options = dict(window_shape=(1,)) if method == 'occlusion' else {}
    with DeepExplain.open(signed(tmp_path / 'model', lambda: estimated('classes class_ids logits'))) as de:
        ops = len(de.graph.get_operations())
        with pytest.raises(RuntimeError) as error:
            de.explain(method, de.tensor(key), de.inputs[0], np.ones((2, 4)), **options)
        assert "T ('%s') must be a tensor of floats, %s" % (de.tensor(key).name, words) in str(error.value)
        assert "It is made of 'Softmax:0'." in str(error.value) and 'Cast' not in str(error.value)
        assert len(de.graph.get_operations()) == ops


@pytest.mark.parametrize('select', [
    lambda p: tf.gather(p, [0, 2], axis=1), lambda p: tf.gather_nd(p, [[0, 0], [1, 1]]),
    lambda p: tf.raw_ops.Gather(params=p, indices=[0]), lambda p: tf.cast(tf.expand_dims(p, 0), tf.float64),
    lambda p: p[:, 1], lambda p: tf.split(p, 3, 1)[2]])
@pytest.mark.parametrize('squash', [tf.sigmoid, tf.nn.softmax])
def test_a_selection_of_squashed_scores_is_seen_through(select, squash, session):
    X = tf.placeholder(tf.float32, [None, 3])
    z = 2 * X
    T = select(squash(z))
    assert first_unnumbered(logits_of(session, X, T).name) == z.op.name
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match='saturates: consider what goes into it, '
                                                                             "'%s'" % z.name):
        de.get_explainer('saliency', T, X)


def logits_of(session, X, T):
    return target_of(from_live(session, [X], [T], ()))


def test_many_outputs_cost_no_more_walks_than_one(tmp_path, monkeypatch):
    def build(heads):
        x = tf.placeholder(tf.float32, [None, 4], name='x')
        h = tf.nn.relu(tf.matmul(x, variable(4, 4)))
        return tf.group(*[tf.nn.softmax(tf.matmul(h, variable(4, 3)), name='head_%d' % i) for i in range(heads)])

    walks, found = [], []
    for name in ('forward', 'backward'):
        original = getattr(graph_walks, name)
        monkeypatch.setattr(graph_walks, name, lambda *args, walk=original, **options: walks.append(1) or walk(
            *args, **options))
    for heads in (1, 12):
        del walks[:]
        (tmp_path / str(heads)).mkdir()
        with DeepExplain.open(saved(tmp_path / str(heads), partial(build, heads), 'meta')) as de:
            assert len(de.outputs) == heads and len(de.layers()) == 3 + 2 * heads
        found.append(len(walks))
    assert found[0] == found[1] < 12


@pytest.mark.parametrize('method', ['saliency', 'intgrad', 'elrp', 'deeplift', 'lrp.epsilon'])
def test_a_frozen_graph_is_explained_as_the_live_one(method, tmp_path):
    xs = RNG.rand(2, 4, 4, 3).astype('f')
    with tf.Graph().as_default() as graph, tf.Session() as session:
        T = classifier().op.inputs[0]
        X, training = [graph.get_tensor_by_name(name) for name in ('x:0', 'is_training:0')]
        initialise(session)
        with DeepExplain(session=session) as de:
            wanted = de.explain(method, T, X, xs, ys=1, feed_dict={training: False})
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ['probabilities'])
        tf.train.write_graph(frozen, str(tmp_path), 'model.pb', as_text=False)
    with DeepExplain.open(tmp_path / 'model.pb') as de:
        assert wanted.any()
        close(de.explain(method, de.logits, de.inputs[0], xs, ys=1), wanted, 1e-5)
