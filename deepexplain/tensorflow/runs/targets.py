"""Which units of T to explain: every form of ys becomes weights of T's units."""
from typing import Any, Callable, List, Mapping, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.kinds import CONSTANT
from ..graph.slices import PARTS, takes_units
from ..graph.walks import ops_to
from .arguments import finite, fits, sample_shape, shown, written
from .arrays import evaluated, not_numbers, to_array
from .chosen import NAMES, by_name, check_pair, difference, is_pair, top_of
from .label_maps import tell_apart, weights_of_labels


def check_ys(ys: Any) -> None:
    """Refuse what names no units and is no weights, whatever T and the samples are."""
    if isinstance(ys, str):
        if ys not in NAMES and top_of(ys) is None:
            raise ValueError("ys must be weights, a unit, a unit for each sample, 'max', 'second', 'all', or 'top3' "
                             f"for so many, not {ys!r}.")
    elif is_pair(ys):
        check_pair(ys, lambda one: _is_int(one) or _whole(one) is not None)
    elif ys is not None and not _is_int(ys) and _whole(ys) is None:
        finite('ys', to_array('ys', ys, np.float64))


def weights(ys: Any, T: tf.Tensor, n: int, values: Callable[[], np.ndarray]) -> Optional[np.ndarray]:
    """Weights of T's units for n samples, or None for all units.

    Args:
        ys: see `Explainer.run`.
        values: evaluates T on the samples; called only where its values or its unknown dimensions are needed.
    """
    if ys is None:
        return None
    if isinstance(ys, str):
        check_ys(ys)
        return by_name(ys, T, n, values)
    if is_pair(ys):
        return difference(ys, T, values, lambda one, once: weights(one, T, n, once),
                          lambda one: _units(one, T, n) is not None)
    units = _units(ys, T, n)
    if units is None:
        labels = _label_map(ys, T, n)
        return _weights(ys, T, n, values) if labels is None else weights_of_labels(labels, T, values)
    static = sample_shape(T)
    shape = [size for size in static or () if size is not None]
    if static is None or None in static:
        shape = list(values().shape[1:])
    for axis, (size, chosen) in enumerate(zip(shape, units.T)):
        if chosen.min() < 0 or chosen.max() >= size:
            raise ValueError("ys must name units of T ('%s') from 0 to %d%s, not %d." % (
                T.name, size - 1, ' on axis %d' % (axis + 1) if len(shape) > 1 else '',
                chosen.min() if chosen.min() < 0 else chosen.max()))
    tell_apart(ys, T, shape)
    result = np.zeros([n] + shape, T.dtype.as_numpy_dtype)
    result[(np.arange(n),) + tuple(units.T.astype(np.int64))] = 1
    return result


def _units(ys: Any, T: tf.Tensor, n: int) -> Optional[np.ndarray]:
    """The chosen unit of each sample, ints of shape (n, rank of T - 1), or None where ys are weights.

    They may be beyond 64 bits, with a sign: nothing is known of their range yet.
    """
    rank = 2 if T.shape.ndims is None else T.shape.ndims
    if rank < 2 or isinstance(ys, (bool, np.bool_)):
        return None
    if isinstance(ys, tuple) and len(ys) == rank - 1 and all(_is_int(unit) for unit in ys):
        return np.tile(_ints([int(unit) for unit in ys]), (n, 1))
    array = None if _is_int(ys) else _whole(ys)
    if _is_int(ys) or array is not None and array.ndim == 0 and array.dtype.kind != 'b':
        unit = int(ys if array is None else array)
        if rank > 2:
            raise ValueError("ys must name a unit of T ('%s') by a tuple of %d ints, not %d." % (
                T.name, rank - 1, unit))
        return np.tile(_ints([unit]), (n, 1))
    if array is None:
        return None
    if array.ndim > 1 and array.size == n == len(array) and (
            T.shape.ndims is None or all(size in (1, None) for size in T.shape.as_list()[1:])):
        # Labels in a column. Of one unit they would weigh it, so that label 0 attributes nothing.
        raise ValueError(
            "ys of %s of shape %s could be labels or weights of T's one unit: the unit is named by ys=0, or by n ints "
            "of shape (%d,), weights are floats (ys.astype('float32'))." % (
                'bools' if array.dtype.kind == 'b' else 'ints', array.shape, n))
    if array.dtype.kind == 'b':
        return None
    if array.ndim == 1 and rank == 2:
        if len(array) != n:
            raise _other_size(n, len(array), T)
        return array[:, np.newaxis]
    return array if rank > 2 and array.shape == (n, rank - 1) else None


def _label_map(ys: Any, T: tf.Tensor, n: int) -> Optional[np.ndarray]:
    """The unit of each place of each sample, where that is what ys are; T's last axis has the units."""
    array = _whole(ys) if (T.shape.ndims or 0) > 2 else None
    if array is None or array.dtype.kind not in 'iu' or array.ndim != T.shape.ndims - 1:
        return None
    if len(array) != n:
        raise _other_size(n, len(array), T)
    return array


def _whole(ys: Any) -> Optional[np.ndarray]:
    """ys as an array, where it is of ints or bools, also of objects that are; of objects where ints are too large."""
    if isinstance(ys, np.ndarray) and ys.dtype.kind == 'f':
        return None
    try:
        ys = evaluated(ys)
        if not_numbers(ys) is not None:
            return None
        array = np.asarray(ys)
        if array.dtype.kind == 'f' and isinstance(ys, (list, tuple)) and array.size and array.max() >= 2. ** 63:
            array = np.asarray(ys, object)  # Ints of 64 bits among others are floats to numpy.
        if array.dtype.kind == 'O':
            objects = array.ravel().tolist()
            if all(map(_is_int, objects)):
                return _ints(objects).reshape(array.shape)
            array = array.astype(bool) if all(isinstance(one, (bool, np.bool_)) for one in objects) else array
    except (TypeError, ValueError, NotImplementedError, RuntimeError):  # `to_array` says what it is.
        return None
    return array if array.dtype.kind in 'iub' else None


def _ints(values: List[int]) -> np.ndarray:
    """Ints as an array, of objects where they take more than 64 bits."""
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return np.array(values, object)


def _is_int(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _weights(ys: Any, T: tf.Tensor, n: int, values: Callable[[], np.ndarray]) -> np.ndarray:
    array = finite('ys', to_array('ys', ys, T.dtype.as_numpy_dtype))
    if array.ndim == 0 and T.shape.ndims not in (0, 1):
        raise RuntimeError("ys is a single number, but no int: a unit of T ('%s') is named by an int, not %s." % (
            T.name, shown(ys)))
    if array.ndim == 0 or len(array) != n:
        raise _other_size(n, len(array) if array.ndim else 'is a single number', T)
    expected = None if T.shape.ndims in (None, 0) else sample_shape(T)
    if _may_spread(array, T, expected):
        expected = list(values().shape[1:])
    if expected is not None and not fits(array.shape[1:], expected):
        rank = len(expected)
        raise RuntimeError("ys must have the shape of T ('%s'), %s, not %s: weights of T's units for each sample; or "
                           'name units by %s.' % (
                               T.name, written([None] + expected), array.shape, 'n ints, of shape (%d,)' % n
                               if rank == 1 else 'n tuples of %d ints, of shape (%d, %d)' % (rank, n, rank)))
    return array


def _may_spread(array: np.ndarray, T: tf.Tensor, expected: Any) -> bool:
    """Whether weights might be spread over units that they are not for, as T's shape is not known."""
    if expected is None:
        return T.shape.ndims is None and array.ndim > 1
    return len(expected) == array.ndim - 1 and any(
        size is None and got == 1 for size, got in zip(expected, array.shape[1:]))


def _other_size(n: int, got: Any, T: tf.Tensor) -> RuntimeError:
    rank = T.shape.ndims or 0
    return RuntimeError('When provided, ys must have the same batch size as xs (xs has batch size %d and ys %s)%s' % (
        n, got, '; one unit of T is a tuple of %d ints' % (rank - 1) if rank > 2 else ''))


#: Ops that hand on values or some of them, as detectors do: op type -> the place of the values among its inputs.
_HAND_ON = dict.fromkeys(['Identity', 'Reshape', 'Squeeze', 'ExpandDims', 'Cast', 'Gather', 'GatherV2', 'GatherNd'], 0)


def check_target(T: tf.Tensor, X: Sequence[tf.Tensor]) -> None:
    """RuntimeError where T has no numbers that could be attributed: labels, the names of classes."""
    if T.dtype.is_floating:
        return
    behind = ["'%s'" % tensor.name for tensor in floats_behind(T, X)[:3]]
    raise RuntimeError("T ('%s') must be a tensor of floats, not of %s: scores can be explained, not what is chosen by "
                       'them.%s' % (T.name, T.dtype.base_dtype.name, ' It is made of %s.' % ' and '.join(behind)
                                    if behind else ''))


def floats_behind(T: tf.Tensor, X: Sequence[tf.Tensor]) -> List[tf.Tensor]:
    """The nearest tensors of floats, X's own or made of X, that a tensor of others is made of."""
    between = set(ops_to(X, [T])[0])
    inputs = {x.name for x in X}
    found, seen, waiting = [], {T.name}, [T]
    while waiting:
        tensor = waiting.pop()
        if tensor.dtype.is_floating and (tensor.op in between or tensor.name in inputs):
            found.append(tensor)
        elif tensor.op in between and tensor.op.type not in CONSTANT:
            new = [one for one in tensor.op.inputs if one.name not in seen]
            seen.update(one.name for one in new)
            waiting.extend(new)
    return found


def final_squashing(T: tf.Tensor) -> Optional[tf.Operation]:
    """The Softmax or Sigmoid that T is the output of, or a part of that, or None."""
    op = handed_on(T).op
    return op if op.type in ('Softmax', 'Sigmoid') else None


def before_squashing(T: tf.Tensor) -> tf.Tensor:
    """What goes into the Softmax, LogSoftmax or Sigmoid that T comes out of, with its axes as in T; else T.

    T may be a part of what comes out: then it is the whole of what goes in.
    """
    tensor = handed_on(T)
    if tensor.op.type == 'Transpose':
        # A softmax over another axis than the last one moves it to the end and back.
        before = _squashed(handed_on(tensor, dict(_HAND_ON, Transpose=0)).op)
        return T if before is None or before.op.type != 'Transpose' else before.op.inputs[0]
    before = _squashed(tensor.op)
    return T if before is None else before


def handed_on(tensor: tf.Tensor, types: Mapping[str, int] = _HAND_ON) -> tf.Tensor:
    """What a chain of ops of some types hands on, or of which they take some units."""
    while True:
        op = tensor.op
        if op.type in types and op.inputs:
            tensor = op.inputs[types[op.type]]
        elif op.type == 'IdentityN':
            tensor = op.inputs[tensor.value_index]
        elif op.type in PARTS and tensor.dtype.is_floating and takes_units(op):
            tensor = op.inputs[PARTS[op.type]]
        else:
            return tensor


def _squashed(op: tf.Operation) -> Optional[tf.Tensor]:
    """What a softmax or sigmoid is taken of, also a softmax that is written out."""
    if op.type in ('Softmax', 'LogSoftmax', 'Sigmoid'):
        return op.inputs[0]
    if op.type != 'RealDiv' or op.inputs[0].op.type != 'Exp' or op.inputs[1].op.type != 'Sum' or (
            op.inputs[1].op.inputs[0].name != op.inputs[0].name):
        return None
    x = op.inputs[0].op.inputs[0]
    shifted = x.op.type == 'Sub' and x.op.inputs[1].op.type in ('Max', 'StopGradient')
    return x.op.inputs[0] if shifted else x
