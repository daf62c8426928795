"""Data sets of any size: attributed shard by shard into a folder, to be gone on with after whatever happens.

    from deepexplain.jobs import Job, read, run

    run(Job('model.keras', 'samples.npy', 'attributions', method='intgrad'))
    results = read('attributions')            # id, attributions, unit, score, delta

Knows Explainers and files, never TensorFlow's graph, and imports TensorFlow where it is used.
"""
from .driver import Failure, Report, run, status
from .job import Job
from .reading import iterate, read, to_arrow, to_pandas
from .worker import Outcome, Worker, run_shard

__all__ = ['Failure', 'Job', 'Outcome', 'Report', 'Worker', 'iterate', 'read', 'run', 'run_shard', 'status', 'to_arrow',
           'to_pandas']
