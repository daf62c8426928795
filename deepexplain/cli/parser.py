"""The arguments of the command line."""
import argparse
import re
import sys
from typing import Any, List, Sequence

from .. import __version__
from .arguments import (
    EXAMPLE_REPORT,
    amount,
    assigned,
    feeding_arguments,
    model_arguments,
    option_arguments,
    positive,
    progress_arguments,
    reading_arguments,
    report_arguments,
    target_arguments,
)
from .problems import WrongUse

#: What is evaluated where nothing is said: one or two calls of the model's gradient each, but for intgrad.
DEFAULT_METHODS = ('saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift')

EXAMPLE = """example:
  deepexplain explain model.keras digits.npy --method intgrad --method elrp --steps 50 \\
      --out attributions.npz --picture attributions.png
"""

EXAMPLE_RUN = """example:
  deepexplain run model.keras samples.npy --method intgrad --steps 50 --out attributions
  deepexplain run model.keras samples.npy --method intgrad --out attributions --ray --workers 4
  deepexplain run --status attributions --verify
"""

ABOUT_DATA = """DATA is, with as many rows as there may be,
  .npy, .npz            arrays, the first axis the rows; the keys of an .npz name the model's inputs
  .parquet, .arrow      columns of numbers, lists or tensors: named as the model's inputs, or each a feature of the one
  .csv                  numbers under a header, a column for each feature
  .tfrecord             tf.train.Examples, their features as columns
  a picture             one row (--resize, --scale, --channels)
  a folder              of files of one of these kinds, one after another

The folder --out, for deepexplain.jobs.read and iterate:
  shard-*               Parquet (with pyarrow) or .npz, a file whole or not there: id, attributions, unit, score, delta
  failed-*.json         shards that failed twice, with their rows
  manifest.json         the job, versions, checksums
The same command again goes on where another ended, however it did.

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


EXAMPLE_EVALUATE = """example:
  deepexplain evaluate model.keras digits.npy --method intgrad --method elrp --measure sensitivity_n \\
      --measure deletion --out table.csv --picture curves.png
"""

ABOUT_MEASURES = """The table has the mean over samples, its standard error and the rank of each method by each measure,
with `random` and `input` beside them. --baseline is for methods, and for measures that take features away;
completeness has each method's own. By --seed (default: 0) measures draw, and methods.

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
    _run(commands)
    _evaluate(commands)
    report_arguments(_sub(commands, 'report', 'make a page of HTML of a folder of results, to look through in a '
                          'browser', EXAMPLE_REPORT))
    layers = _sub(commands, 'layers', 'list what --layer and --input can name', '')
    model_arguments(layers)
    layers.add_argument('--every', action='store_true', help='what every op makes, not what the layers put out')
    methods = _sub(commands, 'methods', 'list the methods and their options', '')
    measures = _sub(commands, 'measures', 'list the measures and their options', '')
    for one in (layers, methods, measures):
        one.add_argument('--json', action='store_true', help='as JSON')
    return parser


def _sub(commands: Any, name: str, about: str, epilog: str) -> argparse.ArgumentParser:
    found = commands.add_parser(name, help=about, description=about.capitalize() + '.', epilog=epilog,
                                allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument('--debug', action='store_true', help='show tracebacks, and what TensorFlow writes')
    return found


def _explain(commands: Any) -> None:
    parser = _sub(commands, 'explain', 'attribute what a model says to the features of its input',
                  ABOUT_INPUT + EXAMPLE)
    model_arguments(parser)
    group = parser.add_argument_group('the input')
    group.add_argument('data', metavar='INPUT', help='see below')
    reading_arguments(group)
    group.add_argument('--tokenizer', metavar='FOLDER',
                       help='what makes ids of the sentences of a .txt: the folder of a tokenizer of transformers, a '
                            'tokenizer.json, or a vocab.txt of words, one a line (models that take strings need none)')
    group.add_argument('--limit', metavar='N', type=positive, help='take the first N samples')
    feeding_arguments(group)
    target_arguments(parser)
    option_arguments(parser)
    group = parser.add_argument_group('the results')
    group.add_argument('--out', metavar='FILE', help='an .npz (default: attributions.npz, unless there is another '
                                                     'result); of sentences also a .json')
    group.add_argument('--picture', metavar='FILE', help='a .png, .pdf, .svg or .jpg: samples x methods')
    group.add_argument('--picture-kind', choices=('images', 'bars', 'signal', 'logo', 'summary'),
                       help='how it is drawn (default: by INPUT and its shape); summary: the features of all samples, '
                            'by method')
    group.add_argument('--letters', metavar='ACGT', help='of one-hot sequences, in the order of their places (default: '
                                                         'ACGT for four, else numbers)')
    group.add_argument('--picture-samples', metavar='N', type=positive,
                       help='how many (default: 8, of a summary all)')
    group.add_argument('--json', action='store_true', help='a summary as JSON on stdout')
    progress_arguments(group)


def _run(commands: Any) -> None:
    parser = _sub(commands, 'run', 'attribute a data set of any size, shard by shard, into a folder',
                  ABOUT_DATA + EXAMPLE_RUN)
    model_arguments(parser, '?')
    group = parser.add_argument_group('the data')
    group.add_argument('data', metavar='DATA', nargs='?', help='see below')
    reading_arguments(group)
    group.add_argument('--limit', metavar='N', type=positive, help='take the first N rows')
    group.add_argument('--ids', metavar='COLUMN', help="the column of the rows' ids (default: id if there is one, else "
                                                       "pictures' paths, else the rows' numbers)")
    feeding_arguments(group)
    target_arguments(parser, one=True)
    option_arguments(parser)
    group = parser.add_argument_group('the work')
    group.add_argument('--shard-rows', metavar='N', type=positive,
                       help='how many rows make a file of results, which is what is lost at the most where a run ends '
                            '(default: a 64th of all, 16 to 16384, at most 256 MiB of attributions)')
    engines = group.add_mutually_exclusive_group()
    engines.add_argument('--ray', metavar='ADDRESS', nargs='?', const='',
                         help='on Ray: of this machine, or the cluster at an address, auto say; write it behind DATA')
    engines.add_argument('--spark', metavar='MASTER', nargs='?', const='',
                         help='on Spark: of this machine, or at a master, spark://HOST:PORT say')
    group.add_argument('--workers', metavar='N', type=positive,
                       help='how many on Ray or Spark (default: as many as it has place for)')
    group.add_argument('--cpus-per-worker', metavar='N', type=amount,
                       help='on Ray, and how many threads TensorFlow has there (default: 1)')
    group.add_argument('--gpus-per-worker', metavar='N', type=amount, help='on Ray (default: 0)')
    verify = group.add_mutually_exclusive_group()
    verify.add_argument('--verify', action='store_true', default=None,
                        help='read the files of results that are there, to find what is damaged (default, but for '
                             '--status)')
    verify.add_argument('--no-verify', dest='verify', action='store_false', default=None,
                        help='take them for whole without reading them')
    group = parser.add_argument_group('the results')
    group.add_argument('--out', metavar='FOLDER', help='where they go; made where it is not there')
    group.add_argument('--status', metavar='FOLDER', help='how far the results of a folder are, and nothing else')
    group.add_argument('--json', action='store_true', help='a summary as JSON on stdout')
    progress_arguments(group)


def _evaluate(commands: Any) -> None:
    parser = _sub(commands, 'evaluate', 'measure whether the maps of methods can be believed',
                  ABOUT_MEASURES + EXAMPLE_EVALUATE)
    model_arguments(parser)
    group = parser.add_argument_group('the input')
    group.add_argument('data', metavar='INPUT', help='an .npy, .npz, .csv, picture or folder of pictures, as for '
                                                     '`deepexplain explain`')
    reading_arguments(group)
    group.add_argument('--limit', metavar='N', type=positive, help='take the first N samples')
    feeding_arguments(group)
    target_arguments(parser, default=', '.join(DEFAULT_METHODS))
    option_arguments(parser)
    group = parser.add_argument_group('what is measured, and how')
    group.add_argument('--measure', metavar='NAME', action='append',
                       help='see `deepexplain measures`; may be repeated (default: sensitivity_n, deletion, insertion, '
                            'max_sensitivity and sparseness; with --masks all that look at masks as well)')
    group.add_argument('--masks', metavar='FILE',
                       help='an .npy or .npz of where maps should lie, bools or 0 and 1, of the shape of the samples, '
                            'of 1 in place of an axis, or without channels')
    group.add_argument('--feature-mask', metavar='FILE',
                       help='an .npy or .npz of ints of a sample: features with the same number are one, for measures '
                            'and methods that take it')
    group.add_argument('--measure-option', metavar='NAME=VALUE', type=assigned, action='append', default=[],
                       help='of each measure that takes it, as JSON, or @FILE; MEASURE:NAME=VALUE of one measure alone')
    group = parser.add_argument_group('the results')
    group.add_argument('--out', metavar='FILE', help='the table, a .csv, .md or .json, which has curves as well')
    group.add_argument('--picture', metavar='FILE', help='a .png, .pdf, .svg or .jpg: a matrix, and curves where there '
                                                         'are some')
    group.add_argument('--json', action='store_true', help='a summary as JSON on stdout, in place of the table')
    progress_arguments(group)


def on_terminal() -> bool:
    """Whether stderr is a terminal."""
    return bool(getattr(sys.stderr, 'isatty', lambda: False)())
