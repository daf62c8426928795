"""The entry point: parse, run the command, and turn whatever happens into a line and an exit status."""
import os
import sys
import traceback
from typing import Optional, Sequence

from . import problems
from .parser import parse


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command `deepexplain`.

    Args:
        argv: the arguments, by default those of the process.

    Returns:
        The exit status: 0; 1 if something failed; 2 for wrong use; 130 after Ctrl-C.
    """
    _fill_descriptors()
    try:
        args = parse(list(sys.argv[1:] if argv is None else argv))
        with problems.quiet(args.debug) as said:
            args.said = said
            return _guarded(args)
    except SystemExit as end:  # --help and --version
        return _flushed(int(end.code or 0))
    except problems.WrongUse as error:
        problems.say('error', problems.line_of(error))
        return problems.WRONG
    except OSError:  # --help, where nobody reads it
        return _no_stdout()


def _guarded(args) -> int:  # type: ignore[no-untyped-def]
    try:
        _command(args.command)(args)
        return _flushed(0)
    except BrokenPipeError:
        return _no_stdout()
    except KeyboardInterrupt:
        problems.say('error', 'interrupted.')
        return problems.INTERRUPTED
    except Exception as error:
        if args.debug:
            problems.show(traceback.format_exc().rstrip(), sys.stderr)
        problems.say('error', problems.line_of(error))
        return problems.status_of(error)


def _flushed(status: int) -> int:
    """The status, once all is written that was to be on stdout."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        return _no_stdout()
    except OSError as error:
        problems.say('error', f'stdout: {error}')
        return _no_stdout()
    return status


def _no_stdout() -> int:
    """FAILED, where whoever read stdout has enough (`| head`): the interpreter shall not fail on flushing it again."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (AttributeError, OSError, ValueError):
        pass  # There is none, or somebody captures it.
    return problems.FAILED


def _fill_descriptors() -> None:
    """Open what is closed of stdin, stdout and stderr on nothing, lest a file take its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _command(name: str):  # type: ignore[no-untyped-def]
    if name == 'explain':
        from .explain import explain
        return explain
    if name == 'run':
        from .run import run
        return run
    if name == 'evaluate':
        from .evaluate import evaluate
        return evaluate
    if name == 'report':
        from .report import report
        return report
    from . import listings
    return {'layers': listings.layers, 'methods': listings.methods, 'measures': listings.measures}[name]
