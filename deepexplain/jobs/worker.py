"""Worker: a job at work in one process, its model opened once."""
import warnings
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Union

import numpy as np

from ..results.columns import Columns
from .folder import shard_name
from .job import Job
from .opened import Opened
from .writing import Unwritable, write_columns

#: How often a shard is tried.
TRIES = 2


class Outcome(NamedTuple):
    """What became of a shard; small, for it travels from worker to driver.

    Attributes:
        shard: its number.
        file: the name of its file, None where there is none.
        error: why, in a line.
        fatal: whether no other shard can be made either: nothing can be written.
        said: the warnings, each once.
    """
    shard: int
    file: Optional[str]
    error: str = ''
    fatal: bool = False
    said: List[str] = []


class Worker:
    """A job in one process: rows in and results out, or shard after shard into the job's folder.

        worker = Worker(job)
        results = worker({'': xs})                                  # or {'id': ids, 'left': ..., 'right': ...}
        dataset.map_batches(Worker, fn_constructor_kwargs={'job': job}, batch_format='numpy')      # Ray Data

    The model is opened at the first call, so that a worker can be pickled; a copy opens its own.

    Args:
        job: what is done; without data and a folder for rows alone.
        threads: how many threads TensorFlow may use, an int; what counts is the first model that a process opens.
            Default None: as many as it takes.
    """

    def __init__(self, job: Job, threads: Optional[int] = None) -> None:
        self.job, self.threads = job, threads
        self._opened: Optional[Opened] = None

    def __getstate__(self) -> Dict[str, Any]:
        return dict(vars(self), _opened=None)

    def open(self) -> Opened:
        """Open the model, unless it is."""
        if self._opened is None:
            self._opened = Opened(self.job, self.threads)
        return self._opened

    def close(self) -> None:
        """Close the model; the next call opens it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> 'Worker':
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def __call__(self, rows: Mapping[str, Any]) -> Dict[str, np.ndarray]:
        """The results of some rows.

        Args:
            rows: arrays by column, as the job's data have them, the first axis the rows; one array under any name
                for a model of one input. A column 'id' (or `ids` of the job) holds their ids, which methods that
                draw need.

        Returns:
            id (where they have one); attributions, for several inputs attributions/NAME; unit, int64, the unit that
            is explained, of layers of more axes (n, axes), -1 for the sum of all; score, its value, float64; delta,
            float64, what attributions add up to minus what they should, nan where that is not defined.

        Raises:
            As `Job`.
        """
        return self.open().attribute({name: _array(value) for name, value in rows.items()}, None)

    def shard(self, number: int) -> Outcome:
        """Make the file of a shard, trying twice.

        Args:
            number: the shard's, an int from 0.

        Returns:
            An `Outcome`; what fails once the model is open is told there, not raised.

        Raises:
            As `Job`, where the model cannot be opened.
        """
        error = ''
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            opened = self.open()
            for _ in range(TRIES):
                try:
                    name = _make(opened, number, caught)
                    return Outcome(number, name, said=_texts(caught))
                except Unwritable as full:
                    return Outcome(number, None, str(full), True, _texts(caught))
                except Exception as failure:  # noqa: B902, whatever the model raises
                    text = ' '.join(str(getattr(failure, 'message', None) or failure).split())
                    error = f'{type(failure).__name__}: {text[:400]}'
        return Outcome(number, None, error, said=_texts(caught))


def run_shard(job: Union[Job, Worker], shard: int) -> str:
    """Make one shard of a job, in this process: for engines of one's own.

    Args:
        job: a job, whose model is opened for this shard alone, or a worker, which keeps it open.
        shard: its number, from 0.

    Returns:
        The name of its file in the job's folder, which must be there.

    Raises:
        ValueError: for a shard that the job has not.
        RuntimeError: it failed twice.
        OSError: nothing can be written.
    """
    worker = job if isinstance(job, Worker) else Worker(job)
    worker.job.range_of(shard)
    try:
        outcome = worker.shard(shard)
    finally:
        if worker is not job:
            worker.close()
    for text in outcome.said:
        warnings.warn(text, stacklevel=2)
    if outcome.fatal:
        raise OSError(outcome.error)
    if outcome.file is None:
        raise RuntimeError('shard %d (rows %d to %d): %s' % ((shard,) + last_row(worker.job, shard) + (outcome.error,)))
    return outcome.file


def last_row(job: Job, shard: int) -> Any:
    """The first and the last row of a shard, for messages."""
    start, stop = job.range_of(shard)
    return start, stop - 1


def _make(opened: Opened, number: int, caught: List[Any]) -> str:
    job, source = opened.job, opened.source
    if source is None or job.out is None:
        raise ValueError('the job has no %s.' % ('data' if source is None else 'out, the folder of results'))
    if len(source) != job.rows:
        raise ValueError(f"data: '{job.data}' has changed: it holds {len(source)} rows, and had {job.rows}.")
    start, stop = job.range_of(number)
    found: Columns = {}
    for first, end in job.batches_of(number):
        columns = opened.attribute(source.rows(first, end), first, source.names(first, end))
        for name, part in columns.items():
            if name not in found or part.dtype.itemsize > found[name].dtype.itemsize:
                # Strings may grow longer.
                grown = np.empty((stop - start,) + part.shape[1:], part.dtype)
                if name in found:
                    grown[:first - start] = found[name][:first - start]
                found[name] = grown
            found[name][first - start:end - start] = part
    metadata = {'job': job.hash, 'shard': number, 'rows': [start, stop], 'warnings': _texts(caught)}
    return write_columns(job.out, found, metadata,
                         lambda sha256, ending: shard_name(number, job.hash, sha256, ending))


def _texts(caught: List[Any]) -> List[str]:
    """The warnings of this library, each once."""
    return list(dict.fromkeys(str(one.message) for one in caught if one.category is UserWarning))


def _array(value: Any) -> np.ndarray:
    """A column as an array, also one of arrays of one shape, as lists are handed on."""
    array = np.asarray(value)
    if array.dtype.kind == 'O' and array.ndim == 1 and len(array) and hasattr(array[0], 'shape'):
        array = np.stack(list(array))
    return array
