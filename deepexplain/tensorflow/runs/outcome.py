"""Whether what a run has found can be believed: of finite numbers, and no larger by far than what it explains."""
from typing import Callable, List, Optional, Sequence

import numpy as np


class Seen:
    """What a run has seen of its target; the runs that are made of it share one.

    Attributes:
        size: the largest sum of the absolute values of T's weighed units, over samples and baselines.
        at_inputs, at_baselines: whether T was finite wherever that was seen.
        covered: where attributions have a value at all, a mask for each input; None stands for everywhere.
    """

    def __init__(self) -> None:
        self.size = 0.
        self.at_inputs = self.at_baselines = True
        self.covered: Optional[List[np.ndarray]] = None

    def note(self, sizes: np.ndarray, baselines: bool = False) -> None:
        """Take note of the size of the target in some rows."""
        largest = float(np.max(sizes)) if len(sizes) else 0.
        if not np.isfinite(largest):
            if baselines:
                self.at_baselines = False
            else:
                self.at_inputs = False
            sizes = sizes[np.isfinite(sizes)]
            largest = float(np.max(sizes)) if len(sizes) else 0.
        self.size = max(self.size, largest)


def finite(scores: np.ndarray) -> bool:
    """Whether all numbers are finite."""
    return bool(np.isfinite(scores).all())


def doubts(attributions: Sequence[np.ndarray], seen: Seen, excess: Optional[float], T: str,
           causes: Callable[[], Sequence[str]] = tuple) -> str:
    """Why attributions are not to be believed, in words; '' where nothing speaks against them.

    Args:
        excess: how many times the size of the target they and their sums may be; None where they are on no scale of
            T's.
        T: the name of the target.
        causes: finds the names of arguments that hold nan or inf.
    """
    parts = list(attributions) if seen.covered is None else [
        one[:, mask] for one, mask in zip(attributions, seen.covered)]
    flat = [one.reshape(len(one), -1) for one in parts]
    # One product is faster than a look at each number.
    squares = [_square(one) for one in flat]
    if not all(np.isfinite(square) or finite(one) for square, one in zip(squares, flat)):
        bad = ~np.logical_and.reduce([np.isfinite(one).all(1) for one in flat])
        return 'attributions of %d of %d samples are not finite numbers%s.' % (
            bad.sum(), len(bad), _why(seen, T, causes()))
    if not seen.at_baselines:
        return f"T ('{T}') is not finite at the baseline, so that no change of it is explained: give another baseline."
    if not seen.at_inputs:
        return f"T ('{T}') is not finite for some samples, or on their way from the baseline: leave these samples out."
    if excess is None or not seen.size:
        return ''
    limit = excess * seen.size
    # The length of all attributions together bounds each of them; products are faster than a look at each number.
    length = sum(squares) ** .5
    if length * sum(one.shape[1] for one in flat) ** .5 <= limit:
        return ''
    total = float(np.abs(sum(np.dot(one, np.ones(one.shape[1], one.dtype)) for one in flat)).max())
    if max(length, total) <= limit:
        return ''
    largest = max(float(np.abs(one).max()) if one.size else 0. for one in flat)
    if max(largest, total) <= limit:
        return ''
    return "attributions are up to %.2g and add up to as much as %.2g, where the units of T ('%s') that they explain " \
           'are no larger than %.2g.' % (largest, total, T, seen.size)


def _square(values: np.ndarray) -> float:
    """The sum of squares; of numbers whose squares float32 cannot hold inf."""
    line = values.ravel() if values.dtype.itemsize >= 4 else values.ravel().astype(np.float32)
    with np.errstate(over='ignore', invalid='ignore'):
        return float(np.dot(line, line))


def _why(seen: Seen, T: str, causes: Sequence[str]) -> str:
    if causes:
        return ': %s %s nan or inf' % (' and '.join(causes), 'holds' if len(causes) == 1 else 'hold')
    if not seen.at_inputs or not seen.at_baselines:
        return ": T ('%s') is not finite %s" % (T, ' nor '.join(
            place for place, one in (('there', seen.at_inputs), ('at the baseline', seen.at_baselines)) if not one))
    return ''
