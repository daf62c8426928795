"""A job is checked before any worker starts, and how its rows are cut is settled."""
import os
import warnings
from contextlib import ExitStack
from typing import Any, Dict

import numpy as np

from ..samples.says import Says, WrongUse
from ..units import defaults
from .codec import described
from .data import First, Source, files_of, open_source
from .identity import data_digest, model_digest
from .ids import ids_of

#: What the attributions of a shard and the rows of one run may hold in bytes, and the most rows of either.
_SHARD, _RUN = 1 << 28, 1 << 25
_MOST_SHARD, _MOST_RUN = 16384, 4096

#: Into how many shards rows are cut, and how many rows make one all the same.
_SHARDS, _LEAST_SHARD = 64, 16


def check(job: Any, says: Says, options: Any = None) -> None:
    """Open a job's model and data, build the method, run one row, and note in the job what was found.

    What needs no model comes first: TensorFlow takes seconds to import.

    Args:
        options: a function that makes the method's options, see `Job`.

    The warnings of that row are those of its shard, which tells them.

    Raises:
        As `Job`.
    """
    if not os.path.exists(job.model) and not os.path.exists(job.model + '.meta'):
        raise WrongUse("%s: there is no file or folder '%s'." % ('MODEL' if says.before else 'model', job.model))
    if job.out is not None:
        check_out(job, says)
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        source = None if job.data is None else source_of(job, says)
        if source is not None:
            stack.callback(source.close)
            _look(job, source)
        from .opened import Opened
        opened = Opened(job, says=says, options=options, source=source)
        stack.callback(opened.close)
        job.model_sha256 = model_digest(job.model, job.opening)
        if source is None:
            opened.build()
        else:
            rows = source.rows(0, 1)
            _cut(job, len(source), rows, opened.attribute(rows, 0, source.names(0, 1)))
            job.data_sha256 = data_digest(job.data, source.files)
            plan = opened.plans[0]
            job.attributed = list(plan.binding.names)
            named = plan.stacked and plan.binding.whole and plan.explainer._attribution.of_features
            job.features = plan.columns if named else None
        # An option that is given as it is by itself makes no other job.
        for plan in opened.plans:
            theirs = defaults(plan.explainer)
            job.options = {name: value for name, value in job.options.items()
                           if name not in theirs or not _same(value, theirs[name])}


def check_out(job: Any, says: Says) -> None:
    """WrongUse where results cannot go into the folder of a job, or would change its data or model."""
    said, path = says.flag('out'), os.path.realpath(job.out)
    for what, other in (('data', job.data), ('model', job.model)):
        if other is not None and os.path.isdir(other) and _inside(path, os.path.realpath(other)):
            raise WrongUse(f"{said}: '{job.out}' lies in the {what}, '{other}', which the results would be taken for: "
                           'take a folder beside it.')
    there = path
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    if not os.path.isdir(there):
        raise WrongUse(f"{said}: '{there}' is there and is no folder.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise WrongUse(f"{said}: nothing can be written into the folder '{there}'.")


class Changed(ValueError):
    """The model or the data of a job are others than those that it was made of."""


def check_unchanged(job: Any) -> None:
    """See that the model and the data of a job are those that it was made of.

    Raises:
        Changed: they are not.
        ValueError: they cannot be read any more.
    """
    for name, path, was, now in (
            ('model', job.model, job.model_sha256, lambda: model_digest(job.model, job.opening)),
            ('data', job.data, job.data_sha256, lambda: data_digest(job.data, files_of(job.data)))):
        try:
            same = was == now()
        except (OSError, ValueError) as error:
            raise ValueError(f"{name}: '{path}' cannot be read any more: {error}") from None
        if not same:
            raise Changed(f"{name}: '{path}' has changed since the job was made: make the job anew, with another "
                          'folder for its results.')


def source_of(job: Any, says: Says) -> Source:
    """The rows of a job's data."""
    source = open_source(job.data, job.how())
    try:
        if not len(source):
            raise WrongUse(f"{says.data}: '{job.data}' holds no rows.")
    except WrongUse:
        source.close()
        raise
    return source if job.limit is None else First(source, job.limit)


def _look(job: Any, source: Source) -> None:
    """Read the first row, where that takes no TensorFlow, and find its id where one is named."""
    if not source.early:
        return
    rows = source.rows(0, 1)
    if job.ids is not None:
        ids_of(job.ids, job.ids, rows, None, 0, 1)


def _cut(job: Any, length: int, rows: Dict[str, np.ndarray], columns: Dict[str, np.ndarray]) -> None:
    """Settle how many rows are a shard, and how many of them are run at once."""
    each = sum(array.nbytes for array in columns.values())
    held = max(each, sum(array.nbytes for array in rows.values()), 1)
    job.rows = length
    at_once, most, batch = _RUN // held, _MOST_RUN, job.batch_size or 1
    if job.shard is None:
        most = min(_MOST_SHARD, _SHARD // held, max(_LEAST_SHARD, -(-length // _SHARDS)))
    at_once = max(batch, min(at_once, most, _MOST_RUN) // batch * batch)
    if job.shard is None:
        job.shard = max(1, most // at_once) * at_once
    job.at_once = min(at_once, job.shard)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same for a method, as far as can be told."""
    one, other = described(one), described(other)
    return type(one) is type(other) and bool(one == other)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
