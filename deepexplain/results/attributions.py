"""Attributions: an array that knows what it is."""
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

import numpy as np

from . import parts
from .checking import checked, listed

Arrays = Union[np.ndarray, List[np.ndarray]]


class Attributions:
    """Attributions and what they are of; made by `Explainer.explain`, or by `load`.

    It stands for what `run` returns. Of one input that is an array: `np.asarray(result)`, `len`, iteration and
    `result[i]` are those of the array, which has the samples in front or, of several units (ys='all'), the units. A
    slice, a mask of bools or a list of ints is a result again, with all of its parts cut alike; whatever else is
    asked for (`result[0]`, `result[:, 2]`) is an array. Of several inputs it is a list of arrays: `len`, iteration and
    `result[i]` are those of the list, and `result['left']` is the result of the input of that name. `samples` takes
    samples, and `unit` a unit, whatever there is of the others. Two results are equal only where they are the same
    object.

    Attributes:
        attributions: what `run` returns: an array, for several inputs a list of arrays.
        xs: the samples as the model took them, of its dtypes; an array, or a list for several inputs.
        method: the method's name.
        options: what it was told, in plain values: large arrays by their shape and dtype.
        target: what ys was, in words.
        units: the unit of T that is explained, ints (n,), or (n, axes) where T has more axes; of several units
            (units, n). None where that is a sum, or a difference.
        weights: there the weights of T's units, (n,) + their shape, where there are some.
        scores: the explained target of each sample, an array of float64 (n,), of several units (units, n).
        delta: what a sample's attributions add up to minus what they should, float64 like scores, or None.
        baseline: where features count as absent, (1, ...) or (n, ...), of references the mean; None for methods that
            ask for none.
        input_names, unit_names: names of the inputs, and of all of T's units, or None.
        feature_names: names along the last axis of attributions, or None; for several inputs a list of these.
        index: labels of the samples, (n,), or None.
        model: the model's name or path, where it is known.
        versions: a dict of those of deepexplain, tensorflow, numpy and python.
        several, together: whether there is an axis of units in front, and whether all rows of X are one sample
            (rows='together'), so that there is no axis of samples.

    Raises:
        ValueError, TypeError: for parts whose shapes do not go together.
    """

    def __init__(self, attributions: Any, xs: Any = None, *, method: str = '', scores: Any = None, delta: Any = None,
                 units: Any = None, weights: Any = None, baseline: Any = None,
                 input_names: Optional[Sequence[str]] = None, feature_names: Any = None,
                 unit_names: Optional[Sequence[str]] = None, index: Any = None,
                 options: Optional[Mapping[str, Any]] = None, target: Optional[str] = None,
                 model: Optional[str] = None, versions: Optional[Mapping[str, str]] = None, several: bool = False,
                 together: bool = False) -> None:
        self.attributions: Arrays = attributions
        self.xs, self.method, self.scores, self.delta, self.units = xs, method, scores, delta, units
        self.weights, self.baseline, self.index, self.target = weights, baseline, index, target
        self.input_names, self.feature_names, self.unit_names = input_names, feature_names, unit_names
        self.options: Mapping[str, Any] = options or {}
        self.model, self.versions, self.several, self.together = model, versions, bool(several), bool(together)
        vars(self).update(checked(vars(self)))

    # What arrays and lists do.

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        if isinstance(self.attributions, list):
            raise TypeError("attributions of several inputs are no single array: take result.attributions, a list, or "
                            'result[%r].' % (self._names()[0],))
        array = self.attributions
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f'attributions are of {array.dtype}, and {np.dtype(dtype)} takes a copy.')
            return array.astype(dtype)
        return array.copy() if copy else array

    def __len__(self) -> int:
        return len(self.attributions)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.attributions)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return parts.of_input(self, key)
        if isinstance(self.attributions, list):
            if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
                return self.attributions[key]
            raise TypeError('a result of several inputs is indexed by the number or the name of an input (%s); '
                            'result.samples(...) takes samples.' % ', '.join(map(repr, self._names())))
        if self.together and not self.several or not parts.cuts(key):
            return self.attributions[key]
        return parts.cut_units(self, key) if self.several else self.samples(key)

    @property
    def shape(self) -> Any:
        """That of the array, for several inputs a list of them."""
        return self._each('shape')

    @property
    def dtype(self) -> Any:
        """That of the array, for several inputs a list of them."""
        return self._each('dtype')

    @property
    def ndim(self) -> Any:
        """The rank of the array, for several inputs a list of them."""
        return self._each('ndim')

    # Parts of a result.

    @property
    def n(self) -> int:
        """The number of samples."""
        return 1 if self.together else listed(self.attributions)[0].shape[int(self.several)]

    @property
    def sums(self) -> Any:
        """What a sample's attributions add up to, over all inputs, float64 like scores."""
        lead = self.several + (not self.together)
        # There may be no samples, of which numpy cannot tell the size of a -1.
        return sum(one.reshape(one.shape[:lead] + (int(np.prod(one.shape[lead:])),)).sum(-1, dtype=np.float64)
                   for one in listed(self.attributions))

    def samples(self, which: Any) -> 'Attributions':
        """The result of some of the samples, one or several units and inputs.

        Args:
            which: a slice, a mask of n bools, a list of ints, or an int, for that sample alone.

        Returns:
            A result of the same shape, but for the number of samples.

        Raises:
            ValueError: with rows='together' there is one sample.
            IndexError: there are no such samples.
        """
        return parts.samples(self, which)

    def unit(self, number: int) -> 'Attributions':
        """The result of one of several units.

        Args:
            number: its place along the first axis, an int.

        Returns:
            A result without that axis.

        Raises:
            ValueError: there is one target.
        """
        return parts.unit(self, number)

    def named(self, feature_names: Any = None, unit_names: Optional[Sequence[str]] = None) -> 'Attributions':
        """The same result with names.

        Args:
            feature_names: names along the last axis of attributions; for several inputs a list of these or None.
            unit_names: names of all of T's units, by their number. What is left out stays.

        Returns:
            A result that shares its arrays with this one.

        Raises:
            ValueError: there are more or fewer.
        """
        given = {'feature_names': feature_names, 'unit_names': unit_names}
        return self._with(**{name: value for name, value in given.items() if value is not None})

    def sum_over(self, axes: Any) -> 'Attributions':
        """Attributions summed over axes of a sample, such as the channels of a picture, axes=-1; see `sums.sum_over`.

        Args:
            axes: an int or a tuple of ints, axes of the array as numpy counts them, not those of samples or units.
        """
        from .sums import sum_over
        return sum_over(self, axes)

    def groups(self, mask: Any, names: Optional[Sequence[str]] = None) -> 'Attributions':
        """Attributions summed over groups of features, (n, groups); see `sums.groups`.

        Args:
            mask: as `feature_mask` of the methods that have it: ints that broadcast to the shape of a sample, the
                number of each feature's group; for several inputs a list of them, whose groups may be common.
            names: what the groups are called, in the order of their numbers. Default: their numbers.
        """
        from .sums import groups
        return groups(self, mask, names)

    # Where it can go.

    def to_dataframe(self, long: bool = False) -> Any:
        """A pandas DataFrame, wide or long; see `frames.to_dataframe`."""
        from .frames import to_dataframe
        return to_dataframe(self, long)

    def to_shap(self, base_values: Any = None) -> Any:
        """A `shap.Explanation`, which all pictures of SHAP take; see `frames.to_shap`."""
        from .frames import to_shap
        return to_shap(self, base_values)

    def plot(self, kind: Optional[str] = None, most: Optional[int] = None, path: Optional[str] = None,
             channels: Optional[str] = None, letters: Optional[Sequence[str]] = None,
             colorbar: Union[bool, str] = False) -> Any:
        """Draws the first samples as their data ask for, or a 'summary' of all; see `drawing.plot`."""
        from .drawing import plot
        return plot(self, kind, most, path, channels, letters, colorbar)

    def save(self, path: Any) -> None:
        """Write all of it into a file, an .npz or, with pyarrow, a .parquet, whole or not at all; see `archive`."""
        from .archive import save
        save(self, path)

    @staticmethod
    def load(path: Any, method: Optional[str] = None, rows: Optional[slice] = None, partial: bool = False,
             max_bytes: Optional[int] = None) -> 'Attributions':
        """A result out of a file of `save` or of `deepexplain explain --out`, or out of a job's folder; nothing in
        them is run; see `archive`.

        Args:
            method: the name of one, where the command line wrote several.
            rows, partial, max_bytes: of a folder: a slice of the job's rows, whether some may be missing, and how much
                memory it may take.
        """
        from .archive import load
        return load(path, method, rows, partial, max_bytes)

    def __repr__(self) -> str:
        from .words import one_line
        return one_line(self)

    def _repr_html_(self) -> str:
        from .words import html
        return html(self)

    def _with(self, **changes: Any) -> 'Attributions':
        """A result that differs in some parts."""
        given: Dict[str, Any] = dict(vars(self), **changes)
        return Attributions(**given)

    def _names(self) -> List[str]:
        return list(self.input_names or [])

    def _each(self, name: str) -> Any:
        found = [getattr(one, name) for one in listed(self.attributions)]
        return found if isinstance(self.attributions, list) else found[0]
