"""Files for TF-MoDISco."""
import os
from typing import Any, List

import numpy as np

from ..files import whole
from .arrays import check_numbers, check_one_hot, lines


def save_modisco(folder: str, xs: Any, hypothetical: Any, axis: int = -1) -> List[str]:
    """Write what the command of tfmodisco-lite reads: `modisco motifs -s ohe.npz -a shap.npz -n 2000 -o motifs.h5`.

    Args:
        folder: is made where it is not there. Files of the same names in it are replaced, both or none.
        xs: one-hot samples (n, positions, 4); other axes of size 1 may be among them.
        hypothetical: hypothetical contributions of the same shape, as `hypothetical=True` gives them.
        axis: along which the letters are. Default -1.

    Returns:
        The paths of ohe.npz and shap.npz, each with one array `arr_0`, float32, (n, 4, positions).

    Raises:
        ValueError: if xs are not one-hot of four letters, or hypothetical is of another shape, not finite, or nothing
            but the contributions of the letters that are there.
    """
    letters = lines('xs', check_one_hot('xs', xs, axis), axis)
    values = check_numbers('hypothetical', hypothetical)
    if values.shape != np.shape(xs):
        raise ValueError(f'hypothetical must be of the shape of xs, {np.shape(xs)}, not {values.shape}.')
    values = lines('hypothetical', values, axis)
    if letters.shape[2] != 4:
        raise ValueError(f'xs must have four letters along axis {axis}, as TF-MoDISco reads, not {letters.shape[2]}.')
    if values.any() and not values[letters == 0].any():
        raise ValueError('hypothetical is 0 for every letter that is not there, as attributions are: give what '
                         'hypothetical=True returns.')
    if np.abs(values).max() > np.finfo(np.float32).max:
        raise ValueError('hypothetical must be within float32, in which it is written: it holds up to %g.' % (
            np.abs(values).max()))
    os.makedirs(folder, exist_ok=True)
    paths = [os.path.join(folder, name) for name in ('ohe.npz', 'shap.npz')]
    with whole(paths) as files:
        for file, array in zip(files, (letters, values)):
            np.savez_compressed(file, np.ascontiguousarray(array.transpose(0, 2, 1), np.float32))
    return paths
