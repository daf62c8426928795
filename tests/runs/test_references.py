"""References of each sample's own, as arrays and by functions."""
from functools import partial

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, counted, dense, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain

WITH_REFERENCES = [('intgrad', dict(steps=4)), ('deeplift', {}), ('deeplift', dict(complete=True)),
                   ('deeplift.reveal_cancel', {}), ('expected_gradients', dict(samples=5, seed=1)),
                   ('idgi', dict(steps=3)), ('conductance', dict(steps=3)), ('internal_influence', dict(steps=3)),
                   ('smoothgrad', dict(of='deeplift', samples=2, noise=0.))]


@pytest.fixture
def model(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    return X, T, rng.randn(3, 5), rng.randn(3, 4, 5)


def one_by_one(explainer, xs, references, *more):
    return np.concatenate([explainer.run(xs[i:i + 1], *more, references=references[i], ids=[i])
                           for i in range(len(xs))])


@pytest.mark.parametrize('method,options', WITH_REFERENCES)
@pytest.mark.parametrize('ys', [None, 'max'])
def test_each_sample_by_its_own_is_a_loop(session, model, method, options, ys):
    X, T, xs, references = model
    kept = references.copy()
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **options)
        want = one_by_one(explainer, xs, references, ys)
        # T is linear in what internal_influence looks at.
        assert method == 'internal_influence' or np.abs(
            want - explainer.run(xs, ys, references=references[0])).max() > .01 * np.abs(want).max()
        for batch_size in (None, 1, 4, 100):
            close(explainer.run(xs, ys, batch_size, references=references), want, 1e-5)
        close(explainer.run(xs, ys, references=lambda xs: references), want, 1e-5)
        # As many samples as references of each.
        three = references[:, :3]
        close(explainer.run(xs, ys, references=three), one_by_one(explainer, xs, three, ys), 1e-5)
        if method != 'smoothgrad':
            for given in (references, lambda xs: references):
                close(de.get_explainer(method, T, X, references=given, **options).run(xs, ys), want, 1e-5)
        close(explainer.run(xs[:1], ys, references=references[:1]), want[:1], 1e-5)
    np.testing.assert_array_equal(references, kept)


@pytest.mark.parametrize('method', ['intgrad', 'deeplift'])
def test_the_rows_are_samples_by_references(session, rng, method):
    X, T, seen = counted(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **(dict(steps=3) if method == 'intgrad' else {}))
        explainer.run(rng.randn(4, 5), references=rng.randn(4, 6, 5), batch_size=6)
    # Deeplift evaluates the references along with the samples, in a graph of its own.
    assert sum(seen) == {'intgrad': 4 * 6 * 3, 'deeplift': 2 * 4 * 6}[method]
    assert max(seen) <= 6


@pytest.mark.parametrize('method', ['intgrad', 'deeplift', 'idgi'])
def test_delta(session, model, method):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **({} if method == 'deeplift' else dict(steps=20)))
        got, delta = explainer.run(xs, 1, references=references, return_convergence_delta=True)
    scores = session.run(T, {X: xs})[:, 1]
    starts = session.run(T, {X: references.reshape(-1, 5)})[:, 1].reshape(3, 4)
    np.testing.assert_allclose(delta, per_sample(got) - (scores - starts.mean(1)), atol=1e-5)


def test_several_inputs(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3, 1])
    T = dense(tf.nn.softplus(dense(tf.concat([a, b[:, :, 0]], 1), rng, 4)), rng, 1)
    initialise(session)
    xs = [rng.randn(3, 2), rng.randn(3, 3, 1)]
    references = [rng.randn(3, 4, 2), rng.randn(3, 4, 3, 1)]
    given = []

    def function(xs, ids):
        given.append((xs, ids))
        return references

    for method, options in (('deeplift', {}), ('intgrad', dict(steps=3))):
        with DeepExplain(session=session) as de:
            explainer = de.get_explainer(method, T, [a, b], **options)
            want = [np.concatenate(one) for one in zip(*[explainer.run(
                [x[i:i + 1] for x in xs], references=[one[i] for one in references]) for i in range(3)])]
            for one in (references, function):
                for got, wanted in zip(explainer.run(xs, references=one, batch_size=2), want):
                    close(got, wanted, 1e-5)
            # One input's for all, the other's for each.
            got = explainer.run(xs, references=[references[0][0], references[1]])
            both = explainer.run(xs, references=[np.repeat(references[0][:1], 3, 0), references[1]])
            for one, other in zip(got, both):
                close(one, other, 1e-5)
    assert len(given) == 2 and isinstance(given[0][0], list) and list(given[0][1]) == [0, 1, 2]


def test_a_function_is_called_once_with_a_copy_before_any_call(session, model):
    X, T, xs, references = model
    xs = xs.astype(np.float32)  # So that a run has no copy of its own.
    kept, calls = xs.copy(), []
    counting = Counting(session)

    def function(given):
        calls.append((given.dtype, len(counting.calls)))
        given[:] = 7
        return references

    with DeepExplain(session=counting) as de:
        de.explain('deeplift', T, X, xs, 'max', batch_size=2, references=function)
    assert calls == [(np.float32, 0)]
    np.testing.assert_array_equal(xs, kept)


def own(xs, ids, scale=1.):
    """What hangs on the samples' numbers."""
    return scale * np.stack([np.random.RandomState(int(number)).randn(2, 5) for number in ids])


@pytest.mark.parametrize('function', [own, partial(own, scale=1.)])
def test_batches(session, model, rng, function):
    X, T, _, _ = model
    xs = rng.randn(5, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X, references=function)
        whole = explainer.run(xs, 1)
        close(np.concatenate(list(explainer.run_batches([xs[:2], xs[2:]], ys=1))), whole, 1e-6)
        close(explainer.run(xs[[3, 1]], 1, ids=[3, 1]), whole[[3, 1]], 1e-6)
        explainer = de.get_explainer('deeplift', T, X)
        references = own(xs, range(5))
        each = [{'xs': xs[part], 'references': references[part]} for part in (slice(0, 3), slice(3, 5))]
        close(np.concatenate(list(explainer.run_batches(each, ys=1))), whole, 1e-6)
        words = "batch 0: references of each sample's own belong to their batch, as in {'xs': xs, 'references': refer"
        with pytest.raises(RuntimeError, match=words):
            list(explainer.run_batches([xs], references=references))
        for made in (de.get_explainer('deeplift', T, X, references=references),
                     de.get_explainer('smoothgrad', T, X, of='deeplift', options=dict(references=references))):
            with pytest.raises(RuntimeError, match=words):
                list(made.run_batches([xs, xs]))


def test_what_fixes_ids_itself_is_given_none(session, model):
    X, T, xs, _ = model
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', T, X, xs, ids=[3, 4, 5], references=partial(own, ids=[7, 8, 9]))
        close(got, de.explain('deeplift', T, X, xs, references=own(xs, [7, 8, 9])), 1e-6)


def test_inner_tensors(session, model):
    X, T, xs, references = model
    inner = next(op.outputs[0] for op in session.graph.get_operations() if op.type == 'Relu')
    with DeepExplain(session=session) as de:
        for method, options in (('deeplift', {}), ('intgrad', dict(steps=5))):
            explainer = de.get_explainer(method, T, X, **options)
            got = explainer.relevances([inner], xs, 1, references=references)[0]
            want = [explainer.relevances([inner], xs[i:i + 1], 1, references=references[i])[0] for i in range(3)]
            close(got, np.concatenate(want), 1e-5)


def test_rows_together(session, rng):
    nodes = tf.placeholder(tf.float32, [None, 3])
    T = tf.reduce_sum(tf.nn.relu(tf.matmul(nodes, nodes, transpose_b=True)))
    xs, references = rng.randn(4, 3), rng.randn(2, 4, 3)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, nodes, rows='together', complete=True)
        want = explainer.run(xs, references=references)
        close(explainer.run(xs, references=lambda given: references + 0 * given), want, 1e-6)
        with pytest.raises(RuntimeError, match=r'must have the shape \(m, 4, 3\), with m references of its own.*not '
                                               r'\(4, 3\)'):
            explainer.run(xs, references=lambda given: given)


def test_an_input_of_unknown_rank(session, rng):
    X = tf.placeholder(tf.float32)
    T = tf.reduce_sum(tf.tanh(X), -1)
    xs, references = rng.randn(3, 5), rng.randn(3, 4, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X, references=references, steps=3)
        close(explainer.run(xs), one_by_one(explainer, xs, references), 1e-5)


def test_errors(session, model):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X)
        for given, error, words in (
                (references[:2], RuntimeError, r"References shape \(2, 4, 5\) does not match expected shape "
                                               r"\('m', 5\), or \(3, 'm', 5\) with some for each sample"),
                (references[..., :4], RuntimeError, r'References shape \(3, 4, 4\) does not match expected shape '
                                                    r'\(\?, 5\), or \(\?, \?, 5\) with some for each sample'),
                (references[:, :0], RuntimeError, 'references must be as many .* at least one, not 0'),
                ([references] * 2, RuntimeError, r'References shape \(2, 3, 4, 5\)'),
                (lambda xs: xs, RuntimeError, r"references\(xs\) must have the shape \(3, m, 5\), with m references of "
                                              r"each sample's own and m at least 1, not \(3, 5\)"),
                (lambda xs: references[0], RuntimeError, r'not \(4, 5\)'),
                (lambda xs: references[:2], RuntimeError, r'not \(2, 4, 5\)'),
                (lambda xs: references[:, :0], RuntimeError, r'not \(3, 0, 5\)'),
                (lambda xs: None, ValueError, r'references\(xs\) must be an array of numbers \(float32\), not None'),
                (lambda xs: references.astype(str), ValueError, r'references\(xs\) must be .* not of strings'),
                (lambda xs: np.nan * references, ValueError, r'references\(xs\) must be of finite numbers')):
            counting = Counting(session)
            explainer._start._session = counting
            with pytest.raises(error, match=words):
                explainer.run(xs, references=given)
            assert not counting.calls
        other = tf.placeholder(tf.float32, [None, 5])
        both = de.get_explainer('deeplift', T + other[:, :3], [X, other])
        with pytest.raises(RuntimeError, match='references must be arrays, or one function that returns a list of'):
            both.run([xs, xs], references=[lambda xs: references] * 2)
        with pytest.raises(RuntimeError, match=r'references\(xs\) must be a list with one array for each of the 2 '
                                               'inputs, not ndarray'):
            both.run([xs, xs], references=lambda xs: references)
        with pytest.raises(RuntimeError, match='references must be as many for every input, .* not 4 and 2'):
            both.run([xs, xs], references=[references, references[:, :2]])
