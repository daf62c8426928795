"""The folder of a job's results, made by hand."""
import numpy as np

from deepexplain.jobs.folder import Folder, shard_name
from deepexplain.jobs.writing import write_columns


def job(folder, shards=2, lacking=0, rows=10):
    """Shards of five rows, but for the last ones; all of their columns."""
    rng = np.random.RandomState(0)
    made = {'hash': 'ab' * 32, 'model': '/m.keras', 'data': '/x.npy', 'shards': shards, 'versions': {'numpy': '1'},
            'job': {'method': 'intgrad', 'options': {'steps': 5}, 'target': 'max', 'layer': 'logits', 'rows': rows,
                    'shard': 5}}
    held = Folder(str(folder))
    with held.held():
        held.write_manifest(made)
    parts = []
    for number in range(shards - lacking):
        parts.append({'id': np.arange(5) + 5 * number, 'attributions': rng.randn(5, 3).astype('f'),
                      'unit': rng.randint(0, 4, 5), 'score': rng.randn(5), 'delta': rng.randn(5)})
        write_columns(str(folder), parts[-1], {}, lambda sha256, ending, number=number: shard_name(
            number, made['hash'], sha256, ending))
    return {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}
