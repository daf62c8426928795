"""What cannot be opened is said in one line, and leaves nothing open; what is closed is closed."""
import gc
import os
import subprocess
import sys
import weakref

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.opening import graphs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def files(tmp_path):
    """A folder with a checkpoint, a SavedModel of two signatures and two graphs, and much that is damaged."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name='x')
        y = tf.matmul(x, tf.Variable(np.eye(2, dtype='f')), name='y')
        initialise(session)
        tf.train.Saver().save(session, str(tmp_path / 'ckpt' / 'model'))
        tf.train.write_graph(graph.as_graph_def(), str(tmp_path), 'variables.pb', as_text=False)
        sign = tf.saved_model.predict_signature_def
        builder = tf.saved_model.Builder(str(tmp_path / 'saved'))
        builder.add_meta_graph_and_variables(session, ['serve'], {'first': sign({'x': x}, {'y': y}),
                                                                  'second': sign({'x': x}, {'z': y})})
        builder.add_meta_graph(['serve', 'gpu'])
        builder.save()
        builder = tf.saved_model.Builder(str(tmp_path / 'bare'))
        builder.add_meta_graph_and_variables(session, ['serve'])
        builder.save()
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'torn').mkdir()
    (tmp_path / 'torn' / 'saved_model.pb').write_bytes(b'no model')
    for name in ('bad.keras', 'bad.h5', 'bad.pb', 'bad.txt', 'ckpt/bad.meta'):
        (tmp_path / name).write_bytes(b'\x07 no model')
    (tmp_path / 'nothing.pb').write_bytes(b'')
    for ending in ('.index', '.data-00000-of-00001'):
        (tmp_path / 'ckpt' / ('bad' + ending)).write_bytes((tmp_path / 'ckpt' / ('model' + ending)).read_bytes())
    return tmp_path


@pytest.mark.parametrize('name, options, words', [
    ('nowhere', {}, "open: there is no file or folder '{}'."),
    ('empty', {}, "open: the folder '{}' is no SavedModel, as it has no saved_model.pb, and no folder of checkpoints"),
    ('torn', {}, "open: the SavedModel '{}' is damaged: its saved_model.pb cannot be read."),
    ('bad.txt', {}, "open: '{}' is of no known kind: expected a .keras or .h5 file, the folder of a Sav"),
    ('bad.pb', {}, "open: '{}' is no GraphDef, or is damaged."),
    ('nothing.pb', {}, "open: '{}' is no frozen GraphDef: there are no nodes in it."),
    ('variables.pb', {}, "open: '{}' is not frozen: it has variables ('Variable'), whose values lie in a checkpoint"),
    ('ckpt/bad.meta', {}, "open: '{}' is no MetaGraphDef, or is damaged."),
    ('ckpt/model.meta', dict(checkpoint='/nowhere/c'), "open: there is no checkpoint '/nowhere/c' for the MetaGraph"),
    ('saved', {}, "open: the SavedModel '{}' has several signatures, name one by signature=: 'first', 'second'."),
    ('saved', dict(signature='frist'), "has no signature 'frist', but 'first', 'second'. Did you mean 'first'?"),
    ('saved', dict(signature='first', tags='gpu'), "has no graph with the tags ['gpu'], but ['serve'] and "),
    ('bare', {}, "open: the SavedModel '{}' has no signatures: load it by tf.saved_model.load"),
    ('bare', dict(checkpoint='c'), 'open: a SavedModel does not take checkpoint, but signature and tags.'),
    ('bad.pb', dict(signature='first'), 'open: a frozen GraphDef does not take signature.')])
def test_bad_files_are_one_line(files, name, options, words):
    path = str(files / name)
    with pytest.raises((ValueError, TypeError)) as error:
        DeepExplain.open(path, **options)
    assert words.format(path) in str(error.value) and '\n' not in str(error.value)


@pytest.mark.parametrize('name', ['bad.keras', 'bad.h5'])
def test_bad_keras_files_are_one_line(files, name):
    pytest.importorskip('h5py')
    with pytest.raises(ValueError) as error:
        DeepExplain.open(str(files / name))
    assert str(error.value) == "open: '%s' is neither a .keras file nor an HDF5 file." % (files / name)


def test_weights_alone_are_no_model(tmp_path):
    h5py = pytest.importorskip('h5py')
    with h5py.File(str(tmp_path / 'weights.h5'), 'w') as file:
        file.attrs['layer_names'] = [b'dense']
    with pytest.raises(ValueError, match='holds no model but weights alone: save the whole model.'):
        DeepExplain.open(tmp_path / 'weights.h5')


@pytest.mark.parametrize('source, words', [
    (None, 'or a MetaGraph, got NoneType.'), (3, 'or a MetaGraph, got int.'), (len, 'got builtin_function_or_method.'),
    (lambda x: x, r'got function: wrap it in tf.function, as in open\(tf.function\(f\), input_signature='),
    (dict, 'or a MetaGraph, got type.$'),
    (tf.Graph(), r'open: a Graph needs no opening: DeepExplain\(session=your_session\).'),
    (tf.Module(), 'open: a Module has no graph of its own')])
def test_what_is_no_model(source, words):
    with pytest.raises(TypeError, match=words):
        DeepExplain.open(source)


def test_the_folder_of_exports_names_the_newest_of_them(files):
    exports = files / 'exports'
    (exports / '170').mkdir(parents=True)  # No model yet.
    (exports / '90').mkdir()
    (exports / '90' / 'saved_model.pb').write_bytes((files / 'saved' / 'saved_model.pb').read_bytes())
    with pytest.raises(ValueError) as error:
        DeepExplain.open(exports)
    assert str(error.value).endswith(" There is a SavedModel inside, open '%s'." % (exports / '90'))
    (files / 'saved').rename(exports / '100')
    (exports / 'temp-200').mkdir()
    with pytest.raises(ValueError) as error:
        DeepExplain.open(exports)
    assert str(error.value).endswith(" There is a SavedModel inside, open '%s', the newest of 2." % (exports / '100'))
    with DeepExplain.open(exports / '100', signature='first') as de:
        assert len(de.inputs) == 1


def test_a_failure_leaves_no_session_open(files, monkeypatch):
    sessions = []
    original = graphs.new_session
    monkeypatch.setattr(graphs, 'new_session', lambda *args, **options: sessions.append(
        original(*args, **options)) or sessions[0])
    with pytest.raises(ValueError):
        DeepExplain.open(str(files / 'ckpt' / 'model'), outputs=['nowhere'])
    with pytest.raises(RuntimeError, match='closed'):
        sessions[0].run([])


def test_files_have_no_present_weights(files):
    with DeepExplain.open(str(files / 'ckpt')) as de:
        with pytest.raises(RuntimeError, match='refresh: the model came from a file: open it again'):
            de.refresh()


def test_wrong_shapes_and_units(files):
    with DeepExplain.open(str(files / 'saved'), signature='second') as de:
        x, y = de.inputs[0], de.outputs[0]
        with pytest.raises(ValueError, match=r"xs must have the shape of 'x:0', \(\?, 2\), not \(3, 4\)."):
            de.explain('intgrad', y, x, np.zeros((3, 4)))
        with pytest.raises(ValueError, match=r"ys must name units of T \('y:0'\) from 0 to 1, not 2."):
            de.explain('intgrad', y, x, np.zeros((3, 2)), ys=2)


def test_leaving_the_context_closes_the_model(files):
    default = tf.get_default_graph()
    with DeepExplain.open(str(files / 'ckpt')) as de:
        assert tf.get_default_graph() is default
        explainer = de.get_explainer('elrp', de.outputs[0], de.inputs[0])
        with de:
            pass
        explainer.run(np.ones((1, 2)))
    for failing in (lambda: de.inputs, lambda: de.layers(), lambda: de.tensor('x'), lambda: de.refresh(),
                    lambda: de.explain('elrp', explainer.T, explainer.X, np.ones((1, 2))), de.__enter__):
        with pytest.raises(RuntimeError, match='The model is closed, as its context was left: open it again.'):
            failing()
    with pytest.raises(RuntimeError, match='closed'):
        explainer.run(np.ones((1, 2)))
    de.close()


def test_outside_of_its_context_nothing_is_explained(files):
    de = DeepExplain.open(str(files / 'ckpt'))
    with pytest.raises(RuntimeError, match='only within a DeepExplain context'):
        de.explain('elrp', de.outputs[0], de.inputs[0], np.ones((1, 2)))
    de.close()


def test_nothing_holds_on_to_a_closed_model(files):
    with DeepExplain.open(str(files / 'ckpt')) as de:
        de.explain('deeplift', de.outputs[0], de.inputs[0], np.ones((1, 2)))
        de.layers()
        graph = weakref.ref(de.graph)
    gc.collect()
    assert graph() is None


LEAK = '''
import gc, sys
import numpy as np, tensorflow.compat.v1 as tf
from deepexplain.tensorflow import DeepExplain

def memory():
    gc.collect()
    with open('/proc/self/status') as file:
        return [int(line.split()[1]) / 1024. for line in file if line.startswith('VmRSS')][0]

xs, found = np.ones((1, 3200), 'f'), []
for _ in range(5):
    with DeepExplain.open(sys.argv[1]) as de:
        de.explain('deeplift', de.outputs[0], de.inputs[0], xs)
        inside = memory()
    found.append(memory())
print(inside, *found)
'''


@pytest.mark.skipif(not os.path.exists('/proc/self/status'), reason='memory is read from /proc')
def test_a_large_model_does_not_stay_in_memory(tmp_path):
    """40 MB of weights, opened five times in one process."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3200], name='x')
        tf.nn.relu(tf.matmul(x, tf.constant(np.random.RandomState(0).rand(3200, 3200).astype('f'))), name='y')
        tf.train.write_graph(graph.as_graph_def(), str(tmp_path), 'large.pb', as_text=False)
    assert os.path.getsize(str(tmp_path / 'large.pb')) > 4e7
    env = dict(os.environ, PYTHONPATH=ROOT, TF_CPP_MIN_LOG_LEVEL='3', MALLOC_TRIM_THRESHOLD_='0')
    said = subprocess.check_output([sys.executable, '-W', 'ignore', '-c', LEAK, str(tmp_path / 'large.pb')], env=env,
                                   stderr=subprocess.DEVNULL, universal_newlines=True)
    inside, first, second, third, fourth, fifth = [float(one) for one in said.split()]
    # Where one stayed, each would add 40.
    assert inside > first + 30
    assert fifth < first + 60 and fifth < third + 30


def test_what_transformers_alone_reads_is_told_of(tmp_path):
    (tmp_path / 'config.json').write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match='save_pretrained of transformers writes: open the model itself'):
        DeepExplain.open(tmp_path)
