"""The driver: what is missing of a job is made, by an engine."""
import os
import platform
import re
import warnings
from contextlib import closing
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import numpy as np

from .. import __version__
from . import engines
from .checking import Changed, check_unchanged
from .folder import Folder
from .job import Job
from .worker import last_row


class Failure(NamedTuple):
    """A shard that failed twice.

    Attributes:
        shard: its number.
        first, last: the first and the last of its rows.
        error: why, in a line.
    """
    shard: int
    first: int
    last: int
    error: str


class Report(NamedTuple):
    """How far a job is.

    Attributes:
        shards: how many there are.
        done, made: how many of them stand, and how many of these this run has made.
        failed: those that failed twice.
        stopped: whether the run was stopped before all were tried.
    """
    shards: int
    done: int
    made: int
    failed: List[Failure]
    stopped: bool

    @property
    def complete(self) -> bool:
        """Whether all results are there."""
        return self.done == self.shards


def run(job: Job, engine: str = 'here', workers: Optional[int] = None, verify: bool = True,
        show_progress: bool = False, stopped: Callable[[], bool] = lambda: False, **options: Any) -> Report:
    """Make what is missing of a job's results; the same call again goes on where another has ended, however it did.

    Args:
        job: with data and a folder.
        engine: where shards are made: 'here', in this process (default), by 'ray' or 'spark'; see
            `deepexplain.jobs.engines`, and `work` of their modules for their options.
        workers: how many there are, for engines of more than one.
        verify: whether the files that are there are read, to find those that are damaged. Default True.
        show_progress: whether a bar of tqdm counts the shards. Default False.
        stopped: a function that is asked before each shard; once it returns True no more are begun.
        **options: the engine's own, as in `work` of its module.

    Returns:
        A `Report`. Shards that fail twice are in it, with their rows, and warned of; the others stand.

    Raises:
        ValueError: the folder holds another job, with what differs; or another run is at work in it; or the model or
            the data are others than those that the job was made of, or have changed meanwhile: then nothing of what
            this run has made is left.
        OSError: nothing more can be written, or, ChildProcessError, no worker of an engine can open the model; what is
            there stands.
    """
    engines.check_engine(engine)
    if not isinstance(job, Job):
        raise TypeError(f'job must be a Job, not {type(job).__name__}.')
    if job.data is None or job.out is None:
        raise ValueError('run needs a job with data and out, the folder of results.')
    folder = Folder(job.out)
    check_unchanged(job)
    with folder.held():
        versions = _versions()
        manifest = folder.begin(job.identity(), job.hash, {
            'model': job.model, 'data': job.data, 'shards': job.shards, 'versions': versions,
            'inputs': job.attributed, 'features': job.features})
        before = manifest.get('versions', {}).get('tensorflow')
        if before != versions['tensorflow']:
            warnings.warn("'%s' was begun with TensorFlow %s, and this is %s: shards may differ in their last digits."
                          % (job.out, before, versions['tensorflow']), stacklevel=2)
        there = folder.settle(job.hash, job.shards, verify)
        folder.forget_failures()
        missing = [shard for shard in range(job.shards) if shard not in there]
        failed, made = _work(job, folder, missing, engine, workers, show_progress, stopped, options)
        if made:
            try:
                check_unchanged(job)
            except Changed:
                folder.discard(missing, job.hash)
                raise
            except ValueError as error:
                warnings.warn(f'{error} Whether it has changed while the run was at work is not known.', stacklevel=2)
        there = folder.settle(job.hash, job.shards, False)
        report = Report(job.shards, len(there), made, failed, made + len(failed) < len(missing))
        if report.complete:
            files = [{'shard': number, 'rows': list(job.range_of(number)), 'file': one.name, 'sha256': one.sha256}
                     for number, one in sorted(there.items())]
            folder.write_manifest(dict(manifest, files=files))
    return report


def _work(job: Job, folder: Folder, missing: List[int], engine: str, workers: Optional[int], show_progress: bool,
          stopped: Callable[[], bool], options: Dict[str, Any]) -> Any:
    failed: List[Failure] = []
    made = 0
    said: Dict[str, int] = {}
    bar = _bar(job.shards, job.shards - len(missing)) if show_progress else None
    try:
        if not missing:
            return failed, made
        with closing(engines.work(engine, job, missing, stopped, workers, **options)) as outcomes:  # type: ignore
            for outcome in outcomes:
                for text in outcome.said:
                    _tell(text, outcome.shard, said)
                if outcome.fatal:
                    raise OSError(f'{outcome.error}: nothing more can be written. What is there stands; the same run '
                                  'again goes on from there.')
                if outcome.file is None:
                    first, last = last_row(job, outcome.shard)
                    failed.append(Failure(outcome.shard, first, last, outcome.error))
                    folder.note_failed(outcome.shard, failed[-1]._asdict())
                    warnings.warn('shard %d (rows %d to %d) failed twice: %s' % failed[-1], stacklevel=3)
                elif not os.path.exists(os.path.join(folder.path, outcome.file)):
                    raise OSError("shard %d was made, and its file '%s' is not in '%s': workers on other machines must "
                                  'have the same folder there.' % (outcome.shard, outcome.file, folder.path))
                else:
                    made += 1
                if bar is not None:
                    bar.update()
        return failed, made
    finally:
        if bar is not None:
            bar.close()
        if sum(said.values()) > len(said):
            warnings.warn('the same was said of other shards: %d warnings in all, of %d kinds; each shard holds its '
                          'own.' % (sum(said.values()), len(said)), stacklevel=3)


def _tell(text: str, shard: int, said: Dict[str, int]) -> None:
    """Tell what a shard was warned of, where no other was of the same, be it with other numbers."""
    kind = re.sub(r'[-+]?\d[\d.e+-]*', '#', text)
    said[kind] = said.get(kind, 0) + 1
    if said[kind] == 1:
        warnings.warn(f'shard {shard}: {text}', stacklevel=4)


def _bar(total: int, done: int) -> Any:
    from tqdm import tqdm
    return tqdm(total=total, initial=done, unit=' shards')


def _versions() -> Dict[str, str]:
    import tensorflow.compat.v1 as tf
    return {'deepexplain': __version__, 'tensorflow': tf.VERSION, 'numpy': np.__version__,
            'python': platform.python_version()}


def status(out: str, verify: bool = False) -> Dict[str, Any]:
    """How far the job of a folder is; nothing is changed.

    Args:
        out: the folder.
        verify: whether the files of results are read, to find those that are damaged, which are not done then. By
            default their names alone count.

    Returns:
        A dict: model, data, method, rows, shards, done, missing (numbers of shards), damaged (names of files; empty
        where they are not read), verified, failed (dicts of shard, first, last, error), complete.

    Raises:
        ValueError: it is no folder of results.
    """
    folder = Folder(os.fspath(out))
    manifest = folder.manifest()
    there, others = folder.standing(manifest['hash'], manifest['shards'], verify)
    damaged = [one.name for one in others if one.number not in there]
    failed = [content for number, content in sorted(folder.failed().items()) if number not in there]
    missing = [number for number in range(manifest['shards']) if number not in there]
    return {'out': folder.path, 'model': manifest['model'], 'data': manifest['data'],
            'method': manifest['job']['method'], 'rows': manifest['job']['rows'], 'shards': manifest['shards'],
            'done': manifest['shards'] - len(missing), 'missing': missing, 'damaged': damaged, 'verified': verify,
            'failed': failed, 'complete': not missing}
