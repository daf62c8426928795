"""The model that is opened: what is fed, what is attributed to, and what is explained."""
import os
from contextlib import ExitStack, redirect_stderr
from io import StringIO
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..samples import pictures
from ..samples.binding import Ends, bind, check_fed, ends_of, fed_array, find, one_taker
from ..samples.objects import named_objects
from ..samples.says import COMMAND, WrongUse
from . import inputs
from .problems import about


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

    @property
    def given(self) -> Any:
        """The samples as an explainer is given them."""
        return self.xs[0] if self.xs is not None and self.single else self.xs


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


def task_of(de: Any, args: Any) -> Task:
    """Read INPUT for a model and find the tensors of the command line."""
    feed = {}
    for name, value in args.feed:
        tensor = find(de, '--feed', name)
        feed[tensor.name] = fed_array(f'--feed {name}', value, tensor)
    ends = ends_of(de, args.layer, args.input, list(feed), COMMAND)
    samples, axis = _read(args, ends)
    with about('INPUT', [args.data]):
        binding, n = bind(ends, args.input, samples.arrays, COMMAND, samples.features)
    arrays = {name: samples.arrays[key] for name, key in binding.taken.items()}
    feed.update((name, arrays[name]) for name in binding.along)
    check_fed(ends.T, binding.X, list(feed), args.layer, COMMAND)
    return Task(ends.T, binding.X, binding.names, [arrays[one.name] for one in binding.X] if binding.whole else None,
                feed, n, samples, axis, binding.along)


def check_flags(args: Any, kind: str) -> None:
    """Refuse flags that are for another kind of INPUT."""
    for flag, wanted in (('resize', 'pictures'), ('scale', 'pictures'), ('channels', 'pictures'), ('columns', 'table')):
        if getattr(args, flag) is not None and kind != wanted and not (flag == 'channels' and kind == 'arrays'):
            raise WrongUse("--%s is for %s, and INPUT is '%s'." % (
                flag, 'pictures' if wanted == 'pictures' else 'a .csv', args.data))


def _read(args: Any, ends: Ends) -> Tuple[inputs.Samples, str]:
    """INPUT, and where the channels of its pictures are."""
    kind = inputs.kind_of(args.data)
    check_flags(args, kind)
    if kind == 'arrays':
        return inputs.read_arrays(args.data, args.limit, args.max_bytes), args.channels or ''
    taker = one_taker(ends, {'table': 'table', 'pictures': 'set of pictures'}.get(kind, 'array'), COMMAND)
    if kind == 'table':
        return inputs.read_table(args.data, args.columns, args.limit, args.max_bytes), ''
    shape = None if taker.shape.ndims is None else taker.shape.as_list()[1:]
    layout = pictures.layout_of(ends.called[taker.name], shape, args.channels, COMMAND)
    paths = pictures.paths_of(args.data, args.limit)
    found = pictures.read_pictures(args.data, paths, layout, args.resize, args.scale or (0., 1.), args.max_bytes,
                                   COMMAND)
    names = [os.path.basename(one) for one in paths]
    return inputs.Samples('pictures', {'': found}, names), layout.axis
