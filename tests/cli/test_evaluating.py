"""`deepexplain evaluate` and `deepexplain measures`: the library's tables, mistakes in a line, files whole or not."""
import csv
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.cli.main import main
from deepexplain.evaluation import Table, evaluate, measures
from deepexplain.tensorflow import DeepExplain

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

FAST = ['--measure', 'deletion', '--measure', 'sparseness']


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    """A folder with a SavedModel of pictures, and frozen graphs."""
    folder, rng = tmp_path_factory.mktemp('models'), np.random.RandomState(0)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 4, 4, 1], name='picture')
        hidden = tf.nn.relu(tf.reshape(x, [-1, 16]) @ tf.Variable(rng.randn(16, 5).astype('f')) + .1)
        logits = tf.matmul(hidden, tf.Variable(rng.randn(5, 3).astype('f')), name='scores')
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(folder / 'saved'), {'picture': x}, {'p': tf.nn.softmax(logits)})

    def frozen(name, build):
        with tf.Graph().as_default() as graph:
            tf.identity(build(), name='out')
        (folder / name).write_bytes(graph.as_graph_def().SerializeToString())

    def given(name, *shape, **options):
        return tf.placeholder(options.get('dtype', tf.float32), [None] + list(shape), name=name)

    frozen('table.pb', lambda: tf.tanh(tf.matmul(given('features', 3), rng.randn(3, 2).astype('f'))))
    frozen('two.pb', lambda: tf.tanh(tf.matmul(tf.concat([given('a', 2), given('b', 3)], 1),
                                               rng.randn(5, 2).astype('f'))))
    frozen('ids.pb', lambda: tf.matmul(tf.tanh(tf.reduce_sum(tf.nn.embedding_lookup(
        tf.constant(rng.randn(10, 2).astype('f')), given('ids', 3, dtype=tf.int32), name='looked_up'), 1)),
        rng.randn(2, 2).astype('f')))
    return folder


@pytest.fixture
def run(models, tmp_path, monkeypatch, capsys):
    """Run `deepexplain evaluate` in a folder with some inputs; its status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.RandomState(1)
    np.save('x.npy', rng.randn(4, 4, 4, 1).astype('f'))
    np.save('t.npy', rng.randn(3, 3).astype('f'))
    np.save('m.npy', rng.rand(4, 4, 4) < .4)

    def call(model, *argv):
        path = str(models / model) if (models / model).exists() else model
        status = main(['evaluate', path] + [str(one) for one in argv])
        return (status,) + tuple(capsys.readouterr())

    return call


def rows(text):
    """The means of a .csv by method and measure."""
    return {(one['method'], one['measure']): float(one['mean']) for one in csv.DictReader(io.StringIO(text))}


def test_the_table_is_the_librarys(run, models):
    status, out, err = run('saved', 'x.npy', '--method', 'intgrad', '--method', 'smoothgrad', '--method', 'random',
                           '--steps', 7, '--samples', 3, '--measure', 'sensitivity_n', '--measure', 'deletion',
                           '--measure', 'max_sensitivity', '--measure-option', 'subsets=9', '--measure-option',
                           'max_sensitivity:samples=2', '--measure-option', 'n=[1,5]', '--baseline', .5, '--seed', 3,
                           '--batch-size', 5, '--out', 't.csv', '--picture', 'p.png')
    assert (status, err) == (0, '')
    xs = np.load('x.npy')
    with DeepExplain.open(str(models / 'saved')) as de:
        explainers = {'intgrad': de.get_explainer('intgrad', de.logits, de.inputs[0], steps=7, baseline=.5),
                      'smoothgrad': de.get_explainer('smoothgrad', de.logits, de.inputs[0], samples=3)}
        table = evaluate(explainers, xs, 'max', {
            'sensitivity_n': dict(n=[1, 5], subsets=9, baseline=.5), 'deletion': dict(baseline=.5),
            'max_sensitivity': dict(samples=2)}, seed=3)
    with open('t.csv', encoding='utf-8') as file:
        found = rows(file.read())
    want = rows(table.to_csv())
    assert list(found) == list(want)
    np.testing.assert_allclose(list(found.values()), list(want.values()), rtol=1e-3, atol=1e-5)
    lines = out.splitlines()
    assert lines[0].startswith("4 samples of 'x.npy': units ") and lines[-1] == 'wrote t.csv, p.png'
    assert [line.split()[0] for line in lines[3:-1]] == ['intgrad', 'smoothgrad', 'random', 'input']
    with open('p.png', 'rb') as file:
        assert file.read(4) == b'\x89PNG'


def test_what_is_measured_and_by_which_methods_where_nothing_is_said(run):
    status, out, err = run('table.pb', 't.npy', '--json', '--measure-option', 'subsets=3')
    found = json.loads(out)
    assert (status, err) == (0, '')
    assert list(found['methods']) == ['saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift']
    assert list(found['measures']) == ['sensitivity_n', 'deletion', 'insertion', 'max_sensitivity', 'sparseness']
    assert found['measures']['sensitivity_n']['options'] == {'subsets': 3} and found['seed'] == 0
    assert found['table'][0].keys() == {'method', 'measure', 'direction', 'mean', 'standard_error', 'rank', 'samples'}
    assert sorted(os.listdir('.')) == ['m.npy', 't.npy', 'x.npy']


def test_masks_and_the_first_samples(run, models):
    status, out, err = run('saved', 'x.npy', '--method', 'grad*input', '--measure', 'mass_accuracy', '--measure',
                           'pointing_game', '--measure-option', 'tolerance=1', '--masks', 'm.npy', '--limit', 3,
                           '--out', 't.csv')
    assert (status, err) == (0, '')
    with DeepExplain.open(str(models / 'saved')) as de:
        table = evaluate({'grad*input': de.get_explainer('grad*input', de.logits, de.inputs[0])}, np.load('x.npy')[:3],
                         'max', {'mass_accuracy': {}, 'pointing_game': dict(tolerance=1)},
                         masks=np.load('m.npy')[:3, ..., None])
    with open('t.csv', encoding='utf-8') as file:
        found = rows(file.read())
    np.testing.assert_allclose(list(found.values()), list(rows(table.to_csv()).values()), rtol=1e-4)
    every = json.loads(run('saved', 'x.npy', '--method', 'zero', '--masks', 'm.npy', '--json', '--measure-option',
                           'subsets=2')[1])
    assert {name for name, one in measures.items() if one.needs == 'masks'} < set(every['measures'])


def test_groups_are_of_methods_and_measures_that_take_them(run):
    np.save('groups.npy', np.arange(16).reshape(4, 4, 1) // 4)
    argv = ['saved', 'x.npy', '--method', 'shapley_sampling', '--method', 'saliency', '--samples', 2, '--feature-mask',
            'groups.npy', '--out', 't.json'] + FAST
    assert run(*argv)[0] == 0
    with open('t.json', encoding='utf-8') as file:
        found = json.load(file)
    said = {'feature_mask': {'file': os.path.abspath('groups.npy'), 'shape': [4, 4, 1]}}
    assert found['methods'] == {'shapley_sampling': {'options': dict(samples=2, **said)}, 'saliency': {'options': {}}}
    assert all(one['options'] == said for one in found['measures'].values())
    # A point for each group.
    assert found['curves']['saliency']['deletion']['fractions'] == [0, .25, .5, .75, 1]
    assert len(found['values']['saliency']['deletion']) == 4 and 'sparseness' not in found['curves']['saliency']
    assert found['versions'] and found['tensors']['X'] == ['picture:0']


def test_a_seed_is_for_all_and_a_baseline_for_those_that_take_it(run):
    status, out, err = run('table.pb', 't.npy', '--method', 'saliency', '--method', 'intgrad', '--steps', 3, '--seed',
                           3, '--baseline', .5, '--measure', 'completeness', '--measure', 'deletion', '--json')
    assert (status, err) == (0, '')
    found = json.loads(out)
    # What a method adds up to hangs on its own baseline, if it has one.
    assert found['measures'] == {'completeness': {'options': {}}, 'deletion': {'options': {'baseline': .5}}}
    assert found['methods'] == {'saliency': {'options': {}}, 'intgrad': {'options': {'baseline': .5, 'steps': 3}}}
    assert found['seed'] == 3 and run('table.pb', 't.npy', '--method', 'saliency', '--seed', 3, *FAST)[0] == 0


def test_markdown(run):
    assert run('table.pb', 't.npy', '--method', 'saliency', '--out', 't.md', *FAST)[0] == 0
    with open('t.md', encoding='utf-8') as file:
        assert file.readline() == '| method | deletion (lower is better) | sparseness (higher is better) |\n'


def test_several_inputs(run):
    rng = np.random.RandomState(0)
    np.savez('x.npz', a=rng.randn(2, 2).astype('f'), b=rng.randn(2, 3).astype('f'))
    np.savez('m.npz', b=np.ones((2, 3), bool), a=np.zeros((2, 2), bool))
    argv = ['two.pb', 'x.npz', '--method', 'grad*input', '--measure', 'mass_accuracy', '--measure', 'earth_mover',
            '--measure', 'deletion', '--baseline', .1]
    status, out, err = run(*argv, '--masks', 'm.npz', '--picture', 'p.svg', '--json')
    assert (status, err) == (0, '') and json.loads(out)['X'] == ['a', 'b']
    assert 'must be an .npz with the arrays' in run(*argv, '--masks', 'm.npy')[2]
    np.savez('other.npz', a=np.zeros((2, 2)), c=np.zeros((2, 3)))
    assert "must be an .npz with the arrays 'a', 'b'." in run(*argv, '--masks', 'other.npz')[2]


def test_an_inner_layer(run):
    np.save('ids.npy', np.array([[1, 2, 3], [4, 5, 6]]))
    status, out, err = run('ids.pb', 'ids.npy', '--input', 'looked_up', '--method', 'intgrad', *FAST)
    assert (status, err) == (0, '') and 'intgrad' in out
    assert '--masks are for inputs that INPUT holds' in run(
        'ids.pb', 'ids.npy', '--input', 'looked_up', '--measure', 'mass_accuracy', '--masks', 'm.npy')[2]


def test_randomisation_of_a_frozen_graph_and_another_unit(run):
    status, out, err = run('table.pb', 't.npy', '--method', 'saliency', '--measure', 'model_randomization', '--measure',
                           'random_target', '--measure-option', 'similarity=spearman', '--target', 1, '--json')
    assert (status, err) == (0, '')
    found = {(one['method'], one['measure']): one['mean'] for one in json.loads(out)['table']}
    assert found['input', 'model_randomization'] == pytest.approx(1) and len(found) == 6


def test_progress_is_on_stderr_where_it_is_wanted(run):
    status, out, err = run('table.pb', 't.npy', '--method', 'saliency', '--progress', *FAST)
    assert status == 0 and 'saliency: deletion' in err and '9/9' in err and '9/9' not in out
    assert run('table.pb', 't.npy', '--method', 'saliency', '--no-progress', *FAST)[2] == ''


@pytest.mark.parametrize('argv, said', [
    (['--measure', 'deletions'],
     "--measure: there is no measure 'deletions'. Did you mean 'deletion'? `deepexplain measures` lists them."),
    (['--measure', 'mass_accuracy'], '--measure: mass_accuracy needs --masks FILE.'),
    (['--measure', 'input_invariance'],
     '--measure: input_invariance needs an explainer of another model, as only Python can give it.'),
    (['--method', 'nope'], "--method: there is no method 'nope'. `deepexplain methods` lists them."),
    (['--method', 'random', '--method', 'input'],
     "--method: 'random' and 'input' are in the table always; name a method besides them."),
    (FAST + ['--masks', 'm.npy'], "--masks: none of 'deletion', 'sparseness' looks at masks."),
    (['--masks', 'x.txt'], "--masks: expected an .npy or .npz, not 'x.txt'."),
    (['--masks', 'no.npy'], "--masks: there is no file 'no.npy'."),
    (['--masks', 't.npy'], "--masks: 't.npy': masks must be of bools, or of 0 and 1, not of float32."),
    (['--masks', 'five.npy'],
     "--masks: 'five.npy': masks must have the shape of the samples, (4, 4, 4, 1), or 1 in place of an axis, not (5"),
    (['--masks', 'object.npy'], "--masks: 'object.npy' holds Python objects, or is no file of numpy."),
    (FAST + ['--measure-option', 'pts=3'],
     "--measure-option pts: no measure has an option 'pts'. Did you mean 'points'? `deepexplain measures` lists them."),
    (FAST + ['--measure-option', 'radius=3'],
     "--measure-option radius: none of 'deletion', 'sparseness' has such an option; it is for 'max_sensitivity', "
     "'average_sensitivity', 'stability'."),
    (FAST + ['--measure-option', 'sparseness:points=3'],
     "--measure-option sparseness:points: 'sparseness' has no such option; it is for 'deletion', 'insertion', "
     "'pixel_flipping'."),
    (FAST + ['--measure-option', 'entropy:points=3'],
     "--measure-option entropy:points: 'entropy' is none of the chosen measures (deletion, sparseness)."),
    (FAST + ['--measure-option', 'masks=3'], "--measure-option masks: no measure has an option 'masks'."),
    (FAST + ['--measure-option', 'points=0'], "evaluate: deletion of 'saliency': points must be an int of at least 1"),
    (['--measure', 'entropy', '--method', 'saliency', '--baseline', '1'],
     '--baseline: none of the methods and measures takes it.'),
    (['--measure', 'road', '--method', 'saliency', '--feature-mask', 'm.npy'],
     '--feature-mask: none of the methods and measures takes it.'),
    (['--feature-mask', 'no.npy'], "--feature-mask: there is no file 'no.npy'."),
    (['--option', 'random:seed=3'], "--option random:seed: 'random' is none of the chosen methods"),
    (['--steps', '3', '--method', 'saliency'], "--steps: 'saliency' has no such option"),
    (['--seed', '-1'], '--seed: seed must be an int of at least 0'),
    (['--out', 't.npz'], "--out: expected a name that ends in .csv, .md or .json, not 't.npz'."),
    (['--out', 'no/t.csv'], "--out: there is no folder 'no'."),
    (['--picture', 't.doc'], '--picture: expected a name that ends in .png, .pdf, .svg or .jpg'),
    (['--target', '9'], "--target: 'scores' has the units 0 to 2, and no 9.")])
def test_wrong_use_is_one_line(run, tmp_path, argv, said):
    np.save('five.npy', np.ones((5, 4, 4, 1), bool))
    np.save('object.npy', np.array([{}] * 4), allow_pickle=True)
    before = sorted(os.listdir(str(tmp_path)))
    status, out, err = run('saved', 'x.npy', *argv)
    assert (status, out, err.count('\n')) == (2, '', 1), err
    assert err.startswith('deepexplain: error: ' + said)
    assert sorted(os.listdir(str(tmp_path))) == before


def test_sentences_are_refused_by_name(run):
    with open('s.txt', 'w') as file:
        file.write('a film\n')
    assert run('saved', 's.txt') == (2, '', (
        "deepexplain: error: INPUT: 's.txt' holds sentences, which measures cannot take words from: give their ids in "
        'an .npy, and name the layer of embeddings by --input.\n'))


def test_one_file_for_two_results(run):
    os.symlink('a.png', 'a.csv')
    assert '--out and --picture name the same file.' in run('saved', 'x.npy', '--out', 'a.csv', '--picture', 'a.png')[2]


def test_a_failure_on_the_way_is_status_1_and_writes_nothing(run, monkeypatch):
    argv = ['table.pb', 't.npy', '--method', 'saliency', '--out', 't.csv', '--picture', 'p.png'] + FAST
    for name in ('t.csv', 'p.png'):
        with open(name, 'w') as file:
            file.write('old')

    def fails(self, **options):
        raise OSError('no room')

    with monkeypatch.context() as patch:
        patch.setattr(Table, 'plot', fails)
        status, out, err = run(*argv)
    assert (status, out) == (1, '') and "no room (--picture: 'p.png'" in err
    calls = []
    whole = tf.Session.run

    def exhausted(self, fetches, *args, **options):
        calls.append(fetches)
        if len(calls) > 3:
            raise tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating\n a tensor')
        return whole(self, fetches, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(tf.Session, 'run', exhausted)
        status, out, err = run(*argv)
    assert (status, out, err.count('\n')) == (1, '', 1)
    assert 'evaluate: ' in err and 'a smaller --batch-size takes less' in err
    for name in ('t.csv', 'p.png'):
        with open(name) as file:
            assert file.read() == 'old'


def test_measures_are_listed_with_their_options(capsys):
    assert main(['measures', '--json']) == 0
    found = {one['name']: one for one in json.loads(capsys.readouterr().out)}
    assert list(found) == list(measures)
    assert found['pointing_game'] == {
        'name': 'pointing_game', 'description': 'Pointing game (Zhang et al. 2018): higher is better, 0 or 1.',
        'better': 'higher', 'range': '0 to 1', 'needs': 'masks', 'cost': '0', 'options': {'tolerance': 0}}
    assert not {'masks', 'seed', 'explainer', 'more'} & {name for one in found.values() for name in one['options']}
    assert main(['measures']) == 0
    out = capsys.readouterr().out
    assert out.startswith('sensitivity_n\n    Sensitivity-n (Ancona et al. 2018)')
    assert '    options: fraction=0.2, subsets=200' in out


def test_a_keras_file(tmp_path):
    pytest.importorskip('keras')
    code = ("import sys, keras; layers = keras.layers\n"
            "keras.models.Sequential([layers.Dense(4, activation='relu', input_shape=(3,)), "
            "layers.Dense(2, activation='softmax')]).save('m.h5')\n")
    env = dict(os.environ, PYTHONPATH=ROOT)
    env.pop('TF_USE_LEGACY_KERAS', None)
    subprocess.check_call([sys.executable, '-W', 'ignore', '-c', code], cwd=str(tmp_path), env=env,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    np.save(str(tmp_path / 'x.npy'), np.random.RandomState(0).randn(3, 3).astype('f'))
    ended = subprocess.run([sys.executable, '-m', 'deepexplain', 'evaluate', 'm.h5', 'x.npy', '--method', 'deeplift',
                            '--out', 't.csv', '--picture', 'p.png'] + FAST, cwd=str(tmp_path), env=env,
                           capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, '') and 'deeplift' in ended.stdout
    assert sorted(os.listdir(str(tmp_path))) == ['m.h5', 'p.png', 't.csv', 'x.npy']
