"""Text and relevance on TensorFlow models of transformers, small and random."""
import os
import warnings

import numpy as np
import pytest
import tensorflow as tf
from models import close
from site_pages import blocks

os.environ.setdefault('USE_TORCH', '0')
transformers = pytest.importorskip('transformers', minversion='4.30')
if transformers.__version__ >= '5':
    pytest.skip('transformers 5 has no TensorFlow models', allow_module_level=True)
if os.environ.get('TF_USE_LEGACY_KERAS') != '1':
    pytest.skip('its TensorFlow models are of tf_keras', allow_module_level=True)

from deepexplain.tensorflow import DeepExplain
from deepexplain.text import Text

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the film was good bad ##ly un ##believ ##able a plot , .".split()
SENTENCES = ['The film was unbelievable.', 'a plot']
EMBEDDINGS = {'bert': 'bert/embeddings/word_embeddings', 'distilbert': 'distilbert/embeddings/word_embeddings',
              'roberta': 'roberta/embeddings/word_embeddings', 'gpt2': 'transformer/wte'}
#: Without options deltas hold what biases and softmaxes keep.
RELEVANCE = [('lrp.epsilon', {}), ('lrp.gamma', {}), ('lrp.alpha_1_beta_0', {}), ('deeplift', dict(complete=True)),
             ('lrp.gamma_IB', dict(softmax='constant'))]
SMALL = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=20, vocab_size=20,
             max_position_embeddings=24, initializer_range=.4)


def build(name):
    t = transformers
    if name == 'bert':
        return t.TFBertForSequenceClassification(t.BertConfig(**SMALL))
    if name == 'roberta':
        return t.TFRobertaForSequenceClassification(t.RobertaConfig(**SMALL))
    if name == 'distilbert':
        return t.TFDistilBertForSequenceClassification(t.DistilBertConfig(
            dim=16, n_layers=1, n_heads=2, hidden_dim=20, vocab_size=20, max_position_embeddings=24,
            initializer_range=.4))
    return t.TFGPT2ForSequenceClassification(t.GPT2Config(
        n_embd=16, n_layer=1, n_head=2, vocab_size=20, n_positions=24, pad_token_id=0, initializer_range=.4))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A folder with a tokenizer of BERT's kind."""
    found = tmp_path_factory.mktemp('tokenizer')
    (found / 'vocab.txt').write_text('\n'.join(WORDS) + '\n')
    transformers.BertTokenizerFast(str(found / 'vocab.txt')).save_pretrained(str(found))
    return str(found)


def with_biases(model):
    """A model as after training: its biases are not 0."""
    model(model.dummy_inputs)
    rng = np.random.RandomState(0)
    for variable in model.weights:
        if 'bias' in variable.name:
            variable.assign(.1 * rng.randn(*variable.shape))
    return model


@pytest.fixture(scope='module', params=sorted(EMBEDDINGS))
def model(request):
    tf.keras.utils.set_random_seed(0)
    return request.param, with_biases(build(request.param))


def test_every_source_gives_the_same(model, folder, tmp_path):
    name, model = model
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    slow = transformers.BertTokenizer(os.path.join(folder, 'vocab.txt'))
    specs = [tf.TensorSpec([None, None], tf.int32, name=one) for one in ('input_ids', 'attention_mask')]
    function = tf.function(lambda input_ids, attention_mask: model(
        {'input_ids': input_ids, 'attention_mask': attention_mask}).logits, input_signature=specs)
    if name in ('bert', 'gpt2'):
        tf.saved_model.save(model, str(tmp_path / 'saved'), signatures=function)
    # What the model says itself, padded as its own pipeline pads.
    fed = tokenizer(SENTENCES, padding=True, return_tensors='np')
    logits = model({key: fed[key] for key in ('input_ids', 'attention_mask')}).logits.numpy()
    found = []
    # One encoder and one decoder by every source.
    sources = (model, function, str(tmp_path / 'saved'))
    for source in sources if name in ('bert', 'gpt2') else sources[:1]:
        with DeepExplain.open(source) as de:
            text = Text(de, tokenizer)
            if source is model:
                assert EMBEDDINGS[name] in [layer.name for layer in de.layers()]
                assert de.tensor(EMBEDDINGS[name]) is text.X
                other = Text(de, slow).explain('gradient', SENTENCES)
                first = text.explain('gradient', SENTENCES)
                close(other[0].attributions, first[0].attributions, 1e-5)
                assert other[0].words == ['the'] + first[0].words[1:]
            found.append(text.explain('deeplift', SENTENCES, complete=True, return_convergence_delta=True))
            if source is not function:
                continue
            for method, options in (('intgrad', dict(steps=20, baseline='[MASK]')), ('occlusion', {})):
                for one in text.explain(method, SENTENCES, **options):
                    assert np.isfinite(one.attributions).all() and one.attributions.any()
    for results in found:
        for one, want, first, words in zip(results, logits, found[0], (['The', 'film', 'was', 'unbelievable', '.'],
                                                                       ['a', 'plot'])):
            assert one.words == words and one.tokens[0] == '[CLS]' and one.unit == want.argmax()
            close(one.score, want.max(), 1e-4)
            assert abs(one.delta) < 1e-3 * max(1, abs(one.attributions).max())
            close(one.attributions, first.attributions, 1e-4)


def relevance_is_sound(de, X, rows, padding=None, methods=RELEVANCE):
    """No method of relevance goes beyond T by far, none leaves any on padding, and deeplift adds up."""
    size = np.abs(de.session.run(de.logits, rows.get('feed_dict') or {X: rows['xs']})[:, 1]).max()
    for method, options in methods:
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            got, delta = de.explain(method, de.logits, X, ys=1, **rows, **options, return_convergence_delta=True) if (
                options) else (de.explain(method, de.logits, X, ys=1, **rows), None)
        assert np.isfinite(got).all() and 0 < np.abs(got).max() < 100 * size, method
        assert padding is None or not got[padding].any()
        if delta is not None:
            sums = got.reshape(len(got), -1).sum(1)
            assert np.abs(delta).max() < 1e-3 * np.abs(sums - delta).max(), method


def test_relevance_from_embeddings(model):
    name, model = model
    mask = np.arange(7) < np.array([[7], [4], [5]])
    ids = np.random.RandomState(1).randint(5, 20, mask.shape) * mask
    with DeepExplain.open(model) as de:
        fed = {'input_ids': ids, 'attention_mask': mask}
        rows = dict(feed_dict={one: fed.get(one.name.split(':')[0], 0 * ids) for one in de.inputs})
        # What attention asks of rules is the same in all of them.
        methods = RELEVANCE if name in ('bert', 'gpt2') else RELEVANCE[::3]
        relevance_is_sound(de, de.tensor(EMBEDDINGS[name]), rows, ~mask, methods)


def test_readme(folder, tmp_path):
    code, = blocks('huggingface')
    with_biases(build('distilbert')).save_pretrained(tmp_path)
    model = transformers.TFDistilBertForSequenceClassification.from_pretrained(tmp_path)
    namespace = {'model': model, 'tokenizer': folder, 'DeepExplain': DeepExplain, 'Text': Text}
    exec(compile(code, 'README huggingface', 'exec'), namespace)
    one, = namespace['results']
    assert one.words == ['An', 'unbelievable', 'film', '.'] and np.abs(one.attributions).max() < 100 * abs(one.score)
    assert one.attributions.any()


def test_pairs(folder):
    model = build('bert')
    model(model.dummy_inputs)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with DeepExplain.open(model) as de:
        one, = Text(de, folder).explain('deeplift', [('the film', 'was badly')], complete=True)
    fed = tokenizer('the film', 'was badly', return_tensors='np')
    assert fed['token_type_ids'].any() and one.words == ['the', 'film', 'was', 'badly']
    close(one.score, model(dict(fed)).logits.numpy().max(), 1e-4)


def test_what_is_too_long_is_cut_with_its_special_tokens(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, model_max_length=6)
    model = build('distilbert')
    model(model.dummy_inputs)
    with DeepExplain.open(model) as de, pytest.warns(UserWarning, match='cut: 1 of 1'):
        one, = Text(de, tokenizer).explain('gradient', ['the film was good a plot'])
    assert one.words == ['the', 'film', 'was', 'good'] and one.tokens[-1] == '[SEP]'


def test_a_tokenizer_of_the_package_tokenizers(folder):
    tokenizers = pytest.importorskip('tokenizers')
    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, 'tokenizer.json'))
    tokenizer.enable_padding(length=9)
    model = build('bert')
    model(model.dummy_inputs)
    with DeepExplain.open(model) as de:
        one, = Text(de, tokenizer).explain('gradient', ['The film was unbelievable'])
        other, = Text(de, folder).explain('gradient', ['The film was unbelievable'])
        assert one.words == other.words == ['The', 'film', 'was', 'unbelievable']
        close(one.attributions, other.attributions, 1e-5)
    assert tokenizer.padding['length'] == 9


def test_pictures_go_in_as_before():
    model = with_biases(transformers.TFViTForImageClassification(transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=20, image_size=16, patch_size=8,
        initializer_range=.3)))
    xs = np.random.RandomState(0).rand(2, 3, 16, 16).astype('f')
    want = model({'pixel_values': xs}).logits.numpy()
    with DeepExplain.open(model) as de:
        close(de.session.run(de.logits, {de.inputs[0]: xs}), want, 1e-4)
        assert de.explain('intgrad', de.logits, de.inputs[0], xs, 'max', steps=5).any()
        # The class token and the places keep their share, whatever the rule.
        relevance_is_sound(de, de.inputs[0], dict(xs=xs), methods=RELEVANCE[:-1])
