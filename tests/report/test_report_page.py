"""The page of a folder's results: its data are those of the files, and nothing of a file is a part of its HTML."""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from job_folder import job

from deepexplain.cli.main import main
from deepexplain.jobs.folder import Folder
from deepexplain.report import report
from deepexplain.report.kinds import drawn
from deepexplain.results import Attributions, archive

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

#: What would be a part of the page, if it were not escaped; an end of the block of data; what turns a line around.
EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(1)">&amp;\'"\u2028\u202e]]><!--'


class Page(HTMLParser):
    """The elements of a page, and what stands in those of scripts and styles."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.inside, self.text, self._open = [], [], {}, '', None
        with open(str(path), encoding='utf-8') as file:
            self.source = file.read()
        self.feed(self.source)
        self.data = json.loads(self.inside['data'])

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        self._open = dict(attributes).get('id', tag) if tag in ('script', 'style', 'title') else None

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open is None:
            self.text += data
        else:
            self.inside[self._open] = self.inside.get(self._open, '') + data

    def array(self, number, *shape):
        kind, text = self.data['arrays'][number]
        return np.frombuffer(base64.b64decode(text), np.dtype('<' + kind)).reshape(shape or -1)

    def piece(self, file, method=None):
        found = [one for one in self.data['pieces'] if one['file'] == file and method in (None, one['method'])]
        assert len(found) == 1, [(one['file'], one['method']) for one in self.data['pieces']]
        return found[0]


def facts(piece):
    return dict(map(tuple, piece['facts']))


@pytest.fixture
def made(tmp_path):
    """The page of the folder as it is."""
    def make(**options):
        found = report(tmp_path, **options)
        page = Page(found.path)
        assert found.size == os.path.getsize(found.path)
        page.report = found
        return page
    return make


def one(**more):
    rng = np.random.RandomState(0)
    given = dict(xs=rng.randn(4, 2, 3).astype('f'), method='intgrad', scores=rng.randn(4), delta=rng.randn(4),
                 units=np.array([0, 2, 1, 2]), baseline=np.ones((1, 2, 3), 'f'), input_names=['x'],
                 feature_names=['a', 'b/c', 'é'], unit_names=['cat', 'dog', 'cow'],
                 index=np.array(['w', 'x', 'yy', 'z']), options={'steps': 5}, target='max', model='/m.keras',
                 versions={'deepexplain': '1'})
    given.update(more)
    return Attributions(rng.randn(4, 2, 3).astype('f'), **given)


def several_inputs():
    rng = np.random.RandomState(0)
    return Attributions([rng.randn(2, 3), rng.randn(2, 1)], [rng.randn(2, 3).astype('f'), np.arange(2.).reshape(2, 1)],
                        method='deeplift', scores=[1, 2], delta=[3, 4], input_names=['scope/left', 'right'],
                        feature_names=[['a', 'b', 'c'], None])


def of_units():
    rng = np.random.RandomState(0)
    return Attributions(rng.randn(2, 4, 3), rng.randn(4, 3), method='grad*input', scores=rng.randn(2, 4),
                        delta=rng.randn(2, 4), units=rng.randint(0, 9, (2, 4)), several=True, target='top2')


def rows_together():
    return Attributions(np.arange(15.).reshape(5, 3), np.ones((5, 3)), scores=2., delta=.5, together=True,
                        method='lime')


MADE = {'one': one, 'several inputs': several_inputs, 'of units': of_units, 'together': rows_together,
        'places': lambda: one(units=np.arange(12).reshape(4, 3), unit_names=None, index=np.array([3, 1, 7, 2])),
        'of an inner layer': lambda: one(xs=np.ones((4, 8, 8, 1))),
        'none': lambda: Attributions(np.zeros((0, 3)), np.zeros((0, 3)), scores=np.zeros(0)),
        'bare': lambda: Attributions(np.array([[1, np.nan, np.inf], [-0., 1e-300, -np.inf]]))}


@pytest.mark.parametrize('kind', sorted(MADE))
def test_the_numbers_are_those_of_the_file(made, tmp_path, kind):
    result = MADE[kind]()
    result.save(tmp_path / 'r.npz')
    page = made()
    piece, n = page.piece('r.npz'), result.n
    units = len(result.attributions) if result.several else 1
    many = isinstance(result.attributions, list)
    assert (piece['n'], piece['shown'], len(piece['units']), piece['left']) == (n, n, units, [])
    arrays = result.attributions if many else [np.asarray(result)]
    xs = result.xs if many else [result.xs]
    assert len(piece['inputs']) == len(arrays)
    for number, (array, x, own) in enumerate(zip(arrays, xs, piece['inputs'])):
        shape = array.shape if result.together else array.shape[1 + result.several:]
        assert own['shape'] == list(shape) and own['name'] == (result.input_names[number] if many else '')
        got = page.array(own['attributions'], units, n, *shape)
        np.testing.assert_array_equal(got.reshape(array.shape), array)
        assert got.dtype == array.dtype
        if own['xs'] is not None:
            np.testing.assert_array_equal(page.array(own['xs'], *x.shape), x)
        else:
            assert x is None or own['kinds'] == ['table']
    for name in ('scores', 'delta', 'sums'):
        value = getattr(result, name)
        if value is None:
            assert piece[name] is None
        else:
            np.testing.assert_array_equal(page.array(piece[name], units, n), np.reshape(value, (units, n)))
    assert piece['names'] == (None if result.index is None else [str(one) for one in result.index])
    assert facts(piece)['method' if result.method else 'sums']


def test_units_features_and_facts(made, tmp_path):
    one(delta=[1, -5, 0, 2]).save(tmp_path / 'one.npz')
    of_units().save(tmp_path / 'units.npz')
    of_units()._with(units=np.repeat([[3], [1]], 4, 1), unit_names=list('abcd')).save(tmp_path / 'same.npz')
    MADE['places']().save(tmp_path / 'places.npz')
    page = made()
    piece = page.piece('one.npz')
    assert piece['unit'] == [['cat', 'cow', 'dog', 'cow']] and piece['inputs'][0]['features'] == ['a', 'b/c', 'é']
    said = facts(piece)
    assert said['largest |delta|'] == '5' and said['baseline'] == 'all 1'
    assert (said['option steps'], said['model'], said['samples'], said['target']) == ('5', '/m.keras', '4', 'max')
    assert said['versions'] == 'deepexplain 1' and said['shape'] == '(4, 2, 3) of float32'
    assert page.piece('units.npz')['units'] == ['unit ranked 1', 'unit ranked 2']
    assert page.piece('units.npz')['unit'] == [['unit %d' % i for i in row] for row in of_units().units]
    assert page.piece('same.npz')['units'] == ['d', 'b']
    assert page.piece('places.npz')['unit'] == [['unit 0/1/2', 'unit 3/4/5', 'unit 6/7/8', 'unit 9/10/11']]


@pytest.mark.parametrize('dtype, kind', [
    ('?', 'u1'), ('i1', 'i1'), ('u2', 'u2'), ('>i4', 'i4'), ('i8', 'f8'), ('u8', 'f8'), ('f2', 'f4'), ('>f4', 'f4'),
    ('f8', 'f8')])
def test_dtypes_that_samples_may_have(made, tmp_path, dtype, kind):
    xs = np.array([[0, 1], [1, 0]]).astype(dtype)
    Attributions(np.ones((2, 2)), xs).save(tmp_path / 'r.npz')
    page = made()
    own = page.piece('r.npz')['inputs'][0]
    assert page.data['arrays'][own['xs']][0] == kind
    np.testing.assert_array_equal(page.array(own['xs'], 2, 2), xs)


def test_ints_that_no_double_knows_and_doubles_that_are_longer(made, tmp_path):
    xs = np.array([[2 ** 53 + 1, -3]])
    Attributions(np.ones((1, 2)), xs).save(tmp_path / 'a.npz')
    Attributions(np.ones((1, 2), np.longdouble) / 3, xs).save(tmp_path / 'b.npz')
    page = made()
    own = page.piece('a.npz')['inputs'][0]
    assert page.data['arrays'][own['xs']][0] == 'i8' and page.array(own['xs'])[0] == 2 ** 53 + 1
    longer = np.dtype(np.longdouble).itemsize > 8
    assert page.piece('b.npz')['left'] == ['numbers rounded to float64'] * longer


def test_the_same_bytes_of_another_dtype_are_other_numbers(made, tmp_path):
    Attributions(np.ones((1, 2)), np.ones((1, 2), 'f')).save(tmp_path / 'a.npz')
    Attributions(np.ones((1, 2)), np.ones((1, 2), 'f').view('i4')).save(tmp_path / 'b.npz')
    page = made()
    assert page.array(page.piece('a.npz')['inputs'][0]['xs']).tolist() == [1, 1]
    assert page.array(page.piece('b.npz')['inputs'][0]['xs']).tolist() == [0x3f800000] * 2


def several_methods(path, **changes):
    results = {'intgrad': one(), 'elrp': one(method='elrp', options={}, delta=None)}
    metadata = dict(archive.metadata_of(results['intgrad']), **changes)
    metadata['methods'] = {name: dict(archive.metadata_of(result)['methods'][name], seconds=.5, layer='conv')
                           for name, result in results.items()}
    np.savez(str(path), **archive.pack(results, metadata))


def test_methods_of_the_same_samples_are_a_group(made, tmp_path):
    several_methods(tmp_path / 'a.npz', warnings=['beware', 3], date='2026', input='/x.npy', layer='logits')
    one(method='occlusion').save(tmp_path / 'b.npz')
    one(method='other', xs=one().xs + 1).save(tmp_path / 'c.npz')
    Attributions(np.ones((4, 2, 3)), method='p').save(tmp_path / 'd.npz')
    Attributions(np.ones((4, 2, 3)), method='q').save(tmp_path / 'e.npz')
    page = made()
    groups = [one['group'] for one in page.data['pieces']]
    assert [one['method'] for one in page.data['pieces']] == ['intgrad', 'elrp', 'occlusion', 'other', 'p', 'q']
    assert len(set(groups[:3])) == 1 and len(set(groups)) == 4
    # Samples stand there once.
    assert len({one['inputs'][0]['xs'] for one in page.data['pieces'][:3]}) == 1
    piece = page.piece('a.npz', 'elrp')
    assert piece['warnings'] == ['beware', '3'] and piece['delta'] is None
    said = facts(piece)
    assert (said['date'], said['input'], said['layer'], said['map of layer'], said['seconds']) == (
        '2026', '/x.npy', 'logits', 'conv', '0.5')


def test_means_are_of_all_samples(made, tmp_path):
    values = np.array([[[1., -2, np.nan], [-3, -4, 6], [5, 0, 7]], [[1, 1, 1], [2, 2, 2], [3, 3, 3]]])
    Attributions(values, several=True, feature_names=['a', 'b', 'c']).save(tmp_path / 'r.npz')
    page = made(most=1)
    piece = page.piece('r.npz')
    held = piece['summary'][0]
    np.testing.assert_allclose(page.array(held['absolute'], 2, 3), [[3, 2, 6.5], [2, 2, 2]])
    np.testing.assert_allclose(page.array(held['signed'], 2, 3), [[1, -2, 6.5], [2, 2, 2]])
    np.testing.assert_allclose(page.array(held['spread'], 2, 3),
                               [[np.std([1, 3, 5]), np.std([2, 4, 0]), .5], [np.std([1, 2, 3])] * 3])
    assert (held['n'], held['lost'], piece['shown']) == (3, 1, 1)
    assert piece['left'] == ['the first 1 of 3 samples'] and facts(piece)['not finite'] == '1 attributions'


def test_what_has_no_room_is_said(made, tmp_path):
    result = Attributions(np.arange(80.).reshape(8, 10), np.arange(80.).reshape(8, 10), scores=np.arange(8.))
    for name in 'ab':
        result._with(attributions=result.attributions + ord(name)).save(tmp_path / (name + '.npz'))
    each = 4 * 160 // 3 + 8
    page = made(size=2 * 3 * each + 60)
    assert page.piece('a.npz')['shown'] == 3 and page.piece('b.npz')['shown'] in (2, 3)
    # Arrays keep to it but for what belongs to a sample besides: scores and sums.
    assert sum(len(text) for _, text in page.data['arrays']) <= 2 * 3 * each + 60 + 150
    assert page.piece('a.npz')['left'] == ['the first 3 of 8 samples']
    assert page.report.left[0] == ('a.npz, attributions', 'the first 3 of 8 samples')
    np.testing.assert_array_equal(page.array(page.piece('a.npz')['inputs'][0]['attributions'], 1, 3, 10),
                                  result.attributions[None, :3] + 97)
    page = made(size=10)
    assert page.piece('a.npz')['shown'] == 0 and page.piece('a.npz')['left'] == ['none of 8 samples']
    assert facts(page.piece('a.npz'))['scores'] == '0 to 7'
    os.unlink(str(tmp_path / 'a.npz'))
    Attributions(np.arange(80.).reshape(8, 1, 10), several=True).save(tmp_path / 'b.npz')
    page = made(size=4 * 8 * 10 * 3 // 3 + 100)
    assert page.piece('b.npz')['left'] == ['the first 3 of 8 units']
    np.testing.assert_array_equal(page.array(page.piece('b.npz')['inputs'][0]['attributions'], 3, 10),
                                  np.arange(30.).reshape(3, 10))


def test_nothing_of_a_file_is_html(made, tmp_path):
    one(method='m' + EVIL, feature_names=[EVIL, 'b\0c', 'x' * 10 ** 5], unit_names=[EVIL] * 3, target=EVIL, model=EVIL,
        options={EVIL: EVIL}, index=np.array([EVIL] * 4), input_names=[EVIL], versions={EVIL: EVIL}).save(
            tmp_path / 'a.npz')
    Attributions(np.ones((1, 2)), np.array([[EVIL, 'w']])).save(tmp_path / 'words.npz')
    name = '<script>alert(1)<!-- \u202e.npz'
    (tmp_path / name).write_bytes(b'PK')
    np.savez(str(tmp_path / '<b>other.npz'), x=np.ones(2))
    folder = tmp_path / 'inner <i>'
    folder.mkdir()
    several_methods(folder / 'c.npz', warnings=[EVIL], date=EVIL)
    (folder / 't.json').write_text(json.dumps({'table': [
        {'method': EVIL, 'measure': EVIL, 'direction': 'higher', 'mean': 1, 'standard_error': None, 'rank': 1,
         'samples': 2}], 'measures': {}, 'model': EVIL, 'warnings': [EVIL]}))
    page = made()
    assert page.tags.count('script') == 2 and not {'img', 'b', 'i'} & set(page.tags)
    assert {'html', 'head', 'meta', 'title', 'style', 'body', 'header', 'h1', 'button', 'p', 'section', 'h2', 'ul',
            'li', 'noscript', 'main', 'script'} == set(page.tags)
    # Nor of the folder's own name.
    inner = Page(report(folder, tmp_path / 'inner.html').path)
    assert inner.inside['title'] == 'Results in inner <i>' and 'i' not in inner.tags
    assert not [name for name, _ in page.attributes if name.startswith('on') or name in ('href', 'src', 'style')]
    assert re.search('<script>alert.1.<!-- .u202e.npz: ', page.text) and '<b>other.npz' in page.text
    # No tag begins in the data, nor do characters that a browser or a terminal would obey.
    assert not set('<>&\0\u2028\u202e') & set(page.inside['data'])
    piece = page.data['pieces'][0]
    assert piece['unit'][0][0].startswith('</script><script>') and '\\u202e' in piece['unit'][0][0]
    names = piece['inputs'][0]['features']
    assert names[1] == 'b\\x00c' and len(names[2]) < 300 and names[2].endswith('(100000 characters)')
    assert page.piece('words.npz')['inputs'][0]['words'][0][0].startswith('</script>')


def test_the_policy_lets_its_own_scripts_and_styles_run_and_nothing_be_fetched(made, tmp_path):
    one().save(tmp_path / 'a.npz')
    page = made()
    held = re.search('Content-Security-Policy" content="([^"]*)"', page.source).group(1)
    policy = dict(part.strip().split(' ', 1) for part in held.split(';'))
    digest = {name: "'sha256-%s'" % base64.b64encode(hashlib.sha256(page.inside[name].encode()).digest()).decode()
              for name in ('script', 'style')}
    assert policy == {'default-src': "'none'", 'script-src': digest['script'], 'style-src': digest['style'],
                      'base-uri': "'none'", 'form-action': "'none'"}
    code = page.inside['script'] + page.inside['style']
    for word in ('innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write', 'eval(', 'Function(', 'fetch(',
                 'XMLHttpRequest', 'import(', 'url(', '@import', 'localStorage'):
        assert word not in code, word
    assert set(re.findall(r'https?://[^\'"]*', page.source)) == {'http://www.w3.org/2000/svg'}


class Evil:
    """What would be called, if it were unpickled."""

    def __reduce__(self):
        return os.mkdir, ('called',)


def test_what_cannot_be_read_is_told_and_does_not_end_it(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one().save('good.npz')
    np.save('pickled.npz', np.array([Evil()], object), allow_pickle=True)
    os.rename('pickled.npz.npy', 'pickled.npz')
    np.savez('shapes.npz', **dict(np.load('good.npz'), scores=np.ones(3)))
    (tmp_path / 'half.npz').write_bytes((tmp_path / 'good.npz').read_bytes()[:-300])
    (tmp_path / 'bad.json').write_text('{"deepexplain": "1", "table": [')
    (tmp_path / 'table.json').write_text('{"table": [{"method": 1}], "measures": 3}')
    (tmp_path / 't.csv').write_text('method,measure,direction,mean,standard_error,rank,samples\na,b,higher,x,1,1,1\n')
    (tmp_path / 'field.csv').write_text('method,measure,direction,mean,standard_error,rank,samples\na,' + 'b' * 200000)
    (tmp_path / 'other.csv').write_text('age,income\n1,2\n')
    (tmp_path / 'latin.csv').write_bytes(b'\xe9,b\n')
    (tmp_path / 'config.json').write_text('{"a": 1}')
    (tmp_path / 'lines.json').write_text('{"a": 1}\n{"a": 1}\n')
    np.savez('xs.npz', np.ones(3))
    page = made()
    broken = dict(page.report.broken)
    assert sorted(broken) == ['bad.json', 'field.csv', 'half.npz', 'pickled.npz', 'shapes.npz', 't.csv', 'table.json']
    assert 'Python objects' in broken['pickled.npz'] and 'scores must have the shape' in broken['shapes.npz']
    assert broken['half.npz'] == 'cannot be read: File is not a zip file.' and 'measure' in broken['table.json']
    assert page.report.aside == [
        'config.json', 'latin.csv', 'lines.json', 'other.csv', 'xs.npz'] and page.report.results == 1
    assert not (tmp_path / 'called').exists()
    for name, text in broken.items():
        assert f'{name}: {text}' in page.text
    # The page itself is no result of the next one.
    assert made().report.results == 1


@pytest.mark.parametrize('shape, own, named, kinds', [
    ((8, 8, 3), (8, 8, 3), False, ['picture', 'table']), ((4, 4), (8, 8, 3), False, ['picture', 'table']),
    ((8, 8, 3), None, False, ['picture', 'table']), ((5, 2), (5, 2), False, ['signal', 'cells', 'table']),
    ((28, 28), (28, 28), False, ['cells', 'signal', 'table']), ((5,), (9, 2), False, ['signal', 'table']),
    ((5,), (5,), False, ['table', 'signal']), ((99,), (99,), False, ['signal', 'table']),
    ((99,), (99,), True, ['table', 'signal']), ((3,), (8,), False, ['table']), ((), (3,), False, ['table']),
    ((2, 2, 2, 2), (2, 2, 2, 2), False, ['table']), ((0, 3), (0, 3), False, ['table'])])
def test_how_samples_are_drawn(shape, own, named, kinds):
    xs = None if own is None else np.full((2,) + own, .5)
    assert drawn(shape, xs, named, False).kinds == kinds


def test_letters_and_channels_in_front():
    xs = np.eye(4)[[0, 1, 2, 3, 3]][None]
    assert drawn((5, 4), xs, False, False).kinds[0] == 'letters'
    # Of letters that are not there other things are said.
    assert drawn((5, 4), xs, False, True).kinds[0] == 'signal'
    assert drawn((3, 8, 8), np.ones((1, 3, 8, 8)), False, False).channels == 'first'
    assert drawn((8, 8, 3), np.ones((1, 8, 8, 3)), False, False).channels == 'last'


SENTENCES = [['not', 'a', 'bad'], ['film'], []]


def sentences():
    """The same as an .npz and as a .json, as the command line writes them."""
    metadata = {'methods': {'intgrad': {'options': {'steps': 5}}}, 'target': 'max', 'warnings': [], 'samples': 3}
    words = [word for own in SENTENCES for word in own]
    values = [np.array([.5, -1, 2]), np.array([1e-3]), np.zeros(0)]
    arrays = {'words': np.array(words), 'sentence': np.array([0, 0, 0, 1]), 'sentences': np.array(['x', 'y', '']),
              'scores': np.array([1., 2, 3]), 'units': np.array([[1, 0]] * 3), 'intgrad': np.concatenate(values),
              'rest/intgrad': np.array([.25, 0, 1]), 'delta/intgrad': np.array([0, .5, 1]),
              'metadata': np.array(json.dumps(metadata))}
    content = {'metadata': metadata, 'sentences': [
        {'sentence': 's', 'words': own, 'unit': [1, 0], 'score': i + 1., 'attributions': {'intgrad': value.tolist()},
         'rest': {'intgrad': [.25, 0, 1][i]}, 'delta': {'intgrad': i / 2}}
        for i, (own, value) in enumerate(zip(SENTENCES, values))]}
    return arrays, content


def test_sentences(made, tmp_path):
    arrays, content = sentences()
    np.savez(str(tmp_path / 'a.npz'), **arrays)
    (tmp_path / 'b.json').write_text(json.dumps(content))
    page = made()
    for file in ('a.npz', 'b.json'):
        piece = page.piece(file)
        assert piece['inputs'][0]['words'] == SENTENCES and piece['inputs'][0]['kinds'] == ['words', 'table']
        assert page.array(piece['inputs'][0]['attributions']).tolist() == [.5, -1, 2, 1e-3]
        for name, wanted in (('sums', [1.75, 1e-3, 1]), ('rest', [.25, 0, 1]), ('delta', [0, .5, 1]),
                             ('scores', [1, 2, 3])):
            assert page.array(piece[name]).tolist() == wanted
        assert piece['unit'] == [['unit 1/0'] * 3] and facts(piece)['largest |delta|'] == '1'
    page = made(most=1)
    assert page.piece('a.npz')['inputs'][0]['words'] == SENTENCES[:1]
    assert page.piece('a.npz')['left'] == ['the first 1 of 3 sentences']
    content['sentences'][0]['attributions']['intgrad'].pop()
    arrays['sentence'] = np.array([0, 1, 0, 1])
    np.savez(str(tmp_path / 'a.npz'), **arrays)
    (tmp_path / 'b.json').write_text(json.dumps(content))
    assert dict(made().report.broken) == {'a.npz': 'the numbers of its sentences are none.',
                                          'b.json': '3 words have 2 attributions.'}


def test_words_of_an_embedding_are_summed(made, tmp_path):
    values = np.arange(12, dtype='f').reshape(1, 3, 4)
    Attributions(values, np.array([[b'a', b'\xff', b'']])).save(tmp_path / 'a.npz')
    page = made()
    own = page.piece('a.npz')['inputs'][0]
    assert own['words'] == [['a', '\ufffd', '']] and own['summed'] and own['shape'] == [3]
    assert page.array(own['attributions']).tolist() == [6, 22, 38]


def test_tables_of_measures(made, tmp_path):
    head = 'method,measure,direction,mean,standard_error,rank,samples\n'
    (tmp_path / 'a.csv').write_text(head + 'intgrad,deletion,lower,0.125,nan,1.0,5\n'
                                    'random,deletion,lower,inf,1,2.0,5\n')
    record = dict(zip(head.strip().split(','), ['m', 'n', 'higher', .1, None, 1, 3]))
    curves = {'m': {'n': {'fractions': [0, .5], 'mean': [1, None], 'standard_error': [0, 0]}}}
    (tmp_path / 'b.json').write_text(json.dumps({'table': [record], 'measures': {}, 'samples': 3, 'model': '/m',
                                                 'curves': curves, 'warnings': ['w']}))
    page = made()
    csv, held = page.data['tables']
    assert csv['methods'] == ['intgrad', 'random'] and csv['better'] == ['lower']
    assert csv['cells'] == [[[.125, None, 1., 5.]], [['inf', 1., 2., 5.]]]
    assert held['cells'] == [[[.1, None, 1, 3]]] and held['warnings'] == ['w']
    assert held['curves'] == [{'measure': 'n', 'lines': [['m', [0, .5], [1, None], [0, 0]]]}]
    assert facts(held) == {'samples': '3', 'model': '/m'} and page.report.tables == 2


def test_a_measure_of_two_directions(made, tmp_path):
    (tmp_path / 'a.csv').write_text('method,measure,direction,mean,standard_error,rank,samples\n'
                                    'intgrad,deletion,lower,1,0,1,5\nrandom,deletion,higher,2,0,2,5\n')
    assert made().report.broken == [('a.csv', 'a measure has two directions.')]


def test_a_folder_of_a_job(made, tmp_path):
    columns = job(tmp_path / 'job')
    page = made(most=7)
    piece = page.piece('job')
    np.testing.assert_array_equal(page.array(piece['inputs'][0]['attributions'], 7, 3), columns['attributions'][:7])
    np.testing.assert_array_equal(page.array(piece['scores']), columns['score'][:7])
    assert piece['names'] == [str(i) for i in range(7)]
    assert piece['unit'] == [['unit %d' % i for i in columns['unit'][:7]]]
    assert (piece['n'], piece['left'], piece['warnings']) == (10, ['the first 7 of 10 samples'], [])
    assert facts(piece)['samples'] == '7 (of the first 7)' and facts(piece)['option steps'] == '5'
    # The folder of the job itself.
    found = report(tmp_path / 'job', tmp_path / 'p.html')
    assert Page(found.path).piece('.')['n'] == 10 and not found.left
    job(tmp_path / 'less', shards=3, lacking=1, rows=15)
    Folder(str(tmp_path / 'less')).note_failed(2, {'error': 'it broke'})
    page = made()
    assert page.piece('less')['warnings'] == ['1 of 3 shards are not there.', 'shard 2 failed: it broke']
    assert page.piece('less')['left'] == ['the first 10 of 15 samples']
    shard = [name for name in os.listdir(str(tmp_path / 'less')) if name.startswith('shard-000000')][0]
    (tmp_path / 'less' / shard).write_bytes(b'damaged')
    assert 'its content is not that of its checksum' in dict(made().report.broken)['less']
    # Without a shard the rows behind it are not the first ones.
    (tmp_path / 'less' / shard).unlink()
    assert dict(made().report.broken)['less'] == 'the first of its shards is not there yet.'
    next((tmp_path / 'job').glob('shard-000001*')).unlink()
    assert made().piece('job')['left'] == ['the first 5 of 10 samples']


def test_parquet(made, tmp_path):
    pyarrow, parquet = pytest.importorskip('pyarrow'), pytest.importorskip('pyarrow.parquet')
    one().save(tmp_path / 'a.parquet')
    parquet.write_table(pyarrow.table({'x': [1]}), str(tmp_path / 'other.parquet'))
    (tmp_path / 'bad.parquet').write_bytes(b'PAR1')
    page = made()
    np.testing.assert_array_equal(page.array(page.piece('a.parquet')['inputs'][0]['attributions'], 4, 2, 3), one())
    assert page.report.aside == ['other.parquet'] and [name for name, _ in page.report.broken] == ['bad.parquet']


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*argv):
        status = main(['report'] + list(argv))
        return (status,) + tuple(capsys.readouterr())

    for argv, said in [(['none'], "folder: there is no folder 'none'."), (['.'], "folder: there are no results in '.'"),
                       (['.', '--out', 'x.txt'], "path must end in .html, not 'x.txt'."),
                       (['.', '--out', 'no/x.html'], "--out: there is no folder 'no'."),
                       (['.', '--most', '0'], 'expected a positive int')]:
        status, out, err = run(*argv)
        assert (status, out, err.count('\n')) == (2, '', 1) and said in err, err
    os.mkdir('r')
    one().save('r/a.npz')
    status, out, err = run('r', '--most', '2')
    assert (status, err) == (0, '') and out.splitlines()[0] == 'a.npz, intgrad: the first 2 of 4 samples'
    assert out.splitlines()[1].startswith('1 result, 0 tables of measures; wrote ' + os.path.join('r', 'report.html'))
    (tmp_path / 'r' / 'b\x1b.npz').write_bytes(b'PK')
    status, out, err = run('r', '--out', 'page.html', '--json')
    assert status == 1 and json.loads(out)['broken'] == [['b\\x1b.npz', 'cannot be read: File is not a zip file.']]
    assert err.splitlines() == [
        'deepexplain: warning: b\\x1b.npz: cannot be read: File is not a zip file.',
        "deepexplain: error: 1 file of 'r' could not be read; the page says so and has the rest."]
    assert Page('page.html').data['pieces'][0]['n'] == 4


def test_what_the_commands_write(session, made, tmp_path, monkeypatch, capsys):
    """All of it as explain, evaluate and run write it."""
    rng = np.random.RandomState(0)
    x = tf.placeholder(tf.float32, [None, 3], name='x')
    tf.matmul(tf.tanh(tf.matmul(x, tf.constant(rng.randn(3, 4).astype('f')))), tf.constant(rng.randn(4, 2).astype('f')),
              name='out')
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'm.pb').write_bytes(session.graph_def.SerializeToString())
    lines = ['%g,%g,%g\n' % tuple(one) for one in rng.randn(6, 3)]
    (tmp_path / 'x.csv').write_text('age,income,height\n' + ''.join(lines))
    methods = ['--method', 'intgrad', '--method', 'grad*input', '--no-progress']
    for argv in (['explain', 'm.pb', 'x.csv', '--out', 'a.npz'] + methods,
                 ['evaluate', 'm.pb', 'x.csv', '--out', 't.json', '--measure', 'deletion', '--limit', '2'] + methods,
                 ['run', 'm.pb', 'x.csv', '--out', 'job', '--method', 'intgrad', '--no-progress']):
        assert main(argv) == 0, capsys.readouterr()
    page = made()
    assert not page.report.broken and not page.report.left and page.report.aside == ['x.csv']
    held = archive.load('a.npz', 'intgrad')
    for file, method in (('a.npz', 'intgrad'), ('job', None)):
        piece = page.piece(file, method)
        np.testing.assert_allclose(page.array(piece['inputs'][0]['attributions'], 1, 6, 3)[0], held, rtol=1e-5)
        np.testing.assert_allclose(page.array(piece['scores']), held.scores, rtol=1e-5)
        assert piece['unit'] == [['unit %d' % one for one in held.units]]
    assert page.piece('a.npz', 'intgrad')['inputs'][0]['features'] == ['age', 'income', 'height']
    said = facts(page.piece('a.npz', 'intgrad'))
    assert said['largest |delta|'] == '%.2g' % np.abs(held.delta).max() and said['layer'] == 'logits'
    held, = page.data['tables']
    assert held['methods'] == ['intgrad', 'grad*input', 'random', 'input'] and held['measures'] == ['deletion']
    assert len(held['curves'][0]['lines']) == 4
    wanted = {(one['method'], one['measure']): one['mean'] for one in json.load(open('t.json'))['table']}
    assert [row[0][0] for row in held['cells']] == [wanted[name, 'deletion'] for name in held['methods']]


def test_arguments(tmp_path):
    one().save(tmp_path / 'a.npz')
    for options, said in [(dict(most=0), 'most must be a positive int, not 0'), (dict(size=1.5), 'size must be a'),
                          (dict(most=True), 'most must be'), (dict(path='x.pdf'), 'path must end in .html')]:
        with pytest.raises(ValueError, match=said):
            report(tmp_path, **options)
    with pytest.raises(OSError):
        report(tmp_path, tmp_path / 'none' / 'x.html')
    assert report(tmp_path, max_bytes=100).broken[0][0] == 'a.npz' and sorted(os.listdir(str(tmp_path))) == [
        'a.npz', 'report.html']


def test_it_needs_neither_tensorflow_nor_matplotlib(tmp_path):
    one().save(tmp_path / 'a.npz')
    code = ("import sys\nfor name in ('tensorflow', 'matplotlib', 'PIL', 'pandas'):\n    sys.modules[name] = None\n"
            "from deepexplain.cli.main import main\nsys.exit(main(['report', '.']))")
    subprocess.check_output([sys.executable, '-c', code], cwd=str(tmp_path), env=dict(os.environ, PYTHONPATH=ROOT))


def test_colours_are_those_of_the_pictures(made, tmp_path):
    matplotlib = pytest.importorskip('matplotlib')
    from matplotlib import cm
    one().save(tmp_path / 'a.npz')
    ramp = re.search(r'const RAMP = (\[\[.*?\]\]);', made().inside['script'], re.DOTALL).group(1)
    found = matplotlib.colormaps['RdBu_r'] if hasattr(matplotlib, 'colormaps') else cm.get_cmap('RdBu_r')
    np.testing.assert_allclose(json.loads(ramp), 255 * found(np.linspace(0, 1, 11))[:, :3], atol=2)
