"""What letters contribute, and what they would have contributed elsewhere."""
from typing import Any

import numpy as np

from .arrays import check_axis, check_numbers


def hypothetical(multipliers: Any, references: Any, axis: int = -1) -> np.ndarray:
    """What each letter would have contributed at each place, from multipliers and what they were found against.

    That of letter b is the sum over letters c of multiplier c times (1 if c is b, else 0, less the reference's c). The
    option `hypothetical=True` of deeplift, deeplift.reveal_cancel, intgrad and expected_gradients does this for each
    reference as the multipliers are made; this is for multipliers from elsewhere. Of gradients and references=1 / 4
    it takes off the mean over four letters (Majdandzic et al. 2023).

    Args:
        multipliers: an array (n,) + a sample's shape, or (n, m) + it for one for each of m references.
        references: of the same shape, or broadcasting to it: for all the same, (n, 1) + it, a number.
        axis: along which the letters are, counted from the end. Default -1.

    Returns:
        Hypothetical contributions, of the shape and dtype of the multipliers; the mean over m references is that of
        them all.

    Raises:
        ValueError: for arrays of other shapes, or that are not of finite numbers.
    """
    array = check_numbers('multipliers', multipliers)
    axis = check_axis(axis, array.ndim)
    reference = np.asarray(references)
    if reference.dtype.kind not in 'fiub' or not np.isfinite(reference).all():
        raise ValueError('references must be an array of finite numbers.')
    try:
        fits = np.broadcast(array, reference).shape == array.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f'references must be of the shape of the multipliers, {array.shape}, or broadcast to it, not '
                         f'{reference.shape}.')
    found = array - (array * reference).sum(axis, keepdims=True)
    return found.astype(array.dtype) if array.dtype.kind == 'f' else found


def in_silico_mutagenesis(de: Any, T: Any, X: Any, xs: Any = None, **arguments: Any) -> Any:
    """What every single substitution does to the target.

    Args:
        de: a `DeepExplain` within its context, or what `DeepExplain.open` returns.
        T, X, xs, **arguments: as `DeepExplain.explain` has them after the method, such as ys, batch_size, feed_dict,
            show_progress; and `axis`, along which letters are, the last by default.

    Returns:
        T with the letter at the place, less T: an array of the shape of xs, 0 at the letters of xs. It is what the
        method 'in_silico_mutagenesis' gives.

    Raises:
        ValueError: the samples are not one-hot along the axis; and as `DeepExplain.explain`.
    """
    return de.explain('in_silico_mutagenesis', T, X, xs, **arguments)
