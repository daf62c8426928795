"""`deepexplain explain` of sentences: words and numbers in files, mistakes in one line."""
import json

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.cli.main import main
from deepexplain.report.folder import collect
from deepexplain.tensorflow import DeepExplain
from deepexplain.text import Text

WORDS = '[PAD] [UNK] the film was good bad'.split()


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command in a folder with a model, sentences and a vocabulary. Its status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.RandomState(0)
    with tf.Graph().as_default() as graph:
        ids = tf.placeholder(tf.int32, [None, None], name='ids')
        h = tf.tanh(tf.nn.embedding_lookup(tf.constant(rng.randn(7, 4).astype('f')), ids, name='looked_up'))
        tf.identity(tf.reduce_sum(tf.tensordot(h, tf.constant(rng.randn(4, 3).astype('f')), 1), 1), name='scores')
        (tmp_path / 'model.pb').write_bytes(graph.as_graph_def().SerializeToString())
    (tmp_path / 'words').mkdir()
    (tmp_path / 'words' / 'vocab.txt').write_text('\n'.join(WORDS) + '\n', encoding='utf-8')
    (tmp_path / 's.txt').write_text('The film was good\n\n  bad f\u00eelm \n', encoding='utf-8')

    def call(*argv):
        status = main(['explain', 'model.pb'] + list(argv))
        out, err = capsys.readouterr()
        return status, out, err

    return call


def want(method, **options):
    with DeepExplain.open('model.pb') as de:
        return Text(de, {word: number for number, word in enumerate(WORDS)}).explain(
            method, ['The film was good', 'bad f\u00eelm'], **options)


def test_results_are_the_librarys(run):
    status, out, err = run('s.txt', '--tokenizer', 'words', '--method', 'intgrad', '--method', 'occlusion', '--steps',
                           '200', '--out', 'a.npz', '--picture', 'a.png')
    assert (status, err) == (0, '') and "2 samples of 's.txt'" in out and 'wrote a.npz, a.png' in out
    with np.load('a.npz') as found:
        assert found['words'].tolist() == ['The', 'film', 'was', 'good', 'bad', 'f\u00eelm']
        assert found['sentence'].tolist() == [0] * 4 + [1] * 2
        assert found['sentences'].tolist() == ['The film was good', 'bad f\u00eelm']
        for method, options in (('intgrad', {'steps': 200}), ('occlusion', {})):
            results = want(method, **options)
            np.testing.assert_allclose(found[method], np.concatenate([one.attributions for one in results]), 1e-5)
            assert found['units'].tolist() == [one.unit for one in results]
            assert found['rest/' + method].tolist() == [0, 0]
        assert found['delta/intgrad'].shape == (2,)
        metadata = json.loads(str(found['metadata']))
    assert metadata['methods']['intgrad']['options'] == {'steps': 200} and metadata['X'][0].startswith('looked_up')
    assert metadata['tokenizer'].endswith('words') and open('a.png', 'rb').read(4) == b'\x89PNG'
    # A page of the folder has them.
    page = collect('.', 50, 10 ** 6)
    assert [one['method'] for one in page.pieces] == ['intgrad', 'occlusion'] and not page.broken
    assert page.pieces[1]['inputs'][0]['words'] == [['The', 'film', 'was', 'good'], ['bad', 'f\u00eelm']]


def test_json_and_a_token_as_the_baseline(run):
    status, out, _ = run('s.txt', '--tokenizer', 'words/vocab.txt', '--baseline', '[UNK]', '--target', '2', '--limit',
                         '1', '--out', 'a.json', '--json')
    assert status == 0 and json.loads(out)['units'] == [2]
    with open('a.json', encoding='utf-8') as file:
        sentence, = json.load(file)['sentences']
    assert sentence['words'] == ['The', 'film', 'was', 'good'] and sentence['unit'] == 2
    np.testing.assert_allclose(sentence['attributions']['intgrad'],
                               want('intgrad', ys=2, baseline=1)[0].attributions, 1e-5)
    page = collect('.', 50, 10 ** 6)
    assert page.pieces[0]['inputs'][0]['words'] == [['The', 'film', 'was', 'good']] and not page.broken


@pytest.mark.parametrize('argv, said', [
    (['s.txt'], "INPUT: 's.txt' holds sentences, and the model takes ids: --tokenizer FOLDER."),
    (['s.txt', '--tokenizer', 'nope'], "--tokenizer: there is no folder or file 'nope'."),
    (['s.txt', '--tokenizer', 'empty'], "tokenizer: 'empty' holds no tokenizer: expected"),
    (['s.txt', '--tokenizer', 'pickled'], 'is a pickle, which can run any code.'),
    (['s.txt', '--tokenizer', 'pieces.txt'], "tokenizer: 'pieces.txt' is of WordPiece (##), which needs"),
    (['s.txt', '--tokenizer', 'twice.txt'], "'twice.txt' has a word twice, 'a', in lines 1 and 3."),
    (['none.txt', '--tokenizer', 'words'], "INPUT: 'none.txt' has no sentences, one a line."),
    (['bytes.txt', '--tokenizer', 'words'], "INPUT: 'bytes.txt' cannot be read:"),
    (['pair.txt', '--tokenizer', 'words'], 'sentences[0]: the tokenizer takes a string, and this is a pair.'),
    (['s.txt', '--tokenizer', 'words', '--resize', '2x2'], "--resize is for pictures, and INPUT is 's.txt'."),
    (['s.txt', '--tokenizer', 'words', '--method', 'occlusion', '--window', '2'], '--window is not for sentences'),
    (['s.txt', '--tokenizer', 'words', '--out', 'a.csv'], 'ends in .npz or .json'),
    (['s.txt', '--tokenizer', 'words', '--baseline', '[MASK]'], "the tokenizer has no token '[MASK]'"),
    (['s.txt', '--tokenizer', 'words', '--input', 'looked_up'], "ids: expected an input that T depends on"),
    (['s.txt', '--tokenizer', 'words', '--layer', 'ids'], "no lookup of an embedding by ids is seen between"),
    (['numbers.npy', '--tokenizer', 'words'], '--tokenizer is for sentences in a .txt'),
    (['s.txt', '--tokenizer', 'words', '--method', 'saliency', '--baseline', '1'], "'saliency' has no such option"),
])
def test_wrong_use(run, tmp_path, argv, said):
    for name in ('empty', 'pickled'):
        (tmp_path / name).mkdir()
    (tmp_path / 'pickled' / 'vocab.pkl').write_bytes(b'cos\nsystem\n')
    (tmp_path / 'pickled' / 'tokenizer_config.json').write_text('{"tokenizer_class": "TransfoXLTokenizer"}')
    (tmp_path / 'pieces.txt').write_text('[UNK]\nfilm\n##s\n')
    (tmp_path / 'twice.txt').write_text('a\nb\na\n')
    (tmp_path / 'none.txt').write_text('\n \n')
    (tmp_path / 'bytes.txt').write_bytes(b'\xff\xfe\xfa\n')
    (tmp_path / 'pair.txt').write_text('the film\twas good\n')
    np.save(str(tmp_path / 'numbers.npy'), np.zeros((2, 3), int))
    status, out, err = run(*argv)
    assert (status, out) == (2, '') and err.startswith('deepexplain: error: ') and err.count('\n') == 1
    assert said in err
