"""The data of the tests of jobs, and what lies in a folder of results."""
import os

import numpy as np


def samples(n=60, width=4):
    return np.random.RandomState(1).randn(n, width).astype(np.float32)


def shard_files(folder='out'):
    """The names of the files of results, by the beginning that has the shard's number."""
    return {name[:12]: name for name in sorted(os.listdir(folder)) if name.startswith('shard-')}


def same(found, want):
    assert list(found) == list(want)
    for name in want:
        np.testing.assert_array_equal(found[name], want[name])
