"""The model that is opened: what is fed, what is attributed to, and what is explained."""
from contextlib import ExitStack, redirect_stderr
from io import StringIO
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import inputs, pictures
from .objects import named_objects
from .problems import WrongUse, about


class Task(NamedTuple):
    """What there is to do.

    Attributes:
        T: the tensor that is explained.
        X, names: the tensors that are attributed to, and what they are called.
        xs: their samples, None where they are inner tensors.
        feed: what else is fed, by tensor name.
        n: the number of samples.
        samples: INPUT as it was read.
        axis: where the channels of pictures are: 'last', 'first' or '' (none, or no pictures).
        along: the names in `feed` of what INPUT holds, a row for each sample.
    """
    T: Any
    X: List[Any]
    names: List[str]
    xs: Optional[List[np.ndarray]]
    feed: Dict[str, np.ndarray]
    n: int
    samples: inputs.Samples
    axis: str
    along: Sequence[str] = ()

    @property
    def single(self) -> bool:
        return len(self.X) == 1


def open_model(args: Any) -> Any:
    """The model of the command line, a context."""
    from ..tensorflow import DeepExplain

    objects = named_objects(args.custom_objects)
    try:
        with ExitStack() as stack:
            stack.enter_context(about('MODEL', [args.model]))
            if not args.debug:
                # Keras 2 says there which backend it uses.
                stack.enter_context(redirect_stderr(StringIO()))
            return DeepExplain.open(args.model, signature=args.signature, tags=args.tags, checkpoint=args.checkpoint,
                                    custom_objects=objects, inputs=args.inputs, outputs=args.outputs,
                                    safe_mode=not args.unsafe)
    except TypeError as error:
        for flag in ('signature', 'tags', 'checkpoint', 'custom-objects'):
            if 'does not take ' + flag.replace('-', '_') in str(error):
                raise WrongUse(f"--{flag} is not for '{args.model}'.") from None
        raise


def find(de: Any, flag: str, name: str) -> Any:
    """A tensor by the name that a flag gives."""
    try:
        return de.tensor(name)
    except ValueError as error:
        text = str(error).replace('layers() lists all', '`deepexplain layers` lists all')
        raise WrongUse('%s: %s' % (flag, text.partition('tensor: ')[2] or text)) from None


def layer(de: Any, name: str) -> Any:
    """The tensor of --layer."""
    if name == 'logits':
        return de.logits
    if name == 'output':
        if not de.outputs:
            raise WrongUse('--layer: the model has no outputs; name them, as in --outputs NAME.')
        return de.outputs[0]
    return find(de, '--layer', name)


def task_of(de: Any, args: Any) -> Task:
    """Read INPUT for a model and find the tensors of the command line."""
    T = layer(de, args.layer)
    called = {one.tensor.name: one.name for one in de.layers()[:len(de.inputs)]}
    feed = {}
    for name, value in args.feed:
        tensor = find(de, '--feed', name)
        feed[tensor.name] = fed_array(f'--feed {name}', value, tensor)
    free = [tensor for tensor in de.inputs if tensor.name not in feed]
    wanted = [find(de, '--input', name) for name in dict.fromkeys(args.input or [])]
    samples, axis = _read(args, [one for one in wanted if _among(one, free)] or free, called)
    with about('INPUT', [args.data]):
        given = _given(samples, free, wanted, called)
        n = _check(given, called, samples.features)
    X = wanted or [tensor for tensor, _ in given if tensor.dtype.is_floating]
    if not X:
        raise WrongUse('the model takes %s (%s), which cannot be attributed to: name the layer of floats that is made '
                       'of it by --input (`deepexplain layers` lists them).' % (
                           ', '.join("'%s'" % called[tensor.name] for tensor, _ in given),
                           ', '.join(tensor.dtype.name for tensor, _ in given)))
    arrays = {tensor.name: array for tensor, array in given}
    # Beside inner layers the inputs that INPUT holds are fed as well, also those that are attributed to.
    whole = all(one.name in arrays for one in X)
    names = [called.get(one.name, one.name) for one in X] if whole else list(dict.fromkeys(args.input))
    along = [name for name in arrays if not whole or name not in [one.name for one in X]]
    feed.update((name, arrays[name]) for name in along)
    _check_fed(T, X, feed, args.layer)
    return Task(T, X, names, [arrays[one.name] for one in X] if whole else None, feed, n, samples, axis,
                along)


def _among(tensor: Any, tensors: Sequence[Any]) -> bool:
    return any(tensor is one for one in tensors)


def fed_array(what: str, value: Any, tensor: Any) -> np.ndarray:
    try:
        array = np.array(value, tensor.dtype.as_numpy_dtype)
    except (TypeError, ValueError):
        raise WrongUse(f'{what}: expected JSON of {tensor.dtype.name}, not {value!r}.') from None
    if not tensor.shape.is_compatible_with(array.shape):
        raise WrongUse(f'{what}: expected the shape {tensor.shape}, not {array.shape}.')
    return array


def check_flags(args: Any, kind: str) -> None:
    """Refuse flags that are for another kind of INPUT."""
    for flag, wanted in (('resize', 'pictures'), ('scale', 'pictures'), ('channels', 'pictures'), ('columns', 'table')):
        if getattr(args, flag) is not None and kind != wanted and not (flag == 'channels' and kind == 'arrays'):
            raise WrongUse("--%s is for %s, and INPUT is '%s'." % (
                flag, 'pictures' if wanted == 'pictures' else 'a .csv', args.data))


def _read(args: Any, takers: Sequence[Any], called: Mapping[str, str]) -> Tuple[inputs.Samples, str]:
    """INPUT, and where the channels of its pictures are."""
    kind = inputs.kind_of(args.data)
    check_flags(args, kind)
    if kind == 'arrays':
        return inputs.read_arrays(args.data, args.limit, args.max_bytes), args.channels or ''
    if len(takers) != 1:
        raise WrongUse(_several(takers, called, kind))
    if kind == 'table':
        return inputs.read_table(args.data, args.columns, args.limit, args.max_bytes), ''
    taker = takers[0]
    shape = None if taker.shape.ndims is None else taker.shape.as_list()[1:]
    layout = pictures.layout_of(called[taker.name], shape, args.channels)
    return pictures.read_pictures(args.data, layout, args.resize, args.scale or (0., 1.), args.limit,
                                  args.max_bytes), layout.axis


def _several(tensors: Sequence[Any], called: Mapping[str, str], what: str) -> str:
    if not tensors:
        return 'the model has no inputs left for INPUT: name them by --inputs.'
    return ('INPUT: the model has %d inputs (%s), and this is one %s: give an .npz whose keys name them, or a --feed '
            'for the others.' % (len(tensors), ', '.join(f"'{called[one.name]}'" for one in tensors),
                                 {'table': 'table', 'pictures': 'set of pictures'}.get(what, 'array')))


def _given(samples: inputs.Samples, free: Sequence[Any], wanted: Sequence[Any], called: Mapping[str, str]
           ) -> List[Tuple[Any, np.ndarray]]:
    """Which input gets which array of INPUT, in the order of the inputs."""
    arrays = samples.arrays
    by_key = {called[tensor.name]: tensor for tensor in free}
    by_key.update({tensor.op.name: tensor for tensor in free})
    if len(arrays) == 1 and list(arrays)[0] not in by_key:
        takers = [one for one in wanted if _among(one, free)] or free
        if len(takers) != 1:
            raise WrongUse(_several(takers, called, 'array'))
        return [(takers[0], list(arrays.values())[0])]
    for key in arrays:
        if key not in by_key:
            raise WrongUse("INPUT: the array '%s' names no input of the model; there %s %s." % (
                key, 'is' if len(free) == 1 else 'are', ', '.join("'%s'" % called[one.name] for one in free) or 'none'))
    found = {by_key[key].name: array for key, array in arrays.items()}
    return [(tensor, found[tensor.name]) for tensor in free if tensor.name in found]


def _check(given: Sequence[Tuple[Any, np.ndarray]], called: Mapping[str, str],
           features: Optional[Sequence[str]] = None) -> int:
    """The number of samples, when the arrays have the shapes of their inputs."""
    for tensor, array in given:
        if array.dtype.kind in 'SU' and tensor.dtype.name != 'string':
            raise WrongUse(f"INPUT: '{called[tensor.name]}' takes numbers, not strings.")
        if tensor.shape.ndims is None:
            continue
        sample = tensor.shape.as_list()[1:]
        if len(array.shape) == len(sample) + 1 and _fits(array.shape[1:], sample):
            continue
        hint = '; the first axis must be the samples' if _fits(array.shape, sample) else ''
        if features and len(sample) == 1 and (sample[0] or 0) < len(features):
            hint = '; --columns NAME,NAME takes some of its columns'
        raise WrongUse("INPUT: '%s' takes the shape %s, not %s%s." % (
            called[tensor.name], pictures.written([None] + sample), array.shape, hint))
    sizes = {called[tensor.name]: len(array) for tensor, array in given}
    if len(set(sizes.values())) > 1:
        raise WrongUse('INPUT: all inputs must have as many samples, not %s.' % ', '.join(
            "%d for '%s'" % (size, name) for name, size in sizes.items()))
    n = list(sizes.values())[0]
    if not n:
        raise WrongUse(f'INPUT: there are no samples in it; the shape is {given[0][1].shape}.')
    return n


def _fits(shape: Sequence[int], static: Sequence[Optional[int]]) -> bool:
    return len(shape) == len(static) and all(want in (None, got) for got, want in zip(shape, static))


def _check_fed(T: Any, X: Sequence[Any], feed: Mapping[str, Any], said: str) -> None:
    from ..tensorflow.runs.feeds import placeholders_of

    for one in placeholders_of(T, [x.name for x in X] + list(feed)):
        raise WrongUse("'%s' needs the input '%s' (%s, shape %s) as well: --feed %s=VALUE, or an .npz that names all "
                       'inputs.' % (said, one.op.name, one.dtype.name, one.shape, one.op.name))
