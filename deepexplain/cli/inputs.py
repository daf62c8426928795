"""Reading INPUT and other arrays."""
import csv
import os
import zipfile
import zlib
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from .problems import WrongUse

PICTURES = ('.png', '.jpg', '.jpeg', '.bmp', '.gif', '.tif', '.tiff', '.webp', '.ppm', '.pgm')
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
    raise WrongUse("INPUT: '%s' is of no known kind: expected .npy, .npz, .csv, a picture (%s) or a folder of pictures."
                   % (path, ' '.join(PICTURES)))


def load(what: str, path: str) -> Dict[str, np.ndarray]:
    """The arrays of an .npy or .npz file, by name, '' for the one of an .npy.

    Args:
        what: what is read, for messages.
    """
    if not os.path.isfile(path):
        raise WrongUse(f"{what}: there is no file '{path}'.")
    try:
        found = np.load(path, allow_pickle=False)
        arrays = {'': found} if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        pickled = 'pickle' in str(error)
        raise WrongUse("%s: '%s' %s." % (what, path, 'holds Python objects, or is no file of numpy' if pickled else
                                         'cannot be read: ' + ' '.join(str(error).split()).rstrip('.'))) from None
    if not arrays:
        raise WrongUse(f"{what}: '{path}' holds no arrays.")
    for name, array in arrays.items():
        if array.dtype.kind not in 'biufSU':
            raise WrongUse("%s: '%s' must hold numbers, not %s%s." % (
                what, path, array.dtype, " ('%s')" % name if name else ''))
    return arrays


def load_one(what: str, path: str) -> np.ndarray:
    """The one array of a file."""
    arrays = load(what, path)
    if len(arrays) > 1:
        raise WrongUse("%s: '%s' must hold one array, not %d (%s)." % (
            what, path, len(arrays), ', '.join(sorted(arrays))))
    return list(arrays.values())[0]


def read_arrays(path: str, limit: Optional[int]) -> Samples:
    """The samples of an .npy or .npz."""
    arrays = load('INPUT', path)
    for name, array in arrays.items():
        if array.ndim == 0:
            raise WrongUse("INPUT: '%s' holds a single number%s, not samples." % (path, name and " ('%s')" % name))
    return Samples('arrays', {name: array[:limit] for name, array in arrays.items()})


def read_table(path: str, columns: Optional[Sequence[str]], limit: Optional[int]) -> Samples:
    """The rows of a .csv with a header as samples (n, columns) of float64, the columns in order.

    Args:
        columns: which ones, in this order; by default all.
        limit: how many rows are read, by default all.
    """
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            return _table(path, file, columns, limit)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WrongUse("INPUT: '%s' cannot be read: %s." % (path, str(error).rstrip('.'))) from None


def _table(path: str, file: Any, columns: Optional[Sequence[str]], limit: Optional[int]) -> Samples:
    first = file.readline()
    file.seek(0)
    # Semicolons and tabs as spreadsheets write them.
    delimiter = max(',;\t', key=first.count)
    rows = csv.reader(file, delimiter=delimiter)
    header = [name.strip() for name in next(rows, [])]
    if not any(header):
        raise WrongUse(f"INPUT: '{path}' must have a header in its first line, which is empty.")
    if all(_is_number(name) for name in header):
        raise WrongUse(f"INPUT: '{path}' must have a header in its first line, which has numbers alone.")
    if len(set(header)) < len(header):
        raise WrongUse("INPUT: '%s' has a column twice: '%s'." % (
            path, next(name for name in header if header.count(name) > 1)))
    for name in columns or ():
        if name not in header:
            raise WrongUse("--columns: '%s' has no column '%s', but %s." % (path, name, ', '.join(header)))
    features = list(columns or header)
    places = [header.index(name) for name in features]
    values: List[List[float]] = []
    for row in rows:
        if len(values) == limit:
            break
        if not row:
            continue
        if len(row) != len(header):
            raise WrongUse("INPUT: line %d of '%s' must have %d values, as the header has, not %d." % (
                rows.line_num, path, len(header), len(row)))
        values.append([_number(path, rows.line_num, header[place], row[place]) for place in places])
    if not values:
        raise WrongUse(f"INPUT: '{path}' has no rows below its header.")
    return Samples('table', {'': np.array(values)}, features=features)


def _is_number(text: str) -> bool:
    try:
        float(text)
        return True
    except ValueError:
        return False


def _number(path: str, line: int, column: str, text: str) -> float:
    if not _is_number(text):
        raise WrongUse("INPUT: line %d of '%s': the column '%s' must hold numbers, not %r." % (
            line, path, column, text[:40]))
    return float(text)
