"""SavedModels, GraphDefs and MetaGraphs whose ops would do more than compute: named, refused, never run."""
import os
import sys
import warnings

import hostile
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from google.protobuf import text_format
from hostile import marker

from deepexplain.cli.main import main
from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.opening import safety

XS = np.ones((1, 2), 'f')


def write(folder, name='evil'):
    """An op that leaves the marker."""
    return tf.io.write_file(marker(folder), 'x', name=name)


def after(op, y):
    with tf.control_dependencies([op]):
        return tf.identity(y)


def in_function(folder, y):
    from tensorflow.python.framework import function

    @function.Defun(tf.float32, func_name='hidden')
    def hidden(y):
        return after(write(folder), y)

    found = hidden(y)
    found.set_shape(y.shape)
    return found


def in_loop(folder, y):
    from tensorflow.python.framework import function
    from tensorflow.python.ops import functional_ops

    @function.Defun(tf.int32, tf.float32)
    def condition(i, y):
        return i < 2

    @function.Defun(tf.int32, tf.float32)
    def body(i, y):
        return i + 1, after(write(folder), y)

    return tf.reshape(functional_ops.While([0, y], condition, body)[1], [-1, 1])


def in_v1_loop(folder, y):
    return tf.reshape(tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, after(write(folder), y)), [0, y])[1],
                      [-1, 1])


def in_branch(folder, y):
    return tf.cond(tf.reduce_sum(y) > -1e9, lambda: after(write(folder), y), lambda: y)


def in_data(folder, y):
    """An iterator that makes itself, from a data set that is read from a file."""
    data = tf.data.TextLineDataset(marker(folder))
    return y + tf.strings.to_number(tf.data.make_one_shot_iterator(data).get_next())


def read(folder, y):
    return y + tf.cast(tf.strings.length(tf.io.read_file(marker(folder))), tf.float32)


#: name -> (what makes y of y in a folder, the type of the op that the refusal names)
BUILD = {
    'write': (lambda folder, y: after(write(folder), y), 'WriteFile'), 'read': (read, 'ReadFile'),
    'python': (lambda folder, y: tf.reshape(tf.py_func(lambda y: y, [y], tf.float32), [-1, 1]), 'PyFunc'),
    'stateless': (lambda folder, y: tf.reshape(tf.py_func(lambda y: y, [y], tf.float32, stateful=False), [-1, 1]),
                  'PyFuncStateless'),
    'files': (lambda folder, y: y + tf.cast(tf.size(tf.io.matching_files(str(folder) + '/*')), tf.float32),
              'MatchingFiles'),
    'print': (lambda folder, y: after(tf.print(y, output_stream='file://' + marker(folder)), y), 'PrintV2'),
    'save': (lambda folder, y: after(tf.raw_ops.SaveV2(
        prefix=marker(folder), tensor_names=['y'], shape_and_slices=[''], tensors=[y]), y), 'SaveV2'),
    'function': (in_function, 'WriteFile'), 'loop': (in_loop, 'WriteFile'), 'v1 loop': (in_v1_loop, 'WriteFile'),
    'branch': (in_branch, 'WriteFile'), 'data': (in_data, 'TextLineDataset'),
    'cache': (lambda folder, y: y + tf.data.make_one_shot_iterator(
        tf.data.Dataset.from_tensors(1.).cache(marker(folder))).get_next(), 'CacheDataset')}


def refused(path, kind, folder, when, **options):
    with pytest.raises(ValueError) as error:
        DeepExplain.open(path, **options)
    said = str(error.value)
    assert '\n' not in said and said.endswith('; safe_mode=False allows it, for files that you trust.')
    assert f"({kind}" in said and when in said, said
    assert not os.path.exists(marker(folder))
    return said


@pytest.mark.parametrize('name', sorted(BUILD))
def test_a_saved_model_that_does_more_than_compute(name, tmp_path):
    build, kind = BUILD[name]
    path = hostile.saved_model(tmp_path / 'm', lambda y: build(tmp_path, y))
    refused(path, kind, tmp_path, ', where it is explained;')


@pytest.mark.parametrize('name', sorted(BUILD))
def test_a_frozen_graph_that_does_more_than_compute(name, tmp_path):
    build, kind = BUILD[name]
    path = hostile.frozen(tmp_path / 'm.pb', lambda y: build(tmp_path, y))
    refused(path, kind, tmp_path, ', where it is explained;')


@pytest.mark.parametrize('name', ['write', 'read', 'python', 'function', 'v1 loop', 'data'])
def test_a_meta_graph_that_does_more_than_compute(name, tmp_path):
    build, kind = BUILD[name]
    path = hostile.checkpoint(tmp_path / 'm', lambda y: build(tmp_path, y))
    refused(path, kind, tmp_path, ', where it is explained;')


def test_text_is_read_as_bytes_are(tmp_path):
    with tf.Graph().as_default() as graph:
        after(write(tmp_path), tf.placeholder(tf.float32, [None, 2], name='x') * 2)
    (tmp_path / 'm.pbtxt').write_text(text_format.MessageToString(graph.as_graph_def()))
    refused(str(tmp_path / 'm.pbtxt'), 'WriteFile', tmp_path, "by the op 'evil'")


def test_what_loading_runs(tmp_path):
    path = hostile.saved_model(tmp_path / 'm', lambda y: y, lambda: write(tmp_path))
    assert "writes files, by the op 'evil' (WriteFile), as it is loaded" in refused(
        path, 'WriteFile', tmp_path, 'as it is loaded')


def edited(path, change):
    """A SavedModel whose proto is changed by hand."""
    from tensorflow.core.protobuf import saved_model_pb2

    with open(os.path.join(path, 'saved_model.pb'), 'rb') as file:
        saved = saved_model_pb2.SavedModel.FromString(file.read())
    change(saved.meta_graphs[0])
    with open(os.path.join(path, 'saved_model.pb'), 'wb') as file:
        file.write(saved.SerializeToString())
    return path


def test_what_restoring_runs(tmp_path):
    path = hostile.saved_model(tmp_path / 'm', lambda y: tf.identity_n([y, tf.zeros([after(write(tmp_path), 1)])])[0])

    def change(meta):
        for node in meta.graph_def.node:
            if node.name == meta.saver_def.restore_op_name:
                node.input.append('^evil')

    refused(edited(path, change), 'WriteFile', tmp_path, 'as it is loaded')


@pytest.mark.parametrize('key', ['saved_model_main_op', 'legacy_init_op', '__saved_model_init_op'])
def test_every_place_of_what_loading_runs(tmp_path, key):
    path = hostile.saved_model(tmp_path / 'm', lambda y: y, lambda: write(tmp_path))

    def change(meta):
        for places in (meta.collection_def, meta.signature_def):
            for old in ('saved_model_main_op', '__saved_model_init_op'):
                if old in places:
                    del places[old]
        if key.startswith('__'):
            meta.signature_def[key].outputs[key].name = 'evil'
        else:
            meta.collection_def[key].node_list.value[:] = ['evil']

    refused(edited(path, change), 'WriteFile', tmp_path, 'as it is loaded')


def test_what_stands_for_a_function_is_looked_at(tmp_path):
    """TensorFlow may put another function that implements the same in the place of one, and a function's gradient."""
    def change(meta):
        library = meta.graph_def.library
        harmless = library.function.add()
        harmless.CopyFrom(next(one for one in library.function if one.signature.name == 'hidden'))
        harmless.signature.name = 'harmless'
        del harmless.node_def[:]
        harmless.ret[list(harmless.ret)[0]] = harmless.signature.input_arg[0].name
        for node in meta.graph_def.node:
            if node.op == 'hidden':
                node.op = 'harmless'
        if implements:
            for function in library.function:
                function.attr['api_implements'].s = b'something'
        else:
            library.gradient.add(function_name='harmless', gradient_func='hidden')

    for implements in (False, True):
        path = hostile.saved_model(tmp_path / str(implements), lambda y: in_function(tmp_path, y))
        assert "in the function 'hidden'" in refused(edited(path, change), 'WriteFile', tmp_path, '')


def test_what_nobody_asks_for_is_opened_and_cannot_run(tmp_path):
    def build(y):
        write(tmp_path)
        tf.identity(read(tmp_path, y), name='length')
        return y

    for path in (hostile.saved_model(tmp_path / 'm', build), hostile.checkpoint(tmp_path / 'c', build),
                 hostile.frozen(tmp_path / 'm.pb', lambda x: build(tf.matmul(x, [[1.], [2.]])))):
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            with DeepExplain.open(path, outputs=['y']) as de:
                assert de.explain('grad*input', de.outputs[0], de.inputs[0], XS).tolist() == [[1, 2]]
                assert [one.op.name for one in de.inputs] == ['x']
                for name in ('evil', 'length'):
                    with pytest.raises(tf.errors.InvalidArgumentError, match='deepexplain/refused_'):
                        de.session.run(de.graph.get_operation_by_name(name), {de.inputs[0]: XS})
                with pytest.raises(ValueError, match=r"reads files, by the op .*ReadFile\), where it is explained"):
                    de.explain('grad*input', de.tensor('length'), de.inputs[0], XS)
        refused(path, 'ReadFile', tmp_path, 'where it is explained', outputs=['length'])
    assert not os.path.exists(marker(tmp_path))


def test_what_is_fed_in_its_place_does_not_matter(tmp_path):
    """Networks are kept along with the pipeline that fed them."""
    path = hostile.frozen(tmp_path / 'm.pb', lambda x: 2 * tf.identity(read(tmp_path, x), name='batch'))
    with DeepExplain.open(path, inputs=['batch']) as de:
        assert de.explain('grad*input', de.outputs[0], de.inputs[0], XS).tolist() == [[2, 2]]


def test_it_is_allowed_and_said_once(tmp_path, capsys):
    np.save(str(tmp_path / 'x.npy'), XS)
    path = hostile.saved_model(tmp_path / 'm', lambda y: after(write(tmp_path), y), lambda: write(tmp_path, 'first'))
    for command in (['layers', path], ['explain', path, str(tmp_path / 'x.npy'), '--json']):
        assert main(command) == 2
        assert "writes files, by the op 'first' (WriteFile), as it is loaded; --unsafe allows it" in (
            capsys.readouterr().err)
    assert not os.path.exists(marker(tmp_path))
    with pytest.warns(UserWarning) as record:
        with DeepExplain.open(path, safe_mode=False):
            pass
    assert [str(one.message) for one in record if 'open:' in str(one.message)] == [
        f"open: '{path}' writes files, by the op 'first' (WriteFile), as it is loaded; allowed by safe_mode=False."]
    assert os.path.exists(marker(tmp_path))
    os.remove(marker(tmp_path))
    assert main(['explain', path, str(tmp_path / 'x.npy'), '--json', '--unsafe']) == 0
    assert capsys.readouterr().err.count('allowed by --unsafe.\n') == 1
    assert os.path.exists(marker(tmp_path))


def table(path):
    """A model that looks words up in a file."""
    def build(y):
        words = tf.placeholder(tf.string, [None], name='words')
        initializer = tf.lookup.TextFileInitializer(path, tf.string, 0, tf.int64, 1)
        found = tf.lookup.StaticHashTable(initializer, -1).lookup(words)
        return y + tf.cast(tf.identity(found, name='ids'), tf.float32)[:, tf.newaxis]
    return build


@pytest.fixture
def vocabulary(tmp_path):
    (tmp_path / 'words.txt').write_text('a\t0\nb\t1\nc\t2\n')
    return str(tmp_path / 'words.txt')


def looked_up(path):
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain.open(path, outputs=['y']) as de:
            return de.session.run('ids:0', {'words:0': ['c', 'd']}).tolist()


def with_table(tmp_path, vocabulary, assets=True):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name='x')
        y = tf.identity(table(vocabulary)(tf.reduce_sum(x * tf.Variable([1., 2.]), 1, keepdims=True)), name='y')
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        builder = tf.saved_model.Builder(str(tmp_path / 'm'))
        builder.add_meta_graph_and_variables(
            session, ['serve'], {'serving_default': tf.saved_model.predict_signature_def({'x': x}, {'y': y})},
            main_op=tf.tables_initializer(),
            assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS) if assets else None)
        builder.save()
        tf.train.Saver().save(session, str(tmp_path / 'c'))
    return str(tmp_path / 'm'), str(tmp_path / 'c')


def test_the_vocabulary_of_a_model_is_its_own(tmp_path, vocabulary):
    saved, _ = with_table(tmp_path, vocabulary)
    os.rename(vocabulary, vocabulary + '.gone')
    assert looked_up(saved) == [2, -1]


def test_a_vocabulary_elsewhere_is_no_part_of_the_model(tmp_path, vocabulary):
    saved, _ = with_table(tmp_path, vocabulary, assets=False)
    assert f"reads the file '{vocabulary}', by the op '" in refused(
        saved, 'InitializeTableFromTextFileV2', tmp_path, 'as it is loaded')


def test_an_asset_outside_of_the_folder(tmp_path, vocabulary):
    from tensorflow.core.protobuf import meta_graph_pb2

    saved, _ = with_table(tmp_path, vocabulary)

    def change(meta):
        asset = meta_graph_pb2.AssetFileDef()
        packed = meta.collection_def['saved_model_assets'].any_list.value[0]
        packed.Unpack(asset)
        asset.filename = '../../words.txt'
        packed.Pack(asset)

    refused(edited(saved, change), 'InitializeTableFromTextFileV2', tmp_path, 'words.txt')


def test_a_vocabulary_beside_a_checkpoint(tmp_path, vocabulary):
    _, prefix = with_table(tmp_path, vocabulary)
    assert looked_up(prefix) == [2, -1]
    (tmp_path / 'other').mkdir()
    for name in os.listdir(str(tmp_path)):
        if name.startswith('c.'):
            os.rename(str(tmp_path / name), str(tmp_path / 'other' / name))
    refused(str(tmp_path / 'other' / 'c'), 'InitializeTableFromTextFileV2', tmp_path, 'as it is loaded')


def test_printing_to_the_terminal_is_no_harm(tmp_path):
    path = hostile.frozen(tmp_path / 'm.pb', lambda y: after(tf.print('x', output_stream=sys.stdout), y))
    with DeepExplain.open(path) as de:
        assert len(de.inputs) == 1


@pytest.mark.parametrize('name', ['write', 'function', 'loop'])
@pytest.mark.parametrize('method', ['gradient', 'deeplift', 'input'])
def test_what_is_locked_stays_so_in_explainers(name, method, tmp_path, monkeypatch):
    """They copy the path, with what it calls; even where nobody looks first."""
    def build(y):
        tf.tanh(BUILD[name][0](tmp_path, y), name='z')
        return y

    path = hostile.saved_model(tmp_path / 'm', build)
    with DeepExplain.open(path) as de:
        monkeypatch.setattr(safety.Guard, 'check', lambda *_: None)
        # TensorFlow 1.15 has no gradient of functional loops.
        with pytest.raises((RuntimeError, LookupError), match='deepexplain/refused_|cannot reach into loops|: While'):
            de.explain(method, de.tensor('z'), de.inputs[0], XS)
    assert not os.path.exists(marker(tmp_path))
