"""Small models in files, and their data."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from job_data import samples


@pytest.fixture(scope='session')
def models(tmp_path_factory):
    """A folder with frozen graphs."""
    folder = tmp_path_factory.mktemp('models')
    rng = np.random.RandomState(0)

    def net(x):
        hidden = tf.nn.relu(tf.matmul(x, tf.constant(rng.randn(4, 8).astype('f'))))
        return tf.nn.softmax(tf.matmul(hidden, tf.constant(rng.randn(8, 3).astype('f'))), name='out')

    def inputs(*shape, **options):
        return tf.placeholder(options.get('dtype', tf.float32), [None] + list(shape), name=options['name'])

    def frozen(name, build):
        with tf.Graph().as_default() as graph:
            build()
        (folder / name).write_bytes(graph.as_graph_def().SerializeToString())

    frozen('net.pb', lambda: net(inputs(4, name='x')))
    # A model that refuses numbers which are none.
    frozen('checked.pb', lambda: net(tf.check_numerics(inputs(4, name='x'), 'bad row')))
    frozen('two.pb', lambda: tf.identity(tf.placeholder(tf.float32, [], name='keep') * (
        tf.square(inputs(2, name='a')) + 2 * inputs(2, name='b')), name='out'))
    frozen('square.pb', lambda: tf.reshape(inputs(2, 2, name='x') ** 2, [-1, 2, 2], name='out'))
    frozen('half.pb', lambda: tf.reduce_sum(inputs(4, name='x', dtype=tf.float16) ** 2, 1, True, 'out'))
    frozen('pairs.pb', lambda: tf.reduce_sum(tf.placeholder(tf.float32, [2, 4], name='x') ** 2, 1, True, 'out'))
    frozen('grey.pb', lambda: tf.reduce_sum(inputs(4, 3, 1, name='picture') ** 2, [2, 3], name='out'))
    frozen('ids.pb', lambda: tf.identity(tf.reduce_sum(tf.nn.embedding_lookup(
        tf.constant(np.arange(20).reshape(10, 2).astype('f')), inputs(3, name='ids', dtype=tf.int32), name='looked_up')
        ** 2, 1), name='out'))
    return folder


@pytest.fixture
def place(models, tmp_path, monkeypatch):
    """A folder to work in, with the data x.npy."""
    monkeypatch.chdir(tmp_path)
    np.save('x.npy', samples())
    return tmp_path


@pytest.fixture
def job(models, place):
    """Makes a job of net.pb on x.npy in shards of 16 rows."""
    from deepexplain.jobs import Job

    def made(model='net.pb', data='x.npy', out='out', **arguments):
        return Job(models / model, data, out, **dict(dict(method='saliency', shard=16), **arguments))
    return made


@pytest.fixture(params=['parquet', 'npz'])
def form(request, monkeypatch):
    """Both forms of results, as far as they can be written here."""
    from deepexplain.jobs import writing
    if request.param == 'parquet':
        pytest.importorskip('pyarrow')
    else:
        monkeypatch.setattr(writing, 'ending', lambda: '.npz')
    return request.param


@pytest.fixture
def want(job):
    """The results of a run that nothing happens to."""
    from deepexplain.jobs import read, run
    run(job(out='undisturbed'))
    return read('undisturbed')
