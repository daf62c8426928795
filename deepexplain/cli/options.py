"""The methods that are asked for, and the options that each of them takes."""
import difflib
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import inputs
from .problems import WrongUse

#: Option -> its flag on the command line, where it has one.
FLAGS = {'baseline': 'baseline', 'references': 'references', 'steps': 'steps', 'samples': 'samples', 'seed': 'seed',
         'epsilon': 'epsilon', 'window_shape': 'window', 'step': 'step'}

#: Method -> the options without which it cannot run.
NEEDED = {'expected_gradients': ('references',), 'permutation': ('references',),
          'deep_taylor.bounded': ('low', 'high'),
          'pattern.net': ('patterns',), 'pattern.attribution': ('patterns',)}

#: How these are given.
HOW = {'references': '--references FILE.npy', 'low': 'the least that the input may be, --option low=0',
       'high': 'the most that the input may be, --option high=1',
       'patterns': 'what Explainer.fit_patterns finds, --option patterns=@FILE.npz'}


class Given(NamedTuple):
    """An option as it was given.

    Attributes:
        said: the part of the command line, for messages.
        value: for the method.
        written: for the metadata.
        only: the one method that it is for; by default each that takes it.
    """
    said: str
    value: Any
    written: Any
    only: Optional[str] = None


def chosen_methods(names: Optional[Sequence[str]], table: Mapping[str, Any], default: Sequence[str] = ('intgrad',)
                   ) -> List[str]:
    """The methods, each once."""
    chosen = list(dict.fromkeys(names or default))
    for name in chosen:
        if name not in table:
            raise WrongUse("--method: there is no method '%s'.%s `deepexplain methods` lists them." % (
                name, near(name, table)))
    return chosen


def check_values(args: Any) -> None:
    """Refuse what is no value of an option for any method, as the methods would, before TensorFlow is imported."""
    for name in ('steps', 'samples'):
        value = getattr(args, name)
        if value is not None and not 1 <= value <= 10 ** 7:
            raise WrongUse('--%s: %s must be a positive int%s, not %d.' % (
                name, name, ' of at most 10000000' if value > 0 else '', value))
    if args.seed is not None and not 0 <= args.seed < 2 ** 32:
        raise WrongUse(f'--seed: seed must be an int of at least 0 and below 2 ** 32, not {args.seed}.')
    if args.epsilon is not None and not 0 <= args.epsilon < float('inf'):
        raise WrongUse(f'--epsilon: epsilon must be a number of at least 0, not {args.epsilon}.')


def check_options(args: Any, chosen: Sequence[str], table: Mapping[str, Any]) -> None:
    """Refuse flags that no method takes before the model is opened, which may take long."""
    named = [(name, '--' + flag) for name, flag in FLAGS.items() if getattr(args, flag) is not None]
    found = [(name, Given(said, None, None)) for name, said in named]
    for key, _ in args.option:
        only, _, name = key.rpartition(':')
        found.append((name, Given('--option ' + key, None, None, only or None)))
    options_of(chosen, table, found)


def near(name: str, known: Any) -> str:
    """' Did you mean 'lrp.z'?', or nothing."""
    lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), list(lower), 3)
    return ' Did you mean %s?' % ' or '.join("'%s'" % lower[one] for one in found) if found else ''


def given_options(args: Any, several: Optional[List[str]], sample: Optional[List[Optional[int]]], axis: str
                  ) -> List[Tuple[str, Given]]:
    """The options on the command line, by name.

    Args:
        several: the names of the inputs that are attributed to, where there is more than one.
        sample: the static shape of one sample, where there is one input of known rank.
        axis: where the channels of pictures are: 'last', 'first' or ''.
    """
    found: List[Tuple[str, Given]] = []
    for name, flag in FLAGS.items():
        value = getattr(args, flag)
        if value is None:
            continue
        said, shown = '--' + flag, value
        if name == 'baseline':
            value, shown = number_or_array(said, value, several, args.max_bytes)
        elif name == 'references':
            value, shown = array_option(said, value, several, args.max_bytes)
        elif name in ('window_shape', 'step'):
            value = shown = _window(said, value, sample, axis, 1 if name == 'step' else None)
        found.append((name, Given(said, value, shown)))
    for key, value in args.option:
        only, _, name = key.rpartition(':')
        said = f'--option {key}'
        shown = value
        if isinstance(value, str) and value.startswith('@'):
            path = value[1:]
            value = (list(inputs.load(said, path, args.max_bytes).values()) if path.endswith('.npz') else
                     inputs.load_one(said, path, args.max_bytes))
            shown = described(value, path)
        found.append((name, Given(said, value, shown, only or None)))
    return found


def options_of(chosen: Sequence[str], table: Mapping[str, Any], found: Sequence[Tuple[str, Given]]
               ) -> Dict[str, Dict[str, Given]]:
    """Method -> its options. What no chosen method takes, and what one lacks, is wrong use."""
    result: Dict[str, Dict[str, Given]] = {name: {} for name in chosen}
    for name, given in found:
        if given.only is not None and given.only not in chosen:
            raise WrongUse("%s: '%s' is none of the chosen methods (%s)." % (given.said, given.only, ', '.join(chosen)))
        takers = [one for one in chosen if name in table[one].options() and given.only in (None, one)]
        if not takers:
            raise WrongUse(_nobody(name, given, chosen, table))
        for one in takers:
            result[one][name] = given
    for one in chosen:
        for name in NEEDED.get(one, ()):
            if name not in result[one]:
                raise WrongUse(f"'{one}' needs the option {name}: {HOW[name]}.")
    return result


def _nobody(name: str, given: Given, chosen: Sequence[str], table: Mapping[str, Any]) -> str:
    """Why nobody takes an option."""
    able = [one for one in table if name in table[one].options()]
    if not able:
        known = {option for method in table.values() for option in method.options()}
        return "%s: no method has an option '%s'.%s `deepexplain methods` lists them." % (
            given.said, name, near(name, sorted(known)))
    return '%s: %s; it is for %s%s.' % (
        given.said, "'%s' has no such option" % chosen[0] if len(chosen) == 1 else
        'none of %s has such an option' % ', '.join("'%s'" % one for one in chosen),
        ', '.join("'%s'" % one for one in able[:4]), ' and others' if len(able) > 4 else '')


def number_or_array(said: str, text: str, several: Optional[List[str]], most: Optional[int]) -> Tuple[Any, Any]:
    """A number, or what a file holds; for several inputs one for each: for a method, and for the metadata."""
    try:
        number = float(text)
    except ValueError:
        return array_option(said, text, several, most, ', nor is it a number')
    return ([number] * len(several) if several else number), number


def array_option(said: str, path: str, several: Optional[List[str]], most: Optional[int], more: str = ''
                 ) -> Tuple[Any, Any]:
    """An array or, where several inputs are attributed to, a list of one for each, named in an .npz."""
    if not os.path.isfile(path):
        raise WrongUse(f"{said}: there is no file '{path}'{more}.")
    if not several:
        array = inputs.load_one(said, path, most)
        return array, described(array, path)
    arrays = inputs.load(said, path, most)
    if set(arrays) != set(several):
        raise WrongUse("%s: '%s' must be an .npz with the arrays %s." % (
            said, path, ', '.join("'%s'" % name for name in several)))
    ordered = [arrays[name] for name in several]
    return ordered, described(ordered, path)


def _window(said: str, sizes: Tuple[int, ...], sample: Optional[List[Optional[int]]], axis: str, rest: Optional[int]
            ) -> Tuple[int, ...]:
    """Sizes along every dimension of a sample: one number counts for both sides of a picture.

    Args:
        rest: along the dimensions that are not named; by default all that there is.
    """
    if sample is None or None in sample[len(sizes):]:
        return sizes
    rank = len(sample)
    if rank == 3 and len(sizes) == 1:
        sizes = sizes * 2
    if len(sizes) > rank:
        raise WrongUse('%s: expected at most %d sizes, as many as a sample has dimensions, not %d.' % (
            said, rank, len(sizes)))
    lacking = sample[:rank - len(sizes)] if axis == 'first' else sample[len(sizes):]
    others = tuple((size or 1) if rest is None else rest for size in lacking)
    return others + sizes if axis == 'first' else sizes + others


def described(value: Any, path: str) -> Any:
    """What the metadata say of arrays from a file."""
    shapes = [list(array.shape) for array in value] if isinstance(value, list) else list(np.shape(value))
    return {'file': os.path.abspath(path), 'shape': shapes}
