"""`deepexplain explain`."""
import os
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

import numpy as np

from .. import __version__, files
from ..extras import needs
from ..results import Attributions, archive
from ..results.checking import fitting
from ..samples.target import ys_of
from ..units import Units, result_of, units_of
from . import catalogue, inputs, options, outputs, parser
from .model import Task, open_model, task_of
from .problems import WrongUse, about, show, tensorflow
from .summaries import defaults, now, plain_json, table_of, versions


class Result(NamedTuple):
    """What a method gave.

    Attributes:
        found: attributions, with their samples, scores, baseline and, where it is defined, delta.
        seconds: how long it took.
    """
    found: Attributions
    seconds: float


def explain(args: Any) -> None:
    """Attribute, and write the results."""
    if args.out is None and args.picture is None and not args.json:
        args.out = 'attributions.npz'
    options.check_values(args)
    _check_paths(args)
    table = catalogue.methods()
    chosen = options.chosen_methods(args.method, table)
    options.check_options(args, chosen, table)
    if inputs.kind_of(args.data) == 'text':
        from .sentences import explain_text
        explain_text(args, chosen, table)
        return
    tensorflow(args.debug)
    with open_model(args) as de:
        task = task_of(de, args)
        many = None if task.single else task.names
        shape = task.X[0].shape
        sample = None if many or shape.ndims is None else shape.as_list()[1:]
        given = options.options_of(chosen, table, options.given_options(args, many, sample, task.axis))
        kind = _picture_kind(args, task, given)
        ys = ys_of(args.target, task.T, task.n)
        X = task.X[0] if task.single else task.X
        asked = {name: {option: one.value for option, one in given[name].items()} for name in chosen}
        explainers = {}
        for name in chosen:
            with _of_files(args, given[name], 'MODEL'):
                explainers[name] = de.get_explainer(name, task.T, X, **asked[name])
        if kind is not None:
            from . import drawing
            drawing.check_layers(kind, explainers, {name: table[name].options() for name in chosen})
        with about('INPUT', [args.data]), about('MODEL', [args.model]):
            units = units_of(de.get_explainer('zero', task.T, X), ys, task.given, args.batch_size, task.feed,
                             task.along)
        results = {}
        for name, explainer in explainers.items():
            with _of_files(args, given[name], 'INPUT'):
                results[name] = _run(explainer, args, task, units)
        summary = _summary(args, task, units, given, results)
        called = {one.tensor.name: one.name for one in de.layers()}
        for name, explainer in explainers.items():
            if explainer.layer is not None:
                inner = explainer.layer.name
                summary['methods'][name]['layer'] = called.get(inner, inner)
        layers = {'layer': task.T.name, 'X': [x.name for x in task.X]}
    metadata = dict(summary, tensors=layers, parameters={name: defaults(table[name]) for name in chosen},
                    versions=versions(), date=now())
    summary['written'] = _write(args, task, units, results, metadata, kind)
    if args.json or sys.stdout is not None:  # Where it is closed, the files are all that was wanted.
        show(plain_json(summary) if args.json else table_of(summary))


@contextmanager
def _of_files(args: Any, given: Dict[str, options.Given], what: str) -> Iterator[None]:
    """Let errors name the files of a method's options, and MODEL or INPUT."""
    with ExitStack() as stack:
        stack.enter_context(about(what, [args.data if what == 'INPUT' else args.model]))
        for one in given.values():
            if isinstance(one.written, dict):
                stack.enter_context(about(one.said, [os.path.relpath(one.written['file'])]))
        yield


def _check_paths(args: Any) -> None:
    """Refuse what cannot be read or written, before TensorFlow is imported."""
    if inputs.kind_of(args.data) == 'pictures':
        with needs('a picture as INPUT', 'cli'):
            import PIL  # noqa: F401
    inputs.check_model(args.model)
    if args.tokenizer is not None:
        if inputs.kind_of(args.data) != 'text':
            raise WrongUse(f"--tokenizer is for sentences in a .txt, and INPUT is '{args.data}'.")
        if not os.path.exists(args.tokenizer):
            raise WrongUse(f"--tokenizer: there is no folder or file '{args.tokenizer}'.")
    outputs.check_files(args, ('.npz', '.json') if inputs.kind_of(args.data) == 'text' else ('.npz',))
    if args.picture is None:
        for flag in ('picture_kind', 'letters'):
            if getattr(args, flag) is not None:
                raise WrongUse('--%s needs a --picture.' % flag.replace('_', '-'))


def _picture_kind(args: Any, task: Task, given: Dict[str, Dict[str, options.Given]]) -> Optional[str]:
    if args.picture is None:
        return None
    from . import drawing
    return drawing.kind_of(task, args.picture_kind, given, args.letters)


def _run(explainer: Any, args: Any, task: Task, units: Units) -> Result:
    show = parser.on_terminal() if args.progress is None else args.progress
    if show:
        sys.stderr.write(f'{explainer.method}\n')
    start = time.perf_counter()
    found = result_of(explainer, task.given, units, args.batch_size, task.feed, task.along, args.target, bool(show))
    seconds = time.perf_counter() - start
    # Groups, and units of an inner tensor, are no columns, be they as many.
    features = task.samples.features if task.xs is not None and explainer._attribution.of_features else None
    return Result(found._with(input_names=task.names, feature_names=None if features is None else fitting(
        features, found.attributions)), seconds)


def _summary(args: Any, task: Task, units: Units, given: Dict[str, Dict[str, options.Given]],
             results: Dict[str, Result]) -> Dict[str, Any]:
    """What --json prints, and the greater part of the metadata."""
    methods = {}
    for name, result in results.items():
        shape, delta = result.found.shape, result.found.delta
        methods[name] = {
            'options': {option: one.written for option, one in given[name].items()},
            'shape': list(map(list, shape)) if isinstance(shape, list) else list(shape),
            'max_abs_delta': None if delta is None else float(np.abs(delta).max()),
            'seconds': round(result.seconds, 4)}
        if task.samples.features is not None and result.found.feature_names is None:
            methods[name]['named'] = False
    return {
        'deepexplain': __version__, 'model': os.path.abspath(args.model), 'signature': args.signature,
        'input': os.path.abspath(args.data), 'samples': task.n, 'layer': args.layer, 'X': task.names,
        'target': args.target, 'units': None if units.places is None else units.places.tolist(),
        'scores': units.scores.tolist(), 'methods': methods, 'warnings': list(args.said)}


def _write(args: Any, task: Task, units: Units, results: Dict[str, Result], metadata: Dict[str, Any],
           kind: Optional[str]) -> List[str]:
    """Write the files that are wanted, all of them or none."""
    paths = [path for path in (args.out, args.picture) if path is not None]
    if not paths:
        return []
    with about('writing', paths), files.whole(paths) as opened:
        if args.out is not None:
            arrays: Dict[str, Any] = _arrays(task, units, results, metadata)
            with about('--out', [args.out]):
                np.savez(opened[0], **arrays)
        if args.picture is not None and kind is not None:
            from . import drawing
            attributions = {name: result.found.attributions for name, result in results.items()}
            with about('--picture', [args.picture]):
                drawing.draw(opened[-1], args.picture, kind, task, attributions, units, args.picture_samples,
                             args.letters)
    return paths


def _arrays(task: Task, units: Units, results: Dict[str, Result], metadata: Dict[str, Any]) -> Dict[str, np.ndarray]:
    """What the .npz holds, nothing of it a Python object."""
    arrays = archive.pack({name: result.found for name, result in results.items()}, metadata)
    for key, value in (('units', units.places), ('names', task.samples.names), ('features', task.samples.features)):
        if value is not None:
            arrays[key] = np.array(value)
    return dict(arrays, metadata=np.array(plain_json(metadata)))
