"""The arithmetic of benchmarks/; what it times is not for tests."""
import os
import sys

import pytest

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'benchmarks')


@pytest.fixture
def benchmarks(monkeypatch):
    pytest.importorskip('sklearn')
    monkeypatch.syspath_prepend(FOLDER)
    yield __import__('bench'), __import__('accuracy'), __import__('measure')
    for name in ('bench', 'accuracy', 'measure', 'models'):
        sys.modules.pop(name)


def test_slope(benchmarks):
    bench = benchmarks[0]
    assert bench.slope((1, 10, 100), (5, 1, 10)) == pytest.approx(1)
    assert bench.slope((1, 4, 16, 64), (1, 1, 3, 12)) == pytest.approx(1)


def test_the_cost_of_a_goal(benchmarks):
    accuracy = benchmarks[1]
    assert accuracy.needed((10, 100, 1000), (.1, .1, .001)) == '316'
    assert accuracy.needed((10, 100, 1000), (.001, .1, .001)) == '316'
    assert accuracy.needed((10, 100), (.005, .001)) == '10 or fewer'
    assert accuracy.needed((10, 100), (.5, .1)) == 'more than 100'


def test_the_error_is_relative_to_each_sample(benchmarks):
    import numpy as np
    accuracy = benchmarks[1]
    want = np.array([[[3.], [4.]], [[30.], [40.]]])
    assert accuracy.error(want + np.array([[[0.], [.5]], [[0.], [0.]]]), want) == pytest.approx(.05)


def test_every_method_has_its_bare_cost(benchmarks):
    from deepexplain.tensorflow.methods import attribution_methods
    bench = benchmarks[0]
    named = [set(one) for one in (bench.METHODS, bench.FAMILY, bench.ALIKE, bench.MAPS)]
    assert set().union(*named) == set(attribution_methods) - {'zero'}
    assert sum(map(len, named)) == len(attribution_methods) - 1
    assert [evaluations(784) for _, _, evaluations in bench.METHODS.values()] == [
        1, 1, 1, 1, 100, 785, 2 + 2 * 783, 50, 50, 52, 50, 50, 528, 50, 785]


def test_every_measure_has_its_bare_cost(benchmarks):
    import numpy as np

    from deepexplain.evaluation.catalogue import MODEL
    from deepexplain.evaluation.catalogue import measures as known
    own = __import__('measures')
    try:
        assert set(own.EVALUATIONS) == {name for name, one in known.items() if one.needs == MODEL}
        assert {name: evaluations(784) for name, evaluations in own.EVALUATIONS.items()} == {
            'sensitivity_n': 151, 'mu_fidelity': 201, 'deletion': 101, 'insertion': 101, 'pixel_flipping': 101,
            'region_perturbation': 17, 'road': 10, 'infidelity': 101, 'monotonicity': 785, 'average_drop': 2,
            'completeness': 2}
        assert own.EVALUATIONS['deletion'](64) == 65 and own.EVALUATIONS['region_perturbation'](64) == 2
        bench = own.Bench(__import__('models').digits)
        rows = []
        run = bench.session.run

        def counted(fetches, feeds, *more):
            rows.append(sum(len(one) for one in feeds.values() if np.shape(one)[1:] == (8, 8, 1)))
            return run(fetches, feeds, *more)

        bench.session.run = counted
        for name in own.EVALUATIONS:
            del rows[:]
            bench.runner(name)()
            assert sum(rows) == own.SAMPLES * own.EVALUATIONS[name](64), name
        for name in ('random_target', 'model_randomization', 'max_sensitivity', 'pointing_game', 'sparseness'):
            counts = []
            for function in (bench.runner(name), bench.bare(name)):
                del rows[:]
                function()
                counts.append(sum(rows))
            assert counts[0] == counts[1] and counts[0], name
        assert bench.besides(bench.runner('deletion'), 1) >= 1
    finally:
        sys.modules.pop('measures')


def test_how_far_peers_are_apart(monkeypatch):
    import numpy as np
    monkeypatch.syspath_prepend(FOLDER)
    digits = __import__('peers_digits')
    try:
        row = digits.Row('there', 'here', {}, lambda: [[1., 2, 4], [0, 0, 0]], brought=lambda found: 2 * found)
        mine = np.array([[[.5], [1], [2]], [[0], [.1], [0]]])
        assert digits.agreement(row, lambda: mine, 2)() == '5e-02'
        row.same = False
        # Of what is the same everywhere there is no correlation.
        assert digits.agreement(row, lambda: mine, 2)() == 'r 1.000'
        row.same = None
        assert digits.agreement(row, lambda: mine, 2) is None
    finally:
        sys.modules.pop('peers_digits')


def test_how_far_measures_of_peers_are_apart(monkeypatch):
    import numpy as np
    monkeypatch.syspath_prepend(FOLDER)
    peers = __import__('peers_measures')
    try:
        row = peers.Row('here', 'there', lambda: [1., 2, 3], lambda: [1., 2, 4])
        assert peers.compared(row) == ['here', 'there', '2.0000', '2.3333', '2e-01']
        assert peers.compared(row._replace(why='reasons'))[4] == 'reasons'
        assert peers.compared(row._replace(here=lambda: np.array([True]), theirs=lambda: [0.]))[4] == '1e+00'
        # Means of seeds 0 to 19: of numbers from 0 to 19 the mean is 9.5, their standard deviation 5.916.
        drawn = row._replace(draws=True, here=lambda seed: [seed, seed + 1.], theirs=lambda seed: float(seed))
        assert peers.compared(drawn)[2:] == ['10.0000', '9.5000', '0.5000, standard error %.4f' % (5.91608 / 10 ** .5)]
    finally:
        for name in ('peers_measures', 'peers_digits'):
            sys.modules.pop(name)


def test_peers_take_turns(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    peers = __import__('peers')
    try:
        calls = []
        times = {'here': iter([.2, .2, .5, .3]), 'there': iter([.4, .4, .6, .8])}
        monkeypatch.setattr(peers, 'seconds', lambda function: (function(), next(times[calls[-1]]))[1])
        ratio, taken = peers.compare(lambda: calls.append('here'), lambda: calls.append('there'), 0)
        # The first of each is to warm up, the second tells how long a call takes.
        assert calls == ['here', 'there'] * 2 + ['here', 'there', 'there', 'here', 'here', 'there']
        assert ratio == pytest.approx(.4 / .2) and taken == pytest.approx(200)
    finally:
        sys.modules.pop('peers')
