"""The engine that is Spark: shards in the Python workers of its executors, on this machine or a cluster.

    run(job, 'spark', master='local[4]')          # or in a session of one's own: run(job, 'spark', session=spark)
    frame.mapInArrow(*attribute_udf(job, frame))  # rows of a DataFrame in place of files

As many shards are in hand as there are workers, each a Spark job of one task that a thread here waits for. One job of
a task for each shard could not end after the shards in hand, and where one fails Spark ends it all.
"""
import os
import sys
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Callable, Counter as Count, Deque, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence
from uuid import uuid4

from .data.arrow import to_numpy
from .engines import check_workers, signals_kept
from .job import Job
from .worker import TRIES, Outcome, Worker
from .writing import as_arrow

#: Of sessions that are made here.
_QUIET = {'spark.ui.enabled': 'false', 'spark.ui.showConsoleProgress': 'false', 'spark.log.level': 'FATAL'}

#: How often, in seconds, it is asked whether to stop while nothing happens.
_TURN = .5


@lru_cache(maxsize=1)
def _worker(job: str, threads: int) -> Worker:
    """The worker of this process. Spark runs each task as a function of its own in a process that it keeps: what has to
    outlast a task, as the open model, can be held by nothing but the process."""
    return Worker(Job.from_json(job), threads)


def _opened(job: Job, threads: int) -> Worker:
    worker = _worker(job.to_json(), threads)
    worker.open()
    return worker


def _make(job: Any, threads: int, numbers: Iterator[int]) -> Iterator[Any]:
    """The outcomes of shards, in a task; a text where the model cannot be opened.

    Args:
        job: a broadcast job.
    """
    for number in numbers:
        try:
            worker = _opened(job.value, threads)
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
        RuntimeError: a worker cannot open the model; Spark has stopped.
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
            yield from _made(context, lambda number: pool.submit(make, number), shards, stopped, count)
        finally:
            context.cancelJobGroup(group)
            pool.shutdown()
            given.destroy()


def _made(context: Any, submit: Callable[[int], 'Future[Any]'], shards: Sequence[int], stopped: Callable[[], bool],
          count: int) -> Iterator[Outcome]:
    todo: Deque[int] = deque(shards)
    deaths: Count[int] = Counter()
    hand: Dict['Future[Any]', int] = {}
    while todo or hand:
        while todo and len(hand) < count and not stopped():
            number = todo.popleft()
            hand[submit(number)] = number
        for future in wait(hand, _TURN, FIRST_COMPLETED).done:
            number = hand.pop(future)
            error = future.exception()
            if error is None:
                found = future.result()
                if isinstance(found, str):
                    raise RuntimeError('Spark: a worker cannot open the model: ' + found)
                yield Outcome(*found)
                continue
            if context._jsc is None or context._jsc.sc().isStopped():
                raise RuntimeError('Spark has stopped: ' + _text(error))
            deaths[number] += 1
            if deaths[number] < TRIES:
                todo.appendleft(number)
            else:
                yield Outcome(number, None, 'its worker died, twice: ' + _text(error))
        if todo and stopped():
            todo.clear()


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
            raise ValueError(f"master: the session here is on '{context.master}', not on '{master}'.")
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
        raise ValueError(f"master: Spark cannot be started at '{master}': {_text(error)}") from None


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


class Udf(NamedTuple):
    """The arguments of DataFrame.mapInArrow."""
    function: Callable[[Iterator[Any]], Iterator[Any]]
    schema: Any


def attribute_udf(job: Job, rows: Any, threads: int = 1) -> Udf:
    """A function that attributes the rows of a DataFrame, and the schema of what it returns.

        frame.mapInArrow(*attribute_udf(job, frame))

    Args:
        job: without data and a folder.
        rows: the DataFrame, whose first row is taken; or some rows as `Worker` takes them. They are run at once, to
            see that the job and they go together and what comes out. Columns are as those of Parquet: numbers, arrays
            of numbers and of arrays, which are brought to the shape of the input, ids under 'id' or `ids` of the job.
        threads: how many TensorFlow may use in each worker; best spark.task.cpus.

    Returns:
        (function, schema): columns id (where there are ids), attributions (array<float>, flat; of several inputs
        attributions/NAME), unit, score, delta, see `Worker`. The model stays open in Spark's Python workers.

    Raises:
        As `Worker`, in the driver; what goes wrong later fails Spark's task.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    if not isinstance(rows, Mapping):
        rows = _columns(rows.limit(1).toArrow())
        if not len(next(iter(rows.values()), ())):
            raise ValueError('rows: the DataFrame has none.')
    with Worker(job, threads) as worker:
        schema = from_arrow_schema(_table(worker(rows)).schema)

    def attributed(batches: Iterator[Any]) -> Iterator[Any]:
        worker = _opened(job, threads)
        for batch in batches:
            if batch.num_rows:
                yield from _table(worker(_columns(batch))).to_batches()

    return Udf(attributed, schema)


def _columns(table: Any) -> Dict[str, Any]:
    return {name: to_numpy(table.column(place), name, 'the DataFrame')
            for place, name in enumerate(table.schema.names)}


def _table(columns: Mapping[str, Any]) -> Any:
    """Columns as a Table of what Spark knows: lists of no fixed size."""
    import pyarrow as pa

    def known(array: Any) -> Any:
        return array.cast(pa.list_(array.type.value_type)) if pa.types.is_fixed_size_list(array.type) else array
    return pa.table({name: known(as_arrow(column)) for name, column in columns.items()})


def _text(error: Any) -> str:
    java = getattr(error, 'java_exception', None)
    if java is None:
        return f'{type(error).__name__}: %s' % ' '.join(str(error).split())[:400]
    # Spark tells first how often it has tried.
    return ' '.join(str(java.getMessage()).rpartition('most recent failure: ')[2].split())[:400]
