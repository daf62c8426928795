"""What can go wrong, as one line and an exit status; and silence for whatever else writes to the terminal."""
import json
import logging
import os
import re
import sys
import warnings
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any, Iterator, List, Sequence, Set

from ..extras import NotInstalled
from ..samples.says import WrongUse
from ..terminal import visible_lines
from .starting import crashes_shown, held

#: Exit statuses besides 0: something failed, the command line is wrong, Ctrl-C.
FAILED, WRONG, INTERRUPTED = 1, 2, 130

_OBJECTS = re.compile(r"custom_objects=\{'(?P<key>[^']*)': (?P<value>\w+)\}")

_NO_TENSORFLOW = "TensorFlow is not installed: pip install 'deepexplain[tf]'."

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

#: How the library says what several inputs take.
_OF_SEVERAL = re.compile(r'\b(window_shape|sampling_dims)=\[[^=]*?, None, \.\.\.\]')


class Unfinished(Exception):
    """Some of the work is not done; what is done stands.

    Attributes:
        status: the exit status.
    """

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def status_of(error: BaseException) -> int:
    """WRONG where deepexplain refused what it was given, FAILED for what went wrong on the way."""
    if isinstance(error, (WrongUse, NotInstalled)):
        return WRONG
    if isinstance(error, Unfinished):
        return error.status
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    # Checks of the library raise these themselves; the same from numpy or TensorFlow is a failure.
    ours = innermost is not None and os.path.abspath(innermost.tb_frame.f_code.co_filename).startswith(_PACKAGE)
    return WRONG if ours and isinstance(error, (ValueError, TypeError, RuntimeError, AssertionError)) else FAILED


@contextmanager
def about(what: str, paths: Sequence[str]) -> Iterator[None]:
    """Let what goes wrong inside name the files that it may be about, unless it names them itself."""
    try:
        yield
    except Exception as error:
        named = getattr(error, 'about', [])
        error.about = named + [(what, path) for path in paths]  # type: ignore[attr-defined]
        raise


def line_of(error: BaseException) -> str:
    """An error in one line."""
    text = _line(error)
    said = {path: what for what, path in reversed(getattr(error, 'about', [])) if path not in text}
    return text + (' (%s)' % ', '.join(f"{what}: '{path}'" for path, what in said.items()) if said else '')


def _line(error: BaseException) -> str:
    text = _of_command(str(getattr(error, 'message', None) or error))
    if status_of(error) == WRONG:
        return text
    if isinstance(error, MemoryError) or type(error).__name__ == 'ResourceExhaustedError':
        return f'out of memory; a smaller --batch-size takes less. {text[:200]}'
    if isinstance(error, (OSError, Unfinished)):
        return text
    return f'{type(error).__name__}: {text[:400]}'


def _of_command(text: str) -> str:
    """What the library says of its functions, in one line and about the command line."""
    text = ' '.join(text.split())
    for prefix in ('open: ', 'tensor: '):
        text = text[len(prefix):] if text.startswith(prefix) else text
    text = _OF_SEVERAL.sub(r"--option '\1=[[1],[1]]'", text)
    for said, meant in (('None to leave it alone', 'null to leave it alone'),
                        ('feature_mask with one mask for', '--option feature_mask=@FILE.npz with one mask for')):
        text = text.replace(said, meant)
    text = _OBJECTS.sub(_as_flag, text).replace('nor in custom_objects;', 'nor among --custom-objects;')
    return text.replace('layers() lists all', '`deepexplain layers` lists all').replace('safe_mode=False', '--unsafe')


def _as_flag(found: Any) -> str:
    """`custom_objects={'key': value}` as a flag; any function is called NAME."""
    key, value = found.group('key'), found.group('value')
    name = 'NAME' if value == 'function' else value
    return '--custom-objects ' + (f'MODULE:{name}' if key == name else f'{key}=MODULE:{name}')


def say(kind: str, text: str, stream: Any = None) -> None:
    """One line on a stream, by default stderr."""
    stream = sys.stderr if stream is None else stream
    if stream is None:  # It is closed.
        return
    show(f'deepexplain: {kind}: {text}', stream)
    stream.flush()


def show(text: str, stream: Any = None) -> None:
    """Write lines, by default to stdout, without what a terminal would obey: names come from files."""
    stream = sys.stdout if stream is None else stream
    if stream is None:
        raise OSError('stdout is closed')
    coding = getattr(stream, 'encoding', None) or 'utf-8'
    stream.write(visible_lines(text).encode(coding, 'backslashreplace').decode(coding) + '\n')


def as_json(value: Any) -> str:
    """JSON that is text for a terminal: json.dumps leaves only DEL as it is."""
    return json.dumps(value, allow_nan=False, default=str).replace('\x7f', '\\u007f')


@contextmanager
def quiet(debug: bool) -> Iterator[List[str]]:
    """Show deepexplain's own warnings, one line each, and nothing that TensorFlow and others write to stderr.

    Yields:
        A list to which the warnings are added.
    """
    said: List[str] = []
    with ExitStack() as stack:
        if not debug:
            os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
            stack.enter_context(_own_stderr())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter('always')
        warnings.showwarning = _shower(said)
        yield said


def _shower(said: List[str]) -> Any:
    seen: Set[str] = set()
    stream = sys.stderr

    def show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        text = _of_command(str(message))
        if category is UserWarning and os.path.abspath(filename).startswith(_PACKAGE) and text not in seen:
            seen.add(text)
            said.append(text)
            say('warning', text, stream)

    return show


@contextmanager
def _own_stderr() -> Iterator[None]:
    """Keep stderr to Python: TensorFlow's C++ writes to its file descriptor whatever its log level is."""
    theirs = sys.stderr
    try:
        number = theirs.fileno()
    except (AttributeError, OSError, ValueError):
        number = -1  # Somebody captures what Python writes; there is no descriptor to keep.
    if number != 2:
        yield
        return
    theirs.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(os.dup(kept), 'w', 1, encoding=theirs.encoding, errors=theirs.errors)
    try:
        with crashes_shown(kept):
            yield
    finally:
        sys.stderr.close()
        sys.stderr = theirs
        os.dup2(kept, 2)
        os.close(kept)


def before_tensorflow(debug: bool = False) -> None:
    """Let TensorFlow be imported later, without its log messages."""
    if not debug:
        logging.getLogger('tensorflow').setLevel(logging.ERROR)
        logging.getLogger('absl').setLevel(logging.ERROR)
    if 'tensorflow' not in sys.modules and find_spec('tensorflow') is None:
        raise WrongUse(_NO_TENSORFLOW)


def tensorflow(debug: bool = False) -> Any:
    """`tensorflow.compat.v1`, imported without its log messages."""
    before_tensorflow(debug)
    try:
        with ExitStack() as stack:
            if not debug:
                stack.enter_context(held())
            import tensorflow.compat.v1 as tf
    except ImportError as error:
        if (error.name or '').split('.')[0] != 'tensorflow':
            raise  # It is there and broken.
        raise WrongUse(_NO_TENSORFLOW) from None
    if not debug:
        tf.logging.set_verbosity(tf.logging.ERROR)
    return tf
