"""ys='max' chooses the unit in the call that explains it: no more calls than where it is given, the same numbers."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import REQUIRED, Counting, close, counted, dense, initialise, mlp, weights

from deepexplain.tensorflow import DeepExplain

ONE_PASS = ['saliency', 'gradient', 'grad*input', 'elrp', 'deeplift', 'deeplift.reveal_cancel', 'deconvnet',
            'guided_backprop', 'lrp.epsilon', 'lrp.alpha_2_beta_1', 'deep_taylor.bounded', 'pattern.attribution']
DRAWN = {'smoothgrad': dict(samples=4, noise=2., seed=0), 'vargrad': dict(samples=4, of='deeplift', seed=0),
         'expected_gradients': dict(samples=4, seed=0, **REQUIRED['expected_gradients'])}
MORE = dict(DRAWN, intgrad=dict(steps=5, quadrature='midpoint'))


def largest(session, T, X, xs):
    return session.run(T, {X: xs}).argmax(1)


def both(counting, run, ys, *args, **options):
    """The results for the largest units, found and given, and how many calls each took."""
    results, calls = [], []
    for one in ('max', ys):
        counting.calls = []
        result = run(*args, ys=one, **options)
        results.append(result if isinstance(result, tuple) else (result,))
        calls.append(len(counting.calls))
    return list(zip(*results)), calls


@pytest.mark.parametrize('method', ONE_PASS + list(MORE))
@pytest.mark.filterwarnings('ignore')
def test_one_call_is_enough(session, rng, method):
    X, T = mlp(tf.nn.softplus, rng)
    initialise(session)
    xs = rng.randn(7, 5)
    ys = largest(session, T, X, xs)
    assert len(set(ys)) > 1
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer(method, T, X, **dict(REQUIRED.get(method, {}), **MORE.get(method, {})))
        size = len(session.graph.get_operations())
        cases = [{}] if method in DRAWN else [{}, dict(batch_size=3)]
        cases += [dict(case, return_convergence_delta=True) for case in cases if explainer.has_convergence_delta]
        if method in ('intgrad', 'deeplift', 'deeplift.reveal_cancel'):
            cases += [dict(references=rng.randn(3, 5)), dict(references=rng.randn(3, 5), batch_size=4)]
        for case in cases:
            found, (calls, expected) = both(counting, explainer.run, ys, xs, **case)
            assert calls == expected
            for got, want in found:
                close(got, want, 1e-5)
        # What is summed over is what it was.
        draws = dict(seed=0) if method in DRAWN else {}
        close(explainer.run(xs, **draws), explainer.run(xs, np.ones((7, 3)), **draws), 1e-5)
        assert len(session.graph.get_operations()) == size


@pytest.mark.parametrize('method', list(DRAWN))
@pytest.mark.parametrize('batch_size', [1, 3])
def test_a_sample_is_one_more_row_where_copies_are_made_of_it(session, rng, method, batch_size):
    X, T, seen = counted(rng)
    initialise(session)
    xs = rng.randn(3, 5) * 3
    ys = largest(session, T, X, xs)
    del seen[:]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **DRAWN[method])
        got = explainer.run(xs, 'max', batch_size, seed=1)
        rows = 2 if method == 'vargrad' else 1
        assert sum(seen) == 3 * 5 * rows and max(seen) <= batch_size
        close(got, explainer.run(xs, ys, batch_size, seed=1), 1e-5)


@pytest.mark.parametrize('of', ['elrp', 'intgrad', 'occlusion', 'expected_gradients'])
def test_the_unit_of_noisy_copies_is_that_of_the_sample(session, rng, of):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(4, 5)
    options = dict(of=of, samples=5, noise=3., seed=0, options=MORE.get(of, {}))
    with DeepExplain(session=session) as de:
        close(de.explain('smoothgrad', T, X, xs, 'max', **options),
              de.explain('smoothgrad', T, X, xs, largest(session, T, X, xs), **options), 1e-5)


NUMBERS = [[1, 3, 3], [2, 2, 2], [-1, -1, -2], [np.nan, 5, 1], [1, np.nan, np.nan], [np.inf, np.nan, 0],
           [-np.inf, -np.inf, -np.inf], [0., -0., 0.], [1, np.inf, np.inf], [np.nan] * 3]


@pytest.mark.parametrize('dtype,method', [('float16', 'gradient'), ('float32', 'gradient'), ('float64', 'intgrad'),
                                          ('float32', 'expected_gradients')])
def test_ties_and_what_is_no_number_take_numpys_unit(session, dtype, method):
    X = tf.placeholder(dtype, [None, 3])
    xs = np.array(NUMBERS, dtype)
    T = X * np.array([1, 1, 1], dtype)
    options = dict(steps=2) if method == 'intgrad' else dict(references=np.ones((1, 3)), samples=2)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        options = {} if method == 'gradient' else options
        got = de.explain(method, T, X, xs, 'max', **options)
        want = de.explain(method, T, X, xs, xs.argmax(1), **options)
    np.testing.assert_array_equal(got, want)


def test_one_tie_in_many_units(session, rng):
    X = tf.placeholder(tf.float32, [None, 1000])
    xs = rng.randint(0, 5, (20, 1000)).astype('f')
    with DeepExplain(session=session) as de:
        got = de.explain('gradient', X * 1., X, xs, 'max')
    np.testing.assert_array_equal(got, np.eye(1000)[xs.argmax(1)])


@pytest.mark.parametrize('method', ['grad*input', 'deeplift', 'intgrad', 'smoothgrad'])
@pytest.mark.parametrize('shape', [(None,), (None, 2, 3, 2), (None, None, None, 2), None])
def test_targets_of_every_shape(session, rng, method, shape):
    X = tf.placeholder(tf.float32, [None, 5])
    T = tf.matmul(tf.nn.relu(dense(X, rng, 6)), weights(rng, 6, 12))
    T = tf.reshape(T, [-1, 2, 3, 2]) if shape is None or len(shape) > 2 else tf.reduce_sum(T, 1) if len(
        shape) == 1 else T
    shaped = tf.placeholder_with_default(T, shape)
    initialise(session)
    xs = rng.randn(4, 5)
    values = session.run(T, {X: xs}).reshape(4, -1)
    ys = np.eye(values.shape[1])[values.argmax(1)].reshape((4,) + tuple(T.shape.as_list()[1:]))
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer(method, shaped, X, **MORE.get(method, {}))
        draws = dict(seed=2) if method in DRAWN else {}
        for batch_size in (None, 3):
            found, (calls, expected) = both(counting, explainer.run, ys, xs, batch_size=batch_size, **draws)
            assert calls <= expected + 1 and (batch_size or calls <= expected)
            close(*found[0], tolerance=1e-5)


@pytest.mark.parametrize('method', ['saliency', 'deeplift', 'intgrad', 'smoothgrad', 'expected_gradients'])
def test_several_inputs_with_feeds_and_of_fixed_size(session, rng, method):
    """Rows that are fed beside X go along with the samples; a graph of fixed size takes no other number of rows."""
    for size in (None, 2):
        X = [tf.placeholder(tf.float32, [size, 3]), tf.placeholder(tf.float32, [size, 2])]
        factor = tf.placeholder(tf.float32, [None, 5])
        T = mlp(tf.tanh, rng, X=tf.concat(X, 1) * factor)[1]
        initialise(session)
        xs, factors = [rng.randn(4, 3), rng.randn(4, 2)], rng.randn(4, 5) * 3
        parts = [slice(0, 2), slice(2, 4)]
        ys = np.concatenate([session.run(T, {X[0]: xs[0][part], X[1]: xs[1][part], factor: factors[part]}).argmax(1)
                             for part in parts])
        options = MORE.get(method, {})
        if method == 'expected_gradients':
            options = dict(options, references=[rng.randn(3, 3), rng.randn(3, 2)])
        with DeepExplain(session=session) as de:
            explainer = de.get_explainer(method, T, X, **options)
            for more in ({}, dict(return_convergence_delta=True)) if explainer.has_convergence_delta else ({},):
                got = explainer.run(xs, 'max', feed_dict={factor: factors}, **more)
                want = explainer.run(xs, ys, feed_dict={factor: factors}, **more)
                for one, other in zip(got[0] if more else got, want[0] if more else want):
                    close(one, other, 1e-5)


@pytest.mark.parametrize('method', ['gradient', 'elrp', 'deeplift', 'intgrad', 'smoothgrad'])
@pytest.mark.parametrize('axes', [1, 2])
def test_all_rows_together_have_a_unit_each(session, rng, method, axes):
    X = tf.placeholder(tf.float32, [None, 4])
    h = tf.tanh(dense(X, rng, 3))
    T = h - tf.reduce_mean(h, 0) if axes == 2 else tf.reduce_sum(h, 1)
    initialise(session)
    xs = rng.randn(5, 4)
    value = session.run(T, {X: xs})
    ys = np.eye(3)[value.argmax(1)] if axes == 2 else np.ones(5)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer(method, T, X, rows='together', **MORE.get(method, {}))
        for more in ({}, dict(references=rng.randn(3, 5, 4))) if method == 'deeplift' else ({},):
            draws = dict(seed=2) if method in DRAWN else {}
            found, (calls, _) = both(counting, explainer.run, ys, xs, **dict(more, **draws))
            close(*found[0], tolerance=1e-5)
            assert calls == (3 if more else {'intgrad': 5, 'smoothgrad': 5}.get(method, 1))


@pytest.mark.parametrize('method', ['gradient', 'deeplift', 'intgrad', 'smoothgrad', 'expected_gradients'])
@pytest.mark.parametrize('factor', [2, .5])
def test_a_target_without_one_row_for_each_sample(session, rng, method, factor):
    X = tf.placeholder(tf.float32, [None, 4])
    T = tf.reshape(dense(X, rng, 4), [-1, int(4 / factor)])
    initialise(session)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        explainer = de.get_explainer(method, T, X, **(dict(MORE[method], references=np.ones((2, 4))) if method in (
            'expected_gradients',) else MORE.get(method, {})))
        with pytest.raises(RuntimeError, match=r"T \('.*'\) must have a value for each sample: it has \d+ for \d+"):
            explainer.run(rng.randn(4, 4), 'max')


def test_inner_tensors_and_batches(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    inner = [op.outputs[0] for op in session.graph.get_operations() if op.type == 'Relu'][1]
    xs = rng.randn(4, 5)
    ys = largest(session, T, X, xs)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        for method, options in (('grad*input', {}), ('deeplift', dict(references=rng.randn(3, 5))), ('lrp.z', {}),
                                ('intgrad', dict(steps=3))):
            explainer = de.get_explainer(method, T, X, **options)
            got, (calls, expected) = both(counting, lambda **more: explainer.relevances([inner], xs, **more)[0], ys)  # noqa: B023
            close(*got[0], tolerance=1e-5)
            assert calls == expected + (method == 'intgrad')
            whole = explainer.run(xs, ys)
            close(np.concatenate(list(explainer.run_batches([xs[:3], xs[3:]], ys='max'))), whole, 1e-5)


def test_the_target_is_evaluated_once(session, rng):
    X, T, seen = counted(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        for method, rows in (('gradient', [5]), ('grad*input', [5]), ('intgrad', [5, 10])):
            explainer = de.get_explainer(method, T, X, **(dict(steps=2) if rows[1:] else {}))
            del seen[:]
            explainer.run(rng.randn(5, 5), 'max')
            assert sorted(seen) == rows
            # Where no unit is chosen T is not evaluated for it.
            del seen[:]
            explainer.run(rng.randn(5, 5))
            assert seen == rows[-1:]
