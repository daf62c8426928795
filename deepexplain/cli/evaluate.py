"""`deepexplain evaluate`."""
import argparse
import os
import sys
from typing import Any, Dict, List, Optional

from .. import __version__, files
from ..evaluation import Table
from ..evaluation import evaluate as evaluate_all
from ..samples.target import ys_of
from ..units import Units, units_of
from . import catalogue, inputs, measuring, options, outputs, parser
from .model import Task, open_model, task_of
from .problems import FAILED, Unfinished, WrongUse, about, line_of, show, status_of, tensorflow
from .summaries import defaults, headline, now, plain_json, versions, written

#: What is in each table.
_BESIDE = ('random', 'input')

#: How a table is written -> the ending of the file.
_ENDINGS = ('.csv', '.md', '.json')


def evaluate(args: Any) -> None:
    """Explain by each method, measure, and write the table."""
    options.check_values(args)
    _check_paths(args)
    table = catalogue.methods()
    chosen = _chosen(args.method, table)
    measures = measuring.chosen_measures(args.measure, args.masks)
    own = _of_methods(args, chosen, measures, table)
    options.check_options(own, chosen, table)
    measuring.check_options(args, measures)
    masks = measuring.read_masks(args)
    tensorflow(args.debug)
    with open_model(args) as de:
        task = task_of(de, args)
        many = None if task.single else task.names
        shape = task.X[0].shape
        sample = None if many or shape.ndims is None else shape.as_list()[1:]
        found = options.given_options(own, many, sample, task.axis)
        asked = measuring.options_of(args, measures, many)
        if _takers('feature_mask', chosen, table) and args.feature_mask is not None:
            found.append(('feature_mask', options.Given('--feature-mask', *options.array_option(
                '--feature-mask', args.feature_mask, many, args.max_bytes))))
        given = options.options_of(chosen, table, found)
        where = measuring.masks_of(args, masks, task)
        ys = ys_of(args.target, task.T, task.n)
        X = task.X[0] if task.single else task.X
        explainers = {}
        for name in chosen:
            with about('MODEL', [args.model]):
                explainers[name] = de.get_explainer(name, task.T, X, **{
                    option: one.value for option, one in given[name].items()})
        with about('INPUT', [args.data]), about('MODEL', [args.model]):
            units = units_of(de.get_explainer('zero', task.T, X), ys, task.given, args.batch_size, task.feed,
                             task.along)
        measured = _measured(args, explainers, task, units, asked, where)
        tensors = {'layer': task.T.name, 'X': [x.name for x in task.X]}
    summary = _summary(args, task, units, given, asked, measured)
    metadata = dict(summary, tensors=tensors, parameters={name: defaults(table[name]) for name in chosen},
                    versions=versions(), date=now())
    summary['written'] = _write(args, measured, metadata)
    if args.json or sys.stdout is not None:
        show(plain_json(summary) if args.json else '\n'.join([headline(summary), str(measured)] + written(summary)))


def _chosen(names: Optional[List[str]], table: Dict[str, Any]) -> List[str]:
    """The methods, without those that are in the table anyway."""
    chosen = options.chosen_methods(names, table, parser.DEFAULT_METHODS)
    found = [name for name in chosen if name not in _BESIDE]
    if not found:
        raise WrongUse("--method: 'random' and 'input' are in the table always; name a method besides them.")
    return found


def _takers(option: str, chosen: List[str], table: Dict[str, Any]) -> List[str]:
    return [name for name in chosen if option in table[name].options()]


def _of_methods(args: Any, chosen: List[str], measures: List[str], table: Dict[str, Any]) -> Any:
    """The arguments as methods have them: without the seed, by which all draw, and a baseline that is for measures."""
    found = argparse.Namespace(**vars(args))
    found.seed = None
    for option, flag in (('baseline', '--baseline'), ('feature_mask', '--feature-mask')):
        if getattr(args, option) is None or _takers(option, chosen, table):
            continue
        if not measuring.takers(option, measures):
            raise WrongUse(f'{flag}: none of the methods and measures takes it.')
        setattr(found, option, None)
    return found


def _check_paths(args: Any) -> None:
    """Refuse what cannot be read or written, before TensorFlow is imported."""
    if inputs.kind_of(args.data) == 'text':
        raise WrongUse("INPUT: '%s' holds sentences, which measures cannot take words from: give their ids in an .npy, "
                       'and name the layer of embeddings by --input.' % args.data)
    inputs.check_model(args.model)
    outputs.check_files(args, _ENDINGS)


def _measured(args: Any, explainers: Dict[str, Any], task: Task, units: Units,
              asked: Dict[str, Dict[str, options.Given]], masks: Any) -> Table:
    show_progress = parser.on_terminal() if args.progress is None else args.progress
    measures = {name: {option: one.value for option, one in given.items()} for name, given in asked.items()}
    try:
        with about('INPUT', [args.data]), about('MODEL', [args.model]):
            return evaluate_all(explainers, task.given, units.weights, measures, masks, args.batch_size,
                                args.seed or 0, task.feed or None, show_progress=show_progress,
                                per_sample=task.along)
    except RuntimeError as error:
        cause = error.__cause__
        if cause is None or status_of(cause) != FAILED:
            raise
        # The library names the measure and the method of what was no mistake of the command line.
        before = str(error).partition(str(cause))[0] if str(cause) else f'{error}'
        raise Unfinished(before + line_of(cause), FAILED) from error


def _summary(args: Any, task: Task, units: Units, given: Dict[str, Dict[str, options.Given]],
             asked: Dict[str, Dict[str, options.Given]], table: Table) -> Dict[str, Any]:
    """What --json prints, and the greater part of what a .json file has."""
    def written_of(found: Dict[str, Dict[str, options.Given]]) -> Dict[str, Any]:
        return {name: {'options': {option: one.written for option, one in own.items()}} for name, own in found.items()}

    return {
        'deepexplain': __version__, 'model': os.path.abspath(args.model), 'signature': args.signature,
        'input': os.path.abspath(args.data), 'samples': task.n, 'layer': args.layer, 'X': task.names,
        'target': args.target, 'units': None if units.places is None else units.places.tolist(),
        'scores': units.scores.tolist(), 'methods': written_of(given), 'measures': written_of(asked),
        'masks': None if args.masks is None else os.path.abspath(args.masks), 'seed': args.seed or 0,
        'table': table.records(), 'warnings': list(args.said)}


def _write(args: Any, table: Table, metadata: Dict[str, Any]) -> List[str]:
    """Write the files that are wanted, all of them or none."""
    paths = [path for path in (args.out, args.picture) if path is not None]
    if not paths:
        return []
    with about('writing', paths), files.whole(paths) as opened:
        if args.out is not None:
            with about('--out', [args.out]):
                opened[0].write(_text(args.out, table, metadata).encode('utf-8'))
        if args.picture is not None:
            with about('--picture', [args.picture]):
                table.plot().savefig(opened[-1], format=os.path.splitext(args.picture)[1].lower()[1:])
    return paths


def _text(path: str, table: Table, metadata: Dict[str, Any]) -> str:
    if path.endswith('.csv'):
        return table.to_csv()
    if path.endswith('.md'):
        return table.to_markdown()
    curves = {name: {measure: {'fractions': one.fractions.tolist(), 'mean': one.mean.tolist(),
                               'standard_error': one.error.tolist()} for measure, one in own.items()}
              for name, own in table.curves.items()}
    values = {name: {measure: one.tolist() for measure, one in own.items()} for name, own in table.values.items()}
    return plain_json(dict(metadata, values=values, curves=curves)) + '\n'
