"""`deepexplain run`."""
import os
import signal
import sys
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ..jobs import Job, Report, status
from ..jobs import run as run_job
from ..samples.says import COMMAND
from . import catalogue, options, outputs, parser
from .problems import FAILED, INTERRUPTED, Unfinished, WrongUse, about, before_tensorflow, say, show
from .summaries import plain_json


def run(args: Any) -> None:
    """Make what is missing of a job's results, or say how far it is."""
    if args.status is not None:
        _tell_status(args)
        return
    for name in ('model', 'data', 'out'):
        if getattr(args, name) is None:
            raise WrongUse('run needs %s%s (deepexplain run --help)' % (
                'a folder for the results, --out FOLDER' if name == 'out' else name.upper(), _eaten(args, name)))
    options.check_values(args)
    table = catalogue.methods()
    chosen = options.chosen_methods(args.method, table)
    if len(chosen) > 1:
        raise WrongUse('--method: a job is of one method, not of %s: give each a folder of its own' % (
            ' and '.join(chosen)))
    args.method = chosen[0]
    options.check_options(args, chosen, table)
    outputs.check_writable('--out', args.out, folder=True)
    engine, workers, more = engine_of(args)
    before_tensorflow(args.debug)
    with about('MODEL', [args.model]), about('data', [args.data]):
        job = _job(args, table)
    with _signals() as asked, _own_stdout(args.debug):
        report = run_job(job, engine, workers, args.verify is not False,
                         parser.on_terminal() if args.progress is None else args.progress, lambda: bool(asked), **more)
    _end(args, job, report)


def _eaten(args: Any, name: str) -> str:
    """What an option that may have a value may have taken for it."""
    taken = [f"--{flag} has taken '{value}'" for flag, value in (('ray', args.ray), ('spark', args.spark)) if value]
    return '; ' + taken[0] if taken and name != 'out' else ''


def engine_of(args: Any) -> Tuple[str, Optional[int], Dict[str, Any]]:
    """The engine of the command line: its name in `jobs.engines`, how many workers it has, and its own options."""
    options = {'num_cpus': args.cpus_per_worker, 'num_gpus': args.gpus_per_worker}
    for name, flag in (('num_cpus', '--cpus-per-worker'), ('num_gpus', '--gpus-per-worker')):
        if options[name] is not None and args.ray is None:
            raise WrongUse(f'{flag} goes with --ray')
    if args.ray is not None:
        _check_installed('--ray', 'ray', 'Ray')
        return 'ray', args.workers, _given(dict(options, address=args.ray or None))
    if args.spark is not None:
        _check_installed('--spark', 'pyspark', 'PySpark')
        return 'spark', args.workers, _given({'master': args.spark or None})
    if args.workers not in (None, 1):
        raise WrongUse(f'--workers: this process is one worker, not {args.workers}; more of them need --ray or --spark')
    return 'here', args.workers, {}


def _check_installed(flag: str, package: str, name: str) -> None:
    if find_spec(package) is None:
        raise WrongUse(f"{flag}: {name} is not installed: pip install 'deepexplain[{flag[2:]}]'")


def _job(args: Any, table: Any) -> Job:
    def made(X: List[Any], names: List[str], axis: str) -> Dict[str, Any]:
        sample = None if len(X) > 1 or X[0].shape.ndims is None else X[0].shape.as_list()[1:]
        found = options.given_options(args, names if len(X) > 1 else None, sample, axis)
        given = options.options_of([args.method], table, found)[args.method]
        return {name: one.value for name, one in given.items() if name != 'seed'}

    objects = [(key and key + '=') + f'{module}:{name}' for key, module, name in args.custom_objects or []]
    opening = {'signature': args.signature, 'tags': args.tags, 'checkpoint': args.checkpoint, 'inputs': args.inputs,
               'outputs': args.outputs, 'custom_objects': objects or None, 'safe_mode': False if args.unsafe else None}
    reading = {'columns': args.columns, 'resize': args.resize, 'scale': args.scale, 'channels': args.channels}
    return Job(args.model, args.data, args.out, args.method, made, args.target, args.layer, args.input, args.ids,
               args.batch_size, args.shard_rows, args.seed or 0, dict(args.feed), _given(opening), _given(reading),
               args.limit, says=COMMAND._replace(data='data'))


def _given(values: Dict[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def _signals() -> Iterator[List[int]]:
    """Take note of the first SIGINT or SIGTERM, for no more shards to be begun; the second is as ever."""
    asked: List[int] = []
    before: Dict[int, Any] = {}

    def note(number: int, frame: Any) -> None:
        asked.append(number)
        for one, handler in before.items():
            signal.signal(one, handler)
        say('stopping', 'after the shards in hand; once more stops at once.')

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[int(number)] = signal.signal(number, note)
    except ValueError:
        pass  # Not the main thread: nobody sends it signals.
    try:
        yield asked
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def _own_stdout(debug: bool) -> Iterator[None]:
    """Keep stdout to the summary: Ray prints there what it has to say of workers."""
    with open(os.devnull, 'w') as nowhere, redirect_stdout(sys.stderr if debug else nowhere):
        yield


def _end(args: Any, job: Job, report: Report) -> None:
    """Say what was done, and what was not."""
    failed = [one._asdict() for one in report.failed]
    if args.json:
        show(plain_json({'out': job.out, 'rows': job.rows, 'shards': report.shards, 'done': report.done,
                         'made': report.made, 'failed': failed, 'complete': report.complete,
                         'stopped': report.stopped, 'warnings': list(args.said)}))
    elif sys.stdout is not None:
        show('%d of %d shards of %d rows are in %s, %d of them made now' % (
            report.done, report.shards, job.rows or 0, job.out, report.made))
    again = 'the same command goes on from there.'
    if report.stopped:
        raise Unfinished('stopped: %d of %d shards are done; %s' % (report.done, report.shards, again), INTERRUPTED)
    if not report.complete:
        raise Unfinished('%d of %d shards failed twice, rows %s; the others stand, and %s' % (
            len(failed), report.shards, _rows(failed), again.replace('goes on from there', 'tries these again')),
            FAILED)


def _rows(failed: List[Dict[str, Any]]) -> str:
    return ', '.join('%d to %d' % (one['first'], one['last']) for one in failed[:5]) + (
        ', ...' if len(failed) > 5 else '')


def _tell_status(args: Any) -> None:
    if args.model is not None or args.out is not None:
        raise WrongUse('--status FOLDER stands alone: it starts nothing.')
    found = status(args.status, args.verify is True)
    if args.json:
        show(plain_json(found))
        return
    show('%s of %s by %s: %d of %d shards of %d rows are done (%s)' % (
        found['data'], found['model'], found['method'], found['done'], found['shards'], found['rows'],
        'their checksums are right' if found['verified'] else 'by the names of their files, which --verify reads'))
    for name in found['damaged']:
        show(f'{name} is damaged, and will be made again')
    for one in found['failed']:
        show('shard %d (rows %d to %d) failed twice: %s' % (one['shard'], one['first'], one['last'], one['error']))
