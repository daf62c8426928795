"""The table of engines: where the shards of a job are made.

An engine is a module with a generator

    work(job, shards, stopped, workers=None, **options) -> Iterator[Outcome]

that has each of some shards made by `Worker(job).shard(number)`, in any order and anywhere, and yields the outcome
of each once. It keeps a worker for each process, so that the model is opened once; it has a shard made again where a
worker dies, and yields `Outcome(number, None, error)` where that happens twice; it begins no new shard once
`stopped()` is true, yields what is still in hand, and ends. What it does not know among `workers` and the options it
refuses by a ValueError, before any shard. It never holds results: they are in the job's folder, and outcomes are
small.
"""
import importlib
import signal
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Optional, Sequence

from .job import Job
from .worker import Outcome

#: Engine -> its module in this folder, imported where it is used.
ENGINES: Dict[str, str] = {'here': 'here', 'ray': 'ray', 'spark': 'spark'}


def work(engine: str, job: Job, shards: Sequence[int], stopped: Callable[[], bool], workers: Optional[int],
         **options: Any) -> Iterator[Outcome]:
    """Have shards made by an engine."""
    return importlib.import_module('.' + ENGINES[engine], __package__).work(job, shards, stopped, workers, **options)


def check_engine(engine: Any) -> None:
    """ValueError for an engine that there is not."""
    if engine not in ENGINES:
        raise ValueError('engine must be one of %s, not %r.' % (', '.join(map(repr, ENGINES)), engine))


def check_workers(workers: Any) -> None:
    """ValueError for what is no number of workers."""
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ValueError(f'workers must be a positive int, not {workers!r}.')


@contextmanager
def signals_kept() -> Iterator[None]:
    """Let what is started inside take no signals: Ray and Spark set handlers of their own, under which a run that is
    asked to stop after the shards in hand would end in their midst."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
