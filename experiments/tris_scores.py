"""Scores of maps in XAI-TRIS, and how methods compare over repetitions."""
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from deepexplain.evaluation import earth_mover, rank_accuracy

MEASURES = ('precision', 'earth mover')
#: Scores by method, mask and measure: one number for each repetition.
Scores = Dict[Tuple[str, str, str], List[float]]


class Case(NamedTuple):
    """A problem on a background, and a model of it: a column of the tables."""

    problem: str
    background: str
    model: str


class Result(NamedTuple):
    """What a case gave: scores, the accuracy on the test set in each repetition, refusals, and pictures of each."""

    scores: Scores
    accuracy: List[float]
    refused: Dict[str, str]
    pictures: List[int]


def precision(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Which part of the n largest absolute attributions lies on the mask of n pixels; of equal ones the mean, (n,)."""
    return rank_accuracy(None, None, attributions=maps, masks=masks, absolute=True)


def movers(maps: Dict[str, np.ndarray], masks: np.ndarray) -> Dict[str, np.ndarray]:
    """The earth mover's score of each map (n, 8, 8), those that differ by a factor once.

    A map of zeros says nothing of any place, and scores as one that is the same everywhere, as in `precision`.
    """
    names = list(maps)
    rows = np.concatenate([np.arange(len(maps[name])) for name in names])
    whole = np.abs(np.concatenate([maps[name] for name in names])).reshape(len(rows), -1).astype(np.float64)
    sums = whole.sum(1, keepdims=True)
    whole = np.round(np.divide(whole, sums, out=np.full_like(whole, 1. / whole.shape[1]), where=sums > 0), 6)
    _, chosen, back = np.unique(np.column_stack([rows, whole]), axis=0, return_index=True, return_inverse=True)
    shape = (len(chosen),) + masks.shape[1:]
    scores = earth_mover(None, None, attributions=whole[chosen].reshape(shape), masks=masks[rows[chosen]])
    return dict(zip(names, np.split(scores[back.ravel()], np.cumsum([len(maps[name]) for name in names])[:-1])))


def mean_of(values: Sequence[float]) -> Tuple[float, float]:
    """Mean and its standard error over repetitions, those that gave no number left out."""
    found = np.asarray(values, np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return float('nan'), float('nan')
    return float(found.mean()), float(found.std(ddof=1) / len(found) ** .5) if len(found) > 1 else float('nan')


def better(values: Sequence[float], than: Sequence[float]) -> bool:
    """Whether the mean difference of pairs is more than twice its standard error above 0."""
    mean, error = mean_of(np.asarray(values, np.float64) - np.asarray(than, np.float64))
    return bool(mean > 2 * error and mean > 0)


def edge_of(scores: Scores, mask: str, measure: str, edges: Sequence[str]) -> List[float]:
    """The repetitions of the edge filter whose mean is larger."""
    return max((scores[name, mask, measure] for name in edges), key=lambda one: mean_of(one)[0])


def main_mask(problem: str) -> str:
    """The mask of the tables."""
    return 'own' if problem == 'translations_rotations' else 'both'


def shown(values: Any) -> str:
    """Mean and standard error in few characters."""
    mean, error = mean_of(values)
    return '-' if np.isnan(mean) else '%.2f ± %.2f' % (mean, error)
