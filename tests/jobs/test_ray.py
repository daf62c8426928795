"""The engine that is Ray, on a Ray of this machine."""
import os
import sys

import numpy as np
import pytest
from engine_tests import Engine
from job_data import samples

from deepexplain.jobs import Worker, read, run

ray = pytest.importorskip('ray')


@pytest.fixture(scope='module')
def cluster():
    """The address of one with two CPUs, to which this process is connected."""
    before = os.environ.get('PYTHONPATH')
    os.environ['PYTHONPATH'] = os.pathsep.join(sys.path)
    context = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level='ERROR')
    os.environ.pop('PYTHONPATH') if before is None else os.environ.update(PYTHONPATH=before)
    yield context.address_info['address']
    ray.shutdown()


@pytest.fixture
def engine(cluster):
    return 'ray', {'workers': 2}, ['--ray', cluster]


class TestRay(Engine):
    pass


def test_the_ray_of_whoever_calls_stays(cluster, job):
    with pytest.raises(ValueError, match='this process is connected to Ray already; leave the address out'):
        run(job(), 'ray', address='auto')
    assert ray.is_initialized()


@pytest.mark.parametrize('options, words', [
    ({'workers': 0}, 'workers must be a positive int, not 0'),
    ({'num_cpus': -1}, 'num_cpus must be a number of at least 0, not -1'),
    ({'num_gpus': 'all'}, "num_gpus must be a number of at least 0, not 'all'"),
    ({'num_gpus': 1}, 'Ray has place for 0 of 1 workers of 1 CPUs and 1 GPUs.')])
def test_wrong_arguments(cluster, job, options, words):
    with pytest.raises(ValueError, match=words):
        run(job(), 'ray', **options)
    with pytest.raises(TypeError, match='nix'):
        run(job(), 'ray', nix=1)


def test_an_address_where_nobody_is(job, monkeypatch):
    """Told at once, before Ray is asked."""
    monkeypatch.setattr(ray, 'is_initialized', lambda: False)
    monkeypatch.setattr(ray, 'init', None)
    for address in ('127.0.0.1:1', 'host:port'):
        with pytest.raises(ValueError, match=f"Ray cannot be reached at '{address}': "):
            run(job(), 'ray', address=address)


def test_workers_that_have_no_place_are_told_of(cluster, job):
    one = job(method='gradient')
    with pytest.warns(UserWarning, match='Ray has place for 1 of 3 workers of 2 CPUs and 0 GPUs; the others wait'):
        assert run(one, 'ray', workers=3, num_cpus=2).complete
    run(job(method='gradient', out='here'))
    np.testing.assert_array_equal(read('out')['attributions'], read('here')['attributions'])


def test_a_worker_in_an_actor_of_ones_own(cluster, job):
    """As Ray Data's map_batches has it; it is a callable class, made where it works."""
    one = job(data=None, out=None)
    rows = {'id': np.arange(60), 'x': samples()}
    actor = ray.remote(num_cpus=1)(Worker).remote(job=one)
    found = ray.get(actor.__call__.remote(rows))
    ray.kill(actor)
    run(job())
    np.testing.assert_allclose(found['attributions'], read('out')['attributions'], rtol=1e-5, atol=1e-6)
