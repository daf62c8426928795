"""What the tensors of an opened model are called, and what is said where there is none of a name."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import initialise

from deepexplain.tensorflow import DeepExplain


@pytest.fixture(scope='module')
def path(tmp_path_factory):
    """A frozen graph with scopes, an unnamed one, and two outputs of which the second is a Sigmoid's."""
    folder = tmp_path_factory.mktemp('named')
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 4], name='picture')
        with tf.name_scope('block'):
            h = tf.nn.relu(tf.matmul(x, tf.Variable(np.ones((4, 3), 'f'))), name='hidden')
        with tf.name_scope('split'):
            left, right = tf.split(h, [1, 2], 1, name='parts')
        scores = tf.matmul(tf.concat([left, tf.tanh(right)], 1), tf.Variable(np.ones((3, 2), 'f')), name='scores')
        tf.nn.softmax(scores, name='probabilities')
        initialise(session)
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ['probabilities'])
    (folder / 'model.pb').write_bytes(frozen.SerializeToString())
    return str(folder / 'model.pb')


@pytest.fixture
def de(path):
    with DeepExplain.open(path) as opened:
        yield opened


@pytest.mark.parametrize('name, found', [
    ('picture', 'picture:0'), ('picture:0', 'picture:0'), ('block/hidden', 'block/hidden:0'),
    ('split/parts:1', 'split/parts:1'), ('block', 'block/hidden:0'), ('scores', 'scores:0'),
    ('hidden', 'block/hidden:0'), ('hidden:0', 'block/hidden:0'), ('parts:1', 'split/parts:1'),
    ('split_dim', 'split/parts/split_dim:0')])
def test_tensors_by_the_names_of_ops_tensors_and_scopes(de, name, found):
    assert de.tensor(name) is de.graph.get_tensor_by_name(found)


@pytest.mark.parametrize('name, words', [
    ('block/hiden', "tensor: the model has no layer or tensor 'block/hiden'. Did you mean 'block/hidden'"),
    ('Hidden', "'Hidden'. Did you mean 'block/hidden'?"), ('parts:2', "no layer or tensor 'parts:2'"),
    ('parts:x', "no layer or tensor 'parts:x'"), ('SCORES', "'SCORES'. Did you mean 'scores'"),
    ('split', "tensor: 'split' may be each of 'split/parts', 'split/parts:1'."),
    ('scores:1', "no layer or tensor 'scores:1'. Did you mean 'scores'"),
    ('zzz', "no layer or tensor 'zzz'. It has 'picture', ")])
def test_close_names_are_suggested(de, name, words):
    with pytest.raises(ValueError) as error:
        de.tensor(name)
    assert words in str(error.value) and '\n' not in str(error.value)


def test_the_end_of_a_name_is_one_tensors(tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 2], name='x')
        for scope, power in (('a', tf.square), ('b/c', tf.tanh), ('b/d', tf.exp)):
            with tf.name_scope(scope):
                x = power(tf.add(x, 1., name='sum'), name='end')
        # Of what is not between the ends too, but only where nothing there is called so.
        with tf.name_scope('gradients'):
            tf.add(graph.get_tensor_by_name('x:0'), 1., name='c/sum')
            tf.identity(tf.constant(1.), name='left')
        tf.train.write_graph(graph.as_graph_def(), str(tmp_path), 'ends.pb', as_text=False)
    with DeepExplain.open(tmp_path / 'ends.pb', outputs='b/d/end') as de:
        assert de.tensor('c/sum').name == 'b/c/sum:0' and de.tensor('left').name == 'gradients/left:0'
        with pytest.raises(ValueError, match="tensor: 'sum' may be each of 'a/sum', 'b/c/sum', 'b/d/sum'"):
            de.tensor('sum')
        with pytest.raises(ValueError, match="no layer or tensor 'um'"):
            de.tensor('um')


def test_a_name_is_a_string(de):
    with pytest.raises(TypeError, match='tensor: expected the name of a layer or a tensor, got int.'):
        de.tensor(3)


def test_layers_of_a_graph_are_its_ops_between_the_ends(de):
    layers = de.layers()
    assert [layer.name for layer in layers] == [
        'picture', 'block/MatMul', 'block/hidden', 'split/parts', 'split/parts:1', 'Tanh', 'concat', 'scores',
        'probabilities']
    assert layers[0].op_type == 'Placeholder' and layers[0].shape == (None, 4) and layers[0].dtype == 'float32'
    assert all(de.tensor(layer.name) is layer.tensor for layer in layers)
    assert {layer.name: layer.op_type for layer in layers}['split/parts:1'] == 'SplitV'


def test_what_no_other_op_reads_is_no_layer(tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3, 3, 2], name='x')
        ones, zeros = tf.ones(2), tf.zeros(2)
        normed, _, _ = tf.nn.fused_batch_norm(x, ones, zeros, zeros, ones, is_training=False, name='norm')
        tf.multiply(normed, 2., name='mul')
        tf.train.write_graph(graph.as_graph_def(), str(tmp_path), 'norm.pb', as_text=False)
    with DeepExplain.open(tmp_path / 'norm.pb', outputs='mul') as de:
        assert [layer.name for layer in de.layers()] == ['x', 'norm', 'mul']


def test_logits_are_what_goes_into_the_last_squashing(path):
    with DeepExplain.open(path) as de:
        assert de.logits.name == 'scores:0' and de.outputs[0].name == 'probabilities:0'
    with DeepExplain.open(path, outputs='block/hidden') as de:
        assert de.logits is de.outputs[0]
    with DeepExplain.open(path) as de, de.graph.as_default():
        for squashed in (tf.sigmoid, tf.nn.log_softmax):
            de._source = de._source._replace(outputs=[tf.identity(squashed(de.tensor('scores')))])
            assert de.logits.name == 'scores:0'


def test_lists_are_the_callers_own(de):
    de.inputs.clear()
    de.layers().clear()
    assert len(de.inputs) == 1 and de.layers()


def test_ends_that_there_are_not(path):
    with pytest.raises(ValueError, match="no layer or tensor 'picturr'. Did you mean 'picture'"):
        DeepExplain.open(path, inputs=['picturr'])
    with pytest.raises(ValueError, match="no layer or tensor 'score'. Did you mean 'scores'"):
        DeepExplain.open(path, outputs='score')
