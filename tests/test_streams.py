"""Progress, batches from a stream, threads, and seeds."""
import io
import logging
import sys
import threading

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise, mlp

from deepexplain.tensorflow import DeepExplain, attribution_methods

METHODS = [('saliency', {}, 1), ('elrp', {}, 1), ('deeplift', {}, 1), ('intgrad', dict(steps=6), 6),
           ('occlusion', {}, 6), ('shapley_sampling', dict(samples=2), 2 + 2 * 4),
           ('expected_gradients', dict(samples=4, references=np.eye(5)), 4), ('smoothgrad', dict(samples=3), 3),
           ('vargrad', dict(of='intgrad', options=dict(steps=6), samples=3), 3 * 6),
           ('smoothgrad', dict(of='shapley_sampling', options=dict(samples=2), samples=3), 3 * (2 + 2 * 4))]


@pytest.fixture
def model(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    return X, T


@pytest.mark.parametrize('method,options,evaluations', METHODS)
def test_progress_counts_evaluations_to_the_end(session, model, rng, monkeypatch, method, options, evaluations):
    X, T = model
    written = io.StringIO()
    monkeypatch.setattr(sys, 'stderr', written)
    with DeepExplain(session=session) as de:
        de.explain(method, T, X, rng.randn(3, 5), 'max', batch_size=2, show_progress=True, **options)
    total = 3 * evaluations
    assert '%d/%d' % (total, total) in written.getvalue()
    assert 'evaluations' in written.getvalue()


def test_nothing_is_printed_by_default(session, model, rng, capfd):
    X, T = model
    with DeepExplain(session=session) as de:
        for method, options, _ in METHODS:
            de.explain(method, T, X, rng.randn(2, 5), **options)
    out, err = capfd.readouterr()
    assert out == ''
    assert 'evaluations' not in err


def test_the_logger_says_what_is_built(session, model, caplog):
    X, T = model
    with caplog.at_level(logging.DEBUG, logger='deepexplain'), DeepExplain(session=session) as de:
        de.get_explainer('elrp', T, X)
    assert any('elrp' in record.getMessage() and T.name in record.getMessage() for record in caplog.records)


def test_batches_from_a_generator_in_order_and_one_at_a_time(session, model, rng):
    X, T = model
    xs, ys = rng.randn(10, 5), rng.randint(0, 3, 10)
    asked = []

    def batches():
        for start in range(0, 10, 4):
            asked.append(start)
            yield {'xs': xs[start:start + 4], 'ys': ys[start:start + 4]}

    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X)
    results = explainer.run_batches(batches(), batch_size=3)
    assert asked == []
    first = next(results)
    assert asked == [0]
    rest = list(results)
    close(np.concatenate([first] + rest), explainer.run(xs, ys), 1e-5)


def test_batches_of_a_memmap_with_arguments_for_all(session, model, rng, tmp_path):
    X, T = model
    mapped = np.memmap(str(tmp_path / 'xs'), np.float32, 'w+', shape=(6, 5))
    mapped[:] = rng.randn(6, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X, steps=5)
        parts = (mapped[i:i + 2] for i in range(0, 6, 2))
        got = list(explainer.run_batches(parts, ys=1, return_convergence_delta=True))
        whole, delta = explainer.run(mapped, 1, return_convergence_delta=True)
    close(np.concatenate([one for one, _ in got]), whole, 1e-5)
    np.testing.assert_allclose(np.concatenate([one for _, one in got]), delta, atol=1e-6)


def test_a_broken_batch_stops_with_its_index(session, model, rng):
    X, T = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('saliency', T, X)
    results = explainer.run_batches([rng.randn(2, 5), rng.randn(2, 5), rng.randn(2, 4), rng.randn(2, 5)])
    assert len([next(results), next(results)]) == 2
    with pytest.raises(RuntimeError, match=r"batch 2: xs must have the shape of .*not \(2, 4\)"):
        next(results)
    assert list(results) == []
    for batches in (5, None, {'xs': rng.randn(2, 5)}):
        with pytest.raises(TypeError, match='batches must be an iterable of batches'):
            explainer.run_batches(batches)


def in_threads(work, count):
    errors = []

    def guarded(i):
        try:
            work(i)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_one_explainer_in_several_threads(session, model, rng):
    X, T = model
    xs = rng.randn(8, 3, 5)
    with DeepExplain(session=session) as de:
        for method, options, _ in METHODS:
            explainer = de.get_explainer(method, T, X, **options)
            seed = dict(seed=3) if 'seed' in attribution_methods[method].run_options else {}
            want = [explainer.run(one, **seed) for one in xs]
            got = {}
            in_threads(lambda i: got.update({i: explainer.run(xs[i], batch_size=2, **seed)}), 8)  # noqa: B023
            for i in range(8):
                close(got[i], want[i], 1e-5)


def test_explainers_are_built_in_several_threads(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    names = ['elrp', 'deeplift', 'saliency', 'intgrad'] * 3
    with DeepExplain(session=session) as de:
        want = {name: de.explain(name, T, X, xs) for name in names}
        got, size = {}, []
        in_threads(lambda i: got.update({i: de.get_explainer(names[i], T, X).run(xs)}), len(names))
        for i, name in enumerate(names):
            close(got[i], want[name], 1e-5)
        size = len(session.graph.get_operations())
        in_threads(lambda i: de.explain(names[i], T, X, xs), len(names))
        assert len(session.graph.get_operations()) == size


def test_seeds(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        np.random.seed(4)
        want = de.explain('shapley_sampling', T, X, xs, samples=2)
        state = np.random.get_state()[1].copy()
        for seed in (4, np.int64(4), np.random.RandomState(4)):
            close(de.explain('shapley_sampling', T, X, xs, samples=2, seed=seed), want, 1e-6)
        close(de.get_explainer('shapley_sampling', T, X, samples=2, seed=4).run(xs), want, 1e-6)
        other = de.get_explainer('shapley_sampling', T, X, samples=2, seed=5)
        assert np.abs(other.run(xs) - want).max() > 1e-4
        close(other.run(xs, seed=4), want, 1e-6)
        if hasattr(np.random, 'default_rng'):
            pair = [de.explain('shapley_sampling', T, X, xs, seed=np.random.default_rng(1)) for _ in range(2)]
            np.testing.assert_array_equal(*pair)
        # The global state is left alone.
        np.testing.assert_array_equal(np.random.get_state()[1], state)
        for seed in (-1, 1.5, 'now', True):
            with pytest.raises(ValueError, match='seed must be an int of at least 0'):
                de.explain('shapley_sampling', T, X, xs, seed=seed)
