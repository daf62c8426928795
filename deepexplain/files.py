"""Writing files whole or not at all."""
import os
import tempfile
from contextlib import contextmanager, suppress
from typing import Any, Iterator, List, Sequence


@contextmanager
def whole(paths: Sequence[str]) -> Iterator[List[Any]]:
    """Open files for writing bytes that take the places of `paths` together at the end, or never where anything fails.

    They lie in the folders of these until then.
    """
    targets = [os.path.realpath(path) for path in paths]
    files: List[Any] = []
    try:
        for target in targets:
            files.append(tempfile.NamedTemporaryFile(
                dir=os.path.dirname(target), prefix='.deepexplain-', suffix='.part', delete=False))
        yield files
        for file in files:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        for file, target in zip(files, targets):
            os.chmod(file.name, _mode(target))
        for file, target in zip(files, targets):
            os.replace(file.name, target)
    finally:
        for file in files:
            # Closing writes what is left, which on a full disk fails once more.
            with suppress(OSError):
                file.close()
            with suppress(FileNotFoundError):
                os.unlink(file.name)


def _mode(target: str) -> int:
    """The permissions that a file has, or a new one would get; a temporary file has fewer."""
    if os.path.exists(target):
        return os.stat(target).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
