"""Functional branches as branches of plain ops, as TensorFlow itself runs them: a Switch before, a Merge behind."""
from typing import Any, Dict, Iterator, List, Mapping, Optional

import tensorflow.compat.v1 as tf

from .functions import body_nodes, final, replace_nodes

#: Chosen by a truth value, not by a number.
CHOICES = ('If', 'StatelessIf')


def lower_branches(definition: tf.GraphDef, library: Mapping[str, Any], outputs: Dict[str, str]) -> bool:
    """Put branches of plain ops in the place of functional ones that a truth value chooses.

    Args:
        outputs: the tensor that stands for each output, by name; added to.

    Returns:
        Whether there were any.
    """
    everything = tf.GraphDef()
    everything.library.function.extend(library.values())

    def lowered(node: Any) -> Optional[Iterator[Any]]:
        if node.op not in CHOICES or node.attr['Tcond'].type != tf.bool.as_datatype_enum:
            return None
        return _lowered(node, library, everything.library, outputs)

    return replace_nodes(definition, library, outputs, lowered)


def _lowered(branch: Any, library: Mapping[str, Any], everything: Any, outputs: Dict[str, str]) -> Iterator[Any]:
    """The nodes of a branch; notes its outputs."""
    data = [source for source in branch.input if not source.startswith('^')]
    before = [source for source in branch.input if source.startswith('^')]
    chooser, arguments = data[0], data[1:]

    def node(op: str, name: str, inputs: List[str], dtype: int) -> Any:
        made = tf.NodeDef(name=f'{branch.name}/{name}', op=op, device=branch.device, input=inputs)
        made.attr['T'].type = dtype
        return made

    truth = tf.bool.as_datatype_enum
    yield node('Switch', 'pivot', [chooser, chooser] + before, truth)
    for i, (source, dtype) in enumerate(zip(arguments, branch.attr['Tin'].list.type)):
        yield node('Switch', f'switch_{i}', [source, chooser] + before, dtype)
    results = []
    for side, key in ((0, 'else_branch'), (1, 'then_branch')):
        end = f':{side}' if side else ''
        name = key.split('_')[0]
        yield node('Identity', name + '_pivot', [f'{branch.name}/pivot{end}'], truth)
        inputs = [f'{branch.name}/switch_{i}{end}' for i in range(len(arguments))]
        call = tf.NodeDef(name=f'{branch.name}/{name}', input=inputs)
        for one in body_nodes(call, library[branch.attr[key].func.name], everything, outputs):
            if all(source.startswith('^') for source in one.input):
                # It runs where its side is taken.
                one.input.append(f'^{branch.name}/{name}_pivot')
            yield one
        results.append(call.name)
    for i, dtype in enumerate(branch.attr['Tout'].list.type):
        end = f':{i}' if i else ''
        merge = node('Merge', f'merge_{i}', [final(one + end, outputs) for one in results], dtype)
        merge.attr['N'].i = 2
        yield merge
        outputs[branch.name + end] = merge.name
