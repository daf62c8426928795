"""Writing files whole or not at all, and what they hold."""
import hashlib
import os
import tempfile
from contextlib import contextmanager, suppress
from typing import Any, Iterator, List, Sequence, Tuple


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
            os.chmod(file.name, mode_of(target))
        _replace([file.name for file in files], targets)
    finally:
        for file in files:
            # Closing writes what is left, which on a full disk fails once more.
            with suppress(OSError):
                file.close()
            with suppress(FileNotFoundError):
                os.unlink(file.name)


def _replace(made: Sequence[str], targets: Sequence[str]) -> None:
    """Put files in the places of others, all of them; where one cannot be, those before are as they were."""
    begun: List[Tuple[str, str, str]] = []
    try:
        for source, target in zip(made, targets):
            begun.append((source, target, source + '.old'))
            if len(made) > 1 and os.path.isfile(target):
                _keep(target, source + '.old')
            os.replace(source, target)
    except BaseException:
        for source, target, old in reversed(begun):
            if os.path.exists(old):
                os.replace(old, target)
            elif not os.path.exists(source):
                os.unlink(target)
        raise
    finally:
        # Also a second name of what came back.
        for _, _, old in begun:
            with suppress(OSError):
                os.unlink(old)


def _keep(target: str, old: str) -> None:
    """Let a file have a second name for a while or, where it can have but one, that name."""
    try:
        os.link(target, old)
    except OSError:
        os.replace(target, old)


def mode_of(target: str) -> int:
    """The permissions that a file has, or a new one would get; a temporary file has fewer."""
    if os.path.exists(target):
        return os.stat(target).st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def sha256_of(path: str) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()
