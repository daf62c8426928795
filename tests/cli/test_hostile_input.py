"""INPUT that would take all memory, and names that a terminal would obey."""
import io
import json
import os
import re
import time
import zipfile

import hostile
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.cli import problems
from deepexplain.cli.main import main
from deepexplain.samples import archives, bound
from deepexplain.terminal import visible

#: What a terminal obeys, and what it shows.
EVIL = 'a\x1b[31m\x07\x7f\x9b2J\u202eb\u2066\u2028c\r\n'
SHOWN = "a\\x1b[31m\\x07\\x7f\\x9b2J\\u202eb\\u2066"
OBEYED = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]')


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in an empty folder with a model of two features; nothing that a terminal obeys is written."""
    monkeypatch.chdir(tmp_path)
    hostile.frozen(tmp_path / 'm.pb', lambda x: tf.matmul(x, [[1.], [2.]]))

    def call(*argv, **options):
        status = main([str(one) for one in argv])
        out, err = capsys.readouterr()
        assert not OBEYED.search(out + err)
        assert status == options.get('status', 2), err
        if status:
            assert out == '' and err.count('\n') == 1
        return out + err

    return call


def explain(run, name, *more, **options):
    return run('explain', 'm.pb', name, '--method', 'input', *more, **options)


def npy(path, header, content=b'', version=1):
    with open(str(path), 'wb') as file:
        text = header.encode('latin1')
        file.write(b'\x93NUMPY' + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, 'little') + text)
        file.write(content)


def test_a_small_npz_that_gets_large(run, tmp_path):
    np.savez_compressed('x.npz', x=np.zeros((1 << 17, 2)))
    assert os.path.getsize('x.npz') < 10000
    assert explain(run, 'x.npz', '--max-bytes', '1M') == (
        "deepexplain: error: INPUT: 'x.npz' unpacks to 2.0 MiB, and may take 1.0 MiB: --max-bytes allows more.\n")
    assert 'wrote attributions.npz' in explain(run, 'x.npz', '--max-bytes', '2.5M', '--limit', 1, status=0)


def test_the_bound_without_the_option(run, monkeypatch):
    monkeypatch.setattr(bound, 'MOST', 1 << 16)
    np.savez_compressed('x.npz', x=np.zeros((1 << 14, 2)))
    assert 'unpacks to 256.1 KiB, and may take 64.0 KiB: --max-bytes' in explain(run, 'x.npz')
    # What takes as much on the disk is no surprise.
    np.savez('y.npz', x=np.zeros((1 << 14, 2)))
    np.save('y.npy', np.zeros((1 << 14, 2)))
    for name in ('y.npz', 'y.npy'):
        explain(run, name, '--limit', 1, status=0)
        assert ' 64.0 KiB: --max-bytes allows more.' in explain(run, name, '--max-bytes', '64k')


@pytest.mark.parametrize('shape, dtype, words', [
    ('(1000000000000, 2)', '<f4', 'its header promises 7450.6 GiB, and it holds 16 bytes'),
    ('(1000000000000, 2)', '<U0', 'takes 1862.6 GiB of memory or more, and may take 2.0 GiB: --max-bytes'),
    ('(-1, 2)', '<f4', 'its shape is (-1, 2)'), ('(9, 2)', '|O', 'holds Python objects, or is no file of numpy'),
    ('(2, 2)', '<f4', None)])
def test_headers_that_lie(run, shape, dtype, words):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s}\n" % (dtype, shape)
    npy('x.npy', header, bytes(16))
    with zipfile.ZipFile('x.npz', 'w') as archive:
        archive.write('x.npy', 'x.npy')
    for name in ('x.npy', 'x.npz'):
        said = explain(run, name, status=2 if words else 0)
        assert words is None or words in said


def test_headers_of_every_kind(run, tmp_path):
    xs = np.asfortranarray(np.arange(6, dtype='>f8').reshape(3, 2))
    for version in ((1, 0), (2, 0)):
        with open('x.npy', 'wb') as file:
            np.lib.format.write_array(file, xs, version)
        np.testing.assert_array_equal(archives.load('INPUT', 'x.npy', None)[''], xs)
    np.savez('x.npz', a=xs, b=np.zeros((0, 3)), c=np.array(['ab', 'c']), d=np.float32(3))
    found = archives.load('INPUT', 'x.npz', None)
    assert list(found) == ['a', 'b', 'c', 'd'] and found['b'].shape == (0, 3) and found['d'].shape == ()
    assert found['c'].tolist() == ['ab', 'c']
    npy('x.npy', ' ' * (1 << 17), version=2)
    assert 'its header has 128.0 KiB' in explain(run, 'x.npy')


def test_zip_files_that_are_none_of_numpy(run):
    for name, compression, words in (('a.txt', zipfile.ZIP_STORED, "'a.txt' in it is no array"),
                                     ('a.npy', zipfile.ZIP_BZIP2, "'a.npy' is packed as numpy does not pack")):
        with zipfile.ZipFile('x.npz', 'w', compression) as archive:
            archive.writestr(name, b'0' * 1000)
        assert words in explain(run, 'x.npz')
    np.savez_compressed('x.npz', x=np.zeros((1000, 2)))
    content = bytearray(open('x.npz', 'rb').read())
    # The size after unpacking, in the list of contents, is made smaller than it is.
    at = content.index(b'PK\x01\x02')
    assert int.from_bytes(content[at + 24:at + 28], 'little') == 16128
    content[at + 24:at + 28] = (1000).to_bytes(4, 'little')
    with open('x.npz', 'wb') as file:
        file.write(content)
    assert "'x.npz' cannot be read: " in explain(run, 'x.npz')


def test_other_arrays_are_bounded_too(run):
    np.save('x.npy', np.ones((1, 2)))
    np.savez_compressed('r.npz', x=np.zeros((1 << 17, 2)))
    for option in (['--baseline', 'r.npz'], ['--references', 'r.npz'], ['--option', 'references=@r.npz']):
        method = ['--method', 'intgrad' if option[0] == '--baseline' else 'expected_gradients']
        said = run('explain', 'm.pb', 'x.npy', '--max-bytes', '1M', *(option + method))
        assert "'r.npz' unpacks to 2.0 MiB, and may take 1.0 MiB: --max-bytes allows more." in said


@pytest.mark.parametrize('said, words', [('much', "expected a number of bytes like 500M or 4G, not 'much'"),
                                         ('0', 'like 500M'), ('-1', 'like 500M')])
def test_bounds_that_are_none(run, said, words):
    np.save('x.npy', np.ones((1, 2)))
    assert words in explain(run, 'x.npy', '--max-bytes', said)


def test_bounds_as_people_write_them():
    from deepexplain.cli.parser import parse
    for said, size in (('17', 17), ('4G', 4 << 30), ('1.5k', 1536), ('2MiB', 2 << 20), ('3gb', 3 << 30)):
        assert parse(['explain', 'm', 'x', '--max-bytes', said]).max_bytes == size


def test_pictures_that_get_large(run, tmp_path):
    from PIL import Image
    hostile.frozen(tmp_path / 'm.pb', lambda x: x)
    with tf.Graph().as_default() as graph:
        tf.reduce_mean(tf.placeholder(tf.float32, [None, None, None, 1], name='x'), [1, 2], name='y')
    (tmp_path / 'm.pb').write_bytes(graph.as_graph_def().SerializeToString())
    Image.new('1', (20000, 15000)).save('p.png')
    assert os.path.getsize('p.png') < 50000
    assert explain(run, 'p.png', '--max-bytes', '64M') == (
        "deepexplain: error: INPUT: 'p.png' takes 1.1 GiB of memory or more, and may take 64.0 MiB: --max-bytes allows "
        'more.\n')
    assert Image.MAX_IMAGE_PIXELS is not None
    (tmp_path / 'f').mkdir()
    for name in 'abc':
        Image.new('L', (64, 64)).save(f'f/{name}.png')
    assert "'f' takes 32.0 KiB of memory or more, and may take 20.0 KiB" in explain(run, 'f', '--max-bytes', '20k')
    (tmp_path / 'e.png').write_bytes(b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n')
    assert "the picture 'e.png' is of the kind EPS, not of" in explain(run, 'e.png')


def test_tables_that_get_large(run, tmp_path):
    (tmp_path / 'x.csv').write_text('a,b\n' + '1,2\n' * 1000)
    assert "'x.csv' takes 8.0 KiB of memory or more, and may take 8.0 KiB" in explain(run, 'x.csv', '--max-bytes', '8k')
    (tmp_path / 'x.csv').write_text('a,b\n1,' + '2' * 5000)
    assert "'x.csv' has a line of more than 1.0 KiB, which may take 32 times as much, and may take 32.0 KiB" in explain(
        run, 'x.csv', '--max-bytes', '32k')


def test_a_table_of_many_columns(run, tmp_path):
    names = ['column %d' % i for i in range(40000)]
    (tmp_path / 'x.csv').write_text(','.join(names) + '\n' + ','.join(['1.5'] * 40000) + '\n')
    from deepexplain.cli import inputs
    start = time.process_time()
    for columns in (None, names):
        found = inputs.read_table('x.csv', columns, None, None)
        assert found.arrays[''].shape == (1, 40000) and found.features == names
    with pytest.raises(problems.WrongUse, match=r'no column .c., but column 0, .*, column 19, ... \(40000 in all\)'):
        inputs.read_table('x.csv', names + ['c'], None, None)
    (tmp_path / 'x.csv').write_text(','.join(names + names[-1:]))
    with pytest.raises(problems.WrongUse, match="has a column twice: 'column 39999'"):
        inputs.read_table('x.csv', None, None, None)
    assert time.process_time() - start < 2


def test_what_is_shown_of_control_characters():
    assert visible(EVIL) == SHOWN + '\\u2028c\\r\\n'
    for text in ('é 漢字 😀 עברית café', 'a\\b', ''):
        assert visible(text) == text


def test_names_in_tables(run, tmp_path):
    evil = EVIL.replace('\r\n', '').replace('\u2028', '')
    (tmp_path / 'x.csv').write_bytes(f'{evil},b\n1,2\n'.encode())
    assert f"--columns: 'x.csv' has no column 'c', but {SHOWN}c, b." in explain(run, 'x.csv', '--columns', 'c')
    (tmp_path / 'y.csv').write_bytes(f'{evil},{evil}\n1,2\n'.encode())
    assert SHOWN in explain(run, 'y.csv')
    (tmp_path / 'z.csv').write_bytes(f'a,b\n1,{evil}\n'.encode())
    assert '\\x1b[31m' in explain(run, 'z.csv')
    out = json.loads(explain(run, 'x.csv', '--json', status=0))
    assert out['input'].endswith('x.csv')


def test_names_of_files_and_arrays(run, tmp_path):
    from PIL import Image
    np.savez('x.npz', **{EVIL: np.ones((1, 2)), 'b': np.ones((1, 2))})
    assert SHOWN in explain(run, 'x.npz')
    name = EVIL.replace('/', '') + '.npy'
    np.save(name, np.ones((1, 2)))
    assert SHOWN in explain(run, name, status=0)
    (tmp_path / (EVIL + '.png')).write_bytes(b'none')
    (tmp_path / 'f').mkdir()
    for one in (EVIL + '.png', os.fsdecode(b'\xff.png')):
        Image.new('L', (2, 2)).save(os.path.join('f', one))
    assert SHOWN in explain(run, 'nothing' + EVIL)
    with tf.Graph().as_default() as graph:
        tf.reduce_mean(tf.placeholder(tf.float32, [None, 3, 3, 1], name='x'), [1, 2], name='y')
    (tmp_path / 'm.pb').write_bytes(graph.as_graph_def().SerializeToString())
    assert SHOWN in explain(run, EVIL + '.png') and SHOWN in explain(run, 'f')


def test_names_in_models(run, tmp_path, capsys):
    pytest.importorskip('h5py')
    evil = 'l\x1b[31m\x7f\x9b2J\u202e'
    shown = 'l\\x1b[31m\\x7f\\x9b2J\\u202e'
    path = hostile.h5(tmp_path / 'm.h5', hostile.sequential(hostile.old_lambda(tmp_path, name=evil)))
    with pytest.raises(ValueError) as error:
        from deepexplain.tensorflow import DeepExplain
        DeepExplain.open(path)
    said = run('layers', path)
    assert f"in the layer '{shown}' (Lambda)" in said and f"in the layer '{shown}' (Lambda)" in str(error.value)
    saved = hostile.saved_model(tmp_path / 's', lambda y: y)
    from tensorflow.core.protobuf import saved_model_pb2
    with open(os.path.join(saved, 'saved_model.pb'), 'rb') as file:
        proto = saved_model_pb2.SavedModel.FromString(file.read())
    signature = proto.meta_graphs[0].signature_def
    signature[evil].CopyFrom(signature['serving_default'])
    del signature['serving_default']
    signature[evil].inputs[evil].CopyFrom(signature[evil].inputs['x'])
    del signature[evil].inputs['x']
    with open(os.path.join(saved, 'saved_model.pb'), 'wb') as file:
        file.write(proto.SerializeToString())
    assert shown in run('layers', saved, '--signature', 'l')
    lines = run('layers', saved, status=0).splitlines()
    # The columns are where a terminal shows them.
    assert len({line.index(word) for line, word in zip(lines, ('op ', 'Placeholder'))}) == 1
    assert json.loads(run('layers', saved, '--json', status=0))
    assert main(['layers', path, '--debug']) == 2
    err = capsys.readouterr().err
    assert 'Traceback' in err and shown in err and not OBEYED.search(err)


def test_json_is_json_after_all(run):
    said = problems.as_json({'a\x7f\x1b': '\u202e\x9b'})
    assert not OBEYED.search(said) and json.loads(said) == {'a\x7f\x1b': '\u202e\x9b'}


def test_what_a_terminal_cannot_write_is_no_failure():
    stream = io.TextIOWrapper(io.BytesIO(), 'ascii')
    problems.show('é \udcff \x1b 漢', stream)
    stream.flush()
    assert stream.buffer.getvalue() == b'\\xe9 \\udcff \\x1b \\u6f22\n'
