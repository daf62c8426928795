"""Whether tfmodisco-lite reads what `save_modisco` writes, and finds the motifs that examples/genomics.py plants.

`make modisco` makes the maps, has modisco-lite find motifs in an environment of its own, and runs this there.
"""

import sys
from pathlib import Path

import numpy as np


def main(folder):
    import h5py
    from modiscolite.cli import _load_input

    read = {name: _load_input(Path(folder) / name) for name in ('ohe.npz', 'shap.npz')}
    for name, array in read.items():
        assert np.array_equal(array, np.load(str(Path(folder) / name))['arr_0'])
        print(name, array.shape, array.dtype)
    assert read['ohe.npz'].shape == read['shap.npz'].shape and (read['ohe.npz'].sum(1) == 1).all()
    with h5py.File(str(Path(folder) / 'motifs.h5'), 'r') as file:
        for sign in file:
            for pattern in file[sign].values():
                sizes = np.abs(pattern['contrib_scores'][:]).sum(1)
                letters = pattern['sequence'][:].argmax(1)[sizes > .15 * sizes.max()]
                print(sign, ''.join('ACGT'[letter] for letter in letters))


if __name__ == '__main__':
    main(sys.argv[1])
