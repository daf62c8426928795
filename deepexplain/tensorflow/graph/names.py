"""Names of tensors and ops, and what stands for them."""
import tensorflow.compat.v1 as tf

#: What tells the steps of a loop that has been unrolled apart, in the names of their ops.
STEP = '/deepexplain_step_%d'

#: What stands between the name of a functional loop and that of an op of its body, where it is a loop of plain ops.
IN_BODY = '/body/inlined/'


def first_unnumbered(name: str) -> str:
    """'op' for 'op:0', and other tensor names as they are."""
    return name[:-2] if name.endswith(':0') else name


def name_of(tensor: tf.Tensor) -> str:
    """'op' for the first output of an op and 'op:1' for the next, as a NodeDef writes its inputs."""
    return first_unnumbered(tensor.name)


def unwrap(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor that a chain of Identity ops hands on."""
    while tensor.op.type == 'Identity':
        tensor = tensor.op.inputs[0]
    return tensor
