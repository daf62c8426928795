"""`deepexplain explain` of sentences in a .txt."""
import os
import time
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from .. import __version__, files
from ..samples.binding import fed_array, find, layer
from ..samples.says import COMMAND
from ..samples.target import ys_of
from . import inputs, options
from .model import check_flags, open_model
from .problems import WrongUse, about, show, tensorflow
from .summaries import defaults, now, plain_json, table_of, versions

#: Flags that have no meaning for words.
_NOT_FOR_TEXT = ('window', 'step', 'picture_kind', 'letters')


def explain_text(args: Any, chosen: Sequence[str], table: Mapping[str, Any]) -> None:
    """Attribute to words, and write the results."""
    check_flags(args, 'text')
    for flag in _NOT_FOR_TEXT:
        if getattr(args, flag) is not None:
            raise WrongUse("--%s is not for sentences, and INPUT is '%s'." % (flag.replace('_', '-'), args.data))
    sentences = inputs.read_sentences(args.data, args.limit, args.max_bytes)
    baseline, args.baseline = _baseline(args), None
    found = options.given_options(args, None, None, '')
    if baseline:
        found.append(('baseline', baseline[0]))
    given = options.options_of(chosen, table, found)
    tensorflow(args.debug)
    from ..tensorflow import attribution_methods
    results: Dict[str, List[Any]] = {}
    seconds = {}
    with open_model(args) as de:
        text = _text(de, args)
        feed = {}
        for name, value in args.feed:
            tensor = find(de, '--feed', name)
            feed[tensor.name] = fed_array(f'--feed {name}', value, tensor)
        ys = ys_of(args.target, text.T, len(sentences))
        for name in chosen:
            begun = time.perf_counter()
            own = {key: one.value for key, one in given[name].items()}
            with about('INPUT', [args.data]), about('MODEL', [args.model]):
                results[name] = text.explain(
                    name, sentences, ys, batch_size=args.batch_size, feed_dict=feed or None,
                    return_convergence_delta=attribution_methods[name].adds_up(own),
                    show_progress=bool(args.progress), **own)
            seconds[name] = round(time.perf_counter() - begun, 4)
        vectors = text.X if isinstance(text.X, list) else [text.X]
        tensors = {'layer': text.T.name, 'X': [x.name for x in vectors], 'ids': text.ids.name}
        called = {one.tensor.name: one.name for one in de.layers()}
    summary = _summary(args, results, seconds, given, [called.get(x.name, x.name) for x in vectors])
    metadata = dict(summary, tokenizer=args.tokenizer and os.path.abspath(args.tokenizer), tensors=tensors,
                    parameters={name: defaults(table[name]) for name in chosen}, versions=versions(), date=now())
    summary['written'] = _write(args, results, metadata)
    show(plain_json(summary) if args.json else table_of(summary))


def _text(de: Any, args: Any) -> Any:
    from ..text import Text

    wanted = list(dict.fromkeys(args.input or []))
    if len(wanted) > 1:
        raise WrongUse('--input: of sentences one input is named, that of the ids, not %d.' % len(wanted))
    ids = find(de, '--input', wanted[0]) if wanted else None
    with about('MODEL', [args.model]), about('--tokenizer', [args.tokenizer] if args.tokenizer else []):
        try:
            return Text(de, args.tokenizer, T=layer(de, args.layer, COMMAND), ids=ids)
        except TypeError as error:
            if args.tokenizer is None and str(error).startswith('tokenizer: the model takes ids'):
                raise WrongUse("INPUT: '%s' holds sentences, and the model takes ids: --tokenizer FOLDER." % (
                    args.data)) from None
            raise
        except ValueError as error:
            said = str(error).partition(': give ids=')[0].rstrip('.') + '.'
            raise WrongUse(said.replace('by ids=', 'by --input').replace('in feed_dict', 'by --feed')) from None


def _baseline(args: Any) -> List[options.Given]:
    """--baseline: a token or its id, else a number or an array as the embedding's value."""
    said = args.baseline
    if said is None:
        return []
    value: Any = said
    if said.isdigit():
        value = int(said)
    elif said.endswith('.npy'):
        value = inputs.load_one('--baseline', said, args.max_bytes)
        return [options.Given('--baseline', value, options.described(value, said))]
    else:
        try:
            value = float(said)
        except ValueError:
            pass
    return [options.Given('--baseline', value, value)]


def _summary(args: Any, results: Mapping[str, List[Any]], seconds: Mapping[str, float],
             given: Mapping[str, Mapping[str, options.Given]], names: List[str]) -> Dict[str, Any]:
    first = next(iter(results.values()))
    methods = {}
    for name, found in results.items():
        deltas = [abs(one.delta) for one in found if one.delta is not None]
        methods[name] = {'options': {option: one.written for option, one in given[name].items()},
                         'shape': [sum(len(one.words) for one in found)],
                         'max_abs_delta': max(deltas) if deltas else None, 'seconds': seconds[name]}
    units = [one.unit for one in first]
    return {'deepexplain': __version__, 'model': os.path.abspath(args.model), 'signature': args.signature,
            'input': os.path.abspath(args.data), 'samples': len(first), 'layer': args.layer, 'X': names,
            'target': args.target, 'units': None if None in units else [
                list(one) if isinstance(one, tuple) else one for one in units],
            'scores': [one.score for one in first], 'methods': methods, 'warnings': list(args.said)}


def _write(args: Any, results: Mapping[str, List[Any]], metadata: Mapping[str, Any]) -> List[str]:
    """Write the files that are wanted, all of them or none."""
    paths = [path for path in (args.out, args.picture) if path is not None]
    if not paths:
        return []
    with about('writing', paths), files.whole(paths) as opened:
        if args.out is not None and args.out.endswith('.json'):
            said = {'metadata': metadata, 'sentences': _by_sentence(results)}
            opened[0].write((plain_json(said) + '\n').encode('utf-8'))
        elif args.out is not None:
            arrays: Dict[str, Any] = _arrays(results, metadata)
            np.savez(opened[0], **arrays)
        if args.picture is not None:
            from ..plotting.sentences import sentences
            units = metadata['units']
            labels = None if units is None else ['unit ' + '/'.join(str(part) for part in np.ravel(one))
                                                 for one in units]
            figure = sentences({name: found[:args.picture_samples or 8] for name, found in results.items()}, labels)
            figure.savefig(opened[-1], format=os.path.splitext(args.picture)[1].lower()[1:])
    return paths


def _arrays(results: Mapping[str, List[Any]], metadata: Mapping[str, Any]) -> Dict[str, np.ndarray]:
    """What the .npz holds, nothing of it a Python object."""
    first = next(iter(results.values()))
    arrays: Dict[str, np.ndarray] = {
        'words': np.array([word for one in first for word in one.words], str),
        'sentence': np.array([number for number, one in enumerate(first) for _ in one.words], int),
        'sentences': np.array([_as_line(one.sentence) for one in first], str),
        'scores': np.array([one.score for one in first])}
    if metadata['units'] is not None:
        arrays['units'] = np.array(metadata['units'])
    for name, found in results.items():
        arrays[name] = np.concatenate([one.attributions for one in found])
        arrays['rest/' + name] = np.array([one.rest for one in found])
        if found[0].delta is not None:
            arrays['delta/' + name] = np.array([one.delta for one in found])
    arrays['metadata'] = np.array(plain_json(metadata))
    return arrays


def _by_sentence(results: Mapping[str, List[Any]]) -> List[Dict[str, Any]]:
    found: List[Dict[str, Any]] = []
    for row in zip(*results.values()):
        by_name: List[Tuple[str, Any]] = list(zip(results, row))
        found.append({
            'sentence': row[0].sentence, 'unit': row[0].unit, 'score': row[0].score, 'words': row[0].words,
            'attributions': {name: one.attributions.tolist() for name, one in by_name},
            'rest': {name: one.rest for name, one in by_name}, 'delta': {name: one.delta for name, one in by_name}})
    return found


def _as_line(sentence: Any) -> str:
    return sentence if isinstance(sentence, str) else '\t'.join(sentence)
