"""A result as others have it: a DataFrame of pandas, an Explanation of SHAP."""
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import numpy as np

from ..extras import needs
from .checking import listed
from .words import unit_label

if TYPE_CHECKING:
    from .attributions import Attributions


def to_dataframe(result: 'Attributions', long: bool = False) -> Any:
    """A pandas DataFrame.

    Args:
        long: False (default): a row for each sample, a column for each feature, called by its name, else 'feature 0',
            or '3/0/1' by its place; of several inputs 'NAME/...'. The index is that of the samples, of several units
            ('unit', 'sample'). True: a row for each sample and feature, with the columns sample, unit (of several
            units), input (of several inputs), feature, value (where xs have one for each), attribution, and score and
            delta where there are some.

    Returns:
        The table; attributions keep their dtype.

    Raises:
        ValueError: features of one name, in a wide table.
    """
    with needs('to_dataframe', 'pandas'):
        import pandas as pd

    lead = 1 + int(result.several)
    # There may be no samples, of which numpy cannot tell the size of a -1.
    arrays = [one.reshape(one.shape[:lead] + (int(np.prod(one.shape[lead:])),))
              for one in batched(result, 'attributions')]
    labels = [feature_labels(result, number) for number in range(len(arrays))]
    index = np.arange(result.n) if result.index is None else result.index
    if not long:
        columns = [one for names in labels for one in names]
        if len(set(columns)) < len(columns):
            raise ValueError('feature_names must differ for a table with a column for each, and some are the same: '
                             'long=True has a row for each.')
        values = np.concatenate(arrays, -1)
        if not result.several:
            tuples = index.dtype.kind == 'O' and len(index) > 0 and all(isinstance(one, tuple) for one in index)
            return pd.DataFrame(values, columns=columns, index=pd.MultiIndex.from_tuples(index) if tuples else (
                pd.Index(index)))
        both = pd.MultiIndex.from_product([units_in_front(result), index], names=['unit', 'sample'])
        return pd.DataFrame(values.reshape(-1, len(columns)), columns=columns, index=both)
    return pd.concat([pd.DataFrame(_long(result, number, array, labels[number], index))
                      for number, array in enumerate(arrays)], ignore_index=True)


def to_shap(result: 'Attributions', base_values: Any = None) -> Any:
    """A `shap.Explanation`; of several inputs a list of them.

    Its `values` are the attributions, of several units with their axis at the end, `data` the samples where they have
    the shape of attributions, `feature_names` and, of several units, `output_names` the names.

    Args:
        base_values: what the attributions start from: a number, or one for each sample (and unit, (n, units)).
            Default: the target at the baseline, score - sum of attributions + delta, where scores and delta are known;
            else nan, as for methods whose attributions add up to nothing: a waterfall then needs them given.

    Returns:
        An Explanation, for several inputs a list with one for each.

    Raises:
        ImportError: shap is not installed.
        ValueError: base_values do not broadcast to the samples (and units).
    """
    with needs('to_shap', 'shap'):
        import shap

    arrays, several = batched(result, 'attributions'), result.several
    base = start_values(result) if base_values is None else np.broadcast_to(
        np.asarray(base_values, np.float64), (result.n, arrays[0].shape[0]) if several else (result.n,)).copy()
    found = []
    xs = batched(result, 'xs') if result.xs is not None else []
    for number, array in enumerate(arrays):
        values = np.moveaxis(array, 0, -1) if several else array
        shape = array.shape[1:] if several else array.shape
        more: Dict[str, Any] = {}
        if len(xs) == len(arrays) and xs[number].shape == shape:
            more['data'] = xs[number]
        if len(shape) == 2:
            more['feature_names'] = feature_labels(result, number, False)
        if several:
            more['output_names'] = [str(one) for one in units_in_front(result)]
        found.append(shap.Explanation(values=values, base_values=base, **more))
    return found if isinstance(result.attributions, list) else found[0]


def batched(result: 'Attributions', name: str) -> List[np.ndarray]:
    """The arrays of a part of a result, with an axis of samples where all rows are one sample."""
    arrays = listed(getattr(result, name))
    if not result.together:
        return arrays
    return [np.expand_dims(one, int(result.several and name != 'xs')) for one in arrays]


def feature_labels(result: 'Attributions', number: int, prefixed: bool = True) -> List[str]:
    """What the features of an input are called, flat.

    Args:
        prefixed: whether the input's name stands in front where there are several.
    """
    many = isinstance(result.attributions, list)
    array = batched(result, 'attributions')[number]
    shape = array.shape[1 + int(result.several):]
    names: Optional[List[str]] = result.feature_names[number] if many and result.feature_names is not None else (
        result.feature_names)
    prefix = list(result.input_names or [])[number] + '/' if many and prefixed else ''
    if not shape:
        return [prefix[:-1] or 'feature 0']
    if len(shape) == 1:
        return [prefix + one for one in names or ['feature %d' % place for place in range(shape[0])]]
    last = names or list(map(str, range(shape[-1])))
    return [prefix + '/'.join([str(one) for one in place[:-1]] + [last[place[-1]]]) for place in np.ndindex(*shape)]


def units_in_front(result: 'Attributions') -> List[Any]:
    """What stands for each of several units: its name or number where it is one for all samples, else its rank."""
    count = listed(result.attributions)[0].shape[0]
    units = result.units
    if units is None or units.ndim != 2 or not units.shape[1] or (units != units[:, :1]).any():
        return ['unit ranked %d' % (place + 1) for place in range(count)]
    return [unit_label(result, one) if result.unit_names is not None else int(one) for one in units[:, 0]]


def start_values(result: 'Attributions') -> np.ndarray:
    """The target at the baseline, (n,), or (n, units); nan where it is not known."""
    sums = np.asarray(result.sums, np.float64)
    if result.scores is None or result.delta is None:
        found = np.full(sums.shape, np.nan)
    else:
        found = result.scores - sums + result.delta
    if result.together:
        found = np.expand_dims(found, -1)
    return found.T if result.several else found


def _long(result: 'Attributions', number: int, array: np.ndarray, labels: List[str], index: np.ndarray
          ) -> Dict[str, Any]:
    """The columns of a long table for one input."""
    several, features = result.several, len(labels)
    units = array.shape[0] if several else 1
    found: Dict[str, Any] = {'sample': np.tile(np.repeat(index, features), units)}
    if several:
        # As each sample has them: of 'top3' they differ.
        own = result.units if result.units is not None and not result.together and result.units.ndim == 2 else None
        named = np.repeat(np.array(units_in_front(result), object), result.n) if own is None else np.array(
            [unit_label(result, one) if result.unit_names is not None else int(one) for one in own.ravel()], object)
        found['unit'] = np.repeat(named, features)
    if isinstance(result.attributions, list):
        found['input'] = list(result.input_names or [])[number]
        prefix = len(found['input']) + 1
        labels = [one[prefix:] or '' for one in labels]
    found['feature'] = np.tile(np.array(labels, object), units * result.n)
    xs = batched(result, 'xs') if result.xs is not None else []
    if len(xs) > number and xs[number].size == result.n * features:
        found['value'] = np.tile(xs[number].reshape(-1), units)
    found['attribution'] = array.reshape(-1)
    for name in ('score', 'delta'):
        value = result.scores if name == 'score' else result.delta
        if value is not None:
            found[name] = np.repeat(np.asarray(value).reshape(-1), features)
    return found
