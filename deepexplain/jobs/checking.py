"""A job is checked before any worker starts, and how its rows are cut is settled."""
import os
import warnings
from typing import Any

from ..samples.says import Says, WrongUse
from .identity import data_digest, model_digest

#: What the attributions of a shard and the rows of one run may hold in bytes, and the most rows of either.
_SHARD, _RUN = 1 << 28, 1 << 25
_MOST_SHARD, _MOST_RUN = 16384, 4096


def check(job: Any, says: Says, options: Any = None) -> None:
    """Open a job's model and data, build the method, run one row, and note in the job what was found.

    Args:
        options: a function that makes the method's options, see `Job`.

    The warnings of that row are those of its shard, which tells them.

    Raises:
        As `Job`.
    """
    if not os.path.exists(job.model) and not os.path.exists(job.model + '.meta'):
        raise WrongUse("%s: there is no file or folder '%s'." % ('MODEL' if says.before else 'model', job.model))
    from .opened import Opened

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        opened = Opened(job, says=says, options=options)
        try:
            source = opened.source
            if source is None:
                opened.build()
                job.model_sha256 = model_digest(job.model, job.opening)
                return
            rows = source.rows(0, 1)
            columns = opened.attribute(rows, 0, source.names(0, 1))
            job.rows = len(source)
            files = source.files
        finally:
            opened.close()
    each = sum(array.nbytes for array in columns.values())
    held = max(each, sum(array.nbytes for array in rows.values()), 1)
    at_once = max(1, min(_MOST_RUN, _RUN // held))
    if job.batch_size is not None:
        at_once = max(job.batch_size, at_once // job.batch_size * job.batch_size)
    if job.shard is None:
        most = max(1, min(_MOST_SHARD, _SHARD // held))
        job.shard = max(1, most // at_once) * at_once
    job.at_once = min(at_once, job.shard)
    job.model_sha256 = model_digest(job.model, job.opening)
    job.data_sha256 = data_digest(job.data, files)


