"""Every source gives the same rows by any range, and says of what is wrong in which file and column."""
import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from job_data import samples

from deepexplain.jobs import Job, checking, read, run
from deepexplain.jobs.data import DataError, Reading, open_source, records, table
from deepexplain.jobs.data import parquet as parquet_source
from deepexplain.jobs.data.source import Forward

N = 37


def columns():
    """The rows that all sources hold: lists of four numbers, a number, an id."""
    return {'x': samples(N), 'y': np.arange(N) * .5, 'id': np.array(['row %d' % i for i in range(N)])}


def of_npz(folder, save):
    save(str(folder / 'data.npz'), **columns())
    return 'data.npz'


def of_arrow(folder, form):
    pa = pytest.importorskip('pyarrow')
    import pyarrow.parquet as pq
    x = columns()['x']
    kinds = {
        'list': pa.array(x.tolist(), pa.list_(pa.float32())),
        'large': pa.array(x.tolist(), pa.large_list(pa.float32())),
        'fixed': pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), 4)}
    kind, _, ending = form.partition('.')
    if kind == 'tensor':
        storage = kinds['fixed']
        array = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), [4]), storage)
    else:
        array = kinds[kind]
    made = pa.table({'x': array, 'y': pa.array(columns()['y']), 'id': pa.array(columns()['id'].tolist())})
    path = str(folder / ('data.' + ending))
    if ending == 'parquet':
        pq.write_table(made, path, row_group_size=10)
    else:
        with pa.OSFile(path, 'wb') as sink, pa.ipc.new_file(sink, made.schema) as writer:
            writer.write_table(made, max_chunksize=10)
    return 'data.' + ending


def of_records(folder, _):
    with tf.python_io.TFRecordWriter(str(folder / 'data.tfrecord')) as writer:
        for x, y, name in zip(*columns().values()):
            writer.write(tf.train.Example(features=tf.train.Features(feature={
                'x': tf.train.Feature(float_list=tf.train.FloatList(value=x)),
                'y': tf.train.Feature(float_list=tf.train.FloatList(value=[y])),
                'id': tf.train.Feature(bytes_list=tf.train.BytesList(value=[name.encode()]))})).SerializeToString())
    return 'data.tfrecord'


def of_folder(folder, make):
    """Three files, the second of no rows."""
    (folder / 'data').mkdir()
    for name, part in (('a', slice(0, 20)), ('b', slice(20, 20)), ('c', slice(20, N))):
        np.savez(str(folder / 'data' / name), **{key: one[part] for key, one in columns().items()})
    (folder / 'data' / '_SUCCESS').write_bytes(b'')
    return 'data'


SOURCES = [(of_npz, np.savez), (of_npz, np.savez_compressed), (of_folder, None), (of_records, None)] + [
    (of_arrow, kind + ending) for kind in ('list', 'large', 'fixed', 'tensor') for ending in ('.parquet', '.arrow')]


@pytest.mark.parametrize('make, how', SOURCES, ids=lambda one: getattr(one, '__name__', one))
def test_rows_by_range(tmp_path, monkeypatch, make, how):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(records, '_STRIDE', 4)
    monkeypatch.setattr(parquet_source, '_PIECE', 7)
    monkeypatch.setattr('deepexplain.jobs.data.npz._PIECE', 100)
    path = make(tmp_path, how)
    source = open_source(path, Reading())
    assert len(source) == N
    for start, stop in [(0, 1), (0, N), (3, 21), (21, 30), (30, 31), (19, 21), (2, 4), (36, N), (0, 5), (5, 10)]:
        rows = source.rows(start, stop)
        assert set(rows) == {'x', 'y', 'id'}
        for name, want in columns().items():
            np.testing.assert_array_equal(rows[name], want[start:stop])
    source.close()
    assert list(open_source(path, Reading(['x'], ids='id')).rows(1, 2)) == ['x', 'id']
    with pytest.raises(DataError, match=r"data: '.*' has no column 'z', but .*'x'"):
        open_source(path, Reading(['z']))


def test_a_memmap_and_an_npz_in_columns(tmp_path):
    path = str(tmp_path / 'x.npy')
    np.save(path, np.asfortranarray(samples()))
    source = open_source(path, Reading())
    np.testing.assert_array_equal(source.rows(5, 9)[''], samples()[5:9])
    np.savez(path[:-1] + 'z', x=np.asfortranarray(samples()))
    np.testing.assert_array_equal(open_source(path[:-1] + 'z', Reading()).rows(5, 9)['x'], samples()[5:9])
    np.savez_compressed(path[:-1] + 'z', x=np.asfortranarray(samples()))
    with pytest.raises(DataError, match="'x' of '.*x.npz' is packed column by column"):
        open_source(path[:-1] + 'z', Reading())


def test_reading_onward_begins_at_the_nearest_place_and_only_where_it_must():
    begun = []

    def begin(mark):
        begun.append(mark)
        for start in range(10 * mark, 40, 5):
            yield {'x': np.arange(start, start + 5)}
    forward = Forward([0, 10, 20, 30], begin)
    for start, stop in [(0, 3), (3, 12), (12, 20), (31, 34), (2, 4), (6, 7), (39, 40)]:
        assert forward.rows(start, stop)['x'].tolist() == list(range(start, stop))
    assert begun == [0, 3, 0, 3]


def test_an_array_that_is_cut_short_meanwhile(tmp_path):
    path = str(tmp_path / 'x.npy')
    np.save(path, samples())
    source = open_source(path, Reading())
    os.truncate(path, 500)
    with pytest.raises(DataError, match="'.*x.npy' ends before row 60, though it promises 60"):
        source.rows(20, 60)


def test_a_table(tmp_path, monkeypatch):
    monkeypatch.setattr(table, '_STRIDE', 4)
    path = str(tmp_path / 'x.csv')
    with open(path, 'w') as file:
        file.write('a;id;b\n\n' + ''.join(
            '%r;"row, %d";%d\n%s' % (i * .1, i, -i, '\n' * (i % 3 == 0)) for i in range(N)))
    source = open_source(path, Reading())
    assert len(source) == N
    for start, stop in [(0, N), (8, 9), (30, N), (3, 17), (0, 1)]:
        rows = source.rows(start, stop)
        np.testing.assert_array_equal(rows['a'], np.array([i * .1 for i in range(start, stop)]))
        np.testing.assert_array_equal(rows['b'], -np.arange(start, stop))
        np.testing.assert_array_equal(rows['id'], ['row, %d' % i for i in range(start, stop)])
    assert list(open_source(path, Reading(['b'])).rows(0, 1)) == ['b', 'id']


def test_columns_are_features_and_lists_what_the_input_is(job, place):
    with open('x.csv', 'w') as file:
        file.write('a,b,c,d,id\n')
        for number, row in enumerate(samples().tolist()):
            file.write(','.join(map(repr, row)) + f',n{number}\n')
    run(job(data='x.csv'))
    run(job(out='plain'))
    np.testing.assert_array_equal(read('out')['attributions'], read('plain')['attributions'])
    assert read('out')['id'][7] == 'n7'
    run(job(data='x.csv', out='turned', reading={'columns': ['d', 'c', 'b', 'a']}, method='input'))
    np.testing.assert_array_equal(read('turned')['attributions'], samples()[:, ::-1])
    with pytest.raises(ValueError, match=r"'x' takes the shape \(\?, 4\), not \(1, 2\). \(data: '.*x.csv'\)"):
        job(data='x.csv', reading={'columns': ['a', 'b']})
    with tf.python_io.TFRecordWriter('x.tfrecord') as writer:
        for row in samples(6):
            writer.write(tf.train.Example(features=tf.train.Features(feature={
                'x': tf.train.Feature(float_list=tf.train.FloatList(value=row))})).SerializeToString())
    run(job('square.pb', 'x.tfrecord', 'lists', method='input'))
    np.testing.assert_array_equal(read('lists')['attributions'], samples(6).reshape(6, 2, 2))
    # What has another shape where its kind of file says so is another shape.
    np.save('flat.npy', samples(6))
    with pytest.raises(ValueError, match=r"'x' takes the shape \(\?, 2, 2\), not \(1, 4\)"):
        job('square.pb', 'flat.npy')


def test_pictures(job, place, monkeypatch):
    from PIL import Image
    # One after another: names grow longer within a shard.
    monkeypatch.setattr(checking, '_MOST_RUN', 1)
    pixels = np.random.RandomState(0).randint(0, 256, (5, 4, 3), np.uint8)
    os.makedirs('pictures/sub')
    names = ['a.png', 'b.png', 'sub/c.png', 'sub/d.png', 'z.png']
    for name, one in zip(names, pixels):
        Image.fromarray(one).save('pictures/' + name)
    run(job('grey.pb', 'pictures', method='input', shard=3, reading={'scale': (-1, 1)}))
    found = read('out')
    np.testing.assert_allclose(found['attributions'][..., 0], pixels / 127.5 - 1, atol=1e-6)
    assert found['id'].tolist() == names
    with pytest.raises(ValueError, match=r"'.*a.png' is 2x2 after resize, and the model takes 4x3: resize it"):
        job('grey.pb', 'pictures', reading={'resize': [2, 2]})
    with pytest.raises(ValueError, match=r'pictures need an input of shape .*; \'x\' takes samples of shape \(4,\)'):
        job(data='pictures')


def write(path, text):
    with open(path, 'wb') as file:
        file.write(text)


@pytest.mark.parametrize('name, make, words', [
    ('x.npy', lambda path: write(path, b'nothing'), "data: '.*x.npy' cannot be read: "),
    ('x.npy', lambda path: np.save(path, np.array([{}]), allow_pickle=True), 'must hold numbers .*, not object'),
    ('x.npy', lambda path: (np.save(path, samples()), os.truncate(path, 200)), "'.*x.npy' cannot be read: it lacks "),
    ('x.npy', lambda path: np.save(path, np.array(3.)), "'.*x.npy' holds a single number"),
    ('x.npy', lambda path: np.save(path, samples(0)), "data: '.*x.npy' holds no rows"),
    ('x.npy', lambda path: np.save(path, np.zeros((2, 4), complex)), 'must hold numbers or strings, not complex128'),
    ('x.npz', lambda path: write(path, b'PK nothing'), "'.*x.npz' cannot be read"),
    ('x.npz', lambda path: np.savez(path, x=samples(3), y=samples(4)), r"must have as many rows, not 3 \('x'\), 4 "),
    ('x.npz', lambda path: np.savez(path, z=samples(3), y=samples(3)), "the array 'z' names no input of the model"),
    ('x.csv', lambda path: write(path, b'1,2,3,4\n'), "'.*x.csv' must have a header .* numbers alone"),
    ('x.csv', lambda path: write(path, b'a,b,c,d\n1,2,3\n'), "line 2 of '.*x.csv' must have 4 values.*not 3"),
    ('x.csv', lambda path: write(path, b'a,b,c,d\n1,2,3,x\n'), "line 2 of '.*': the column 'd' must hold numbers"),
    ('x.csv', lambda path: write(path, b'a,a\n'), "'.*x.csv' has a column twice: 'a'"),
    ('x.tfrecord', lambda path: write(path, b'\0' * 16), "record 0 of '.*x.tfrecord' is no tf.train.Example"),
    ('x.tfrecord', lambda path: write(path, b'\7' * 30), 'no whole TFRecord file: it ends within record 0'),
    ('x.tfrecord', lambda path: write(path, b'\x1f\x8b'), 'packed with gzip'),
    ('x.png', lambda path: write(path, b'nothing'), "pictures need an input of shape"),
    ('x.bin', lambda path: write(path, b'nothing'), "'.*x.bin' is of no known kind: expected .npy .npz .csv"),
    ('x', lambda path: os.mkdir(path), "the folder '.*x' holds nothing that can be read"),
    ('x', lambda path: (os.mkdir(path), np.save(path + '/a', samples(2)), write(path + '/b.csv', b'a\n')),
     r"holds files of several kinds \('a.npy', 'b.csv'\)"),
    ('x', lambda path: (os.mkdir(path), np.save(path + '/a', samples(2)), np.save(path + '/b', samples(2, 3))),
     r"the rows of '.*b.npy' must have the shape \(4,\), as in '.*a.npy', not \(3,\)")])
def test_what_is_wrong_with_data_is_said_at_the_door(models, place, name, make, words):
    make(name)
    with pytest.raises(ValueError, match=words):
        Job(models / 'net.pb', name, 'out', method='saliency')


@pytest.mark.parametrize('values, words', [
    ([[1., 2.], [3.]], r"the rows of the column 'x' of '.*' must be of one shape, and are of \(1,\), \(2,\)"),
    ([[1.], None], "the column 'x' of '.*' must have a value in each row, and has none in 1"),
    ([{'a': 1}, {'a': 2}], "the column 'x' of '.*' must hold numbers, strings, or lists.* not struct")])
def test_columns_of_arrow_that_are_no_arrays(tmp_path, values, words):
    pa = pytest.importorskip('pyarrow')
    import pyarrow.parquet as pq
    path = str(tmp_path / 'x.parquet')
    pq.write_table(pa.table({'x': values}), path)
    with pytest.raises(DataError, match=words):
        open_source(path, Reading()).rows(0, 2)


def test_columns_of_arrow_of_other_encodings(tmp_path):
    pa = pytest.importorskip('pyarrow')
    import pyarrow.parquet as pq
    path = str(tmp_path / 'x.parquet')
    names = pa.array(['a', 'b', 'a'])
    columns = [names.dictionary_encode(), pa.array([1, 2, 1]).dictionary_encode(), names.cast(pa.large_string())]
    if hasattr(pa, 'string_view'):
        columns.append(names.cast(pa.string_view()))
    pq.write_table(pa.Table.from_arrays(columns, names=list('abcd')[:len(columns)]), path)
    rows = open_source(path, Reading()).rows(0, 3)
    for name in rows:
        np.testing.assert_array_equal(rows[name], [1, 2, 1] if name == 'b' else ['a', 'b', 'a'])
    pq.write_table(pa.Table.from_arrays([names, names], names=['a', 'a']), path)
    with pytest.raises(DataError, match="'.*x.parquet' has a column twice: 'a'"):
        open_source(path, Reading())


def test_files_of_a_folder_in_which_columns_differ(tmp_path):
    path = str(tmp_path)
    np.savez(path + '/a.npz', a=np.arange(3), b=np.arange(3.), id=np.arange(3))
    np.savez(path + '/b.npz', b=np.arange(3, 6), a=np.arange(3., 6), id=np.arange(3, 6))
    source = open_source(path, Reading())
    for start, stop in ((4, 6), (2, 5), (0, 6)):
        rows = source.rows(start, stop)
        assert list(rows) == ['a', 'b', 'id'] and all(
            (one == np.arange(start, stop)).all() for one in rows.values())
    np.savez(path + '/c.npz', a=np.arange(1), b=np.arange(1), id=np.array(['x']))
    with pytest.raises(DataError, match=r"'.*c.npz' \('id'\) must hold numbers, not strings, as '.*a.npz' does"):
        open_source(path, Reading())
    np.savez(path + '/c.npz', a=np.arange(1), id=np.arange(1))
    with pytest.raises(DataError, match="'.*c.npz' must have the columns of '.*a.npz', 'a', 'b', 'id', not 'a', 'id'"):
        open_source(path, Reading())


def test_names_that_are_no_text_of_utf8(job, place, form):
    np.savez('x.npz', x=samples(3), id=np.array(['a', 'caf\udce9', 'b\0c']))
    run(job(data='x.npz', method='random'))
    assert read('out')['id'].tolist() == ['a', 'caf\\udce9', 'b\0c']


def test_columns_of_strings_are_no_features(job, place):
    pa = pytest.importorskip('pyarrow')
    import pyarrow.parquet as pq
    pq.write_table(pa.table({'a': [1.], 'b': ['one']}), 'x.parquet')
    with pytest.raises(ValueError, match="data: the column 'b' must hold numbers, as it is to be a feature"):
        job(data='x.parquet')
