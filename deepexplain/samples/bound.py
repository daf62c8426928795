"""How much memory what is read from a file may take."""
from typing import Optional

from ..terminal import in_words
from .says import WrongUse

#: The most bytes of memory that what is read from one file may take, unless the file itself takes more.
MOST = 1 << 31


class Bound:
    """How much memory what is read may take.

    Args:
        what: what is read, for messages.
        path: the file or the folder.
        most: bytes, by default as in MOST.
        held: how many bytes lie on the disk; where there are more, they may be read.
        more: what allows more, for messages.
    """

    def __init__(self, what: str, path: str, most: Optional[int], held: int, more: str = '--max-bytes allows more'
                 ) -> None:
        self.most = max(MOST, held) if most is None else most
        self._said, self._more = f"{what}: '{path}'", more
        self._taken = 0

    def take(self, size: int) -> None:
        """WrongUse where so many bytes are too many, with those before."""
        self._taken += size
        if self._taken > self.most:
            raise self.broken(f'takes {in_words(self._taken)} of memory or more')

    def broken(self, how: str) -> WrongUse:
        """The error for what would take too much."""
        return WrongUse(f'{self._said} {how}, and may take {in_words(self.most)}: {self._more}.')
