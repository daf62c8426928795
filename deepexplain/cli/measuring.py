"""The measures that are asked for, and their options."""
import inspect
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from ..evaluation import measures as table
from ..evaluation.arrays import masks_like
from ..evaluation.catalogue import MASKS
from ..evaluation.evaluating import DEFAULT
from . import inputs
from .model import Task
from .options import Given, array_option, near, number_or_array
from .problems import WrongUse

#: What every measure takes, and a command line says otherwise or not at all.
_COMMON = ('explainer', 'xs', 'ys', 'attributions', 'masks', 'batch_size', 'seed', 'feed_dict', 'more')

#: Measures that need what no command line can say.
_FROM_PYTHON = {'input_invariance': 'an explainer of another model'}

#: Of these a baseline is the method's own, which judges itself by it.
_OWN_BASELINE = ('completeness',)


def parameters_of(name: str) -> Dict[str, Any]:
    """A measure's own options, with their defaults."""
    found = inspect.signature(table[name].function).parameters
    return {key: one.default for key, one in found.items() if key not in _COMMON}


def chosen_measures(names: Optional[Sequence[str]], masks: Optional[str]) -> List[str]:
    """The measures, each once; those that look at masks by themselves only where there are some."""
    if not names:
        return list(DEFAULT) + [name for name, one in table.items() if one.needs == MASKS and masks is not None]
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in table:
            raise WrongUse("--measure: there is no measure '%s'.%s `deepexplain measures` lists them." % (
                name, near(name, table)))
        if name in _FROM_PYTHON:
            raise WrongUse(f'--measure: {name} needs {_FROM_PYTHON[name]}, as only Python can give it.')
        if table[name].needs == MASKS and masks is None:
            raise WrongUse(f'--measure: {name} needs --masks FILE.')
    if masks is not None and not any(table[name].needs == MASKS for name in chosen):
        raise WrongUse('--masks: none of %s looks at masks.' % ', '.join(f"'{name}'" for name in chosen))
    return chosen


def takers(option: str, chosen: Sequence[str]) -> List[str]:
    """The measures among those chosen that a flag of the command line is for."""
    return [name for name in chosen if option in parameters_of(name)
            and not (option == 'baseline' and name in _OWN_BASELINE)]


def check_options(args: Any, chosen: Sequence[str]) -> None:
    """Refuse what no chosen measure takes, before the model is opened."""
    for key, _ in args.measure_option:
        only, _, name = key.rpartition(':')
        said = f'--measure-option {key}'
        if only and only not in chosen:
            raise WrongUse("%s: '%s' is none of the chosen measures (%s)." % (said, only, ', '.join(chosen)))
        if not [one for one in chosen if only in ('', one) and name in parameters_of(one)]:
            raise WrongUse(f'{said}: {_nobody(name, [only] if only else chosen)} `deepexplain measures` lists them.')


def _nobody(name: str, chosen: Sequence[str]) -> str:
    """Why nobody takes an option."""
    able = [one for one in table if name in parameters_of(one)]
    if not able:
        known = sorted({option for one in table for option in parameters_of(one)})
        return f"no measure has an option '{name}'.{near(name, known)}"
    return '%s; it is for %s%s.' % (
        "'%s' has no such option" % chosen[0] if len(chosen) == 1 else
        'none of %s has such an option' % ', '.join("'%s'" % one for one in chosen),
        ', '.join("'%s'" % one for one in able[:4]), ' and others' if len(able) > 4 else '')


def options_of(args: Any, chosen: Sequence[str], several: Optional[List[str]]) -> Dict[str, Dict[str, Given]]:
    """Measure -> its options.

    Args:
        several: the names of the inputs that are attributed to, where there is more than one.
    """
    found: Dict[str, Dict[str, Given]] = {name: {} for name in chosen}
    if args.baseline is not None:
        value, written = number_or_array('--baseline', args.baseline, several, args.max_bytes)
        for one in takers('baseline', chosen):
            found[one]['baseline'] = Given('--baseline', value, written)
    if args.feature_mask is not None:
        value, written = array_option('--feature-mask', args.feature_mask, several, args.max_bytes)
        for one in takers('feature_mask', chosen):
            found[one]['feature_mask'] = Given('--feature-mask', value, written)
    for key, value in args.measure_option:
        only, _, name = key.rpartition(':')
        written = value
        if isinstance(value, str) and value.startswith('@'):
            value, written = array_option(f'--measure-option {key}', value[1:], several, args.max_bytes)
        for one in chosen:
            if only in ('', one) and name in parameters_of(one):
                found[one][name] = Given(f'--measure-option {key}', value, written)
    return found


def read_masks(args: Any) -> Optional[Mapping[str, np.ndarray]]:
    """The arrays of --masks, by name, before TensorFlow is imported."""
    if args.masks is None:
        return None
    if os.path.splitext(args.masks)[1].lower() not in inputs.ARRAYS:
        raise WrongUse(f"--masks: expected an .npy or .npz, not '{args.masks}'.")
    return inputs.load('--masks', args.masks, args.max_bytes)


def masks_of(args: Any, arrays: Optional[Mapping[str, np.ndarray]], task: Task) -> Any:
    """The masks of the samples, checked; for several inputs a list."""
    if arrays is None:
        return None
    if task.xs is None:
        raise WrongUse('--masks are for inputs that INPUT holds, not for an inner layer.')
    if task.single:
        if len(arrays) > 1:
            raise WrongUse("--masks: '%s' must hold one array, not %d." % (args.masks, len(arrays)))
        ordered = list(arrays.values())
    else:
        if set(arrays) != set(task.names):
            raise WrongUse("--masks: '%s' must be an .npz with the arrays %s." % (
                args.masks, ', '.join(f"'{name}'" for name in task.names)))
        ordered = [arrays[name] for name in task.names]
    limited = [one[:args.limit] if one.ndim else one for one in ordered]
    try:
        masks_like(limited if len(limited) > 1 else limited[0], [x.shape for x in task.xs], not task.single)
    except ValueError as error:
        raise WrongUse(f"--masks: '{args.masks}': {error}") from None
    return limited if len(limited) > 1 else limited[0]
