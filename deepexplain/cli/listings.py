"""`deepexplain layers`, `deepexplain methods` and `deepexplain measures`."""
from typing import Any, Dict, List, Sequence

from ..terminal import visible
from . import catalogue, inputs, options, problems


def layers(args: Any) -> None:
    """List the layers of a model, its inputs first."""
    inputs.check_model(args.model)
    problems.tensorflow(args.debug)
    from .model import open_model

    with open_model(args) as de:
        found = [_layer(one.name, one.tensor) for one in de.layers(args.every)]
        ends = [('input', one) for one in de.inputs] + [('output', one) for one in de.outputs]
        for mark, tensor in ends + [('logits', de.logits)] * bool(de.outputs):
            _mark(found, mark, tensor)
    if args.json:
        problems.show(problems.as_json(found))
        return
    rows = [['name', 'op', 'shape', 'dtype', '']]
    rows += [[one['name'], one['op_type'], _written(one['shape']), one['dtype'], ', '.join(one['marks'])]
             for one in found]
    problems.show('\n'.join(aligned(rows)))


def _layer(name: str, tensor: Any) -> Dict[str, Any]:
    return {'name': name, 'op_type': tensor.op.type, 'dtype': tensor.dtype.base_dtype.name, 'tensor': tensor.name,
            'shape': None if tensor.shape.ndims is None else tensor.shape.as_list(), 'marks': []}


def _mark(found: List[Dict[str, Any]], mark: str, tensor: Any) -> None:
    """Mark the layer that is one of the model's ends; an end that is no layer's output is listed by itself."""
    listed = {one['tensor']: one for one in reversed(found)}
    same = tensor
    while same.name not in listed and same.op.type == 'Identity':
        same = same.op.inputs[0]
    if same.name not in listed:
        found.append(_layer(tensor.name, tensor))
        listed[same.name] = found[-1]
    listed[same.name]['marks'].append(mark)


def _written(shape: Any) -> str:
    return '?' if shape is None else 'x'.join('?' if size is None else str(size) for size in shape) or 'a number'


def methods(args: Any) -> None:
    """List the methods, with what they are and their options; without TensorFlow."""
    found: List[Dict[str, Any]] = []
    for name, method in catalogue.methods().items():
        found.append({'name': name, 'description': method.description, 'options': method.parameters,
                      'needed': list(options.NEEDED.get(name, ()))})
    if args.json:
        problems.show(problems.as_json(found))
        return
    for one in found:
        problems.show('%s\n    %s' % (one['name'], one['description']))
        said = ['%s (needed)' % option if option in one['needed'] else '%s=%r' % (option, default)
                for option, default in one['options'].items()]
        if said:
            problems.show('    options: %s' % ', '.join(said))


def measures(args: Any) -> None:
    """List the measures, with what they are and their options; without TensorFlow."""
    from ..evaluation import measures as table
    from .measuring import parameters_of

    found: List[Dict[str, Any]] = [{
        'name': name, 'description': (one.function.__doc__ or '').split('\n')[0], 'better': one.direction,
        'range': one.range, 'needs': one.needs, 'cost': one.cost, 'options': parameters_of(name)}
        for name, one in table.items()]
    if args.json:
        problems.show(problems.as_json(found))
        return
    for one in found:
        problems.show('%s\n    %s' % (one['name'], one['description']))
        problems.show('    range: %s; needs: %s; evaluations of a sample: %s' % (
            one['range'], one['needs'], one['cost']))
        if one['options']:
            problems.show('    options: %s' % ', '.join('%s=%r' % pair for pair in one['options'].items()))


def aligned(rows: Sequence[Sequence[str]]) -> List[str]:
    """A table as lines, its columns under each other as a terminal shows them."""
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
