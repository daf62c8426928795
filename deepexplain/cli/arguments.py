"""Arguments that commands share, and what they may be."""
import argparse
import json
import math
import re
from typing import Any, List, Optional, Tuple

#: What Python calls what JSON calls otherwise.
_PYTHONS = {'True': True, 'False': False, 'None': None}

EXAMPLE_REPORT = """example:
  deepexplain explain model.keras digits.npy --method intgrad --method elrp --out results/digits.npz
  deepexplain report results
"""


def model_arguments(parser: argparse.ArgumentParser, nargs: Optional[str] = None) -> None:
    """MODEL, and how it is opened."""
    group = parser.add_argument_group('the model')
    group.add_argument('model', metavar='MODEL', nargs=nargs,
                       help='a .keras or .h5 file, the folder of a SavedModel, a frozen graph (.pb), a MetaGraph '
                            '(.meta)')
    group.add_argument('--signature', metavar='NAME', help='of a SavedModel (default: serving_default, or the only '
                                                           'one)')
    group.add_argument('--tags', metavar='TAG,TAG', type=names, help='of a SavedModel')
    group.add_argument('--checkpoint', metavar='PATH', help='of a MetaGraph, where it is not beside it')
    group.add_argument('--inputs', metavar='NAME,NAME', type=names,
                       help='of a graph without signatures (default: its placeholders)')
    group.add_argument('--outputs', metavar='NAME,NAME', type=names, help='of a graph without signatures')
    group.add_argument('--custom-objects', metavar='MODULE:NAME', type=object_name, action='append',
                       help='a class or function of your own that a .keras or .h5 file needs, or a dict of them; '
                            'LAYER=MODULE:NAME in the place of a lambda. Imports the module; may be repeated')
    group.add_argument('--unsafe', action='store_true',
                       help='allow a MODEL that would run Python code, read or write files, for those that you trust')


def reading_arguments(group: Any) -> None:
    """How pictures and tables are read."""
    group.add_argument('--resize', metavar='HxW', type=size, help='of pictures')
    group.add_argument('--scale', metavar='LOW,HIGH', type=pair,
                       help='what the 0 to 255 of pictures become (default: 0,1)')
    group.add_argument('--channels', choices=('first', 'last'), help='of pictures (default: as the model has them)')
    group.add_argument('--columns', metavar='NAME,NAME', type=names, help='of a .csv (default: all, in order)')


def feeding_arguments(group: Any) -> None:
    """How much may be read, and what else is fed."""
    group.add_argument('--max-bytes', metavar='N', type=size_in_bytes,
                       help='the most memory that what a file holds may take: 500M, 4G (default: 2G, or what the file '
                            'takes)')
    group.add_argument('--feed', metavar='NAME=VALUE', type=assigned, action='append', default=[],
                       help='what another input is, as JSON: keep_prob=1')


def target_arguments(parser: argparse.ArgumentParser, one: bool = False, default: str = 'intgrad') -> None:
    """What is explained, and how.

    Args:
        one: whether there is one method, not several.
        default: which method, or methods, where none is named.
    """
    group = parser.add_argument_group('what is explained, and how')
    if one:
        group.add_argument('--method', metavar='NAME', action='append',
                           help='see `deepexplain methods` (default: intgrad)')
    else:
        group.add_argument('--method', metavar='NAME', action='append',
                           help='see `deepexplain methods`; may be repeated (default: %s)' % default)
    group.add_argument('--target', metavar='UNIT', default='max',
                       help="max, each sample's largest (default); sum or all: the sum of all units; an int; " + (
                           'column:NAME, the ints of a column of the data' if one else
                           'a comma list, one for each sample') + '; for layers of more axes places like 3/0/2')
    group.add_argument('--layer', metavar='NAME', default='logits',
                       help='whose units: logits (default: what goes into the last softmax or sigmoid), output, or a '
                            'name of `deepexplain layers`')
    group.add_argument('--input', metavar='NAME', action='append',
                       help="attribute to this input or inner layer; may be repeated (default: the model's inputs of "
                            'floats)')
    group.add_argument('--batch-size', metavar='N', type=positive, help='the most rows of one call of the model')


def option_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of methods."""
    group = parser.add_argument_group('options of methods, each for those that take it')
    group.add_argument('--baseline', metavar='B', help='a number, or an .npy of one sample or one for each; of '
                                                     'sentences a token ([MASK]) or its id')
    group.add_argument('--references', metavar='FILE',
                       help='an .npy of m baselines, (m,) + the shape of a sample, or m for each sample, (n, m) + it')
    group.add_argument('--steps', metavar='N', type=int, help='points on the way from the baseline: of intgrad')
    group.add_argument('--samples', metavar='N', type=int, help='draws: of shapley_sampling, smoothgrad, ...')
    group.add_argument('--seed', metavar='N', type=int, help='makes draws repeatable')
    group.add_argument('--epsilon', metavar='E', type=float, help='of elrp, lrp.epsilon, ...')
    group.add_argument('--window', metavar='HxW', type=size, help='of occlusion: N or HxW, over all channels')
    group.add_argument('--step', metavar='HxW', type=size, help='how far windows are apart')
    group.add_argument('--option', metavar='NAME=VALUE', type=assigned, action='append', default=[],
                       help='any other, as JSON, or @FILE for an .npy or .npz; METHOD:NAME=VALUE for one method alone')


def progress_arguments(group: Any) -> None:
    """Whether bars are shown."""
    progress = group.add_mutually_exclusive_group()
    progress.add_argument('--progress', dest='progress', action='store_true', default=None,
                          help='show bars (default: on a terminal)')
    progress.add_argument('--no-progress', dest='progress', action='store_false', default=None,
                          help='show none')


def report_arguments(parser: argparse.ArgumentParser) -> None:
    """Which folder becomes a page, and how much of it."""
    parser.add_argument('folder', metavar='FOLDER', help='with results of explain, run and evaluate, in it or inside')
    parser.add_argument('--out', metavar='FILE', help='an .html (default: report.html in the folder)')
    parser.add_argument('--most', metavar='N', type=positive, help='the first N samples of each result (default: 50)')
    parser.add_argument('--page-bytes', metavar='N', type=size_in_bytes,
                        help='about what arrays may take of the page; large ones have fewer samples (default: 64M)')
    parser.add_argument('--max-bytes', metavar='N', type=size_in_bytes,
                        help='the most memory that what an .npz holds may take (default: 2G, or what the file takes)')
    parser.add_argument('--json', action='store_true', help='a summary as JSON on stdout')


def names(text: str) -> List[str]:
    return [one for one in text.split(',') if one]


def object_name(text: str) -> Tuple[str, str, str]:
    """[KEY=]MODULE:NAME as a triple, the key '' where there is none."""
    found = re.match(r'(?:([^=]+)=)?([\w.]+):([\w.]+)$', text)
    if not found:
        raise argparse.ArgumentTypeError(f'expected MODULE:NAME or LAYER=MODULE:NAME, not {text!r}')
    return found.group(1) or '', found.group(2), found.group(3)


def positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected a positive int, not {text!r}')
    return int(text)


def amount(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.
    if not 0 <= found < math.inf:
        raise argparse.ArgumentTypeError(f'expected a number of at least 0, not {text!r}')
    return found


def size_in_bytes(text: str) -> int:
    found = re.match(r'(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$', text.lower())
    size = int(float(found.group(1)) * 1024 ** ' kmgt'.index(found.group(2) or ' ')) if found else 0
    if size < 1:
        raise argparse.ArgumentTypeError(f'expected a number of bytes like 500M or 4G, not {text!r}')
    return size


def size(text: str) -> Tuple[int, ...]:
    parts = text.lower().split('x')
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f'expected sizes like 8x8, not {text!r}')
    return tuple(int(part) for part in parts)


def pair(text: str) -> Tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(','))
        if low - low or high - high:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f'expected two numbers like 0,1, not {text!r}') from None
    return low, high


def assigned(text: str) -> Tuple[str, Any]:
    """NAME=VALUE, the value as JSON or, where it is none, as it stands."""
    name, equals, value = text.partition('=')
    if not name or not equals:
        raise argparse.ArgumentTypeError(f'expected NAME=VALUE, not {text!r}')
    try:
        return name, _PYTHONS[value] if value in _PYTHONS else json.loads(value)
    except ValueError:
        return name, value
