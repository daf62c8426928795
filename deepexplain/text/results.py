"""What comes back of a sentence."""
from typing import Any, List, NamedTuple, Optional

import numpy as np

from .tokens import NONE, Tokens


class Explained(NamedTuple):
    """A sentence, its words and what each of them did.

    `print` shows a line for each word, a notebook the words on coloured ground; `deepexplain.plotting.text`, `words`
    and `words_html` take it in the place of words and attributions.

    Attributes:
        sentence: as it was given, a string or a pair of strings.
        words: the n words.
        attributions: a number for each word, float64 of shape (n,): the sum over its subwords, and over the axis of the
            embedding.
        unit: the unit of T that is explained: an int, or a tuple of ints where T has more axes; None for a sum.
        score: its value.
        tokens: the m tokens that the model read, special ones among them, without padding.
        token_attributions: a number for each token, float64 (m,).
        rest: the sum of what is on special tokens and padding, so that attributions.sum() + rest is all there is.
        delta: what `return_convergence_delta` gives; None where it was not asked for.
    """
    sentence: Any
    words: List[str]
    attributions: np.ndarray
    unit: Any
    score: float
    tokens: List[str]
    token_attributions: np.ndarray
    rest: float
    delta: Optional[float] = None

    def __str__(self) -> str:
        from ..plotting import words
        return words(self.words, self.attributions, colour=False)

    def _repr_html_(self) -> str:
        from ..plotting import words_html
        return words_html(self.words, self.attributions)


def result_of(one: Tokens, values: np.ndarray, start: int, unit: Any, score: float, delta: Optional[float]
              ) -> Explained:
    """The result of a sentence whose tokens begin at a place of a row of values, a number for each place."""
    mine, owners = values[start:start + len(one.ids)], np.array(one.owners, int)
    words = np.bincount(owners[owners != NONE], mine[owners != NONE], len(one.words))
    unit = unit if unit is None else tuple(int(part) for part in unit) if np.ndim(unit) else int(unit)
    return Explained(None, one.words, words, unit, float(score), one.names, mine.copy(),
                     float(values.sum() - words.sum()), None if delta is None else float(delta))
