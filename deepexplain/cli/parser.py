"""The arguments of the command line."""
import argparse
import json
import re
import sys
from typing import Any, List, Sequence, Tuple

from .. import __version__
from .problems import WrongUse

EXAMPLE = """example:
  deepexplain explain model.keras digits.npy --method intgrad --method elrp --steps 50 \\
      --out attributions.npz --picture attributions.png
"""

ABOUT_INPUT = """INPUT is
  .npy, .npz            an array, the first axis the samples; an .npz of several arrays names the model's inputs
  a picture, a folder   one sample, or one for each picture in it, by name (--resize, --scale, --channels)
  .csv                  numbers under a header; a row for each sample, a column for each feature (--columns)
  .txt                  sentences, one a line, of a pair with a tab between (--tokenizer)

The file --out, for numpy.load:
  <method>              attributions, of the shape of the input; <method>/<input> where there are several inputs
  delta/<method>        what they add up to minus what they should, where that is defined
  units, scores         the unit of --layer that is explained, and its value, for each sample
  names, features       of pictures and of columns
  metadata              JSON: methods, options, target, model, versions
Of sentences:
  words, sentence       all words, and the number of the sentence of each; <method> has a number for each word
  rest/<method>         for each sentence what is on special tokens and padding
  sentences             as they were read; --out FILE.json has all of it sentence by sentence

"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise WrongUse(f'{message} ({self.prog} --help)')


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments, parsed.

    Raises:
        WrongUse: for what argparse refuses.
        SystemExit: after --help and --version.
    """
    return _parser().parse_args(_joined(argv))


def _joined(argv: Sequence[str]) -> List[str]:
    """`--scale -1,1` as `--scale=-1,1`, since argparse takes -1,1 for an option."""
    found: List[str] = []
    for one in argv:
        if found and re.match(r'-[.\d]', one) and re.match(r'--[a-z-]+$', found[-1]):
            found[-1] += '=' + one
        else:
            found.append(one)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog='deepexplain', allow_abbrev=False, epilog=EXAMPLE,
                     formatter_class=argparse.RawDescriptionHelpFormatter,
                     description='Which features of an input moved the output of a TensorFlow model, and which way.')
    parser.add_argument('--version', action='version', version=f'deepexplain {__version__}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', parser_class=_Parser)
    commands.required = True
    _explain(commands)
    layers = _sub(commands, 'layers', 'list what --layer and --input can name', '')
    _model(layers)
    layers.add_argument('--every', action='store_true', help='what every op makes, not what the layers put out')
    methods = _sub(commands, 'methods', 'list the methods and their options', '')
    for one in (layers, methods):
        one.add_argument('--json', action='store_true', help='as JSON')
    return parser


def _sub(commands: Any, name: str, about: str, epilog: str) -> argparse.ArgumentParser:
    found = commands.add_parser(name, help=about, description=about.capitalize() + '.', epilog=epilog,
                                allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument('--debug', action='store_true', help='show tracebacks, and what TensorFlow writes')
    return found


def _model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('the model')
    group.add_argument('model', metavar='MODEL', help='a .keras or .h5 file, the folder of a SavedModel, a frozen '
                                                      'graph (.pb), a MetaGraph (.meta)')
    group.add_argument('--signature', metavar='NAME', help='of a SavedModel (default: serving_default, or the only '
                                                           'one)')
    group.add_argument('--tags', metavar='TAG,TAG', type=_names, help='of a SavedModel')
    group.add_argument('--checkpoint', metavar='PATH', help='of a MetaGraph, where it is not beside it')
    group.add_argument('--inputs', metavar='NAME,NAME', type=_names, help='of a graph without signatures (default: its '
                                                                          'placeholders)')
    group.add_argument('--outputs', metavar='NAME,NAME', type=_names, help='of a graph without signatures')
    group.add_argument('--custom-objects', metavar='MODULE:NAME', type=_object, action='append',
                       help='a class or function of your own that a .keras or .h5 file needs, or a dict of them; '
                            'LAYER=MODULE:NAME in the place of a lambda. Imports the module; may be repeated')
    group.add_argument('--unsafe', action='store_true',
                       help='allow a MODEL that would run Python code, read or write files, for those that you trust')


def _explain(commands: Any) -> None:
    parser = _sub(commands, 'explain', 'attribute what a model says to the features of its input',
                  ABOUT_INPUT + EXAMPLE)
    _model(parser)
    group = parser.add_argument_group('the input')
    group.add_argument('data', metavar='INPUT', help='see below')
    group.add_argument('--resize', metavar='HxW', type=_size, help='of pictures')
    group.add_argument('--scale', metavar='LOW,HIGH', type=_pair,
                       help='what the 0 to 255 of pictures become (default: 0,1)')
    group.add_argument('--channels', choices=('first', 'last'), help='of pictures (default: as the model has them)')
    group.add_argument('--columns', metavar='NAME,NAME', type=_names, help='of a .csv (default: all, in order)')
    group.add_argument('--tokenizer', metavar='FOLDER',
                       help='what makes ids of the sentences of a .txt: the folder of a tokenizer of transformers, a '
                            'tokenizer.json, or a vocab.txt of words, one a line (models that take strings need none)')
    group.add_argument('--limit', metavar='N', type=_positive, help='take the first N samples')
    group.add_argument('--max-bytes', metavar='N', type=_bytes,
                       help='the most memory that what a file holds may take: 500M, 4G (default: 2G, or what the file '
                            'takes)')
    group.add_argument('--feed', metavar='NAME=VALUE', type=_assigned, action='append', default=[],
                       help='what another input is, as JSON: keep_prob=1')
    group = parser.add_argument_group('what is explained, and how')
    group.add_argument('--method', metavar='NAME', action='append', help='see `deepexplain methods`; may be repeated '
                                                                         '(default: intgrad)')
    group.add_argument('--target', metavar='UNIT', default='max',
                       help="max, each sample's largest (default); sum or all: the sum of all units; an int; a comma "
                            'list, one for each sample; for layers of more axes places like 3/0/2')
    group.add_argument('--layer', metavar='NAME', default='logits',
                       help='whose units: logits (default: what goes into the last softmax or sigmoid), output, or a '
                            'name of `deepexplain layers`')
    group.add_argument('--input', metavar='NAME', action='append',
                       help="attribute to this input or inner layer; may be repeated (default: the model's inputs of "
                            'floats)')
    group.add_argument('--batch-size', metavar='N', type=_positive, help='the most rows of one call of the model')
    group = parser.add_argument_group('options of methods, each for those that take it')
    group.add_argument('--baseline', metavar='B', help='a number, or an .npy of one sample or one for each; of '
                                                         'sentences a token ([MASK]) or its id')
    group.add_argument('--references', metavar='FILE', help='an .npy of baselines')
    group.add_argument('--steps', metavar='N', type=int, help='points on the way from the baseline: of intgrad')
    group.add_argument('--samples', metavar='N', type=int, help='draws: of shapley_sampling, smoothgrad, ...')
    group.add_argument('--seed', metavar='N', type=int, help='makes draws repeatable')
    group.add_argument('--epsilon', metavar='E', type=float, help='of elrp, lrp.epsilon, ...')
    group.add_argument('--window', metavar='HxW', type=_size, help='of occlusion: N or HxW, over all channels')
    group.add_argument('--step', metavar='HxW', type=_size, help='how far windows are apart')
    group.add_argument('--option', metavar='NAME=VALUE', type=_assigned, action='append', default=[],
                       help='any other, as JSON, or @FILE for an .npy or .npz; METHOD:NAME=VALUE for one method alone')
    group = parser.add_argument_group('the results')
    group.add_argument('--out', metavar='FILE', help='an .npz (default: attributions.npz, unless there is another '
                                                     'result); of sentences also a .json')
    group.add_argument('--picture', metavar='FILE', help='a .png, .pdf, .svg or .jpg: samples x methods')
    group.add_argument('--picture-kind', choices=('images', 'bars', 'signal', 'logo'),
                       help='how it is drawn (default: by INPUT and its shape)')
    group.add_argument('--letters', metavar='ACGT', help='of one-hot sequences, in the order of their places (default: '
                                                         'ACGT for four, else numbers)')
    group.add_argument('--picture-samples', metavar='N', type=_positive, default=8, help='how many (default: 8)')
    group.add_argument('--json', action='store_true', help='a summary as JSON on stdout')
    progress = group.add_mutually_exclusive_group()
    progress.add_argument('--progress', dest='progress', action='store_true', default=None,
                          help='show bars (default: on a terminal)')
    progress.add_argument('--no-progress', dest='progress', action='store_false', default=None,
                          help='show none')


def _names(text: str) -> List[str]:
    return [one for one in text.split(',') if one]


def _object(text: str) -> Tuple[str, str, str]:
    """[KEY=]MODULE:NAME as a triple, the key '' where there is none."""
    found = re.match(r'(?:([^=]+)=)?([\w.]+):([\w.]+)$', text)
    if not found:
        raise argparse.ArgumentTypeError(f'expected MODULE:NAME or LAYER=MODULE:NAME, not {text!r}')
    return found.group(1) or '', found.group(2), found.group(3)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected a positive int, not {text!r}')
    return int(text)


def _bytes(text: str) -> int:
    found = re.match(r'(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$', text.lower())
    size = int(float(found.group(1)) * 1024 ** ' kmgt'.index(found.group(2) or ' ')) if found else 0
    if size < 1:
        raise argparse.ArgumentTypeError(f'expected a number of bytes like 500M or 4G, not {text!r}')
    return size


def _size(text: str) -> Tuple[int, ...]:
    parts = text.lower().split('x')
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f'expected sizes like 8x8, not {text!r}')
    return tuple(int(part) for part in parts)


def _pair(text: str) -> Tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(','))
        if low - low or high - high:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(f'expected two numbers like 0,1, not {text!r}') from None
    return low, high


def _assigned(text: str) -> Tuple[str, Any]:
    """NAME=VALUE, the value as JSON or, where it is none, as it stands."""
    name, equals, value = text.partition('=')
    if not name or not equals:
        raise argparse.ArgumentTypeError(f'expected NAME=VALUE, not {text!r}')
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def on_terminal() -> bool:
    """Whether stderr is a terminal."""
    return bool(getattr(sys.stderr, 'isatty', lambda: False)())
