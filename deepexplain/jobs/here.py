"""The engine that is this process: a loop."""
from typing import Any, Callable, Iterator, Optional, Sequence

from .job import Job
from .worker import Outcome, Worker


def work(job: Job, shards: Sequence[int], stopped: Callable[[], bool], workers: Optional[int] = None,
         **options: Any) -> Iterator[Outcome]:
    """Make shards of a job; see `engines`.

    Raises:
        ValueError: more than one worker is asked for, or anything else.
    """
    if workers not in (None, 1):
        raise ValueError(f'workers: this process is one worker, not {workers}; more of them need an engine, Ray or '
                         'Spark.')
    for name in options:
        raise ValueError(f"this process, which is the default engine, takes no option '{name}'.")
    with Worker(job) as worker:
        for shard in shards:
            if stopped():
                return
            yield worker.shard(shard)
