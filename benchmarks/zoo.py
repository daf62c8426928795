"""Every lrp name and deeplift on models of transformers and Keras, of random weights: what they give, and the cost.

    python benchmarks/zoo.py [--models bert,vit] [--methods lrp.epsilon,...] [--seeds 0,1] [--options softmax=constant]

`size` is the largest absolute attribution in parts of the largest |T|, `sum` the largest sum of a sample likewise,
`delta` what `deeplift` is off the change of T in parts of the largest. The models of transformers need that package,
`pip install --no-deps 'transformers<5' 'tokenizers<0.23' safetensors 'huggingface_hub<1' regex filelock fsspec pyyaml`.
"""
import argparse
import multiprocessing
import os
import time
import warnings

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('USE_TORCH', '0')

import numpy as np

TEXT = {'bert': 'bert/embeddings/word_embeddings', 'distilbert': 'distilbert/embeddings/word_embeddings',
        'roberta': 'roberta/embeddings/word_embeddings', 'gpt2': 'transformer/wte'}
PICTURES = {'efficientnetv2': ('EfficientNetV2B0', {}), 'mobilenetv3': ('MobileNetV3Small', {}),
            'convnext': ('ConvNeXtTiny', {}), 'resnet50v2': ('ResNet50V2', {})}
BLOCKS = ('attention', 'causal', 'grouped')
LENGTHS = (9, 6, 4)


def hugging_face(name):
    """A small model of transformers that is random."""
    import transformers as t
    alike = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    if name == 'vit':
        return t.TFViTForImageClassification(t.ViTConfig(image_size=16, patch_size=4, num_labels=3, **alike))
    alike.update(vocab_size=50, max_position_embeddings=24, num_labels=3)
    if name == 'distilbert':
        return t.TFDistilBertForSequenceClassification(t.DistilBertConfig(
            dim=32, n_layers=2, n_heads=4, hidden_dim=64, vocab_size=50, max_position_embeddings=24, num_labels=3))
    if name == 'gpt2':
        return t.TFGPT2ForSequenceClassification(t.GPT2Config(
            n_embd=32, n_layer=2, n_head=4, vocab_size=50, n_positions=24, pad_token_id=0, num_labels=3))
    return {'bert': lambda: t.TFBertForSequenceClassification(t.BertConfig(**alike)),
            'roberta': lambda: t.TFRobertaForSequenceClassification(t.RobertaConfig(**alike))}[name]()


def block(keras, name):
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


def build(name, seed):
    """A model and its samples: one array, or a dict for one of words."""
    rng = np.random.RandomState(seed)
    if name in TEXT or name == 'vit':
        import tensorflow as tf
        tf.keras.utils.set_random_seed(seed)
        model = hugging_face(name)
        model(model.dummy_inputs)
        if name == 'vit':
            return model, rng.rand(3, 3, 16, 16).astype(np.float32)
        mask = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
        ids = rng.randint(5, 50, mask.shape) * mask
        return model, {'input_ids': ids.astype(np.int32), 'attention_mask': mask.astype(np.int32)}
    name, _, legacy = name.partition('-')
    import importlib
    keras = importlib.import_module('tf_keras' if legacy else 'keras')
    keras.utils.set_random_seed(seed)
    if name in BLOCKS:
        return block(keras, name), rng.randn(3, 6, 16).astype(np.float32)
    kind, options = PICTURES[name]
    model = getattr(keras.applications, kind)(input_shape=(64, 64, 3), weights=None, classes=4,
                                              classifier_activation=None, **options)
    return model, (255 * rng.rand(2, 64, 64, 3)).astype(np.float32)


def methods_of():
    from deepexplain.tensorflow.methods import attribution_methods
    names = [name for name in attribution_methods if name.startswith(('lrp', 'deep_taylor'))]
    return names + ['deeplift complete']


def table(name, seed, methods, options, queue):
    """Puts a row of figures for each method."""
    from measure import peak

    from deepexplain.tensorflow import DeepExplain
    model, xs = build(name, seed)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        opened = DeepExplain.open(model)
    with opened as de:
        X = de.tensor(TEXT[name]) if name in TEXT else de.inputs[0]
        if name in TEXT:
            # Token types are 0.
            rows = dict(feed_dict={one: xs.get(one.name.split(':')[0], 0 * xs['input_ids']) for one in de.inputs})
        else:
            rows = dict(xs=xs)
        T = de.logits
        size = np.abs(de.session.run(T, rows.get('feed_dict') or {X: xs})[:, 1]).max()
        for method in methods or methods_of():
            row = dict(method=method, said=[])
            more = dict(options) if method.startswith(('lrp', 'deep')) else {}
            if method == 'deep_taylor.bounded':
                more.update(low=-4 if X.shape.ndims < 4 else 0, high=4 if X.shape.ndims < 4 else 255)
            if method == 'deeplift complete':
                more = dict(complete=True)
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter('always')
                try:
                    start, found = time.perf_counter(), []
                    row['mib'] = peak(lambda: found.append(de.get_explainer(method.split()[0], T, X, **more)))
                    row['build'] = time.perf_counter() - start
                    run, explainer = {}, found[0]
                    for key in ('first', 'later'):
                        start = time.perf_counter()
                        got, delta = explainer.run(ys=1, return_convergence_delta=True, **rows)
                        row[key] = time.perf_counter() - start
                    flat = got.reshape(len(got), -1)
                    if name in TEXT:
                        mask = xs['attention_mask'].astype(bool)
                        row['padding'] = float(np.abs(got[~mask]).max() / size)
                    row.update(size=float(np.abs(got).max() / size), sum=float(np.abs(flat.sum(1)).max() / size))
                    if method == 'deeplift complete':
                        change = flat.sum(1) - delta
                        row['delta'] = float(np.abs(delta).max() / np.abs(change).max())
                except Exception as error:
                    row['failed'] = '%s: %s' % (type(error).__name__, error)
            row['said'] = sorted({str(one.message) for one in said if issubclass(one.category, UserWarning)})
            queue.put(row)
    queue.put(None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', default=','.join(list(TEXT) + ['vit'] + list(BLOCKS) + list(PICTURES)))
    parser.add_argument('--methods', default='')
    parser.add_argument('--seeds', default='0')
    parser.add_argument('--options', default='', help='of lrp names, as softmax=constant,norms=identity')
    parser.add_argument('--said', action='store_true', help='print warnings')
    arguments = parser.parse_args()
    options = dict(one.split('=') for one in arguments.options.split(',') if one)
    context = multiprocessing.get_context('spawn')
    print('| model | seed | method | size | sum | delta | padding | build | MiB | first run | later |')
    print('|---|---|---|---|---|---|---|---|---|---|---|')
    for model in arguments.models.split(','):
        for seed in map(int, arguments.seeds.split(',')):
            queue = context.Queue()
            os.environ['TF_USE_LEGACY_KERAS'] = str(int(model in TEXT or model == 'vit' or model.endswith('-legacy')))
            process = context.Process(target=table, args=(
                model, seed, [one for one in arguments.methods.split(',') if one], options, queue))
            process.start()
            while True:
                try:
                    row = queue.get(timeout=5)
                except Exception:
                    if not process.is_alive():
                        print('|', model, '| died')
                        break
                    continue
                if row is None:
                    break
                if 'failed' in row:
                    print('| %s | %d | %s | %s' % (model, seed, row['method'], row['failed']), flush=True)
                else:
                    print('| %s | %d | %s | %.2g | %.2g | %s | %s | %.1f | %d | %.1f | %.3f |' % (
                        model, seed, row['method'], row['size'], row['sum'],
                        '%.1g' % row['delta'] if 'delta' in row else '', '%.1g' % row['padding'] if 'padding' in row else '',
                        row['build'], row['mib'], row['first'], row['later']), flush=True)
                if arguments.said:
                    for one in row['said']:
                        print('     ', one[:500])
            process.join()


if __name__ == '__main__':
    main()
