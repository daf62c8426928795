"""Files that are empty or cut off, and graphs of trainings: one sentence with the name of the file, and no session."""
import os
import shutil

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import initialise

from deepexplain.tensorflow import DeepExplain


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """A SavedModel, a checkpoint with its MetaGraph, and frozen graphs."""
    folder = str(tmp_path_factory.mktemp('whole'))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 4], name='x')
        y = tf.matmul(x, tf.Variable(np.ones((4, 300), 'f')), name='y')
        initialise(session)
        tf.saved_model.simple_save(session, os.path.join(folder, 'saved'), {'x': x}, {'y': y})
        tf.train.Saver().save(session, os.path.join(folder, 'model'))
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ['y'])
        for ending in ('pb', 'pbtxt'):
            tf.train.write_graph(frozen, folder, 'frozen.' + ending, as_text=ending == 'pbtxt')
    return folder


WEIGHTS = "open: the SavedModel '{}' is damaged: the weights in its folder variables cannot be read. "
CHECKPOINT = "open: the checkpoint '{}' is damaged, or does not fit the MetaGraph '{}.meta'. "


@pytest.mark.parametrize('name, cut, kept, words', [
    ('frozen.pb', 'frozen.pb', 0, "open: '{}' is no frozen GraphDef: there are no nodes in it."),
    ('frozen.pb', 'frozen.pb', .5, "open: '{}' is no GraphDef, or is damaged."),
    ('frozen.pbtxt', 'frozen.pbtxt', .5, "open: '{}' is no GraphDef, or is damaged."),
    ('model.meta', 'model.meta', 0, "open: '{}' is no MetaGraph: there are no nodes in it."),
    ('model.meta', 'model.meta', .5, "open: '{}' is no MetaGraphDef, or is damaged."),
    ('model', 'model.index', .5, CHECKPOINT + 'not an sstable (bad magic number)'),
    ('model', 'model.data-00000-of-00001', .5, CHECKPOINT + 'Read less bytes than requested'),
    ('saved', 'saved/saved_model.pb', 0, "open: the SavedModel '{}' is damaged: there is no graph in its s"),
    ('saved', 'saved/saved_model.pb', .5, "open: the SavedModel '{}' is damaged: its saved_model.pb cannot be read."),
    ('saved', 'saved/variables/variables.index', 0, WEIGHTS + 'file is too short to be an sstable'),
    ('saved', 'saved/variables/variables.data-00000-of-00001', .9, WEIGHTS + 'Read less bytes than requested'),
    ('saved', 'saved/variables/variables.data-00000-of-00001', None, WEIGHTS),
    ('saved', 'saved/variables', None, WEIGHTS)])
def test_what_is_empty_or_cut_off(whole, name, cut, kept, words, tmp_path):
    folder = str(tmp_path / 'copy')
    shutil.copytree(whole, folder)
    path = os.path.join(folder, cut)
    if kept is None:
        (shutil.rmtree if os.path.isdir(path) else os.remove)(path)
    else:
        with open(path, 'rb+') as file:
            file.truncate(int(kept * os.path.getsize(path)))
    with pytest.raises(ValueError) as error:
        DeepExplain.open(os.path.join(folder, name))
    assert str(error.value).startswith(words.replace('{}', os.path.join(folder, name)))
    assert '\n' not in str(error.value) and len(str(error.value)) < 500


@pytest.fixture(scope='module')
def training(tmp_path_factory):
    """What an Estimator leaves in its model_dir: the graph of a training, fed by a pipeline."""
    folder = tmp_path_factory.mktemp('training')
    with tf.Graph().as_default(), tf.Session() as session:
        rows = tf.data.Dataset.from_tensor_slices((np.ones((8, 4), 'f'), np.zeros(8, 'i'))).batch(2)
        x, y = tf.data.make_one_shot_iterator(rows).get_next()
        z = tf.matmul(x, tf.Variable(np.eye(4, dtype='f')), name='z')
        tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z), name='loss')
        initialise(session)
        tf.train.Saver().save(session, str(folder / 'model'))
    return str(folder)


def test_a_graph_without_placeholders_says_what_to_do(training):
    with pytest.raises(ValueError) as error:
        DeepExplain.open(training)
    assert str(error.value) == (
        "open: the graph of '%s' has no placeholders, as that of a training, which takes its samples from an input "
        'pipeline: open a model that was exported for serving (Estimator.export_saved_model(...), '
        'tf.compat.v1.saved_model.simple_save(...)), or name what is to be fed and explained, as in open(..., '
        "inputs=['IteratorGetNext:0'], outputs=['logits'])." % training)


@pytest.mark.parametrize('options, outputs', [(dict(outputs=['z']), ['z']), ({}, ['loss'])])
def test_it_is_explained_where_its_ends_are_named(training, options, outputs):
    with DeepExplain.open(training, inputs=['IteratorGetNext:0'], **options) as de:
        assert [tensor.op.name for tensor in de.outputs] == outputs and de.logits.op.name == 'z'
        np.testing.assert_allclose(de.explain('grad*input', de.logits, de.inputs[0], np.full((2, 4), 3.)), 3, rtol=1e-6)
