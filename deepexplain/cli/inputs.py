"""Reading INPUT and other arrays."""
import array
import csv
import itertools
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

import numpy as np

from ..samples import archives
from ..samples.bound import Bound
from ..samples.pictures import PICTURES
from ..samples.says import WrongUse
from ..samples.tables import is_number
from ..terminal import in_words

ARRAYS = ('.npy', '.npz')


class Samples(NamedTuple):
    """What INPUT holds.

    Attributes:
        kind: 'arrays', 'table' or 'pictures'.
        arrays: by name, the first axis of each the samples; the name is '' where the file has none.
        names: of the samples, for pictures.
        features: of the columns, for tables.
    """
    kind: str
    arrays: Dict[str, np.ndarray]
    names: Optional[List[str]] = None
    features: Optional[List[str]] = None


def check_model(path: str) -> None:
    """WrongUse where there is no MODEL, a MetaGraph by its prefix too, before TensorFlow is imported."""
    if not os.path.exists(path) and not os.path.exists(path + '.meta'):
        raise WrongUse(f"MODEL: there is no file or folder '{path}'.")


def kind_of(path: str) -> str:
    """Which kind of INPUT a path is, by its ending."""
    if os.path.isdir(path):
        return 'pictures'
    if not os.path.exists(path):
        raise WrongUse(f"INPUT: there is no file or folder '{path}'.")
    ending = os.path.splitext(path)[1].lower()
    if ending in ARRAYS:
        return 'arrays'
    if ending == '.csv':
        return 'table'
    if ending in PICTURES:
        return 'pictures'
    if ending == '.txt':
        return 'text'
    raise WrongUse("INPUT: '%s' is of no known kind: expected .npy, .npz, .csv, .txt, a picture (%s) or a folder of "
                   'pictures.' % (path, ' '.join(PICTURES)))


def load(what: str, path: str, most: Optional[int] = None) -> Dict[str, np.ndarray]:
    """The arrays of numbers or strings of an .npy or .npz file, by name, '' for the one of an .npy.

    Args:
        what: what is read, for messages.
        most: how many bytes they may take, by default bound.MOST.
    """
    if not os.path.isfile(path):
        raise WrongUse(f"{what}: there is no file '{path}'.")
    found = archives.load(what, path, most)
    if not found:
        raise WrongUse(f"{what}: '{path}' holds no arrays.")
    for name, one in found.items():
        if one.dtype.kind not in 'biufSU':
            raise WrongUse("%s: '%s' must hold numbers, not %s%s." % (
                what, path, one.dtype, " ('%s')" % name if name else ''))
    return found


def load_one(what: str, path: str, most: Optional[int] = None) -> np.ndarray:
    """The one array of a file."""
    found = load(what, path, most)
    if len(found) > 1:
        raise WrongUse("%s: '%s' must hold one array, not %d (%s)." % (
            what, path, len(found), _some(sorted(found))))
    return list(found.values())[0]


def read_arrays(path: str, limit: Optional[int], most: Optional[int]) -> Samples:
    """The samples of an .npy or .npz."""
    found = load('INPUT', path, most)
    for name, one in found.items():
        if one.ndim == 0:
            raise WrongUse("INPUT: '%s' holds a single number%s, not samples." % (path, name and " ('%s')" % name))
    return Samples('arrays', {name: one[:limit] for name, one in found.items()})


def _some(names: Sequence[str]) -> str:
    """Names for a message, the first 20 where there are more."""
    return ', '.join(names[:20]) + (', ... (%d in all)' % len(names) if len(names) > 20 else '')


def read_table(path: str, columns: Optional[Sequence[str]], limit: Optional[int], most: Optional[int]) -> Samples:
    """The rows of a .csv with a header as samples (n, columns) of float64, the columns in order.

    Args:
        columns: which ones, in this order; by default all.
        limit: how many rows are read, by default all.
        most: how many bytes of memory they may take, by default bound.MOST.
    """
    bound = Bound('INPUT', path, most, os.path.getsize(path))
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            return _table(path, file, columns, limit, bound)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WrongUse("INPUT: '%s' cannot be read: %s." % (path, str(error).rstrip('.'))) from None


def read_sentences(path: str, limit: Optional[int], most: Optional[int]) -> List[Any]:
    """The lines of a .txt that are not empty: each a sentence or, with a tab in it, a pair of them.

    Args:
        limit: how many are read, by default all.
        most: how many bytes of memory they may take, by default bound.MOST.
    """
    bound = Bound('INPUT', path, most, os.path.getsize(path))
    found: List[Any] = []
    try:
        with open(path, encoding='utf-8-sig') as file:
            for line in _lines(file, bound):
                if len(found) == limit:
                    break
                bound.take(len(line))
                parts = [part.strip() for part in line.split('\t')]
                if any(parts):
                    found.append(parts[0] if len(parts) == 1 else tuple(parts))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse("INPUT: '%s' cannot be read: %s." % (path, str(error).rstrip('.'))) from None
    if not found:
        raise WrongUse(f"INPUT: '{path}' has no sentences, one a line.")
    return found


def _table(path: str, file: Any, columns: Optional[Sequence[str]], limit: Optional[int], bound: Bound
           ) -> Samples:
    lines = _lines(file, bound)
    first = next(lines, '')
    # Semicolons and tabs as spreadsheets write them.
    delimiter = max(',;\t', key=first.count)
    rows = csv.reader(itertools.chain([first], lines), delimiter=delimiter)
    header = [name.strip() for name in next(rows, [])]
    if not any(header):
        raise WrongUse(f"INPUT: '{path}' must have a header in its first line, which is empty.")
    if all(is_number(name) for name in header):
        raise WrongUse(f"INPUT: '{path}' must have a header in its first line, which has numbers alone.")
    place_of: Dict[str, int] = {}
    for place, name in enumerate(header):
        if place_of.setdefault(name, place) != place:
            raise WrongUse(f"INPUT: '{path}' has a column twice: '{name}'.")
    for name in columns or ():
        if name not in place_of:
            raise WrongUse(f"--columns: '{path}' has no column '{name}', but {_some(header)}.")
    features = list(columns or header)
    places = [place_of[name] for name in features]
    values = array.array('d')
    read = 0
    for row in rows:
        if read == limit:
            break
        if not row:
            continue
        if len(row) != len(header):
            raise WrongUse("INPUT: line %d of '%s' must have %d values, as the header has, not %d." % (
                rows.line_num, path, len(header), len(row)))
        bound.take(8 * len(places))
        try:
            values.extend([float(row[place]) for place in places])
        except ValueError:
            bad = next(place for place in places if not is_number(row[place]))
            raise WrongUse("INPUT: line %d of '%s': the column '%s' must hold numbers, not %r." % (
                rows.line_num, path, header[bad], row[bad][:40])) from None
        read += 1
    if not read:
        raise WrongUse(f"INPUT: '{path}' has no rows below its header.")
    return Samples('table', {'': np.array(values).reshape(read, -1)}, features=features)


def _lines(file: Any, bound: Bound) -> Iterator[str]:
    """The lines of a file; a Python string for each of its values takes about 32 times a number's place in it."""
    longest = max(bound.most // 32, 1)
    while True:
        line = file.readline(longest + 1)
        if len(line) > longest:
            raise bound.broken(f'has a line of more than {in_words(longest)}, which may take 32 times as much')
        if not line:
            return
        yield line
