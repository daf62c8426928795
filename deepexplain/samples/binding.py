"""Which tensor of an opened model takes which array of the data, what is attributed to, and what is explained."""
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .says import Says, WrongUse


class Ends(NamedTuple):
    """The tensors that are named.

    Attributes:
        T: the tensor that is explained.
        called: what the model's inputs are called, by tensor name.
        free: the inputs that nothing is fed to yet.
        wanted: those that are to be attributed to, where they are named.
    """
    T: Any
    called: Dict[str, str]
    free: List[Any]
    wanted: List[Any]

    @property
    def takers(self) -> List[Any]:
        """The inputs that may take one array without a name."""
        return [one for one in self.wanted if _among(one, self.free)] or self.free


class Binding(NamedTuple):
    """What is attributed to, and what the arrays of the data are for.

    Attributes:
        X, names: the tensors that are attributed to, and what they are called.
        whole: whether the data hold all of X; else X are inner tensors, made of what is fed.
        taken: the key of the array that each input takes, by tensor name, in the order of the inputs.
        along: the names of tensors that are fed from the data, a row for each sample, and are not X.
    """
    X: List[Any]
    names: List[str]
    whole: bool
    taken: Dict[str, str]
    along: List[str]


def find(de: Any, said: str, name: str) -> Any:
    """A tensor by the name that was given, `said` for messages."""
    try:
        return de.tensor(name)
    except ValueError as error:
        text = str(error).replace('layers() lists all', '`deepexplain layers` lists all')
        raise WrongUse('%s: %s' % (said, text.partition('tensor: ')[2] or text)) from None


def layer(de: Any, name: str, says: Says) -> Any:
    """The tensor that is explained."""
    if name == 'logits':
        return de.logits
    if name == 'output':
        if not de.outputs:
            raise WrongUse('%s: the model has no outputs; name them, as in %s NAME.' % (
                says.flag('layer'), says.flag('outputs')))
        return de.outputs[0]
    return find(de, says.flag('layer'), name)


def ends_of(de: Any, layer_name: str, inputs: Optional[Sequence[str]], fed: Sequence[str], says: Says) -> Ends:
    """The ends of a model by their names.

    Args:
        fed: the names of tensors that have values already.
    """
    called = {one.tensor.name: one.name for one in de.layers()[:len(de.inputs)]}
    return Ends(layer(de, layer_name, says), called, [tensor for tensor in de.inputs if tensor.name not in fed],
                [find(de, says.flag('input'), name) for name in dict.fromkeys(inputs or [])])


def fed_array(what: str, value: Any, tensor: Any) -> np.ndarray:
    """What is fed to a tensor, checked."""
    try:
        array = np.array(value, tensor.dtype.as_numpy_dtype)
    except (TypeError, ValueError):
        raise WrongUse(f'{what}: expected JSON of {tensor.dtype.name}, not {value!r}.') from None
    if not tensor.shape.is_compatible_with(array.shape):
        raise WrongUse(f'{what}: expected the shape {tensor.shape}, not {array.shape}.')
    return array


def one_taker(ends: Ends, what: str, says: Says) -> Any:
    """The one input for data of one array, a table or a set of pictures."""
    if len(ends.takers) != 1:
        raise WrongUse(_several(ends.takers, ends.called, what, says))
    return ends.takers[0]


def bind(ends: Ends, inputs: Optional[Sequence[str]], arrays: Mapping[str, np.ndarray], says: Says,
         features: Optional[Sequence[str]] = None) -> Tuple[Binding, int]:
    """How some arrays, or the first rows of them, meet the model; and how many samples they are.

    Args:
        arrays: by name, '' where there is none.
        features: what the columns of a table are called.
    """
    taken = _taken(ends, arrays, says)
    n = _check(taken, arrays, ends.called, says, features)
    X = ends.wanted or [tensor for tensor, _ in taken if tensor.dtype.is_floating]
    if not X:
        raise WrongUse('the model takes %s (%s), which cannot be attributed to: name the layer of floats that is made '
                       'of it by %s (`deepexplain layers` lists them).' % (
                           ', '.join("'%s'" % ends.called[tensor.name] for tensor, _ in taken),
                           ', '.join(tensor.dtype.name for tensor, _ in taken), says.flag('input')))
    held = {tensor.name: key for tensor, key in taken}
    # Beside inner layers the inputs that the data hold are fed as well, also those that are attributed to.
    whole = all(one.name in held for one in X)
    names = [ends.called.get(one.name, one.name) for one in X] if whole else list(dict.fromkeys(inputs or []))
    along = [name for name in held if not whole or name not in [one.name for one in X]]
    return Binding(X, names, whole, held, along), n


def check_fed(T: Any, X: Sequence[Any], feed: Sequence[str], said: str, says: Says) -> None:
    """WrongUse where T needs an input that nothing is fed to.

    Args:
        feed: the names of what is fed besides X.
        said: what T was called.
    """
    from ..tensorflow.runs.feeds import placeholders_of

    for one in placeholders_of(T, [x.name for x in X] + list(feed)):
        raise WrongUse("'%s' needs the input '%s' (%s, shape %s) as well: %s %s=VALUE, or an .npz that names all "
                       'inputs.' % (said, one.op.name, one.dtype.name, one.shape, says.flag('feed'), one.op.name))


def written(shape: Sequence[Optional[int]]) -> str:
    """A static shape for a message: (?, 3)."""
    return '(%s)' % (', '.join('?' if size is None else str(size) for size in shape) + (',' if len(shape) == 1 else ''))


def fits(shape: Sequence[int], static: Sequence[Optional[int]]) -> bool:
    """Whether a shape is one of a static shape."""
    return len(shape) == len(static) and all(want in (None, got) for got, want in zip(shape, static))


def _among(tensor: Any, tensors: Sequence[Any]) -> bool:
    return any(tensor is one for one in tensors)


def _several(tensors: Sequence[Any], called: Mapping[str, str], what: str, says: Says) -> str:
    if not tensors:
        return 'the model has no inputs left for %s: name them by %s.' % (says.data, says.flag('inputs'))
    return ('%s: the model has %d inputs (%s), and this is one %s: give an .npz whose keys name them, or a %s '
            'for the others.' % (says.data, len(tensors), ', '.join(f"'{called[one.name]}'" for one in tensors), what,
                                 says.flag('feed')))


def _taken(ends: Ends, arrays: Mapping[str, np.ndarray], says: Says) -> List[Tuple[Any, str]]:
    """Which input takes which array, in the order of the inputs."""
    free, called = ends.free, ends.called
    by_key = {called[tensor.name]: tensor for tensor in free}
    by_key.update({tensor.op.name: tensor for tensor in free})
    if len(arrays) == 1 and list(arrays)[0] not in by_key:
        return [(one_taker(ends, 'array', says), list(arrays)[0])]
    for key in arrays:
        if key not in by_key:
            raise WrongUse("%s: the array '%s' names no input of the model; there %s %s." % (
                says.data, key, 'is' if len(free) == 1 else 'are',
                ', '.join("'%s'" % called[one.name] for one in free) or 'none'))
    found = {by_key[key].name: key for key in arrays}
    return [(tensor, found[tensor.name]) for tensor in free if tensor.name in found]


def _check(taken: Sequence[Tuple[Any, str]], arrays: Mapping[str, np.ndarray], called: Mapping[str, str], says: Says,
           features: Optional[Sequence[str]]) -> int:
    """The number of samples, when the arrays have the shapes of their inputs."""
    for tensor, key in taken:
        array = arrays[key]
        if array.dtype.kind in 'SU' and tensor.dtype.name != 'string':
            raise WrongUse(f"{says.data}: '{called[tensor.name]}' takes numbers, not strings.")
        if tensor.shape.ndims is None:
            continue
        sample = tensor.shape.as_list()[1:]
        if len(array.shape) == len(sample) + 1 and fits(array.shape[1:], sample):
            continue
        hint = '; the first axis must be the samples' if fits(array.shape, sample) else ''
        if features and len(sample) == 1 and (sample[0] or 0) < len(features):
            hint = '; %s NAME,NAME takes some of its columns' % says.flag('columns')
        raise WrongUse("%s: '%s' takes the shape %s, not %s%s." % (
            says.data, called[tensor.name], written([None] + sample), array.shape, hint))
    sizes = {called[tensor.name]: len(arrays[key]) for tensor, key in taken}
    if len(set(sizes.values())) > 1:
        raise WrongUse('%s: all inputs must have as many samples, not %s.' % (says.data, ', '.join(
            "%d for '%s'" % (size, name) for name, size in sizes.items())))
    n = list(sizes.values())[0]
    if not n:
        raise WrongUse(f'{says.data}: there are no samples in it; the shape is {arrays[taken[0][1]].shape}.')
    return n
