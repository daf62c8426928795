"""Where results can be written."""
import os
from typing import Any, Sequence

from .problems import WrongUse


def check_writable(what: str, path: str, folder: bool = False) -> None:
    """WrongUse where a file, or a folder of files, cannot be written, before anything is computed for it."""
    if folder and os.path.isdir(path):
        if not os.access(path, os.W_OK):
            raise WrongUse(f"{what}: nothing can be written into the folder '{path}'.")
        return
    _check_file(what, path, 'folder' if folder else 'file')


def check_files(args: Any, endings: Sequence[str]) -> None:
    """WrongUse where --out does not end so, or it or --picture cannot be written."""
    if args.out is not None:
        if not args.out.endswith(tuple(endings)):
            raise WrongUse('--out: expected a name that ends in %s, not \'%s\'.' % (
                ' or '.join(filter(None, [', '.join(endings[:-1]), endings[-1]])), args.out))
        check_writable('--out', args.out)
    if args.picture is not None:
        from . import drawing
        drawing.check_format(args.picture)
        check_writable('--picture', args.picture)
        if args.out is not None and os.path.realpath(args.out) == os.path.realpath(args.picture):
            raise WrongUse('--out and --picture name the same file.')


def _check_file(what: str, path: str, kind: str) -> None:
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise WrongUse(f"{what}: there is no folder '{os.path.dirname(path)}'.")
    if os.path.exists(path) and (kind == 'folder' or not os.path.isfile(path)):
        raise WrongUse(f"{what}: '{path}' is there and is no {kind}.")
    if not os.access(folder, os.W_OK):
        raise WrongUse(f"{what}: nothing can be written into the folder '{folder}'.")
