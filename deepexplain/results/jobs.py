"""A job's folder as one result: all rows, or some of them."""
import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import numpy as np

from ..checks import shown
from ..samples.bound import MOST
from ..terminal import in_words, visible
from .checking import fitting
from .columns import Columns
from .shards import Shard, Shards

if TYPE_CHECKING:
    from .attributions import Attributions


def of_folder(path: str, method: Optional[str], rows: Optional[slice], partial: bool, most: Optional[int]
              ) -> 'Attributions':
    """The results of a job; see `archive.load`."""
    from .attributions import Attributions

    if not isinstance(partial, bool):
        raise ValueError(f'partial must be True or False, not {shown(partial)}.')
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        raise ValueError(f'max_bytes must be a positive int, not {shown(most)}.')
    folder = Shards(path)
    manifest = folder.manifest()
    job = manifest['job']
    own = job.get('method') if isinstance(job.get('method'), str) else ''
    if method is not None and method != own:
        raise ValueError(f"'{visible(path)}' has no {method!r}, but {own!r}.")
    first, stop = _range(rows, _count(job, 'rows', path))
    found = _read(folder, manifest, first, stop, partial, MOST if most is None else most)
    names = [name.partition('/')[2] for name in found if name.startswith('attributions/')]
    arrays: Any = [found['attributions/' + name] for name in names] if names else found['attributions']
    units, delta, options = found.get('unit'), found.get('delta'), job.get('options')
    inputs, versions = _strings(manifest.get('inputs')), manifest.get('versions')
    return Attributions(
        arrays, method=own, scores=found.get('score'), index=found.get('id'),
        delta=None if delta is None or np.isnan(delta).all() else delta,
        units=None if units is None or (units < 0).any() else units,
        input_names=names or (inputs if inputs is not None and len(inputs) == 1 else None),
        feature_names=None if names else fitting(_strings(manifest.get('features')), arrays),
        options=options if isinstance(options, dict) else {},
        target=job['target'] if isinstance(job.get('target'), str) else None, model=manifest['model'],
        versions=versions if isinstance(versions, dict) else {})


def _read(folder: Shards, manifest: Dict[str, Any], first: int, stop: int, partial: bool, most: int) -> Columns:
    """The columns of some rows, each in memory once, and a shard beside it."""
    each, rows = _count(manifest['job'], 'shard', folder.path), _count(manifest['job'], 'rows', folder.path)
    if manifest['shards'] != -(-rows // each):
        raise ValueError("'%s' says that %d rows in shards of %d make %d of them." % (
            visible(os.path.join(folder.path, 'manifest.json')), rows, each, manifest['shards']))
    there = folder.complete(manifest, partial)
    wanted = [one for number, one in there.items() if number * each < stop and (number + 1) * each > first]
    parts = [_part(one, each, first, stop, rows) for one in wanted]
    total = sum(end - start for start, end in parts)
    if not total:
        raise ValueError(f"'{visible(folder.path)}' holds no results of these rows yet.")
    found: Dict[str, np.ndarray] = {}
    strings: Dict[str, List[np.ndarray]] = {}
    done = 0
    for shard, (start, end) in zip(wanted, parts):
        columns = folder.columns(shard, True)
        held = min(rows, (shard.number + 1) * each) - shard.number * each
        _check(shard, columns, held, found)
        size = sum(one.nbytes for one in columns.values()) * total // held
        if not found and size > most:
            raise ValueError("'%s' takes %s of memory, and may take %s: max_bytes allows more; rows=slice(0, 1000) "
                             'takes some of the %d rows, and deepexplain.jobs.iterate yields them shard by shard.' % (
                                 visible(folder.path), in_words(size), in_words(most), rows))
        for name, column in columns.items():
            if column.dtype.kind == 'U':
                strings.setdefault(name, []).append(column[start:end])
                found.setdefault(name, column[:0])
                continue
            if not done:
                found[name] = np.empty((total,) + column.shape[1:], column.dtype)
            found[name][done:done + end - start] = column[start:end]
        done += end - start
    found.update((name, np.concatenate(held)) for name, held in strings.items())
    return found


def _check(shard: Shard, columns: Columns, rows: int, before: Columns) -> None:
    """ValueError for a file of other rows, or of other columns than those before it."""
    if any(one.ndim == 0 or len(one) != rows for one in columns.values()):
        raise ValueError(f"'{visible(shard.name)}' does not hold its {rows} rows.")
    if before and (set(before) != set(columns) or any(
            one.dtype.kind != columns[name].dtype.kind or one.shape[1:] != columns[name].shape[1:] or
            one.dtype.kind != 'U' and one.dtype != columns[name].dtype for name, one in before.items())):
        raise ValueError(f"'{visible(shard.name)}' holds other columns than the shard before it.")


def _part(shard: Shard, each: int, first: int, stop: int, rows: int) -> Tuple[int, int]:
    """Which rows of a shard are wanted."""
    start, end = shard.number * each, min(rows, (shard.number + 1) * each)
    return max(first, start) - start, max(min(stop, end), start) - start


def _range(rows: Optional[slice], count: int) -> Tuple[int, int]:
    if rows is None:
        return 0, count
    if not isinstance(rows, slice) or rows.step not in (None, 1):
        raise ValueError(f'rows must be a slice without a step, such as slice(0, 1000), not {shown(rows)}.')
    first, stop, _ = rows.indices(count)
    return first, stop


def _count(job: Dict[str, Any], name: str, path: str) -> int:
    value = job.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"'{visible(os.path.join(path, 'manifest.json'))}' does not say how many {name} there are.")
    return value


def _strings(value: Any) -> Optional[List[str]]:
    return [str(one) for one in value] if isinstance(value, list) else None
