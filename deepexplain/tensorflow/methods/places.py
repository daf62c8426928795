"""Which axes of an input are places, and which is that of channels."""
from typing import List, Optional, Sequence

from ..graph.layers import channel_axis
from ..runs.model import Model
from .values import checked_axes


class Places:
    """The axes of places of each input.

    axes: those that the caller names, ints from 1. None: all but that of channels, which is where the nearest
        convolution, pooling or bias has it; where none tells, the last of samples of three axes or more, and none of
        those of one or two.
    """

    def __init__(self, model: Model, axes: Optional[Sequence[int]], what: str) -> None:
        self._axes = None if axes is None else checked_axes(axes, what)
        found = [channel_axis(x, model.path) for x in model.X] if axes is None else []
        # Together the rows are an axis of the one sample.
        self._channels = [one and one + model.together for one in found]

    def of(self, number: int, rank: int) -> List[int]:
        """Those of the samples of one of the inputs, so many axes in all, rising."""
        if self._axes is not None:
            if self._axes[-1] >= rank:
                raise ValueError('axes must name axes of X from 1 to %d, not %s.' % (rank - 1, self._axes))
            return self._axes
        channels = self._channels[number] or (rank - 1 if rank > 3 else None)
        return [axis for axis in range(1, rank) if axis != channels]
