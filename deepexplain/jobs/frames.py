"""Rows of Spark's DataFrames, and the worker that a Python worker of Spark keeps."""
import gc
from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple

from ..results.columns import as_arrow
from .data.arrow import to_numpy
from .job import Job
from .worker import Worker


@lru_cache(maxsize=1)
def _kept() -> Dict[Any, Worker]:
    """The worker of this process, by its job and threads. Spark runs each task as a function of its own in a process
    that it keeps: what has to outlast a task, as the open model, can be held by nothing but the process."""
    return {}


def opened_worker(job: Job, threads: int) -> Worker:
    """The worker of this process for a job, its model open; that of another job is closed."""
    kept, key = _kept(), (job.to_json(), threads)
    if key not in kept:
        while kept:
            gc.unfreeze()
            kept.popitem()[1].close()
        kept[key] = Worker(job, threads)
        kept[key].open()
        # After each task Spark has Python look for garbage among all of its objects, a quarter of a second's work once
        # TensorFlow has been imported. What is there now will stay, and is left out.
        gc.collect()
        gc.freeze()
    kept[key].open()
    return kept[key]


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
        worker = opened_worker(job, threads)
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
