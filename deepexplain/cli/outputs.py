"""Where results can be written."""
import os

from .problems import WrongUse


def check_writable(what: str, path: str, folder: bool = False) -> None:
    """WrongUse where a file, or a folder of files, cannot be written, before anything is computed for it."""
    if folder and os.path.isdir(path):
        if not os.access(path, os.W_OK):
            raise WrongUse(f"{what}: nothing can be written into the folder '{path}'.")
        return
    _check_file(what, path, 'folder' if folder else 'file')


def _check_file(what: str, path: str, kind: str) -> None:
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise WrongUse(f"{what}: there is no folder '{os.path.dirname(path)}'.")
    if os.path.exists(path) and (kind == 'folder' or not os.path.isfile(path)):
        raise WrongUse(f"{what}: '{path}' is there and is no {kind}.")
    if not os.access(folder, os.W_OK):
        raise WrongUse(f"{what}: nothing can be written into the folder '{folder}'.")
