"""Signals, pictures and volumes blurred by a Gaussian along some axes."""
from typing import Any, List, Sequence

import numpy as np

#: At how many standard deviations the Gaussian ends, as in scipy.ndimage.
TRUNCATE = 4

#: What is beyond the borders: zeros, or the mirror image, the outermost numbers twice (scipy.ndimage's modes).
BOUNDARIES = ('constant', 'reflect')


class Blurred:
    """A sample at any blur: its spectrum along some axes, to be multiplied by that of a Gaussian.

    Along each of these axes the sample is continued to twice its length, by zeros or its mirror image, so that what a
    circular convolution brings round is what lies beyond the border.

    Args:
        sample: of any dtype of real numbers.
        axes: those to be blurred, rising.
        boundary: one of `BOUNDARIES`.
    """

    def __init__(self, sample: np.ndarray, axes: Sequence[int], boundary: str) -> None:
        self._sample, self._boundary, self._axes = sample.astype(np.float64), boundary, list(axes)
        wide = self._sample
        for axis in axes:
            more = np.flip(wide, axis) if boundary == 'reflect' else np.zeros_like(wide)
            wide = np.concatenate([wide, more], axis)
        self._sizes = [wide.shape[axis] for axis in axes]
        self._spectrum = np.fft.rfftn(wide, self._sizes, self._axes) if axes else wide

    def at(self, sigma: float) -> np.ndarray:
        """The sample blurred by a Gaussian of a standard deviation in places, float64."""
        if not sigma or not self._axes:
            return self._sample
        spectrum = self._spectrum
        for axis, size in zip(self._axes, self._sizes):
            kernel = np.fft.fft(self._kernel(size, sigma)).real[:spectrum.shape[axis]]
            spectrum = spectrum * kernel.reshape((-1,) + (1,) * (spectrum.ndim - axis - 1))
        inside: List[Any] = [slice(None)] * spectrum.ndim
        for axis, size in zip(self._axes, self._sizes):
            inside[axis] = slice(size // 2)
        return np.fft.irfftn(spectrum, self._sizes, self._axes)[tuple(inside)]

    def _kernel(self, size: int, sigma: float) -> np.ndarray:
        """The Gaussian round a circle of so many places, its middle at 0."""
        reach = int(TRUNCATE * sigma + .5)
        at = np.arange(-reach, reach + 1)
        weights = np.exp(-.5 * (at / sigma) ** 2)
        weights /= weights.sum()
        if self._boundary == 'constant':
            # Beyond are zeros, however often the circle is gone round.
            near = np.abs(at) < size // 2
            at, weights = at[near], weights[near]
        return np.bincount(at % size, weights, size)
