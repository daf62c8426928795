"""What a measure is given, checked: an explainer's samples, their maps, and the features or groups of features."""
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from .arrays import flat, maps_like


def one_seed(seed: Any) -> int:
    """An int to draw by: the seed, or one drawn from the generator that it is, or from numpy's global state."""
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        if 0 <= seed < 2 ** 32:
            return int(seed)
    elif seed is None or hasattr(seed, 'permutation'):
        return int((np.random if seed is None else seed).uniform() * 2 ** 32)
    raise ValueError('seed must be an int of at least 0 and below 2 ** 32, or a numpy Generator or RandomState, not '
                     f'{seed!r}.')


class Subject:
    """The samples that a measure looks at.

    Args:
        explainer: an `Explainer`; None where maps are all that is needed, and given.
        xs, ys, batch_size, feed_dict, more: as in `Explainer.run`.
        attributions: maps of the samples; None for the explainer's own.
        seed: what the measure draws by, and a method that has no seed of its own.

    Attributes:
        probe: what is asked of the explainer; None without one.
        shapes, n, many: the shapes of the inputs' samples, their number, and whether there is a list of inputs.
        together: whether there is one sample, for which what callers pass has no axis (rows='together').
    """

    def __init__(self, explainer: Any, xs: Any, ys: Any = None, attributions: Any = None,
                 batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> None:
        self.seed = one_seed(seed)
        self.probe: Any = None
        self.together = False
        if explainer is not None:
            if not hasattr(explainer, 'probe'):
                raise TypeError('explainer must be an Explainer, of DeepExplain.get_explainer, not %s.' % (
                    type(explainer).__name__))
            self.probe = explainer.probe(xs, ys, batch_size, feed_dict, seed=self.seed, **more)
            arrays, self.many, self.together = self.probe.xs, self.probe.many, self.probe.together
        elif attributions is None:
            raise ValueError('attributions must be given where there is no explainer to make them.')
        else:
            given = attributions if xs is None else xs
            self.many = isinstance(given, (list, tuple)) and all(isinstance(one, np.ndarray) for one in given)
            arrays = [np.asarray(one) for one in (given if self.many else [given])]
        self.shapes: List[Tuple[int, ...]] = [one.shape for one in arrays]
        if any(not shape or not shape[0] for shape in self.shapes):
            raise ValueError('xs must have at least one sample; its shape is %s.' % (self.shapes[0],))
        self.n = self.shapes[0][0]
        self._given = attributions
        self._maps: Optional[np.ndarray] = None
        if attributions is not None:
            self._maps = self.checked('attributions', attributions)

    @property
    def maps(self) -> np.ndarray:
        """All attributions of each sample, (n, features), float64: those of one input after those of another."""
        if self._maps is None:
            found = self.probe.attributions()
            self._maps = flat(maps_like('the attributions of the explainer', found if self.many else found[0],
                                        self.shapes, self.many))
        return self._maps

    def checked(self, name: str, attributions: Any) -> np.ndarray:
        """Maps of the samples that a caller gave, (n, features), float64."""
        return flat(maps_like(name, attributions, self.shapes, self.many, self.together))

    def split(self, values: np.ndarray) -> List[np.ndarray]:
        """Rows of all features as an array for each input."""
        ends = np.cumsum([int(np.prod(shape[1:])) for shape in self.shapes])
        return [part.reshape((len(values),) + shape[1:])
                for part, shape in zip(np.split(values, ends[:-1], 1), self.shapes)]

    def draws(self) -> Any:
        """What the measure draws: other numbers than a method does by the same seed."""
        return self.asked().draws(np.random.RandomState([self.seed, 1]))

    def asked(self) -> Any:
        """The probe, where there must be one."""
        if self.probe is None:
            raise ValueError('explainer must be an Explainer: this measure asks the model.')
        return self.probe


class Players:
    """Features, or groups of them, that are there or not as a whole.

    Attributes:
        count: how many there are.
        numbers: the number of each feature's; None where each is its own.
    """

    def __init__(self, subject: Subject, feature_mask: Any = None) -> None:
        self.count = sum(int(np.prod(shape[1:])) for shape in subject.shapes)
        self.numbers: Optional[np.ndarray] = None
        groups = None if feature_mask is None else subject.asked().groups(feature_mask)
        if groups is not None:
            self.set_groups(groups)

    def set_groups(self, groups: Sequence[np.ndarray]) -> None:
        """Let features be there together that have the same number, from 0."""
        self.numbers = np.concatenate(list(groups))
        self.count = int(self.numbers.max()) + 1

    def sums(self, maps: np.ndarray) -> np.ndarray:
        """The sum of each one's attributions, (n, players)."""
        if self.numbers is None:
            return maps
        order = np.argsort(self.numbers, kind='stable')
        starts = np.searchsorted(self.numbers[order], np.arange(self.count))
        return np.add.reduceat(maps[:, order], starts, 1)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """What is said of players said of features."""
        return values if self.numbers is None else np.take(values, self.numbers, 1)
