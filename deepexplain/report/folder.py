"""What there is of results in a folder, file by file; what cannot be read is told and does not end it."""
import json
import os
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ..extras import needs
from ..results import archive
from ..results.reading import NoResult, read
from ..terminal import in_words, visible
from . import evaluations, jobs, pieces, sentences
from .pieces import Piece, Room
from .store import Store

#: Bytes of a .json or .csv of results, at the most.
_TEXT = 1 << 28

#: How a .json that the commands write begins.
_OURS = re.compile(rb'\s*\{\s*"(deepexplain|metadata)"')

_ENDINGS = ('.npz', '.parquet', '.json', '.csv')


class Collected(NamedTuple):
    """What a page is made of.

    Attributes:
        pieces: results, as the page has them.
        tables: of measures.
        broken: files that cannot be read, and why.
        aside: files that are no results.
        store: the arrays.
    """
    pieces: List[Piece]
    tables: List[Dict[str, Any]]
    broken: List[Tuple[str, str]]
    aside: List[str]
    store: Store


class _Aside(Exception):
    """A file that is no result, and is not said to be one."""


def collect(folder: str, most: int, size: int, max_bytes: Optional[int] = None) -> Collected:
    """All results of a folder and of those in it.

    Args:
        most: samples of a result.
        size: bytes of all arrays, shared by the files as they come; what one leaves the next ones have.
        max_bytes: how much memory an .npz may take.
    """
    found = Collected([], [], [], [], Store())
    paths = list(_paths(folder))
    for number, path in enumerate(paths):
        called = os.path.relpath(path, folder).replace(os.sep, '/') if path != folder else '.'
        share = max(0, size - found.store.size) // (len(paths) - number)
        try:
            _read(path, called, found, Room(most, share), max_bytes)
        except (_Aside, NoResult):
            found.aside.append(visible(called))
        except MemoryError:
            found.broken.append((visible(called), 'it takes more memory than there is.'))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, OSError, ImportError,
                RecursionError) as error:
            said = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
            said = visible(' '.join(said.split()))[:400] or type(error).__name__
            found.broken.append((visible(called), said.replace("path: '%s' " % visible(path), '').rstrip('.') + '.'))
    return found


def _paths(folder: str) -> Iterator[str]:
    """Files that may be results, and folders of jobs, by their names."""
    for at, inner, names in os.walk(folder):
        inner[:] = sorted(one for one in inner if not one.startswith('.'))
        if os.path.isfile(os.path.join(at, 'manifest.json')) and any(name.startswith('shard-') for name in names):
            inner[:] = []
            yield at
            continue
        for name in sorted(names):
            if not name.startswith('.') and os.path.splitext(name)[1].lower() in _ENDINGS:
                yield os.path.join(at, name)


def _read(path: str, called: str, found: Collected, room: Room, max_bytes: Optional[int]) -> None:
    if os.path.isdir(path):
        result, metadata, total = jobs.first_rows(path, room.most)
        found.pieces.extend(pieces.pieces_of(called, {result.method: result}, metadata, found.store, room, total))
        return
    if not os.path.isfile(path):  # A pipe would be waited for, and a device may never end.
        raise ValueError('it is no file')
    ending = os.path.splitext(path)[1].lower()
    if ending in ('.json', '.csv'):
        _read_text(path, called, ending, found, room)
        return
    if ending == '.parquet':
        _check_parquet(path)
    arrays, metadata = read(path, max_bytes)
    if not isinstance(metadata['methods'], dict) or not metadata['methods']:
        raise ValueError('it names no method')
    if 'sentence' in arrays and 'words' in arrays:
        by_method = sentences.of_arrays(arrays, metadata)
        found.pieces.extend(sentences.pieces_of(called, by_method, metadata, found.store, room))
        return
    results = {name: archive.unpacked(path, arrays, metadata, name) for name in metadata['methods']}
    found.pieces.extend(pieces.pieces_of(called, results, metadata, found.store, room))


def _read_text(path: str, called: str, ending: str, found: Collected, room: Room) -> None:
    with open(path, 'rb') as file:
        head = file.read(256)
    ours = head.startswith(','.join(evaluations.HEAD).encode()) if ending == '.csv' else _OURS.match(head) is not None
    if not ours and (ending == '.csv' or os.path.getsize(path) > _TEXT):
        raise _Aside
    if os.path.getsize(path) > _TEXT:
        raise ValueError('it has %s, and a page takes %s' % (in_words(os.path.getsize(path)), in_words(_TEXT)))
    try:
        with open(path, encoding='utf-8', newline='') as text:
            if ending == '.csv':
                found.tables.append(evaluations.of_csv(called, text.read()))
                return
            content = json.load(text)
    except (ValueError, RecursionError):
        if not ours:
            raise _Aside from None
        raise
    if evaluations.is_json(content):
        found.tables.append(evaluations.of_json(called, content))
    elif sentences.is_json(content):
        by_method = sentences.of_json(content)
        found.pieces.extend(sentences.pieces_of(called, by_method, content['metadata'], found.store, room))
    else:
        raise _Aside


def _check_parquet(path: str) -> None:
    """_Aside for a Parquet file of something else."""
    with needs('a .parquet', 'parquet'):
        import pyarrow as pa
        import pyarrow.parquet as pq
    try:
        held = pq.read_schema(path).metadata or {}
    except pa.ArrowException as error:
        raise ValueError(str(error)) from None
    if b'deepexplain' not in held:
        raise _Aside
