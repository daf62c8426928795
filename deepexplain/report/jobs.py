"""The first rows of a job's folder of results."""
import os
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ..jobs.folder import Folder
from ..jobs.writing import read_columns
from ..results import Attributions


def first_rows(path: str, most: int) -> Tuple[Attributions, Dict[str, Any], int]:
    """A result of the first rows, what its manifest says, and how many rows the job has.

    Raises:
        ValueError: the manifest or a file is damaged, or there are no results yet.
    """
    folder = Folder(path)
    manifest = folder.manifest()
    there, _ = folder.standing(manifest['hash'], False)
    parts: List[Dict[str, np.ndarray]] = []
    rows = 0
    for number in range(manifest['shards']):
        # Rows behind a gap are not the first ones.
        if rows >= most or number not in there:
            break
        shard = there[number]
        if not folder.whole(shard):
            raise ValueError(f"'{shard.name}' is damaged: its content is not that of its checksum")
        found = read_columns(os.path.join(path, shard.name))
        parts.append({name: column[:most - rows] for name, column in found.items()})
        rows += len(next(iter(parts[-1].values())))
    if not parts:
        raise ValueError('the first of its shards is not there yet')
    columns = {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}
    job = manifest['job']
    method, options = str(job.get('method')), job.get('options')
    metadata = {'versions': manifest.get('versions'), 'input': manifest['data'],
                'layer': job.get('layer'), 'warnings': _lacking(folder, manifest['shards'], len(there))}
    delta = columns.get('delta')
    names = [name.partition('/')[2] for name in columns if name.startswith('attributions/')]
    result = Attributions(
        [columns['attributions/' + name] for name in names] if names else columns['attributions'], method=method,
        input_names=names or None, index=columns.get('id'), units=_units(columns.get('unit')),
        scores=columns.get('score'), delta=None if delta is None or np.isnan(delta).all() else delta,
        options=options if isinstance(options, Mapping) else {},
        target=None if job.get('target') is None else str(job['target']), model=manifest['model'])
    total = job.get('rows')
    return result, metadata, max(total, rows) if isinstance(total, int) else rows


def _units(column: Optional[np.ndarray]) -> Optional[np.ndarray]:
    """The units of rows; sums have -1."""
    return None if column is None or column.dtype.kind not in 'iu' or (column < 0).any() else column


def _lacking(folder: Folder, shards: int, there: int) -> List[str]:
    failed = folder.failed()
    return ['%d of %d shards are not there.' % (shards - there, shards)] * (there < shards) + [
        'shard %d failed: %s' % (number, one.get('error')) for number, one in sorted(failed.items())[:20]
        if isinstance(one, dict)]
