"""Where results can be written."""
import os

from .problems import WrongUse


def check_writable(what: str, path: str) -> None:
    """WrongUse where a file cannot be written, before anything is computed for it."""
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise WrongUse(f"{what}: there is no folder '{os.path.dirname(path)}'.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise WrongUse(f"{what}: '{path}' is there and is no file.")
    if not os.access(folder, os.W_OK):
        raise WrongUse(f"{what}: nothing can be written into the folder '{folder}'.")
