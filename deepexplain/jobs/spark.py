"""The engine that is Spark: shards in the Python workers of its executors, on this machine or a cluster.

    run(job, 'spark', master='local[4]')          # or in a session of one's own: run(job, 'spark', session=spark)
    frame.mapInArrow(*attribute_udf(job, frame))  # rows of a DataFrame in place of files

As many shards are in hand as there are workers, each a Spark job of one task that a thread here waits for. One job of
a task for each shard could not end after the shards in hand, and where one fails Spark ends it all.
"""
import os
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Optional, Sequence
from uuid import uuid4

from .engines import check_workers, signals_kept
from .frames import attribute_udf, opened_worker
from .job import Job
from .todo import TURN, Todo
from .worker import Outcome

__all__ = ['attribute_udf', 'work']

#: Of sessions that are made here.
_QUIET = {'spark.ui.enabled': 'false', 'spark.ui.showConsoleProgress': 'false', 'spark.log.level': 'FATAL'}


def _make(job: Any, threads: int, numbers: Iterator[int]) -> Iterator[Any]:
    """The outcomes of shards, in a task; a text where the model cannot be opened.

    Args:
        job: a broadcast job.
    """
    for number in numbers:
        try:
            worker = opened_worker(job.value, threads)
        except Exception as error:  # noqa: B902, whatever keeps it from opening
            yield _text(error)
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
    with _session(workers, master, session) as context:
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
                raise ChildProcessError('Spark has stopped: ' + _text(error))
            else:
                outcome = todo.died(number, _text(error))
            if outcome is not None:
                yield outcome


@contextmanager
def _session(workers: Optional[int], master: Optional[str], session: Any) -> Iterator[Any]:
    """The context of a session; of one that is made here to its end."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ImportError("this engine needs PySpark: pip install 'deepexplain[spark]'.") from None
    found = session or SparkSession.getActiveSession()
    if found is not None:
        try:
            context = found.sparkContext
        except Exception:  # noqa: B902, of a class that differs with the version
            raise ValueError('session: a job needs a SparkContext, which Spark Connect has not; attribute_udf works '
                             'with it.') from None
        if master not in (None, context.master):
            raise ValueError(f"master: the session that is here is on '{context.master}', not on '{master}'.")
        yield context
        return
    with signals_kept():
        found = _begun(SparkSession.builder, master or 'local[%s]' % (workers or '*'))
    try:
        yield found.sparkContext
    finally:
        found.stop()


def _begun(builder: Any, master: str) -> Any:
    """A session without a page and lines of its own."""
    builder = builder.master(master).appName('deepexplain')
    for name, value in _QUIET.items():
        builder = builder.config(name, value)
    try:
        # By default workers are the python3 of PATH, which may lack what this one has.
        with _environment('PYSPARK_PYTHON', sys.executable if master.startswith('local') else None):
            return builder.getOrCreate()
    except Exception as error:  # noqa: B902, py4j's
        raise ValueError(f"Spark cannot be started at '{master}': {_text(error)}") from None


@contextmanager
def _environment(name: str, value: Optional[str]) -> Iterator[None]:
    """Let a variable of the environment have a value, unless it has one."""
    sets = value is not None and name not in os.environ
    if sets:
        os.environ[name] = str(value)
    try:
        yield
    finally:
        if sets:
            del os.environ[name]


def _text(error: Any) -> str:
    """An error in a line; of Spark's the last of the reasons, without the places in Java's code."""
    java = getattr(error, 'java_exception', None)
    text = str(error if java is None else java.getMessage())
    if java is not None:
        text = text.rpartition('most recent failure: ')[2].partition('Driver stacktrace')[0].split('\n\tat ')[0]
        return ' '.join(text.rpartition('Exception: ')[2].split())[:400]
    return f'{type(error).__name__}: %s' % ' '.join(text.split())[:400]
