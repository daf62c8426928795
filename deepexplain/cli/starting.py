"""TensorFlow's start without what it says of itself: for the command line and this repository's own scripts.

The library never does this: whose process it is, his is the stderr.
"""
import faulthandler
import os
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from typing import Any, Dict, Iterator


@contextmanager
def held() -> Iterator[None]:
    """Hold back what is written to stderr, by C++ too, and show it after all if an error comes.

    TensorFlow writes some lines to the descriptor before its log level counts. A crash shows where Python was.
    """
    kept = _kept()
    if not kept:
        yield
        return
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        for other in kept.values():
            stack.callback(os.close, other)
        stack.enter_context(crashes_shown(kept[max(kept)]))
        for number in kept:
            os.dup2(file.fileno(), number)
        try:
            yield
        except BaseException:
            _back(kept)
            file.seek(0)
            if sys.stderr is not None:
                sys.stderr.write(file.read().decode('utf-8', 'replace'))
            raise
        _back(kept)


def _kept() -> Dict[int, int]:
    """The descriptors of stderr, Python's own and that of C++, -> copies of them; none where they are closed."""
    found: Dict[int, int] = {}
    for number_of in (lambda: 2, lambda: sys.stderr.fileno()):
        try:
            number = number_of()
            if number not in found:
                found[number] = os.dup(number)
        except (AttributeError, OSError, ValueError):
            pass  # It is closed, or somebody captures what Python writes.
    if found and sys.stderr is not None:
        sys.stderr.flush()
    return found


def _back(kept: Dict[int, int]) -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
    for number, other in kept.items():
        os.dup2(other, number)


@contextmanager
def crashes_shown(file: Any) -> Iterator[None]:
    """Have Python say where it was when the process dies of a signal, where nobody else has asked it to.

    Args:
        file: an open file or its descriptor.
    """
    if faulthandler.is_enabled():
        yield
        return
    faulthandler.enable(file)
    try:
        yield
    finally:
        faulthandler.disable()
