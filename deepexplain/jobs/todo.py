"""What is still to be done of a run, for engines that have shards made elsewhere."""
from collections import Counter, deque
from typing import Callable, Optional, Sequence

from .worker import TRIES, Outcome

#: How often, in seconds, an engine asks whether to stop while nothing happens.
TURN = .5


class Todo:
    """The shards that are to be begun; its length is how many there are, 0 once the run is to stop."""

    def __init__(self, shards: Sequence[int], stopped: Callable[[], bool]) -> None:
        self._shards, self._stopped = deque(shards), stopped
        self._deaths: Counter[int] = Counter()

    def __len__(self) -> int:
        if self._shards and self._stopped():
            self._shards.clear()
        return len(self._shards)

    def next(self) -> int:
        """The next shard."""
        return self._shards.popleft()

    def died(self, shard: int, error: str) -> Optional[Outcome]:
        """Have a shard made again whose worker has died; the outcome where that has happened before."""
        self._deaths[shard] += 1
        if self._deaths[shard] >= TRIES:
            return Outcome(shard, None, 'its worker died, twice: ' + error)
        self._shards.appendleft(shard)
        return None
