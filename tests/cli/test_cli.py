"""The command line: its results are the library's, its mistakes are one line each, its files are whole."""
import json
import os
import stat
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS

import deepexplain
from deepexplain import files
from deepexplain.cli import drawing
from deepexplain.cli.main import main
from deepexplain.tensorflow import DeepExplain, attribution_methods

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

#: The weights of the linear model 'table.pb': scores = features @ W.
W = np.array([[1, -1], [2, 0], [0, 3]], np.float32)


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    """A folder with models of several kinds."""
    folder = tmp_path_factory.mktemp('models')
    rng = np.random.RandomState(0)

    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 4, 4, 1], name='picture')
        hidden = tf.nn.relu(tf.reshape(x, [-1, 16]) @ tf.Variable(rng.randn(16, 5).astype('f')) + .1, name='hidden')
        logits = tf.matmul(hidden, tf.Variable(rng.randn(5, 3).astype('f')), name='scores')
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(folder / 'saved'), {'picture': x},
                                   {'probabilities': tf.nn.softmax(logits)})

    def frozen(name, build):
        with tf.Graph().as_default() as graph, tf.Session() as session:
            tf.identity(build(), name='out')
            session.run(tf.global_variables_initializer())
            definition = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ['out'])
        (folder / name).write_bytes(definition.SerializeToString())

    def inputs(*shape, **options):
        return tf.placeholder(options.get('dtype', tf.float32), [None] + list(shape), name=options['name'])

    frozen('table.pb', lambda: tf.matmul(inputs(3, name='features'), tf.Variable(W)))
    frozen('two.pb', lambda: tf.placeholder(tf.float32, [], name='keep') * (
        inputs(2, name='a') + 2 * inputs(2, name='b')))
    frozen('ids.pb', lambda: tf.reduce_sum(tf.nn.embedding_lookup(
        tf.Variable(np.arange(20).reshape(10, 2).astype('f')), inputs(3, name='ids', dtype=tf.int32), name='looked_up'),
        1))
    frozen('first.pb', lambda: tf.reduce_mean(tf.tanh(inputs(3, 4, 6, name='picture')), [2, 3]))
    frozen('places.pb', lambda: tf.reshape(inputs(6, name='x') ** 2, [-1, 2, 3]))
    frozen('alone.pb', lambda: tf.reduce_sum(inputs(4, name='series') * [1., 2., 3., 4.], 1))
    frozen('fixed.pb', lambda: tf.placeholder(tf.float32, [2, 3], name='x') * 3)
    return folder


@pytest.fixture
def run(models, tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder; MODEL is one of `models`. Its status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(command, *argv):
        argv = [str(one) for one in argv]
        argv[:1] = [str(models / argv[0])] if argv and (models / argv[0]).exists() else argv[:1]
        status = main([command] + argv)
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def refused(run, tmp_path):
    """Run the command, see that it refuses with one line and writes nothing, and return the line."""
    def call(*argv, **options):
        before = sorted(os.listdir(str(tmp_path)))
        status, out, err = run(*argv)
        assert (status, out, err.count('\n')) == (options.get('status', 2), '', 1), err
        assert err.startswith('deepexplain: error: ')
        assert sorted(os.listdir(str(tmp_path))) == before
        return err[len('deepexplain: error: '):-1]

    return call


def load(path):
    with np.load(str(path), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def table(name='t.csv', text='age,income,height\n1,2,3\n4,5,6.5\n'):
    with open(name, 'w') as file:
        file.write(text)
    return name


def array(name, *shape, **options):
    values = np.random.RandomState(1).rand(*shape).astype(options.get('dtype', 'f'))
    np.save(name, values)
    return values


def picture(name, values):
    from PIL import Image
    Image.fromarray(np.asarray(values, np.uint8)).save(name)
    return name


def test_what_is_written_is_what_the_library_says(run, models):
    xs = np.random.RandomState(1).randn(6, 4, 4, 1).astype('f')
    np.save('x.npy', xs)
    status, out, err = run('explain', 'saved', 'x.npy', '--method', 'intgrad', '--method', 'elrp', '--method',
                           'grad*input', '--method', 'occlusion', '--steps', 60, '--epsilon', .01, '--window', '2x2',
                           '--step', 2, '--baseline', .5, '--batch-size', 4, '--out', 'a.npz')
    assert (status, err) == (0, '')
    assert 'wrote a.npz' in out and 'grad*input' in out and os.listdir('.').count('a.npz') == 1
    found = load('a.npz')
    with DeepExplain.open(str(models / 'saved')) as de:
        ys = de.session.run(de.logits, {de.inputs[0]: xs}).argmax(1)
        scores = de.session.run(de.logits, {de.inputs[0]: xs}).max(1)
        for name, options in {'intgrad': dict(steps=60, baseline=.5), 'elrp': dict(epsilon=.01), 'grad*input': {},
                              'occlusion': dict(window_shape=(2, 2, 1), step=(2, 2, 1), baseline=.5)}.items():
            want = de.explain(name, de.logits, de.inputs[0], xs, ys, **options)
            np.testing.assert_allclose(found[name], want, rtol=1e-4, atol=1e-5)
            assert found[name].dtype == np.float32
        _, delta = de.explain('intgrad', de.logits, de.inputs[0], xs, ys, steps=60, baseline=.5,
                              return_convergence_delta=True)
    assert len(set(ys)) > 1
    np.testing.assert_array_equal(found['units'], ys)
    np.testing.assert_allclose(found['scores'], scores, rtol=1e-5)
    np.testing.assert_allclose(found['delta/intgrad'], delta, atol=1e-5)
    assert set(found) == {'intgrad', 'elrp', 'grad*input', 'occlusion', 'delta/intgrad', 'delta/elrp', 'units', 'xs',
                          'baseline/intgrad', 'baseline/occlusion', 'scores', 'metadata'}


def test_the_metadata_say_what_was_done(run, models):
    array('x.npy', 2, 3)
    np.save('b.npy', np.ones(3))
    assert run('explain', 'table.pb', 'x.npy', '--steps', 5, '--baseline', 'b.npy', '--target', 1)[0] == 0
    metadata = json.loads(str(load('attributions.npz')['metadata']))
    assert metadata['methods']['intgrad']['options'] == {
        'steps': 5, 'baseline': {'file': os.path.abspath('b.npy'), 'shape': [3]}}
    assert metadata['parameters']['intgrad']['quadrature'] == 'riemann_right'
    assert metadata['methods']['intgrad']['shape'] == [2, 3] and metadata['methods']['intgrad']['seconds'] > 0
    assert (metadata['target'], metadata['units'], metadata['samples']) == ('1', [1, 1], 2)
    assert metadata['model'] == str(models / 'table.pb') and metadata['input'] == os.path.abspath('x.npy')
    assert (metadata['X'], metadata['tensors']['layer']) == (['features'], 'out:0')
    assert metadata['versions']['numpy'] == np.__version__ and metadata['versions']['tensorflow'] == tf.VERSION
    assert metadata['deepexplain'] == deepexplain.__version__ and metadata['date'].startswith('20')


@pytest.mark.parametrize('target, units, want', [
    ('max', [0, 1], [[1, 4, 0], [-4, 0, 19.5]]), ('1', [1, 1], [[-1, 0, 9], [-4, 0, 19.5]]),
    ('1,0', [1, 0], [[-1, 0, 9], [4, 10, 0]]), ('sum', None, [[0, 4, 9], [0, 10, 19.5]]),
    ('all', None, [[0, 4, 9], [0, 10, 19.5]])])
def test_targets_of_a_table_by_hand(run, target, units, want):
    # The largest of 5, 8 would be unit 1: the first row is given a smaller height there.
    name = table(text='age,income,height\n1,2,%d\n4,5,6.5\n' % (1 if target == 'max' else 3))
    assert run('explain', 'table.pb', name, '--target', target)[0] == 0
    found = load('attributions.npz')
    np.testing.assert_allclose(found['intgrad'], want, rtol=1e-5)
    np.testing.assert_allclose(found['scores'], np.sum(want, 1), rtol=1e-5)
    assert list(found['features']) == ['age', 'income', 'height']
    assert found['units'].tolist() == units if units else 'units' not in found


@pytest.mark.parametrize('target, units', [('max', [[1, 2], [1, 2]]), ('0/1', [[0, 1]] * 2),
                                           ('0/1,1/0', [[0, 1], [1, 0]])])
def test_targets_of_more_axes_are_places(run, target, units):
    np.save('x.npy', np.arange(12.).reshape(2, 6))
    assert run('explain', 'places.pb', 'x.npy', '--target', target, '--method', 'grad*input')[0] == 0
    found = load('attributions.npz')
    assert found['units'].tolist() == units
    want = np.zeros((2, 2, 3))
    for i, place in enumerate(units):
        want[(i,) + tuple(place)] = 2 * (6 * i + 3 * place[0] + place[1]) ** 2
    np.testing.assert_allclose(found['grad*input'], want.reshape(2, 6), rtol=1e-5)


def test_a_target_of_one_number_a_sample(run, refused):
    np.save('x.npy', np.ones((2, 4)))
    assert run('explain', 'alone.pb', 'x.npy')[0] == 0
    found = load('attributions.npz')
    np.testing.assert_allclose(found['intgrad'], [[1, 2, 3, 4]] * 2, rtol=1e-5)
    assert 'units' not in found
    assert refused('explain', 'alone.pb', 'x.npy', '--target', 0).startswith("--target: 'out' has one number for each")


def test_a_table_and_its_columns(run, refused):
    name = table(text='id;height;age;income\r\n17;3;1;2\r\n\r\n18;6,5;4;5\r\n')
    line = refused('explain', 'table.pb', name, '--columns', 'age,income,height')
    assert line == "INPUT: line 4 of 't.csv': the column 'height' must hold numbers, not '6,5'."
    assert run('explain', 'table.pb', name, '--columns', 'age,income,height', '--limit', 1, '--target', 0)[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['intgrad'], [[1, 4, 0]], rtol=1e-5)


@pytest.mark.parametrize('text, words', [
    ('1,2,3\n4,5,6\n', "'t.csv' must have a header in its first line, which has numbers alone."),
    ('', "'t.csv' must have a header in its first line, which is empty."),
    ('a,b,c\n', "'t.csv' has no rows below its header."), ('a,b,a\n1,2,3\n', "'t.csv' has a column twice: 'a'."),
    ('a,b,c\n1,2\n', "line 2 of 't.csv' must have 3 values, as the header has, not 2."),
    ('a,b,c\n1,,3\n', "line 2 of 't.csv': the column 'b' must hold numbers, not ''."),
    ('a,b\n1,2\n', "'features' takes the shape (?, 3), not (1, 2)."),
    ('a,b,c,label\n1,2,3,0\n', "'features' takes the shape (?, 3), not (1, 4); --columns NAME,NAME takes some of ")])
def test_bad_tables(refused, text, words):
    line = refused('explain', 'table.pb', table(text=text))
    assert line.startswith('INPUT: ' + words) and "'t.csv'" in line


def test_several_inputs_are_named_by_the_keys_of_an_npz(run, refused):
    a, b = np.ones((3, 2), 'f'), np.full((3, 2), 5, 'f')
    np.savez('x.npz', b=b, a=a)
    assert run('explain', 'two.pb', 'x.npz', '--feed', 'keep=.5', '--target', 1)[0] == 0
    found = load('attributions.npz')
    np.testing.assert_allclose(found['intgrad/a'], [[0, .5]] * 3, rtol=1e-5)
    np.testing.assert_allclose(found['intgrad/b'], [[0, 5]] * 3, rtol=1e-5)
    assert run('explain', 'two.pb', 'x.npz', '--feed', 'keep=.5', '--target', 1, '--input', 'b', '--baseline',
               4)[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['intgrad'], [[0, 1]] * 3, rtol=1e-5)
    np.savez('base.npz', a=np.zeros(2), b=np.array([0, 4]))
    assert run('explain', 'two.pb', 'x.npz', '--feed', 'keep=.5', '--target', 1, '--baseline', 'base.npz')[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['intgrad/b'], [[0, 1]] * 3, rtol=1e-5)
    assert refused('explain', 'two.pb', 'x.npz').startswith(
        "'logits' needs the input 'keep' (float32, shape ")
    assert '--baseline' in refused('explain', 'two.pb', 'x.npz', '--feed', 'keep=1', '--baseline', 'x.npy')
    np.save('a.npy', a)
    assert "the model has 2 inputs ('a', 'b'), and this is one array" in refused(
        'explain', 'two.pb', 'a.npy', '--feed', 'keep=1')
    np.savez('x.npz', a=a, c=b)
    assert "'c' names no input of the model; there are 'a', 'b'." in refused(
        'explain', 'two.pb', 'x.npz', '--feed', 'keep=1')
    np.savez('x.npz', a=a, b=b[:2])
    assert "as many samples, not 3 for 'a', 2 for 'b'" in refused('explain', 'two.pb', 'x.npz', '--feed', 'keep=1')
    assert 'one table' in refused('explain', 'two.pb', table(), '--feed', 'keep=1')
    line = refused('explain', 'two.pb', 'x.npz', '--feed', 'keep=off')
    assert line == "--feed keep: expected JSON of float32, not 'off'."


def test_several_inputs_are_told_flags_that_work(run, refused):
    np.savez('x.npz', a=np.ones((3, 2), 'f'), b=np.ones((3, 2), 'f'))
    np.savez('mask.npz', a=np.array([0, 0]), b=np.array([1, 1]))
    common = ['explain', 'two.pb', 'x.npz', '--feed', 'keep=1', '--target', 'all']
    for method, option in (('occlusion', 'window_shape=[[1],[1]]'), ('shapley_sampling', 'sampling_dims=[[1],[1]]')):
        line = refused(*common, '--method', method)
        assert "--option '%s', a list" % option in line and 'null to leave it alone' in line and 'None' not in line
        assert '--option feature_mask=@FILE.npz with one mask for each input' in line
        for one in (option, 'feature_mask=@mask.npz'):
            assert run(*common, '--method', method, '--option', one)[0] == 0
    assert 'not of several: --input NAME chooses one.' in refused(*common, '--picture', 'a.png')
    assert run(*common, '--picture', 'a.png', '--input', 'a')[0] == 0


def test_ids_are_fed_and_their_embedding_attributed_to(run, refused):
    np.save('ids.npy', np.array([[1, 2, 3], [9, 0, 9]]))
    line = refused('explain', 'ids.pb', 'ids.npy')
    assert "the model takes 'ids' (int32), which cannot be attributed to: name the layer of floats" in line
    assert run('explain', 'ids.pb', 'ids.npy', '--input', 'looked_up', '--target', 1)[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['intgrad'], [
        [[0, 3], [0, 5], [0, 7]], [[0, 19], [0, 1], [0, 19]]], rtol=1e-5)
    assert 'not of an inner layer' in refused('explain', 'ids.pb', 'ids.npy', '--input', 'looked_up', '--picture',
                                              'a.png')


def test_an_embedding_and_a_dense_input_are_attributed_to_together(run, refused, models):
    with tf.Graph().as_default() as graph:
        ids, x = tf.placeholder(tf.int32, [None, 2], name='ids'), tf.placeholder(tf.float32, [None, 2], name='x')
        rows = tf.nn.embedding_lookup(tf.constant([[0., 1.], [2., 3.], [4., 5.]]), ids, name='rows')
        tf.add(tf.reduce_sum(rows, 1), x * [1., -1.], name='logits')
        tf.train.write_graph(graph, str(models), 'mixed.pb', as_text=False)
    np.savez('x.npz', ids=[[0, 1], [2, 2]], x=[[1, 2], [3, 4]])
    for order in (['rows', 'x'], ['x', 'rows']):
        named = [one for name in order for one in ('--input', name)]
        for method in ('grad*input', 'deeplift'):
            assert run('explain', 'mixed.pb', 'x.npz', '--method', method, '--target', 1, '--batch-size', 1,
                       *named)[0] == 0
            found = load('attributions.npz')
            np.testing.assert_allclose(found[method + '/rows'], [[[0, 1], [0, 3]], [[0, 5], [0, 5]]], rtol=1e-5)
            np.testing.assert_allclose(found[method + '/x'], [[0, -2], [0, -4]], rtol=1e-5)
    assert run('explain', 'mixed.pb', 'x.npz', '--method', 'grad*input', '--target', 0, '--input', 'x')[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['grad*input'], [[1, 0], [3, 0]])
    np.save('ids.npy', [[0, 1]])
    for one in ('ids.npy', table()):
        assert "the model has 2 inputs ('ids', 'x')" in refused('explain', 'mixed.pb', one, '--input', 'rows')
    assert run('explain', 'mixed.pb', table(text='a,b\n1,2\n3,4\n'), '--feed', 'ids=[[0, 1], [2, 2]]', '--method',
               'grad*input', '--target', 1, '--input', 'x')[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['grad*input'], [[0, -2], [0, -4]])


def test_a_model_of_a_fixed_number_of_rows(run):
    array('x.npy', 5, 3)
    assert run('explain', 'fixed.pb', 'x.npy', '--method', 'gradient', '--target', 2)[0] == 0
    found = load('attributions.npz')
    np.testing.assert_allclose(found['gradient'], [[0, 0, 3]] * 5)
    assert len(found['scores']) == 5


def test_a_folder_of_pictures(run, models, tmp_path):
    rng = np.random.RandomState(3)
    pixels = rng.randint(0, 256, (3, 4, 4))
    (tmp_path / 'pics').mkdir()
    for name, one in zip(['c.png', 'a.PNG', 'b.bmp'], pixels):
        picture('pics/' + name, one)
    (tmp_path / 'pics' / 'notes.txt').write_text('no picture')
    assert run('explain', 'saved', 'pics', '--scale', '-1,1', '--method', 'input', '--picture', 'p.png', '--out',
               'a.npz')[0] == 0
    found = load('a.npz')
    assert list(found['names']) == ['a.PNG', 'b.bmp', 'c.png']
    np.testing.assert_allclose(found['input'][..., 0], pixels[[1, 2, 0]] / 127.5 - 1, atol=1e-6)
    assert open('p.png', 'rb').read(4) == b'\x89PNG'
    assert run('explain', 'saved', 'pics', '--method', 'input', '--limit', 2)[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['input'][..., 0], pixels[[1, 2]] / 255., atol=1e-6)


def test_colours_and_channels_are_as_the_model_has_them(run):
    pixels = np.zeros((4, 6, 3))
    pixels[..., 0], pixels[..., 1] = 255, 51
    picture('p.png', pixels)
    assert run('explain', 'first.pb', 'p.png', '--method', 'input', '--picture', 'out.svg', '--out', 'a.npz')[0] == 0
    np.testing.assert_allclose(load('a.npz')['input'], np.broadcast_to(
        np.reshape([1, .2, 0], (1, 3, 1, 1)), (1, 3, 4, 6)), atol=1e-6)
    assert '<svg' in open('out.svg').read()
    picture('p.png', pixels[:, :4])
    assert run('explain', 'saved', 'p.png', '--method', 'input')[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['input'], (255 * .299 + 51 * .587) / 255, atol=3e-3)


def test_transparent_and_deep_pictures(run):
    from PIL import Image
    Image.fromarray(np.full((4, 4, 4), [0, 0, 0, 0], np.uint8)).save('clear.png')
    Image.fromarray(np.full((4, 4), 257 * 51, np.uint16)).save('deep.png')
    for name, want in (('clear.png', 1), ('deep.png', .2)):
        assert run('explain', 'saved', name, '--method', 'input')[0] == 0
        np.testing.assert_allclose(load('attributions.npz')['input'], want, atol=1e-6)


def test_pictures_are_resized_smoothly(run):
    pixels = np.zeros((16, 16))
    pixels[:, ::4] = 255  # One column of four is white, and all of those that every fourth pixel would show.
    picture('p.png', pixels)
    assert run('explain', 'saved', 'p.png', '--resize', '4x4', '--method', 'input')[0] == 0
    found = load('attributions.npz')['input']
    assert found.shape == (1, 4, 4, 1) and .05 < found.mean() < .6
    np.testing.assert_allclose(found, found[:, :1] + 0 * found, atol=1e-5)


def test_pictures_that_do_not_fit(refused, tmp_path):
    picture('p.png', np.zeros((5, 4)))
    assert refused('explain', 'saved', 'p.png') == "INPUT: 'p.png' is 5x4, and the model takes 4x4: --resize it."
    assert 'after --resize' in refused('explain', 'saved', 'p.png', '--resize', '3x3')
    assert '--resize: expected HxW' in refused('explain', 'saved', 'p.png', '--resize', '3')
    (tmp_path / 'bad.png').write_bytes(b'not a picture')
    assert "the picture 'bad.png' cannot be read" in refused('explain', 'saved', 'bad.png')
    (tmp_path / 'empty').mkdir()
    assert "the folder 'empty' has no pictures" in refused('explain', 'saved', 'empty')
    assert "'features' takes samples of shape (3,)" in refused('explain', 'table.pb', 'p.png')
    assert "--resize is for pictures, and INPUT is 't.csv'" in refused(
        'explain', 'table.pb', table(), '--resize', '3x3')
    assert "--columns is for a .csv, and INPUT is 'p.png'" in refused('explain', 'saved', 'p.png', '--columns', 'a')


@pytest.mark.parametrize('argv, words', [
    (['nope.pb', 'x.npy'], "MODEL: there is no file or folder 'nope.pb'."),
    (['saved', 'nope.npy'], "INPUT: there is no file or folder 'nope.npy'."),
    (['saved', 'x.dat'], "INPUT: 'x.dat' is of no known kind: expected .npy, .npz, .csv, .txt, a picture"),
    (['x.dat', 'x.npy'], "'x.dat' is of no known kind: expected a .keras or .h5 file"),
    (['bad.pb', 'x.npy'], "'bad.pb' is no GraphDef, or is damaged."),
    (['saved', 'bad.npy'], "INPUT: 'bad.npy' holds Python objects, or is no file of numpy."),
    (['saved', 'objects.npy'], "INPUT: 'objects.npy' holds Python objects, or is no file of numpy."),
    (['saved', 'empty.npy'], "INPUT: there are no samples in it; the shape is (0, 4, 4, 1)."),
    (['saved', 'one.npy'], "INPUT: 'picture' takes the shape (?, 4, 4, 1), not (4, 4, 1); the first axis must be the "
                           'samples.'),
    (['saved', 'wide.npy'], "INPUT: 'picture' takes the shape (?, 4, 4, 1), not (2, 4, 5, 1)."),
    (['saved', 'words.npy'], "INPUT: 'picture' takes numbers, not strings."),
    (['saved', 'number.npy'], "INPUT: 'number.npy' holds a single number, not samples."),
    (['saved', 'x.npy', '--signature', 'predict'], "has no signature 'predict', but 'serving_default'."),
    (['table.pb', 'x.npy', '--signature', 'predict'], "--signature is not for '"),
    (['saved', 'x.npy', '--tags', 'gpu'], "has no graph with the tags ['gpu'], but ['serve']."),
    (['saved', 'x.npy', '--layer', 'score'],
     "--layer: the model has no layer or tensor 'score'. Did you mean 'scores'"),
    (['saved', 'x.npy', '--input', 'hiden'],
     "--input: the model has no layer or tensor 'hiden'. Did you mean 'hidden'"),
    (['table.pb', 'x.npy', '--outputs', 'scors'], "the model has no layer or tensor 'scors'."),
    (['saved', 'x.npy', '--method', 'intgard'], "--method: there is no method 'intgard'. Did you mean 'intgrad'?"),
    (['saved', 'x.npy', '--method', 'saliency', '--steps', 5],
     "--steps: 'saliency' has no such option; it is for 'intgrad', 'integrated_gradients', 'idgi', 'conductance' and "
     "others."),
    (['saved', 'x.npy', '--option', 'stps=5'], "--option stps: no method has an option 'stps'. Did you mean 'steps'"),
    (['saved', 'x.npy', '--option', 'elrp:epsilon=5'], "'elrp' is none of the chosen methods (intgrad)."),
    (['saved', 'x.npy', '--option', 'steps'], "argument --option: expected NAME=VALUE, not 'steps'"),
    (['saved', 'x.npy', '--steps', 0], 'steps must be a positive int, not 0.'),
    (['saved', 'x.npy', '--steps', 'many'], "argument --steps: invalid int value: 'many'"),
    (['saved', 'x.npy', '--batch-size', 0], "argument --batch-size: expected a positive int, not '0'"),
    (['saved', 'x.npy', '--scale', '1'], "argument --scale: expected two numbers like 0,1, not '1'"),
    (['saved', 'x.npy', '--baseline', 'grey'], "--baseline: there is no file 'grey', nor is it a number."),
    (['saved', 'x.npy', '--baseline', 'wide.npy'],
     'Baseline shape (2, 4, 5, 1) does not match expected shape (4, 4, 1)'),
    (['saved', 'x.npy', '--method', 'expected_gradients'],
     "'expected_gradients' needs the option references: --references FILE.npy."),
    (['saved', 'x.npy', '--method', 'permutation'],
     "'permutation' needs the option references: --references FILE.npy."),
    (['saved', 'x.npy', '--method', 'pattern.net'], "'pattern.net' needs the option patterns"),
    (['saved', 'x.npy', '--method', 'occlusion', '--window', '2x2x1x1'], '--window: expected at most 3 sizes'),
    (['saved', 'x.npy', '--method', 'occlusion', '--window', '5'],
     'window_shape must fit into a sample of shape (4, 4, 1), not (5, 5, 1).'),
    (['saved', 'x.npy', '--target', 'best'],
     "--target: expected max, sum or all, ints, or places like 3/0/2, not 'best'."),
    (['saved', 'x.npy', '--target', '3'], "--target: 'scores' has the units 0 to 2, and no 3."),
    (['saved', 'x.npy', '--target', '0/1'], "--target: a unit of 'scores', "),
    (['saved', 'x.npy', '--target', '0,1,2'], '--target: expected one unit, or one for each of the 2 samples, not 3.'),
    (['saved', 'x.npy', '--out', 'a.npy'], "--out: expected a name that ends in .npz, not 'a.npy'."),
    (['saved', 'x.npy', '--out', 'nowhere/a.npz'], "--out: there is no folder 'nowhere'."),
    (['saved', 'x.npy', '--picture', 'a.doc'], '--picture: expected a name that ends in .png'),
    (['saved', 'x.npy', '--picture', 'a.png', '--picture-kind', 'bars'],
     'samples of shape (4, 4, 1) cannot be drawn as bars'),
    (['saved', 'x.npy', '--picture-kind', 'bars'], '--picture-kind needs a --picture.'),
    (['saved', 'x.npy', '--picture', 'a.png', '--method', 'shapley_sampling', '--option', 'sampling_dims=[1]'],
     "--picture: with sampling_dims the attributions of 'shapley_sampling' have not the shape of the input."),
    (['saved'], 'the following arguments are required: INPUT (deepexplain explain --help)'),
    (['saved', 'x.npy', '--stps', '3'], 'unrecognized arguments: --stps')])
def test_wrong_use_is_one_line(refused, tmp_path, argv, words):
    array('x.npy', 2, 4, 4, 1)
    array('one.npy', 4, 4, 1)
    array('wide.npy', 2, 4, 5, 1)
    np.save('empty.npy', np.zeros((0, 4, 4, 1)))
    np.save('number.npy', np.float32(3))
    np.save('words.npy', np.array(['a', 'b']))
    np.save('objects.npy', np.array([{}]), allow_pickle=True)
    for name in ('bad.npy', 'bad.pb', 'x.dat'):
        (tmp_path / name).write_bytes(b'\x07 nothing')
    assert words in refused('explain', *argv)


def test_a_method_that_cannot_explain_the_layer_is_wrong_use(refused):
    array('x.npy', 2, 4, 4, 1)
    assert "T ('picture:0') does not depend differentiably on X ('hidden:0', float32)" in refused(
        'explain', 'saved', 'x.npy', '--layer', 'picture', '--input', 'hidden')


@pytest.mark.parametrize('command', [[], ['explane'], ['layers'], ['methods', 'more']])
def test_wrong_commands(refused, command):
    assert refused(*command or ['']).endswith('--help)')


def test_references_of_each_samples_own(run, refused):
    xs, own = array('x.npy', 2, 3), array('own.npy', 2, 4, 3)
    assert run('explain', 'table.pb', 'x.npy', '--method', 'deeplift', '--references', 'own.npy', '--target', 0)[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['deeplift'], (xs - own.mean(1)) * [1, 2, 0], atol=1e-5)
    assert run('explain', 'table.pb', 'x.npy', '--method', 'deeplift', '--references', 'own.npy', '--target', 0,
               '--option', 'multipliers=true')[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['deeplift'], [[1, 2, 0]] * 2, atol=1e-5)
    array('three.npy', 3, 4, 3)
    assert 'References shape (3, 4, 3) does not match expected shape' in refused(
        'explain', 'table.pb', 'x.npy', '--method', 'deeplift', '--references', 'three.npy')


def test_options_from_files_and_for_one_method(run, models):
    xs = array('x.npy', 2, 3)
    np.save('mask.npy', np.array([0, 0, 1]))
    np.save('refs.npy', np.array([[0, 0, 0], [2, 2, 2]]))
    assert run('explain', 'table.pb', 'x.npy', '--method', 'occlusion', '--method', 'intgrad', '--method',
               'expected_gradients', '--references', 'refs.npy', '--samples', 4, '--seed', 3, '--option',
               'feature_mask=@mask.npy', '--option', 'per_group=true', '--option', 'quadrature=midpoint', '--option',
               'occlusion:baseline=1', '--target', 0)[0] == 0
    found = load('attributions.npz')
    np.testing.assert_allclose(found['occlusion'], np.stack([xs[:, 0] + 2 * xs[:, 1] - 3, 0 * xs[:, 2]], 1), atol=1e-5)
    np.testing.assert_allclose(found['intgrad'], (xs - 1) * [1, 2, 0], atol=1e-5)
    with DeepExplain.open(str(models / 'table.pb')) as de:
        want = de.explain('expected_gradients', de.logits, de.inputs[0], xs, 0, samples=4, seed=3,
                          references=np.load('refs.npy'))
    np.testing.assert_allclose(found['expected_gradients'], want, atol=1e-6)
    metadata = json.loads(str(found['metadata']))
    assert metadata['methods']['occlusion']['options'] == {
        'feature_mask': {'file': os.path.abspath('mask.npy'), 'shape': [3]}, 'per_group': True, 'baseline': 1}


def test_patterns_come_in_a_file(run, models):
    xs = array('x.npy', 5, 3)
    with DeepExplain.open(str(models / 'table.pb')) as de:
        explainer = de.get_explainer('pattern.net', de.logits, de.inputs[0])
        patterns = explainer.fit_patterns(xs)
        want = explainer.run(xs, 1)
    np.savez('p.npz', *patterns)
    assert run('explain', 'table.pb', 'x.npy', '--method', 'pattern.net', '--option', 'patterns=@p.npz', '--target',
               1)[0] == 0
    np.testing.assert_allclose(load('attributions.npz')['pattern.net'], want, atol=1e-6)


def test_windows_over_channels_that_come_first(run, models):
    xs = array('x.npy', 1, 3, 4, 6)
    assert run('explain', 'first.pb', 'x.npy', '--channels', 'first', '--method', 'occlusion', '--window', '2x3',
               '--step', '2x3', '--target', 0)[0] == 0
    with DeepExplain.open(str(models / 'first.pb')) as de:
        want = de.explain('occlusion', de.logits, de.inputs[0], xs, 0, window_shape=(3, 2, 3), step=(1, 2, 3))
    np.testing.assert_allclose(load('attributions.npz')['occlusion'], want, atol=1e-6)


def test_json_is_all_there_is_on_stdout_and_writes_no_file(run):
    np.save('x.npy', np.array([[1, 2, np.nan], [1, 2, 3]]))
    status, out, err = run('explain', 'table.pb', 'x.npy', '--json', '--method', 'intgrad', '--method', 'gradient',
                           '--target', 0)
    assert status == 0 and os.listdir('.') == ['x.npy']

    def refuse(text):
        raise AssertionError(text)

    found = json.loads(out, parse_constant=refuse)
    assert found['methods']['intgrad']['shape'] == [2, 3] and found['written'] == []
    assert found['scores'][0] is None and found['scores'][1] == pytest.approx(5)
    assert found['methods']['gradient']['max_abs_delta'] is None
    assert run('explain', 'table.pb', 'x.npy', '--json', '--out', 'a.npz')[0] == 0
    assert sorted(os.listdir('.')) == ['a.npz', 'x.npy']


def test_warnings_of_ours_are_one_line_each_and_stand_in_the_metadata(run):
    array('x.npy', 2, 4, 4, 1)
    status, out, err = run('explain', 'saved', 'x.npy', '--layer', 'output', '--method', 'intgrad', '--method', 'elrp')
    lines = [line for line in err.splitlines() if 'saturates' in line]
    assert status == 0 and len(lines) == 1 and lines[0].startswith('deepexplain: warning: T (')
    assert len(err.splitlines()) == err.count('deepexplain: warning: ')
    warnings = json.loads(str(load('attributions.npz')['metadata']))['warnings']
    assert ['deepexplain: warning: ' + one for one in warnings] == err.splitlines()


def test_progress_is_on_stderr_where_it_is_wanted(run):
    array('x.npy', 2, 3)
    assert 'evaluations' not in run('explain', 'table.pb', 'x.npy')[2]
    status, out, err = run('explain', 'table.pb', 'x.npy', '--progress')
    assert status == 0 and 'intgrad' in err and '200/200' in err and 'evaluations' not in out
    assert run('explain', 'table.pb', 'x.npy', '--no-progress')[2] == ''


@pytest.mark.parametrize('kind, name, shape, panels', [
    ('table.pb', 't.csv', None, 4), ('alone.pb', 'x.npy', (2, 4), 4), ('saved', 'x.npy', (2, 4, 4, 1), 7),
    ('first.pb', 'x.npy', (2, 3, 4, 6), 7)])
def test_pictures_have_a_panel_for_each_sample_and_method(run, monkeypatch, kind, name, shape, panels):
    if shape is None:
        table()
    else:
        array('x.npy', *(5,) + shape[1:])
    figures = []
    from matplotlib.figure import Figure
    original = Figure.savefig
    monkeypatch.setattr(Figure, 'savefig', lambda self, *args, **options: (
        figures.append(self), original(self, *args, **options)))
    assert run('explain', kind, name, '--method', 'intgrad', '--method', 'gradient', '--picture', 'p.png',
               '--picture-samples', 2)[0] == 0
    assert sorted(os.listdir('.')) == ['p.png', name] and open('p.png', 'rb').read(4) == b'\x89PNG'
    axes = figures[0].axes
    assert len(axes) == panels
    titles = [ax.get_title() for ax in axes]
    assert any('intgrad' in title for title in titles) and any('gradient' in title for title in titles)
    if shape is None:
        assert {one.get_text().split(' = ')[0] for one in axes[0].get_yticklabels()} == {'age', 'income', 'height'}
        assert 'unit' in titles[0]


def test_a_summary_is_of_all_samples(run, refused, monkeypatch):
    random = np.random.RandomState(0)
    table(text='age,income,height\n' + '\n'.join(','.join(map(str, row)) for row in random.randn(11, 3)))
    figures, kept = [], drawing.overview.overview
    monkeypatch.setattr(drawing.overview, 'overview', lambda *given: figures.append(kept(*given)) or figures[-1])
    both = ('--method', 'intgrad', '--method', 'gradient', '--picture', 'p.png', '--picture-kind', 'summary')
    assert run('explain', 'table.pb', 't.csv', *both, '--out', 'a.npz')[0] == 0
    assert run('explain', 'table.pb', 't.csv', *both, '--picture-samples', 4)[0] == 0
    first, second, _, _ = figures[0].axes
    assert (first.get_title(), second.get_title()) == ('intgrad, 11 samples', 'gradient, 11 samples')
    for name, ax in (('intgrad', first), ('gradient', second)):
        np.testing.assert_allclose([bar.get_width() for bar in ax.patches],
                                   sorted(np.abs(load('a.npz')[name]).mean(0), reverse=True), rtol=1e-6)
    assert {one.get_text() for one in first.get_yticklabels()} == {'age', 'income', 'height'}
    assert figures[1].axes[0].get_title() == 'intgrad, 4 samples'
    array('x.npy', 2, 4, 4, 1)
    assert 'samples of shape (4, 4, 1) cannot be drawn as summary' in refused(
        'explain', 'saved', 'x.npy', '--picture', 'q.png', '--picture-kind', 'summary')


def test_files_are_whole_or_not_there(run, tmp_path, monkeypatch):
    array('x.npy', 2, 4, 4, 1)
    (tmp_path / 'a.npz').write_bytes(b'old')
    (tmp_path / 'p.png').write_bytes(b'old')

    def breaks(error):
        def draw(file, *args):
            file.write(b'half a picture')
            raise error
        return draw

    for error, want, words in ((OSError(28, 'No space left on device'), 1, 'No space left on device'),
                               (KeyboardInterrupt(), 130, 'interrupted'), (MemoryError(), 1, 'out of memory')):
        monkeypatch.setattr(drawing, 'draw', breaks(error))
        status, out, err = run('explain', 'saved', 'x.npy', '--out', 'a.npz', '--picture', 'p.png')
        assert (status, out, err.count('\n')) == (want, '', 1) and words in err
        assert sorted(os.listdir(str(tmp_path))) == ['a.npz', 'p.png', 'x.npy']
        assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'p.png').read_bytes() == b'old'


def test_a_failure_of_tensorflow_is_status_1(run, monkeypatch):
    array('x.npy', 2, 3)

    def fails(self, *args, **options):
        raise tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating\n a tensor')

    monkeypatch.setattr(tf.Session, 'run', fails)
    status, out, err = run('explain', 'table.pb', 'x.npy')
    assert (status, out, err.count('\n')) == (1, '', 1) and 'a smaller --batch-size' in err
    status, out, err = run('explain', 'table.pb', 'x.npy', '--debug')
    assert status == 1 and 'Traceback' in err and 'in fails' in err


def test_written_files_have_ordinary_permissions_and_links_stay(tmp_path):
    (tmp_path / 'real').write_bytes(b'old')
    os.chmod(str(tmp_path / 'real'), 0o640)
    os.symlink(str(tmp_path / 'real'), str(tmp_path / 'link'))
    (tmp_path / 'plain').write_bytes(b'')
    with files.whole([str(tmp_path / 'link'), str(tmp_path / 'new')]) as opened:
        for file in opened:
            file.write(b'new')
        assert (tmp_path / 'real').read_bytes() == b'old'
    assert (tmp_path / 'real').read_bytes() == (tmp_path / 'new').read_bytes() == b'new'
    assert os.path.islink(str(tmp_path / 'link'))
    assert stat.S_IMODE(os.stat(str(tmp_path / 'real')).st_mode) == 0o640
    assert os.stat(str(tmp_path / 'new')).st_mode == os.stat(str(tmp_path / 'plain')).st_mode


def test_layers_are_listed_with_their_marks(run):
    status, out, err = run('layers', 'saved', '--json')
    found = {one['name']: one for one in json.loads(out)}
    assert (status, err) == (0, '')
    assert found['picture']['marks'] == ['input'] and found['picture']['shape'] == [None, 4, 4, 1]
    assert found['scores']['marks'] == ['logits'] and found['hidden']['op_type'] == 'Relu'
    assert sum(one['marks'] == ['output'] for one in found.values()) == 1
    lines = run('layers', 'saved')[1].splitlines()
    assert lines[0].split() == ['name', 'op', 'shape', 'dtype']
    assert [line.split() for line in lines if line.startswith('scores')] == [
        ['scores', 'MatMul', '?x3', 'float32', 'logits']]


def test_layers_of_what_is_no_model(refused):
    assert refused('layers', 'nope') == "MODEL: there is no file or folder 'nope'."


def test_methods_are_listed_with_their_options(run):
    status, out, err = run('methods', '--json')
    found = {one['name']: one for one in json.loads(out)}
    assert (status, err, list(found)) == (0, '', list(attribution_methods))
    assert found['elrp']['options'] == {'epsilon': 1e-4} and found['deep_taylor.bounded']['needed'] == ['low', 'high']
    assert all(one['description'] for one in found.values())
    text = run('methods')[1]
    assert 'options: steps=100, baseline=None' in text and 'references (needed)' in text


def test_every_method_that_needs_an_option_is_known():
    """What `options.NEEDED` says is what the methods themselves refuse to go without."""
    from deepexplain.cli.options import NEEDED
    lacking = set()
    for name in attribution_methods:
        with tf.Graph().as_default(), tf.Session() as session, DeepExplain(session=session) as de:
            x = tf.placeholder(tf.float32, [None, 2])
            try:
                de.explain(name, tf.matmul(x, tf.constant(np.eye(2, dtype='f'))), x, np.ones((1, 2)))
            except (ValueError, TypeError, RuntimeError):
                lacking.add(name)
    # Those of pictures ask for nothing where there are places.
    assert lacking - set(MAPS) == set(NEEDED)


def command(*argv, **options):
    env = dict(os.environ, PYTHONPATH=ROOT)
    for name in ('TF_CPP_MIN_LOG_LEVEL', 'TF_USE_LEGACY_KERAS'):
        env.pop(name, None)
    ended = subprocess.run(options.get('start', [sys.executable, '-m', 'deepexplain']) + [str(one) for one in argv],
                           env=env, capture_output=True, text=True, cwd=str(options['cwd']))
    return ended.returncode, ended.stdout, ended.stderr


def test_help_version_and_wrong_use_import_neither_tensorflow_nor_numpy(tmp_path):
    code = ('import sys; from deepexplain.cli.main import main; status = main(sys.argv[1:]); '
            "sys.exit(99 if {'tensorflow', 'numpy', 'matplotlib'} & set(sys.modules) else status)")
    start = [sys.executable, '-c', code]
    status, out, err = command('explain', '--help', start=start, cwd=tmp_path)
    assert (status, err) == (0, '') and 'example:' in out and '--batch-size' in out
    assert command('--version', start=start, cwd=tmp_path) == (0, 'deepexplain %s\n' % deepexplain.__version__, '')
    status, out, err = command('explain', 'm.pb', start=start, cwd=tmp_path)
    assert (status, out, err.count('\n')) == (2, '', 1)


@pytest.fixture(scope='module')
def keras_files(tmp_path_factory):
    """A folder with the files that the Keras there is writes, in a process of its own."""
    pytest.importorskip('keras')
    folder = tmp_path_factory.mktemp('keras')
    code = ('import keras; layers = keras.layers\n'
            "model = keras.models.Sequential([layers.Dense(4, activation='relu', input_shape=(3,), name='hidden'), "
            "layers.Dense(2, activation='softmax', name='probabilities')])\n"
            "model.save('m.keras'); model.save('m.h5')\n")
    status, out, err = command(start=[sys.executable, '-W', 'ignore', '-c', code], cwd=folder)
    assert status == 0, err
    return folder


@pytest.mark.parametrize('name', ['m.keras', 'm.h5'])
def test_a_keras_file_in_a_process_without_noise(keras_files, tmp_path, name):
    table(str(tmp_path / 't.csv'))
    path = keras_files / name
    status, out, err = command('explain', path, 't.csv', '--layer', 'logits', '--method', 'deeplift', '--json', '--out',
                               'a.npz', cwd=tmp_path)
    assert (status, err) == (0, '')
    assert json.loads(out)['methods']['deeplift']['max_abs_delta'] < 1e-5
    found = load(tmp_path / 'a.npz')
    np.testing.assert_allclose(found['deeplift'].sum(1), found['scores'], atol=1e-5)
    if name == 'm.keras':
        status, out, err = command('layers', path, cwd=tmp_path)
        names = [line.split()[0] for line in out.splitlines()]
        assert (status, err) == (0, '') and names[2:4] == ['hidden', 'probabilities']


def test_whoever_reads_no_further_sees_no_traceback(tmp_path):
    process = subprocess.Popen([sys.executable, '-m', 'deepexplain', 'methods'], env=dict(os.environ, PYTHONPATH=ROOT),
                               cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b''
    assert process.wait() == 1


def test_maps_of_places_are_drawn_over_all_channels(run, tmp_path):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 6, 3], name='x')
        h = tf.tanh(tf.nn.conv1d(x, tf.constant(np.random.RandomState(0).randn(3, 3, 4).astype('f')), 1, 'SAME'))
        tf.reduce_max(h, 1, name='out')
    (tmp_path / 'signals.pb').write_bytes(graph.as_graph_def().SerializeToString())
    np.save('xs.npy', np.random.RandomState(1).randn(2, 6, 3).astype('f'))
    status, out, err = run('explain', 'signals.pb', 'xs.npy', '--method', 'gradcam', '--picture', 'map.png')
    assert (status, err) == (0, '') and os.path.getsize('map.png') > 1000
    assert out.splitlines()[1].split()[-2:] == ['of', 'layer'] and out.splitlines()[2].split()[-1] == 'Tanh'
    status, out, err = run('explain', 'signals.pb', 'xs.npy', '--method', 'gradcam', '--picture', 'small.png',
                           '--option', 'resize=[4]', '--json')
    assert (status, err) == (0, '') and os.path.getsize('small.png') > 1000
    assert json.loads(out)['methods']['gradcam'] == dict(json.loads(out)['methods']['gradcam'], layer='Tanh',
                                                         shape=[2, 4])
    status, out, err = run('explain', 'signals.pb', 'xs.npy', '--method', 'conductance', '--picture', 'no.png')
    assert status == 2 and ("--picture: the attributions of 'conductance' are of the layer 'Tanh', of shape (?, 6, 4), "
                            'and the input is drawn as signal.') in err.replace('None', '?')
    assert not os.path.exists('no.png')


def test_small_maps_are_drawn_over_the_whole_picture(run, tmp_path, monkeypatch):
    from deepexplain.cli import drawing
    titles, overview = [], drawing.overview.overview

    def noted(*arguments):
        figure = overview(*arguments)
        titles.extend(ax.get_title() for ax in figure.axes[:3])
        return figure

    monkeypatch.setattr(drawing.overview, 'overview', noted)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 6, 8, 1], name='x')
        kernel = tf.constant(np.random.RandomState(0).randn(2, 2, 1, 4).astype('f'))
        h = tf.nn.relu(tf.nn.conv2d(x, kernel, [1, 2, 2, 1], 'SAME'), name='features')
        tf.reduce_max(h, [1, 2], name='out')
    (tmp_path / 'pictures.pb').write_bytes(graph.as_graph_def().SerializeToString())
    np.save('xs.npy', np.random.RandomState(1).rand(2, 6, 8, 1).astype('f'))
    status, out, err = run('explain', 'pictures.pb', 'xs.npy', '--method', 'gradcam', '--method', 'gradient',
                           '--picture', 'small.png', '--option', 'resize=False')
    assert (status, err) == (0, '') and os.path.getsize('small.png') > 1000
    assert titles == ['input', 'gradcam, 3 x 4', 'gradient']
