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
    debug = False
    try:
        args = parse(list(sys.argv[1:] if argv is None else argv))
        debug = args.debug
        with problems.quiet(debug) as said:
            args.said = said
            return _guarded(args)
    except SystemExit as end:  # --help and --version
        return int(end.code or 0)
    except problems.WrongUse as error:
        problems.say('error', problems.line_of(error))
        return problems.WRONG


def _guarded(args) -> int:  # type: ignore[no-untyped-def]
    try:
        _command(args.command)(args)
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        # Whoever read stdout has enough (`| head`); the interpreter shall not fail on flushing it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return problems.FAILED
    except KeyboardInterrupt:
        problems.say('error', 'interrupted.')
        return problems.INTERRUPTED
    except Exception as error:
        if args.debug:
            problems.show(traceback.format_exc().rstrip(), sys.stderr)
        problems.say('error', problems.line_of(error))
        return problems.status_of(error)


def _command(name: str):  # type: ignore[no-untyped-def]
    if name == 'explain':
        from .explain import explain
        return explain
    from . import listings
    return listings.layers if name == 'layers' else listings.methods
