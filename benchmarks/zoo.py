"""What every lrp name and deeplift give on models of transformers and of Keras, of random weights, and what they cost.

    python benchmarks/zoo.py [--models bert,vit] [--methods lrp.epsilon] [--options softmax=constant] [--costs] [--said]

The first table has the largest absolute attribution in parts of the largest |T|, of `deeplift` also what it is off the
change of T; the second, with --costs, seconds and MiB. Names that end in -2 are of tf_keras.
"""
import argparse
import importlib
import multiprocessing
import os
import queue
import time
import warnings

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('USE_TORCH', '0')

import numpy as np

TEXT = {'bert': 'bert/embeddings/word_embeddings', 'distilbert': 'distilbert/embeddings/word_embeddings',
        'roberta': 'roberta/embeddings/word_embeddings', 'gpt2': 'transformer/wte'}
BLOCKS = ('attention', 'causal', 'grouped')
PICTURES = {'EfficientNetV2B0': {}, 'MobileNetV3Small': {}, 'ConvNeXtTiny': {}}
MODELS = list(TEXT) + ['vit'] + list(BLOCKS) + list(PICTURES)
#: Words of each sample; the rest of nine is padding.
LENGTHS = (9, 6, 4)
DEEPLIFT = 'deeplift, complete'
COSTS = ('lrp.epsilon', 'lrp.gamma', 'lrp.z_plus', DEEPLIFT)


def hugging_face(name):
    """A small model of transformers."""
    import transformers as t
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, num_labels=3)
    words = dict(vocab_size=50, max_position_embeddings=24, num_labels=3)
    return {
        'vit': lambda: t.TFViTForImageClassification(t.ViTConfig(image_size=16, patch_size=4, **sizes)),
        'bert': lambda: t.TFBertForSequenceClassification(t.BertConfig(**dict(sizes, **words))),
        'roberta': lambda: t.TFRobertaForSequenceClassification(t.RobertaConfig(**dict(sizes, **words))),
        'distilbert': lambda: t.TFDistilBertForSequenceClassification(t.DistilBertConfig(
            dim=32, n_layers=2, n_heads=4, hidden_dim=64, **words)),
        'gpt2': lambda: t.TFGPT2ForSequenceClassification(t.GPT2Config(
            n_embd=32, n_layer=2, n_head=4, vocab_size=50, n_positions=24, pad_token_id=0, num_labels=3)),
    }[name]()


def blocks(keras, name):
    """Two pre-norm blocks of Keras's attention."""
    layers = keras.layers
    x = h = keras.Input((6, 16))
    for _ in range(2):
        normed = layers.LayerNormalization()(h)
        if name == 'grouped':
            attended = layers.GroupQueryAttention(8, 4, 2)(normed, normed)
        else:
            attended = layers.MultiHeadAttention(4, 8)(normed, normed, use_causal_mask=name == 'causal')
        h = h + attended
        h = h + layers.Dense(16)(layers.Dense(32, activation='gelu')(layers.LayerNormalization()(h)))
    return keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling1D()(layers.LayerNormalization()(h))))


def with_biases(model, rng):
    """A model whose biases are not 0, but of the size of its weights."""
    for variable in model.weights:
        if 'bias' in variable.name:
            variable.assign(.02 * rng.randn(*variable.shape))
    return model


def build(name):
    """A model and its samples: an array, or words and masks by the names of inputs."""
    rng = np.random.RandomState(0)
    if name in TEXT or name == 'vit':
        import tensorflow as tf
        tf.keras.utils.set_random_seed(0)
        model = hugging_face(name)
        model(model.dummy_inputs)
        with_biases(model, rng)
        if name == 'vit':
            return model, rng.rand(3, 3, 16, 16).astype(np.float32)
        mask = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
        return model, {'input_ids': rng.randint(5, 50, mask.shape) * mask, 'attention_mask': mask}
    name, _, second = name.partition('-')
    keras = importlib.import_module('tf_keras' if second else 'keras')
    keras.utils.set_random_seed(0)
    if name in BLOCKS:
        return with_biases(blocks(keras, name), rng), rng.randn(3, 6, 16).astype(np.float32)
    model = getattr(keras.applications, name)(input_shape=(64, 64, 3), weights=None, classes=4,
                                              classifier_activation=None, **PICTURES[name])
    return model, (255 * rng.rand(2, 64, 64, 3)).astype(np.float32)


def names():
    """The methods, each once."""
    from deepexplain.tensorflow.methods import attribution_methods
    found = {}
    for name, method in attribution_methods.items():
        if name.startswith(('lrp', 'deep_taylor')):
            found.setdefault(method, name)
    return list(found.values()) + [DEEPLIFT]


def ask(de, X, rows, method, options):
    """A row of figures for a method."""
    from measure import peak
    feed = rows.get('feed_dict') or {X: rows['xs']}
    size = np.abs(de.session.run(de.logits, feed)[:, 1]).max()
    options = dict(options) if method != DEEPLIFT else dict(complete=True)
    if method == 'deep_taylor.bounded':
        options.update(low=0 if X.shape.ndims == 4 else -4, high=255 if X.shape.ndims == 4 else 4)
    row, found = {}, []

    def make():
        start = time.perf_counter()
        found.append(de.get_explainer(method.split(',')[0], de.logits, X, **options))
        row['build'] = time.perf_counter() - start
        for key in ('first', 'later'):
            start = time.perf_counter()
            found.append(found[0].run(ys=1, return_convergence_delta=True, **rows))
            row[key] = time.perf_counter() - start

    row['mib'] = peak(make)
    got, delta = found[-1]
    row['size'] = np.abs(got).max() / size
    if method == DEEPLIFT:
        row['delta'] = np.abs(delta).max() / np.abs(got.reshape(len(got), -1).sum(1) - delta).max()
    if isinstance(rows.get('feed_dict'), dict):
        mask = next(value for one, value in feed.items() if one.name.startswith('attention_mask'))
        row['padding'] = np.abs(got[~mask]).max() / size
    return row


def work(name, methods, options, results):
    """Puts the figures of some methods on a model, each with its name and what was said."""
    from deepexplain.tensorflow import DeepExplain
    model, xs = build(name)
    with DeepExplain.open(model) as de:
        X = de.tensor(TEXT[name]) if name in TEXT else de.inputs[0]
        rows = dict(xs=xs) if name not in TEXT else dict(feed_dict={
            # Token types are 0.
            one: xs.get(one.name.split(':')[0], 0 * xs['input_ids']) for one in de.inputs})
        for method in methods or names():
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter('always', UserWarning)
                try:
                    row = ask(de, X, rows, method, options)
                except (RuntimeError, ValueError) as error:
                    row = dict(refused=str(error))
            results.put((method, dict(row, said=sorted({str(one.message) for one in said}))))


def figures(context, name, methods, options):
    """The same from a process of its own, which has the Keras of the model."""
    os.environ['TF_USE_LEGACY_KERAS'] = str(int(name in TEXT or name == 'vit' or name.endswith('-2')))
    results = context.Queue()
    process = context.Process(target=work, args=(name, methods, options, results))
    process.start()
    found = {}
    while process.is_alive() or not results.empty():
        try:
            method, row = results.get(timeout=1)
            found[method] = row
        except queue.Empty:
            pass
    process.join()
    return found


def shown(row):
    if 'size' not in row:
        return 'refused' if row else 'failed'
    more = ', off %.0e' % row['delta'] if 'delta' in row else ''
    return '%.2g' % row['size'] + more + (', padding %.0e' % row['padding'] if row.get('padding') else '')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', default=','.join(MODELS))
    parser.add_argument('--methods', default='', help='separated by semicolons; default: all')
    parser.add_argument('--options', default='', help='of lrp names, as softmax=constant,norms=identity')
    parser.add_argument('--costs', action='store_true', help='build time, run time and memory too')
    parser.add_argument('--said', action='store_true', help='what warnings and errors say too')
    arguments = parser.parse_args()
    options = dict(one.split('=') for one in arguments.options.split(',') if one)
    methods = [one for one in arguments.methods.split(';') if one]
    context, models = multiprocessing.get_context('spawn'), arguments.models.split(',')
    table = {name: figures(context, name, methods, options) for name in models}
    print('| | %s |\n|---|%s' % (' | '.join(models), '---|' * len(models)))
    for method in methods or names():
        print('| %s | %s |' % (method, ' | '.join(shown(table[name].get(method, {})) for name in models)), flush=True)
    if arguments.said:
        for name in models:
            for method, row in table[name].items():
                print('%s, %s: %s' % (name, method, '\n    '.join(row['said'] + [row.get('refused', '')])))
    if arguments.costs:
        print('\n| | %s |\n|---|%s' % (' | '.join(COSTS), '---|' * len(COSTS)))
        for name in models:
            rows = [figures(context, name, [method], {})[method] for method in COSTS]
            print('| %s | %s |' % (name, ' | '.join('%.1f, %.1f, %.3f s, %d MiB' % tuple(
                row[key] for key in ('build', 'first', 'later', 'mib')) for row in rows)), flush=True)


if __name__ == '__main__':
    main()
