"""Results in files: what is written comes back, the command line's too, and nothing else is taken for one."""
import json
import os
import zipfile

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.cli.main import main
from deepexplain.results import Attributions

VERSIONS = {'deepexplain': '1', 'tensorflow': '2'}


def one(**more):
    rng = np.random.RandomState(0)
    given = dict(xs=rng.randn(4, 2, 3).astype('f'), method='intgrad', scores=rng.randn(4), delta=rng.randn(4),
                 units=np.array([0, 2, 1, 2]), baseline=np.ones((1, 2, 3), 'f'), input_names=['x'],
                 feature_names=['a', 'b/c', 'é'], unit_names=['cat', 'dog', 'cow'],
                 index=np.array(['w', 'x', 'yy', 'z']),
                 options={'steps': 5, 'baseline': {'shape': [3], 'dtype': 'float32'}}, target='max', model='/m.keras',
                 versions=VERSIONS)
    given.update(more)
    return Attributions(rng.randn(4, 2, 3).astype('f'), **given)


def several_inputs():
    rng = np.random.RandomState(0)
    xs = [rng.randn(2, 3).astype('f'), np.arange(2.).reshape(2, 1)]
    return Attributions([rng.randn(2, 3), rng.randn(2, 1)], xs, method='deeplift', scores=[1, 2], delta=[3, 4],
                        input_names=['scope/left', 'right'], feature_names=[['a', 'b', 'c'], None],
                        baseline=[np.zeros((1, 3)), np.ones((2, 1))], versions=VERSIONS)


def of_units():
    rng = np.random.RandomState(0)
    return Attributions(rng.randn(2, 4, 3), rng.randn(4, 3), method='grad*input', scores=rng.randn(2, 4),
                        delta=rng.randn(2, 4), units=rng.randint(0, 9, (2, 4)), several=True, target='top2')


def weighed():
    return one(units=None, unit_names=None, weights=np.arange(8.).reshape(4, 2), delta=None, scores=None, index=None,
               baseline=None)


def places():
    return one(units=np.arange(12).reshape(4, 3), unit_names=None, index=np.array([3, 1, 7, 2]))


MADE = {'one': one, 'several inputs': several_inputs, 'of units': of_units, 'weighed': weighed, 'places': places,
        'one each': lambda: one(baseline=np.random.RandomState(2).randn(4, 2, 3).astype('f')),
        'of an inner layer': lambda: one(xs=np.ones((4, 8, 8, 1))), 'bare': lambda: Attributions(np.ones((2, 3)))}


def check_same(got, want):
    assert set(vars(got)) == set(vars(want))
    for name, value in vars(want).items():
        other = getattr(got, name)
        pairs = zip(value, other) if isinstance(value, list) and value and isinstance(value[0], np.ndarray) else [
            (value, other)]
        for a, b in pairs:
            if isinstance(a, np.ndarray):
                np.testing.assert_array_equal(b, a, err_msg=name)
                assert a.dtype.kind == 'U' or a.dtype == b.dtype, name
            else:
                assert a == b, name


@pytest.mark.parametrize('ending', ['.npz', '.parquet'])
@pytest.mark.parametrize('kind', sorted(MADE))
def test_what_is_saved_comes_back(tmp_path, kind, ending):
    if ending == '.parquet':
        pytest.importorskip('pyarrow')
    result = MADE[kind]()
    result.save(tmp_path / ('r' + ending))
    check_same(Attributions.load(str(tmp_path / ('r' + ending))), result)
    assert os.listdir(str(tmp_path)) == ['r' + ending]


def test_rows_that_are_one_sample_come_back(tmp_path):
    result = Attributions(np.ones((5, 3)), np.ones((5, 3)), scores=2., delta=.5, together=True, method='lime')
    result.save(tmp_path / 'r.npz')
    check_same(Attributions.load(tmp_path / 'r.npz'), result)
    with pytest.raises(ValueError, match="rows='together' there is one: save an .npz"):
        result.save(tmp_path / 'r.parquet')


def test_an_npz_is_plain_numpy(tmp_path):
    one().save(tmp_path / 'r.npz')
    with np.load(str(tmp_path / 'r.npz'), allow_pickle=False) as file:
        assert set(file.files) == {'intgrad', 'delta/intgrad', 'baseline/intgrad', 'scores', 'units', 'names', 'xs',
                                   'features', 'unit_names', 'metadata'}
        metadata = json.loads(str(file['metadata']))
        np.testing.assert_array_equal(file['intgrad'], one())
    assert metadata['methods']['intgrad'] == {'options': one().options, 'shape': [4, 2, 3]}
    several_inputs().save(tmp_path / 'r.npz')
    with np.load(str(tmp_path / 'r.npz'), allow_pickle=False) as file:
        assert {'deeplift/scope/left', 'xs/right', 'features/scope/left', 'baseline/deeplift/right'} < set(file.files)


def test_a_parquet_has_the_columns_of_a_job(tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet')
    of_units().save(tmp_path / 'r.parquet')
    table = parquet.read_table(str(tmp_path / 'r.parquet'))
    assert table.column_names == ['unit', 'score', 'delta', 'attributions', 'xs'] and table.num_rows == 4


def test_samples_of_strings(tmp_path):
    for words in (np.array([['a', 'bé'], ['c', '']], object), np.array([[b'a', b'\xff'], [b'c', b'']], object)):
        result = Attributions(np.ones((2, 2)), words)
        result.save(tmp_path / 'r.npz')
        np.testing.assert_array_equal(Attributions.load(tmp_path / 'r.npz').xs, words.astype(
            'S' if isinstance(words[0, 0], bytes) else 'U'))
    Attributions(np.ones(2), index=np.array(['a', 3], object)).save(tmp_path / 'r.npz')
    assert list(Attributions.load(tmp_path / 'r.npz').index) == ['a', '3']
    before = (tmp_path / 'r.npz').read_bytes()
    with pytest.raises(ValueError, match='xs must be of numbers, strings or bytes to be saved, not of dict'):
        Attributions(np.ones(2), np.array([{}, {}], object)).save(tmp_path / 'r.npz')
    if has_pyarrow():
        with pytest.raises(ValueError, match='xs: a .parquet holds samples of numbers'):
            Attributions(np.ones((2, 2)), words).save(tmp_path / 'r.parquet')
    assert (tmp_path / 'r.npz').read_bytes() == before and os.listdir(str(tmp_path)) == ['r.npz']


def test_paths(tmp_path):
    with pytest.raises(ValueError, match="^path must end in .npz or .parquet, not '.*r.txt'"):
        one().save(tmp_path / 'r.txt')
    with pytest.raises(FileNotFoundError, match="^path: there is no file '.*r.npz'"):
        Attributions.load(tmp_path / 'r.npz')
    with pytest.raises(ValueError, match='is no folder of results of a job: it has no manifest.json.$'):
        Attributions.load(tmp_path)
    with pytest.raises(OSError):
        one().save(tmp_path / 'no folder' / 'r.npz')


class Evil:
    """What would be called, if it were unpickled."""

    def __reduce__(self):
        return os.mkdir, ('called',)


def written(path, change):
    """A file of a result in which something was changed."""
    one().save(path)
    with np.load(str(path), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    metadata = json.loads(str(arrays['metadata']))
    change(arrays, metadata)
    if 'metadata' in arrays and arrays['metadata'].dtype.kind == 'U':
        arrays['metadata'] = np.array(json.dumps(metadata))
    np.savez(str(path), **arrays)


@pytest.mark.parametrize('change, text', [
    (lambda arrays, metadata: arrays.pop('metadata'), 'it has no metadata of such'),
    (lambda arrays, metadata: arrays.update(metadata=np.ones(3)), 'it has no metadata of such'),
    (lambda arrays, metadata: metadata.pop('methods'), 'it has no metadata of such'),
    (lambda arrays, metadata: metadata.update(methods=[]), 'it names no method'),
    (lambda arrays, metadata: metadata.update(methods={'lime': {}}), "it has no attributions of 'lime'"),
    (lambda arrays, metadata: arrays.update(intgrad=np.array(3)), 'attributions must have samples in front'),
    (lambda arrays, metadata: arrays.update(scores=np.ones(3)), r'scores must have the shape \(4,\)'),
    (lambda arrays, metadata: arrays.update(units=np.ones(4)), 'units must be ints'),
    (lambda arrays, metadata: arrays.update(xs=np.ones(3)), 'xs must have 4 samples'),
    (lambda arrays, metadata: arrays.update(unit_names=np.ones(3)), 'its names are none'),
    (lambda arrays, metadata: arrays.update(names=np.ones(3)), 'index must have a label for each sample'),
    (lambda arrays, metadata: metadata.update(several=True), 'xs must have 2 samples'),
    (lambda arrays, metadata: arrays.update(words=np.array(['a']), sentence=np.array([0])), 'the words of sentences'),
    (lambda arrays, metadata: arrays.update(evil=np.array([Evil()], object)), 'holds Python objects')])
def test_files_that_are_none(tmp_path, monkeypatch, change, text):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / 'r.npz', change)
    with pytest.raises(ValueError, match=text) as error:
        Attributions.load('r.npz')
    assert '\n' not in str(error.value) and 'r.npz' in str(error.value) and str(error.value).endswith('.')
    assert not os.path.exists('called')


def test_files_that_lack_an_input(tmp_path):
    several_inputs().save(tmp_path / 'r.npz')
    with np.load(str(tmp_path / 'r.npz'), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    for name, text in (('deeplift/right', "it has no 'deeplift' of some inputs"),
                       ('xs/scope/left', "it has no 'xs' of some inputs")):
        np.savez(str(tmp_path / 'r.npz'), **{key: one for key, one in arrays.items() if key != name})
        with pytest.raises(ValueError, match=text):
            Attributions.load(tmp_path / 'r.npz')
    np.savez(str(tmp_path / 'r.npz'), **{key: one for key, one in arrays.items() if not key.startswith('xs/')})
    assert Attributions.load(tmp_path / 'r.npz').xs is None


def test_other_files(tmp_path):
    np.save(str(tmp_path / 'a.npy'), np.ones(3))
    (tmp_path / 'a.npz').write_bytes(b'PK\3\4 nothing of the kind')
    (tmp_path / 'b.npz').write_text('{}')
    (tmp_path / 'c.parquet').write_bytes(b'PAR1 no')
    one().save(tmp_path / 'd.npz')
    whole = (tmp_path / 'd.npz').read_bytes()
    (tmp_path / 'd.npz').write_bytes(whole[:len(whole) // 2])
    with zipfile.ZipFile(str(tmp_path / 'e.npz'), 'w') as file:
        file.writestr('metadata.npy', b'\x93NUMPY\x01\x00v\x00' + (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + '\n').encode())
    for name in ('a.npy', 'a.npz', 'b.npz', 'd.npz', 'e.npz') + (('c.parquet',) if has_pyarrow() else ()):
        with pytest.raises(ValueError) as error:
            Attributions.load(tmp_path / name)
        assert name in str(error.value) and '\n' not in str(error.value), name


def has_pyarrow():
    try:
        import pyarrow  # noqa: F401
        return True
    except ImportError:
        return False


def test_a_parquet_of_another_kind(tmp_path):
    pa = pytest.importorskip('pyarrow')
    from pyarrow import parquet
    parquet.write_table(pa.table({'a': [1, 2]}), str(tmp_path / 'a.parquet'))
    with pytest.raises(ValueError, match='a.parquet. is no file of results of deepexplain, or damaged: '):
        Attributions.load(tmp_path / 'a.parquet')


def test_names_in_errors_do_not_obey(tmp_path):
    written(tmp_path / 'r.npz', lambda arrays, metadata: metadata.update(methods={'a\x1b[2J': {}, 'b': {}}))
    with pytest.raises(ValueError) as error:
        Attributions.load(tmp_path / 'r.npz')
    assert '\x1b' not in str(error.value) and 'method= chooses one' in str(error.value)


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], name='x')
        tf.tanh(tf.matmul(x, tf.constant([[1., 2], [3, 4], [-5, 6]])), name='scores')
        (tmp_path / 'm.pb').write_bytes(graph.as_graph_def().SerializeToString())


def test_what_the_command_line_writes_is_read(model, capsys):
    with open('t.csv', 'w') as file:
        file.write('age,income,height\n.1,.2,.3\n.4,.5,.6\n')
    assert main(['explain', 'm.pb', 't.csv', '--method', 'intgrad', '--method', 'saliency', '--baseline', '.05',
                 '--out', 'a.npz']) == 0
    with pytest.raises(ValueError, match="it has 'intgrad' and 'saliency': method= chooses one"):
        Attributions.load('a.npz')
    with pytest.raises(ValueError, match="it has no 'lime', but 'intgrad' and 'saliency'"):
        Attributions.load('a.npz', 'lime')
    found = Attributions.load('a.npz', 'intgrad')
    assert found.feature_names == ['age', 'income', 'height'] and found.method == 'intgrad' and found.target == 'max'
    np.testing.assert_allclose(found.xs, [[.1, .2, .3], [.4, .5, .6]], rtol=1e-6)
    np.testing.assert_allclose(found.baseline, [[.05, .05, .05]], rtol=1e-6)
    scores = np.tanh(np.array([[.1, .2, .3], [.4, .5, .6]]) @ [[1, 2], [3, 4], [-5, 6]])
    np.testing.assert_allclose(found.scores, scores.max(1), rtol=1e-5)
    np.testing.assert_array_equal(found.units, scores.argmax(1))
    assert found.options == {'baseline': .05} and found.versions['tensorflow'] == tf.VERSION
    assert found.model == os.path.abspath('m.pb')
    assert Attributions.load('a.npz', 'saliency').delta is None
    # Groups are no columns, be they as many.
    np.save('mask.npy', np.array([2, 1, 0]))
    assert main(['explain', 'm.pb', 't.csv', '--method', 'lime', '--method', 'saliency', '--option',
                 'lime:feature_mask=@mask.npy', '--option', 'lime:per_group=true', '--out', 'c.npz']) == 0
    assert Attributions.load('c.npz', 'lime').feature_names is None and Attributions.load('c.npz', 'lime').n == 2
    assert Attributions.load('c.npz', 'saliency').feature_names == ['age', 'income', 'height']
    np.save('x.npy', np.ones((2, 3)))
    assert main(['explain', 'm.pb', 'x.npy', '--method', 'input', '--out', 'b.npz']) == 0
    assert Attributions.load('b.npz').feature_names is None
    capsys.readouterr()
