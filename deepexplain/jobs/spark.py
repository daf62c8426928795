"""The engine that is Spark: shards in the Python workers of its executors, on this machine or a cluster.

    run(job, 'spark', master='local[4]')          # or in a session of one's own: run(job, 'spark', session=spark)
    frame.mapInArrow(*attribute_udf(job, frame))  # rows of a DataFrame in place of files

As many shards are in hand as there are workers, each a Spark job of one task that a thread here waits for. One job of
a task for each shard could not end after the shards in hand, and where one fails Spark ends it all.
"""
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Callable, Dict, Iterator, Optional, Sequence
from uuid import uuid4

from .engines import check_workers
from .frames import attribute_udf, opened_worker
from .job import Job
from .sessions import context_of, text_of
from .todo import TURN, Todo
from .worker import Outcome

__all__ = ['attribute_udf', 'work']


def _make(job: Any, threads: int, numbers: Iterator[int]) -> Iterator[Any]:
    """The outcomes of shards, in a task; a text where the model cannot be opened.

    Args:
        job: a broadcast job.
    """
    for number in numbers:
        try:
            worker = opened_worker(job.value, threads)
        except Exception as error:  # noqa: B902, whatever keeps it from opening
            yield text_of(error)
        else:
            yield tuple(worker.shard(number))


def work(job: Job, shards: Sequence[int], stopped: Callable[[], bool], workers: Optional[int] = None,
         master: Optional[str] = None, session: Any = None) -> Iterator[Outcome]:
    """Make shards of a job; see `engines`.

    Args:
        workers: how many shards are in hand at a time; by default as many as Spark has cores.
        master: where Spark is, 'spark://HOST:PORT' say; by default this machine, with `workers` cores or all.
        session: a SparkSession; by default the active one, else one that is made and stopped here. TensorFlow takes as
            many threads as a task has CPUs, spark.task.cpus.

    Raises:
        ImportError: PySpark is not installed.
        ValueError: for what is wrong with the arguments.
        ChildProcessError: a worker cannot open the model; Spark has stopped.
    """
    check_workers(workers)
    with context_of(session, master, workers) as context:
        threads = int(context.getConf().get('spark.task.cpus', '1'))
        given = context.broadcast(job)
        group = 'deepexplain-' + uuid4().hex

        def make(number: int) -> Any:
            context.setJobGroup(group, f'shard {number} of {job.out}', True)
            return context.parallelize([number], 1).mapPartitions(lambda some: _make(given, threads, some)).collect()[0]

        count = min(workers or context.defaultParallelism, len(shards))
        pool = ThreadPoolExecutor(count)
        try:
            yield from _made(context, lambda number: pool.submit(make, number), Todo(shards, stopped), count)
        finally:
            context.cancelJobGroup(group)
            pool.shutdown()
            given.destroy()


def _made(context: Any, submit: Callable[[int], 'Future[Any]'], todo: Todo, count: int) -> Iterator[Outcome]:
    hand: Dict[Future[Any], int] = {}
    while todo or hand:
        while len(hand) < count and todo:
            number = todo.next()
            hand[submit(number)] = number
        for future in wait(hand, TURN, FIRST_COMPLETED).done:
            number, error = hand.pop(future), future.exception()
            if error is None:
                found: Any = future.result()
                if isinstance(found, str):
                    raise ChildProcessError('Spark: a worker cannot open the model: ' + found)
                outcome: Optional[Outcome] = Outcome(*found)
            elif context._jsc is None or context._jsc.sc().isStopped():
                raise ChildProcessError('Spark has stopped: ' + text_of(error))
            else:
                outcome = todo.died(number, text_of(error))
            if outcome is not None:
                yield outcome
