"""Products and quotients of tensors that both depend on X, number by number, and the gates among their factors."""
from typing import Callable, Dict, List, Optional, Tuple

import tensorflow.compat.v1 as tf

from ..graph.numbers import Numbers
from ..rules.joint import passed_to
from .sums import Ahead, Step, alone, shared_among

#: Elementwise products, and quotients: the product of a and 1 / b.
PRODUCTS = frozenset(['Mul', 'MulNoNan'])
QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan', 'Xdivy'])

#: What comes out is what went into the first input, moved, or some of it.
MOVES = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape StopGradient Reshape Squeeze ExpandDims Transpose BroadcastTo Tile Cast
    StridedSlice Slice Gather GatherV2 GatherNd Unpack Switch Enter Exit Reverse ReverseV2 Max Min Mean MaxPool AvgPool
    '''.split())

_JOINS = frozenset(['Concat', 'ConcatV2', 'Pack', 'Merge', 'Select', 'SelectV2'])

#: How many ops back are looked at.
_DEPTH = 12

_INFINITE = float('inf')
_Ends = Tuple[float, float]


def share_step(places: List[int], ahead: Ahead) -> Step:
    """A product a b: each factor has half of the relevance (Achtibat et al. 2024, proposition 3.2, for two factors).

    A quotient is the product of a and 1 / b, and 1 / b a function of one number, which relevance passes unchanged.
    What an op has broadcast has the sum of what comes to its copies. With one place alone, that factor has all.
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        share = R if len(places) == 1 else R / len(places)
        return [passed_to(share, op, i) if i in places else None for i in range(len(op.inputs))]
    return step


def gated_step(gate: int, ahead: Ahead) -> Step:
    """A product with a gate g between 0 and 1 that is broadcast to many numbers, as squeeze-and-excite has it.

    The gate has |2 g - 1| of its half, the other factor the rest. A gate that is open for sure, or closed, has its
    half; at 1/2 it is undecided, and the layer before its sigmoid puts out 0: it would multiply what it had beyond all
    bounds, in each of the many blocks of such networks.
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        g = op.inputs[gate]
        share = .5 * R * tf.abs(2 * g - 1)
        return [passed_to(share if i == gate else R - share, op, i) for i in (0, 1)]
    return step


def difference_step(places: List[int], ahead: Ahead) -> Step:
    """(a - b)^2: the square is a function of the difference, which shares as any sum does."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        parts = {0: op.inputs[0], 1: -op.inputs[1]}
        of = shared_among(parts, R, parts[0] + parts[1], ahead.bounded, 2, lambda: tf.abs(parts[0]) + tf.abs(parts[1]))
        return [passed_to(of(i), op, i) for i in (0, 1)]
    return step


def product_over_step(places: List[int], ahead: Ahead) -> Step:
    """A product over axes: each of its n factors has the n-th part (Achtibat et al. 2024, proposition 3.2)."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        return alone(op, 0, _spread(op, R, tf.ones_like(op.inputs[0])))
    return step


def norm_step(places: List[int], ahead: Ahead) -> Step:
    """The root of a sum of squares, or half the sum: root and squares are functions, the sum shares as sums do."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        x = op.inputs[0]
        squares = tf.square(tf.math.divide_no_nan(x, tf.reduce_max(tf.abs(x)) + tf.zeros_like(x)))
        return alone(op, 0, _spread(op, R, squares))
    return step


def _spread(op: tf.Operation, R: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """The relevance of what a reduction puts out, shared in proportion to some sizes, evenly where all are 0."""
    axes = op.inputs[1] if len(op.inputs) > 1 else tf.range(tf.rank(op.inputs[0]))
    total = tf.reduce_sum(sizes, axes, keepdims=True)
    sizes = tf.where_v2(tf.equal(total, 0), tf.ones_like(sizes), sizes)
    return sizes * (tf.reshape(R, tf.shape(total)) / tf.reduce_sum(sizes, axes, keepdims=True))


def is_gate(tensor: tf.Tensor, depends: Callable[[tf.Tensor], bool]) -> bool:
    """Whether a factor only lets through: its values lie between 0 and 1 by the ops that make them.

    So it is behind a sigmoid, a softmax, a hard sigmoid however it is written, one minus these, moved or broadcast.
    """
    low, high = _ends(tensor, depends, _DEPTH)
    return -1e-6 <= low and high <= 1 + 1e-5


def is_sigmoid(tensor: tf.Tensor) -> bool:
    """Whether a gate is what a function of one number makes, not a softmax or an exponential."""
    tensors = [tensor]
    for _ in range(_DEPTH):
        if any(one.op.type in ('Softmax', 'Exp') for one in tensors):
            return False
        tensors = [before for one in tensors if one.op.type in MOVES | _JOINS | frozenset(_FOLLOWS)
                   for before in one.op.inputs if before.dtype.is_floating]
    return True


def is_broadcast(op: tf.Operation, i: int) -> bool:
    """Whether a product lays an input over several numbers of the other, or over pictures, be they of one pixel."""
    x, y = op.inputs[i].shape, op.outputs[0].shape
    if x.ndims is None or y.ndims is None:
        return False
    return x.ndims < y.ndims or any(a == 1 and (b != 1 or axis and x.ndims > 3) for axis, (a, b) in enumerate(
        zip(x.as_list(), y.as_list())))


def _ends(tensor: tf.Tensor, depends: Callable[[tf.Tensor], bool], depth: int) -> _Ends:
    """The least and the largest that a tensor may be, as far as its nearest ops tell."""
    if not depends(tensor):
        return Numbers().range(tensor) or (-_INFINITE, _INFINITE)
    op = tensor.op
    if op.type in _BOUNDS:
        return _BOUNDS[op.type]
    if depth:
        if op.type in MOVES:
            return _ends(op.inputs[0], depends, depth - 1)
        if op.type == 'IdentityN':
            return _ends(op.inputs[tensor.value_index], depends, depth - 1)
        if op.type in ('Split', 'SplitV'):
            return _ends(op.inputs[int(op.type == 'Split')], depends, depth - 1)
        if op.type in _JOINS:
            ends = [_ends(one, depends, depth - 1) for one in op.inputs if one.dtype.is_floating]
            return min(low for low, _ in ends), max(high for _, high in ends)
        if op.type in _FOLLOWS:
            found = _FOLLOWS[op.type](*[_ends(one, depends, depth - 1) for one in op.inputs])
            if not any(one != one for one in found):
                return found
    return -_INFINITE, _INFINITE


def _times(a: _Ends, b: _Ends) -> _Ends:
    products = [0. if not one or not other else one * other for one in a for other in b]
    return min(products), max(products)


def _inverse(a: _Ends) -> _Ends:
    # Of what ends at 0 no more than the sign is known.
    return (1 / a[1], 1 / a[0]) if a[0] > 0 else (-_INFINITE, _INFINITE)


_BOUNDS: Dict[str, _Ends] = {
    'Sigmoid': (0, 1), 'Softmax': (0, 1), 'Relu6': (0, 6), 'Tanh': (-1, 1), 'Softsign': (-1, 1), 'Erf': (-1, 1),
    'Erfc': (0, 2), 'Relu': (0, _INFINITE), 'Exp': (0, _INFINITE), 'Square': (0, _INFINITE), 'Abs': (0, _INFINITE),
    'Softplus': (0, _INFINITE)}
_FOLLOWS: Dict[str, Callable[..., _Ends]] = {
    'Neg': lambda a: (-a[1], -a[0]),
    'Add': lambda a, b: (a[0] + b[0], a[1] + b[1]),
    'Sub': lambda a, b: (a[0] - b[1], a[1] - b[0]),
    'Mul': _times,
    'RealDiv': lambda a, b: _times(a, _inverse(b)),
    'Reciprocal': _inverse,
    'Maximum': lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    'Minimum': lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    'ClipByValue': lambda a, low, high: (min(max(a[0], low[0]), high[1]), max(min(a[1], high[1]), low[0])),
}
_FOLLOWS.update(AddV2=_FOLLOWS['Add'], BiasAdd=_FOLLOWS['Add'], Inv=_inverse, Div=_FOLLOWS['RealDiv'])
