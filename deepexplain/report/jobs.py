"""The first rows of a job's folder of results."""
from typing import Any, Dict, List, Tuple

from ..jobs.folder import Folder
from ..results import Attributions
from ..results.jobs import of_folder


def first_rows(path: str, most: int) -> Tuple[Attributions, Dict[str, Any], int]:
    """A result of the first rows, what its manifest says, and how many rows the job has.

    Raises:
        ValueError: the manifest or a file is damaged, or the first rows are not there yet.
    """
    folder = Folder(path)
    manifest = folder.manifest()
    job, shards = manifest['job'], manifest['shards']
    there = folder.complete(manifest, True)
    # Rows behind a gap are not the first ones.
    leading = next((number for number in range(shards) if number not in there), shards)
    if not leading:
        raise ValueError('the first of its shards is not there yet')
    result = of_folder(path, None, slice(0, min(most, leading * int(job['shard']))), True, None)
    metadata = {'versions': manifest.get('versions'), 'input': manifest['data'], 'layer': job.get('layer'),
                'warnings': _lacking(folder, shards, len(there))}
    return result, metadata, max(int(job['rows']), result.n)


def _lacking(folder: Folder, shards: int, there: int) -> List[str]:
    failed = folder.failed()
    return ['%d of %d shards are not there.' % (shards - there, shards)] * (there < shards) + [
        'shard %d failed: %s' % (number, one.get('error')) for number, one in sorted(failed.items())[:20]
        if isinstance(one, dict)]
