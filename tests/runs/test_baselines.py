"""Baselines in every form, at construction and at run, sets of references, several inputs, groups of features."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain

WITH_BASELINE = [('intgrad', dict(steps=4)), ('deeplift', {}), ('occlusion', {}), ('shapley_sampling', dict(samples=2))]


@pytest.fixture
def model(session, rng):
    X, T = mlp(tf.nn.softplus, rng)
    initialise(session)
    return X, T, rng.randn(3, 5)


def explain(de, method, *arguments, **options):
    np.random.seed(0)
    return de.explain(method, *arguments, **options)


@pytest.mark.parametrize('method,options', WITH_BASELINE)
@pytest.mark.parametrize('batch_size', [None, 2])
def test_one_baseline_a_sample(session, model, rng, method, options, batch_size):
    X, T, xs = model
    baselines = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        got = explain(de, method, T, X, xs, batch_size=batch_size, baseline=baselines, **options)
        alone = [explain(de, method, T, X, xs[i:i + 1], baseline=baselines[i], **options) for i in range(3)]
        close(got, np.concatenate(alone), 1e-5)
        explainer = de.get_explainer(method, T, X, baseline=baselines[0], **options)
        np.random.seed(0)
        close(explainer.run(xs, baseline=baselines), got, 1e-5)
        np.random.seed(0)
        close(explainer.run(xs), explain(de, method, T, X, xs, baseline=baselines[0], **options), 1e-6)


@pytest.mark.parametrize('method,options', WITH_BASELINE)
def test_a_moved_model_with_a_moved_baseline_is_the_model_with_none(session, model, rng, method, options):
    X, _, xs = model
    shift = rng.randn(5).astype(np.float32)
    T, moved = [mlp(tf.nn.softplus, np.random.RandomState(3), X=one)[1] for one in (X, X - shift)]
    initialise(session)
    with DeepExplain(session=session) as de:
        close(explain(de, method, moved, X, xs + shift, baseline=shift, **options),
              explain(de, method, T, X, xs, **options), 1e-4)


@pytest.mark.parametrize('method,options', WITH_BASELINE[:2])
@pytest.mark.parametrize('batch_size', [None, 1, 4, 100])
def test_references_are_the_mean_of_single_runs(session, model, rng, method, options, batch_size):
    X, T, xs = model
    references = rng.randn(6, 5)
    with DeepExplain(session=session) as de:
        single = np.mean([explain(de, method, T, X, xs, baseline=one, **options) for one in references], 0)
        got = explain(de, method, T, X, xs, batch_size=batch_size, references=references, **options)
        close(got, single, 1e-5)
        explainer = de.get_explainer(method, T, X, references=references, **options)
        close(explainer.run(xs), single, 1e-5)
        close(explainer.run(xs, references=references[:1]), explainer.run(xs, baseline=references[0]), 1e-6)
        in_list = de.explain(method, T, [X], [xs], references=[references], **options)
        close(in_list[0], single, 1e-5)


def test_errors(session, model):
    X, T, xs = model
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'deeplift'):
            with pytest.raises(ValueError, match='baseline and references exclude each other'):
                de.get_explainer(method, T, X, baseline=0, references=[[0] * 5])
            with pytest.raises(RuntimeError, match=r'References shape \(5,\) does not match expected shape \(\?, 5\)'):
                de.get_explainer(method, T, X, references=np.zeros(5))
            with pytest.raises(RuntimeError, match='references must be as many .* at least one, not 0'):
                de.get_explainer(method, T, X, references=np.zeros((0, 5)))
            with pytest.raises(RuntimeError, match=r'Baseline shape \(2, 5\) does not match expected shape \(5,\), or '
                                                   r'\(3, 5\) with one for each sample'):
                de.get_explainer(method, T, X).run(xs, baseline=np.zeros((2, 5)))
        with pytest.raises(TypeError, match="run of saliency takes no option 'baseline'; it takes none"):
            de.get_explainer('saliency', T, X).run(xs, baseline=0)
        with pytest.raises(TypeError, match="run of occlusion takes no option 'references'; it takes baseline"):
            de.get_explainer('occlusion', T, X).run(xs, references=[[0] * 5])


# -- several inputs and groups ------------------------------------------------------------------------------------


@pytest.fixture
def two(session, rng):
    """Inputs a (2) and b (2 x 3), their concatenation as one input, T, and samples of both forms."""
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 2, 3])
    joined = tf.concat([a, tf.reshape(b, [-1, 6])], 1)
    T = mlp(tf.nn.tanh, rng, inputs=8, X=joined)[1]
    initialise(session)
    xs = rng.randn(3, 8)
    return a, b, joined, T, [xs[:, :2], xs[:, 2:].reshape(3, 2, 3)], xs


def test_occlusion_of_several_inputs(session, two):
    a, b, joined, T, parts, xs = two
    with DeepExplain(session=session) as de:
        whole = de.explain('occlusion', T, joined, xs)
        of_a, of_b = de.explain('occlusion', T, [a, b], parts, window_shape=[(1,), (1, 1)])
        close(np.concatenate([of_a, of_b.reshape(3, 6)], 1), whole, 1e-5)
        of_a, of_b = de.explain('occlusion', T, (a, b), parts, window_shape=[None, (1, 3)], step=[None, (1, 3)])
        assert not of_a.any()
        rows = de.explain('occlusion', T, joined, xs, feature_mask=[0, 0, 1, 1, 1, 2, 2, 2])[:, 2:]
        close(of_b.reshape(3, 6), rows / 3, 1e-5)


def test_shapley_values_of_several_inputs(session, two):
    a, b, joined, T, parts, xs = two
    with DeepExplain(session=session) as de:
        whole = explain(de, 'shapley_sampling', T, joined, xs)
        of_a, of_b = explain(de, 'shapley_sampling', T, [a, b], parts, sampling_dims=[[1], [1, 2]])
        close(np.concatenate([of_a, of_b.reshape(3, 6)], 1), whole, 1e-5)
        of_a, of_b = explain(de, 'shapley_sampling', T, [a, b], parts, sampling_dims=[[1], [1]])
        grouped = explain(de, 'shapley_sampling', T, joined, xs, feature_mask=[0, 1, 2, 2, 2, 3, 3, 3])
        assert of_b.shape == (3, 2)
        close(np.concatenate([of_a, of_b], 1), grouped[:, [0, 1, 2, 5]], 1e-5)
        of_a, of_b = explain(de, 'shapley_sampling', T, [a, b], parts, sampling_dims=[None, [1]])
        assert not of_a.any()
        close(per_sample(of_b), per_sample(session.run(T, {a: parts[0], b: parts[1]})
                                           - session.run(T, {a: parts[0], b: 0 * parts[1]})), 1e-5)


def test_several_inputs_are_told_how_to_ask(session, two):
    a, b, _, T, _, _ = two
    with DeepExplain(session=session) as de:
        for options in ({}, dict(window_shape=(1,)), dict(window_shape=[(1,)])):
            with pytest.raises(RuntimeError, match=r'not yet supported by occlusion unless you say .*window_shape=\['):
                de.get_explainer('occlusion', T, [a, b], **options)
        for options in ({}, dict(sampling_dims=[1]), dict(sampling_dims=[1, 1])):
            with pytest.raises(RuntimeError, match=r'not yet supported by shapley_sampling .*sampling_dims=\['):
                de.get_explainer('shapley_sampling', T, [a, b], **options)


@pytest.mark.parametrize('method', ['occlusion', 'shapley_sampling'])
@pytest.mark.parametrize('batch_size', [None, 2])
def test_groups_of_features(session, rng, method, batch_size):
    # A linear model: a group's attribution is the sum of its features'.
    X = tf.placeholder(tf.float32, [None, 2, 3, 2])
    w = rng.randn(12, 1)
    T = tf.matmul(tf.reshape(X, [-1, 12]), tf.constant(w, tf.float32))
    xs = rng.randn(4, 2, 3, 2)
    single = xs * w.reshape(2, 3, 2)
    mask = np.array([[7, 7, -1], [0, 7, 0]])[:, :, np.newaxis]
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, X, xs, feature_mask=mask, batch_size=batch_size)
        groups = de.explain(method, T, X, xs, feature_mask=mask, per_group=True, batch_size=batch_size)
        want = [single[:, (mask[..., 0] == number)].reshape(4, -1).sum(1) for number in (-1, 0, 7)]
        close(groups, np.stack(want, 1), 1e-5)
        for number, one in zip((-1, 0, 7), want):
            members = got[:, mask[..., 0] == number].reshape(4, -1)
            close(members, np.repeat(one[:, np.newaxis], members.shape[1], 1), 1e-5)
        features = de.explain(method, T, X, xs, feature_mask=np.arange(12).reshape(2, 3, 2))
        close(features, single, 1e-5)


def test_groups_across_inputs(session, two):
    a, b, joined, T, parts, xs = two
    mask = [0, 1, 1, 1, 2, 2, 2, 2]
    with DeepExplain(session=session) as de:
        for method in ('occlusion', 'shapley_sampling'):
            whole = explain(de, method, T, joined, xs, feature_mask=mask)
            of_a, of_b = explain(de, method, T, [a, b], parts, feature_mask=[[0, 1], [[1, 1, 2], [2, 2, 2]]])
            close(np.concatenate([of_a, of_b.reshape(3, 6)], 1), whole, 1e-5)
            groups = explain(de, method, T, [a, b], parts, feature_mask=[[0, 1], [[1, 1, 2], [2, 2, 2]]],
                             per_group=True)
            assert groups.shape == (3, 3)


def test_superpixels(session, rng):
    from skimage.segmentation import slic
    picture = np.zeros((8, 8, 3))
    picture[:, 4:] = 1
    segments = slic(picture, n_segments=2)
    X = tf.placeholder(tf.float32, [None, 8, 8, 3])
    T = dense(tf.reshape(X, [-1, 192]), rng, 2)
    initialise(session)
    with DeepExplain(session=session) as de:
        got = de.explain('occlusion', T, X, picture[np.newaxis], 0, feature_mask=segments[:, :, np.newaxis])
    assert len(np.unique(got)) == len(np.unique(segments))


def test_errors_of_masks(session, two):
    a, b, joined, T, _, xs = two
    with DeepExplain(session=session) as de:
        for method in ('occlusion', 'shapley_sampling'):
            for mask, error, words in (
                    (np.zeros(8), ValueError, 'of ints, .*, not float64'),
                    (3, ValueError, 'of ints, .*, not a single number'),
                    (np.zeros(7, int), RuntimeError, r'shape of a sample, .*, not \(7,\); mask')):
                with pytest.raises(error, match='feature_mask must b.* ' + words):
                    de.get_explainer(method, tf.identity(T), joined, feature_mask=mask).run(xs)
            with pytest.raises(RuntimeError, match='one mask for each of the 2 inputs'):
                de.get_explainer(method, T, [a, b], feature_mask=[[0, 1]])
            with pytest.raises(ValueError, match='per_group needs a feature_mask'):
                de.get_explainer(method, T, joined, per_group=True)
        with pytest.raises(ValueError, match='feature_mask excludes window_shape and step'):
            de.get_explainer('occlusion', T, joined, feature_mask=[0] * 8, step=2)
        with pytest.raises(ValueError, match='feature_mask excludes sampling_dims'):
            de.get_explainer('shapley_sampling', T, joined, feature_mask=[0] * 8, sampling_dims=[1])
