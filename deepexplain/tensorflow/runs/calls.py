"""The session calls of a run: what they are fed, and how they find the units that are explained."""
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .batching import Rowing, take
from .feeds import Feeds
from .largest import Asked, Largest, no_row_each
from .model import Model
from .several import Explained
from .uneven import refuse_uneven


class Calls(Explained):
    """Evaluates tensors on rows of the samples of a run, each row with the units of its sample.

    Attributes: see `Run`.
    """

    def __init__(self, session: tf.Session, model: Model, xs: List[np.ndarray], rowing: Rowing, feeds: Feeds,
                 options: Mapping[str, Any]) -> None:
        super().__init__()
        self.xs, self.n, self.options = xs, len(xs[0]), options
        self.ids: Optional[np.ndarray] = None
        self._ys: Optional[np.ndarray] = None
        self._largest: Optional[Largest] = None
        self.progress: Callable[[int], Any] = lambda rows: None
        self.rowing, self.feeds = rowing, feeds
        self._session, self._model = session, model
        # Of a run that is made of another: the samples of that one, and which of them are there as they are.
        self._owners: Optional[np.ndarray] = None
        self._as_they_are: Optional[np.ndarray] = None

    @property
    def ys(self) -> Optional[np.ndarray]:
        if self._largest is not None:
            largest, self._largest = self._largest, None
            samples = self._owned(np.arange(self.n))
            self._ys = largest.weights(samples) if largest.knows(samples) else self._apart()
        return self._ys

    @ys.setter
    def ys(self, ys: Optional[np.ndarray]) -> None:
        self._ys = ys

    @property
    def finding(self) -> bool:
        """Whether units are still to be found."""
        return self._largest is not None

    def choose(self, apart: Callable[[], Optional[np.ndarray]]) -> None:
        """Explain each sample's largest unit, found on the way by the calls of methods that can; else by `apart`."""
        def silent() -> Optional[np.ndarray]:
            progress, self.progress = self.progress, lambda rows: None
            found = apart()
            self.progress = progress
            return found

        assert self._model.choice is not None
        self._largest, self._apart = Largest(self._model.choice, self.n, self._model.together), silent

    def evaluate(self, fetches: Any, samples: np.ndarray, xs: Sequence[np.ndarray],
                 feeds: Sequence[Tuple[tf.Tensor, np.ndarray]] = (),
                 whole: Sequence[Tuple[tf.Tensor, np.ndarray]] = (), choosers: Any = None) -> List[np.ndarray]:
        """Fetch tensors with one row for each of some samples, `xs` fed for X.

        Args:
            feeds: further pairs of tensor and array with a row for each.
            whole: further pairs that have nothing to do with rows.
            choosers: which rows hold the samples as they are, so that their largest units can be found there, True for
                all; those of a mask are there for nothing else.

        Returns:
            The tensors' values; of several units those of the first, then of the second and so on.
        """
        rows = len(samples)
        fed = list(zip(self._model.X, xs)) + list(feeds)
        # A graph of fixed batch size takes no fewer rows: the last one is repeated and the results are dropped.
        missing = self.rowing.rows - rows if self.rowing.exact else 0
        if choosers is True and self._as_they_are is not None:
            choosers = self._as_they_are[samples]
        asked = None if choosers is None else self.ask(samples, choosers, missing)
        fetches = self.copies(fetches)
        weighing = self.weighing(samples) if asked is None else []
        fed += weighing
        if not weighing and choosers is None:
            whole = list(whole) + self.all_units()
        results = self._filled(fetches, fed, list(whole), samples, asked)
        self.progress(rows if choosers is None or choosers is True else rows - int(choosers.sum()))
        return results

    def _filled(self, fetches: Any, fed: Sequence[Tuple[tf.Tensor, np.ndarray]],
                whole: List[Tuple[tf.Tensor, np.ndarray]], samples: np.ndarray, asked: Optional[Asked] = None
                ) -> List[np.ndarray]:
        """A session call of as many rows as the graph takes, and what it returns for some samples."""
        rows, fed = len(samples), self.by_row(fed)
        missing = self.rowing.rows - rows if self.rowing.exact else 0
        if missing:
            samples = _padded(samples, missing)
            fed = [(tensor, _padded(array, missing)) for tensor, array in fed]
        results = self.fetch(fetches, fed + whole, samples, asked)
        if self._model.together:
            return [np.asarray(result)[np.newaxis] for result in results]
        return [result[:rows] for result in results] if missing else results

    def score(self, samples: np.ndarray, xs: Sequence[np.ndarray],
              feeds: Sequence[Tuple[tf.Tensor, np.ndarray]] = ()) -> np.ndarray:
        """The sum of T's weighed units in rows of some samples; of several units what each has, (rows, units)."""
        if self.several is None:
            return self.evaluate([self._model.score], samples, xs, feeds)[0]
        value = self.plain(self._model.T, samples, xs, feeds)
        if len(value) != len(samples):
            raise no_row_each(self._model.T.name, len(value), len(samples))
        return self.several.of(value, samples)

    def plain(self, tensor: tf.Tensor, samples: np.ndarray, xs: Sequence[np.ndarray],
              feeds: Sequence[Tuple[tf.Tensor, np.ndarray]] = ()) -> np.ndarray:
        """A tensor that hangs on no weights of T's units, in rows of some samples."""
        value = self._filled([tensor], list(zip(self._model.X, xs)) + list(feeds), [], samples)[0]
        self.progress(len(samples))
        return value

    def copies(self, fetches: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        """Tensors as they are fetched: of several units those of the first, then of the second and so on."""
        if self.several is None:
            return list(fetches)
        return [one for number in range(len(self.several)) for one in self._model.slots.of(number, fetches)]

    def weighing(self, samples: np.ndarray) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What rows of some samples are fed to weigh T's units, nothing where all count alike."""
        if self.several is not None:
            return [(self._model.slots.weights(number), self.several.weights(number, samples))
                    for number in range(len(self.several))]
        weights = self.weights(samples)
        return [] if weights is None else [(self._model.Y, weights)]

    def numbers(self, tensors: Sequence[tf.Tensor], samples: np.ndarray) -> List[np.ndarray]:
        """Numbers that have nothing to do with rows, as they are in a call of some samples."""
        missing = self.rowing.rows - len(samples) if self.rowing.exact else 0
        samples = _padded(samples, missing) if missing else samples
        fed = self.by_row([(tensor, take(x, samples)) for tensor, x in zip(self._model.X, self.xs)])
        return list(self.fetch(list(tensors), fed, samples))

    def weights(self, samples: np.ndarray) -> Optional[np.ndarray]:
        """The weights of T's units for some samples, or None for all units."""
        if self._largest is not None and self._largest.knows(self._owned(samples)):
            return self._largest.weights(self._owned(samples))
        return self._taken(samples)

    def _taken(self, samples: np.ndarray) -> Optional[np.ndarray]:
        ys = self.ys
        return None if ys is None else take(ys, samples)

    def missing(self, samples: np.ndarray) -> np.ndarray:
        """Those of some samples, each once, whose largest units are still to be found."""
        return samples[:0] if self._largest is None else self._largest.missing(samples)

    def all_units(self) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What is fed where all units count alike, so that T is not evaluated at X to choose none of them."""
        return [] if self._model.choice is None else [(self._model.Y, np.ones(1, self._model.T.dtype.as_numpy_dtype))]

    def ask(self, samples: np.ndarray, choosers: Any, filled: int = 0) -> Optional[Asked]:
        """How a call finds the largest units for rows that belong to some samples, if it is to and can.

        Args:
            choosers: which rows T has of the samples as they are, True for all, or the samples of T's rows.
            filled: how often the last row is repeated.
        """
        if self._largest is None or self._largest.knows(self._owned(samples)):
            return None
        if filled:
            samples = _padded(samples, filled)
            choosers = choosers if choosers is True else _padded(choosers, filled)
        owners = self._owned(samples)
        at_x = owners if choosers is True else choosers
        if at_x.dtype == bool:
            at_x = np.where(choosers, owners, -1)
        return self._largest.ask(owners, at_x)

    def _owned(self, samples: np.ndarray) -> np.ndarray:
        return samples if self._owners is None else self._owners[samples]

    def by_row(self, fed: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """Pairs of tensor and array with a row for each sample, as the graph takes them: of one sample its rows."""
        return [(tensor, array[0]) for tensor, array in fed] if self._model.together else list(fed)

    def fetch(self, fetches: Any, fed: Sequence[Tuple[tf.Tensor, Any]], samples: np.ndarray,
              asked: Optional[Asked] = None) -> Any:
        """One session call: pairs of tensor and value are fed, and what else is fed for the samples of its rows."""
        if asked is not None:
            return self._choosing(list(fetches), list(fed), samples, asked)
        # Tensors cannot be keys where TensorFlow compares them by value, so the feed goes by name.
        feed = self.feeds.rows(samples)
        feed.update((tensor.name, value) for tensor, value in fed)
        try:
            return self._session.run(fetches, feed)
        except tf.errors.InvalidArgumentError:
            refuse_uneven(self._session, self._model, self.feeds, self.xs, self.rowing)
            raise

    def _choosing(self, fetches: List[tf.Tensor], fed: List[Tuple[tf.Tensor, Any]], samples: np.ndarray,
                  asked: Asked) -> Any:
        """A call that finds units as well."""
        largest = self._largest
        assert largest is not None
        try:
            values = self.fetch(fetches + asked.fetches, fed + asked.feeds, samples)
        except tf.errors.InvalidArgumentError:
            # Raises another error where T has not one value for each sample.
            self.ys  # noqa: B018
            raise
        largest.answer(asked, values[len(fetches):])
        return values[:len(fetches)]


def _padded(array: np.ndarray, missing: int) -> np.ndarray:
    return np.concatenate([array, np.repeat(array[-1:], missing, 0)])
