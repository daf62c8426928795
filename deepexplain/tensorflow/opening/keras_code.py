"""What the configuration of a Keras model would run or read besides Keras and what the caller names.

The configuration is JSON, and is read without any Keras: each version of each Keras lets through something else.
"""
import builtins
import json
import re
import sys
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import tensorflow.compat.v1 as tf

from .effects import SUSPECT, does

#: How it is said of a file that there is a function in it.
CODE = 'holds Python code'

#: Rooms of Keras from which a configuration may name classes, and those from which functions.
CLASSES = frozenset([
    '', 'activations', 'backend', 'constraints', 'distribution', 'dtensor', 'dtype_policies', 'engine', 'experimental',
    'feature_column', 'initializers', 'layers', 'legacy', 'legacy_tf_layers', 'losses', 'metrics', 'mixed_precision',
    'models', 'ops', 'optimizers', 'premade_models', 'quantizers', 'random', 'regularizers', 'trainers'])
FUNCTIONS = frozenset(['activations', 'backend', 'constraints', 'initializers', 'losses', 'metrics', 'nn', 'ops',
                       'random', 'regularizers'])

#: Those of other rooms that belong into models.
OTHERS = frozenset([('utils', 'FeatureSpace'), ('applications', 'preprocess_input')])

#: Packages whose classes Keras takes for its own.
RELATED = ('keras_hub', 'keras_cv', 'keras_nlp')

#: Functions that every Python has and that do nothing but compute. Keras looks 'builtins' up for its own functions.
HARMLESS = frozenset(['abs', 'all', 'any', 'divmod', 'len', 'max', 'min', 'pow', 'round', 'sorted', 'sum'])

#: Layers of Keras 2 that call a symbol of TensorFlow, and the modules whose functions do nothing but compute.
CALLING = ('TFOpLambda', 'SlicingOpLambda')
COMPUTING = frozenset([
    '', '__operators__', 'audio', 'bitwise', 'dtypes', 'experimental.numpy', 'experimental.numpy.random', 'image',
    'keras.activations', 'keras.backend', 'keras.losses', 'keras.metrics', 'linalg', 'linalg.experimental', 'losses',
    'manip', 'math', 'math.special', 'nn', 'nn.experimental', 'quantization', 'ragged', 'random', 'random.experimental',
    'sets', 'signal', 'sparse', 'spectral', 'strings'])

#: What these modules hold besides: other files, Python, the state of the process, classes.
NOT_COMPUTING = re.compile(
    '(load|save|read|write|matching|import|enable|disable|reset|set|get|register|init|initialize|clear|py|numpy|no|experimental)_'
    '|(function|gradients|compile|load|save|eval)$|(?!(Assert|Print)$)[A-Z]')

#: Options that name a file to be read -> of which classes, by default all.
FILES = {'vocabulary': ('IndexLookup', 'IntegerLookup', 'StringLookup', 'TextVectorization'), 'vocabulary_file': (),
         'ckpt_to_load_from': ()}


def code_in(config: Any, custom_objects: Optional[Mapping[str, Any]]) -> Optional[str]:
    """What the first unsafe part of a configuration does, None if it has none."""
    known = _known(custom_objects or {})
    waiting: List[Tuple[Any, str]] = [(config, '')]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, dict):
            place = _place(value) or place
            found = _code(value, place, known)
            if found:
                return found
            waiting.extend((one, place) for one in value.values())
        elif isinstance(value, list):
            waiting.extend((one, place) for one in value)
        elif isinstance(value, str) and value.lstrip()[:1] in ('{', '[') and '"' in value:
            try:
                waiting.append((json.loads(value), place))
            except (ValueError, RecursionError):
                pass  # No JSON: a name.
    return None


def _place(config: Dict[str, Any]) -> str:
    """Which layer or object a configuration is of, as the end of a sentence."""
    inner, kind = config.get('config'), config.get('class_name')
    if isinstance(inner, dict) and isinstance(inner.get('name'), str) and isinstance(kind, str):
        return f" in the layer '{inner['name']}' ({kind})"
    return ''


def _code(config: Dict[str, Any], place: str, known: Callable[[str], bool]) -> Optional[str]:
    name, inner = config.get('class_name'), config.get('config')
    kind = name.split('>')[-1] if isinstance(name, str) else ''
    inner = inner if isinstance(inner, dict) else {}
    code = CODE + ', which would run here' + place
    if kind == '__lambda__' or any(key.endswith('_type') and one == 'lambda' for key, one in config.items()):
        return code
    if kind == 'Lambda' and (isinstance(inner.get('function'), list)
                             or inner.get('function_type') not in (None, 'function')):
        return code
    if kind == 'TorchModuleWrapper':
        return 'holds pickled Python objects, which may run code' + place
    if kind == 'TFSMLayer':
        return f"opens the SavedModel '{inner.get('filepath')}'{place}"
    for key, kinds in FILES.items():
        if isinstance(inner.get(key), str) and (not kinds or kind in kinds):
            return f"reads the file '{inner[key]}'{place}"
    return _calls(config, kind, inner, place) or _imports(config, known)


def _calls(config: Dict[str, Any], kind: str, inner: Dict[str, Any], place: str) -> Optional[str]:
    """What a layer that stands for an op or a call of TensorFlow does besides computing."""
    if kind == 'TensorFlowOpLayer':
        what = _of_node(inner.get('node_def'))
        return what and what + place
    if kind in CALLING:
        symbol = str(inner.get('function'))
        module, _, function = re.sub(r'^compat\.v1\.', '', symbol).rpartition('.')
        if module == 'raw_ops':
            bad = function in SUSPECT
        elif module in ('io', 'debugging'):
            bad = not re.match('(decode|encode|parse|serialize|assert|check)_', function)
        else:
            bad = module not in COMPUTING or bool(NOT_COMPUTING.match(function))
        bad = bad or (function.lower() in ('print', 'printv2') and 'file:' in json.dumps(config))
        return f'calls tf.{symbol}{place}' if bad else None
    if kind == 'ClassMethod' and inner.get('cls_symbol') not in ('RaggedTensor', 'SparseTensor'):
        return f"calls tf.{inner.get('cls_symbol')}.{inner.get('method_name')}{place}"
    if kind in ('InstanceMethod', 'InstanceProperty') and str(inner.get('attr_name')).startswith('_'):
        return f"reads '{inner['attr_name']}' of a Python object{place}"
    return None


def _of_node(written: Any) -> Optional[str]:
    """What the op of a TensorFlowOpLayer does besides computing."""
    from google.protobuf import json_format

    try:
        node = json_format.ParseDict(written, tf.NodeDef()) if isinstance(written, dict) else tf.NodeDef.FromString(
            written.encode('utf-8'))
    except Exception:  # noqa: B902, which one depends on the version of protobuf
        return 'has an op that cannot be read'
    return does(node, lambda _: None)


def _imports(config: Dict[str, Any], known: Callable[[str], bool]) -> Optional[str]:
    """What Keras would import and call that is none of its own."""
    module, name = config.get('module'), config.get('class_name')
    if not isinstance(module, str) or not module or not isinstance(name, str):
        return None
    if name == '__typespec__':
        spec = str(config.get('spec_name'))
        return None if module.startswith('tensorflow.') and spec[:1].isupper() and '.' not in spec else _foreign(
            module, spec)
    function = config.get('config') if name == 'function' else None
    if isinstance(function, str):
        if known(function) or _is_function_of_keras(module, function):
            return None
        return _foreign(module, function)
    registered = config.get('registered_name', name)
    if isinstance(registered, str) and known(registered):
        return None
    return None if _is_class_of_keras(module, name) else _foreign(module, name)


def _foreign(module: str, name: str) -> str:
    return f"names '{module}.{name}', which is neither part of a Keras model nor in custom_objects"


def _room(module: str) -> Optional[str]:
    """The room of Keras that a module is in, '' for the entrance, None for other packages."""
    found = re.match(r'(?:tf_keras|keras|tensorflow\.keras|tensorflow\.python\.keras)(?:$|\.)(.*)', module)
    if not found:
        return None
    parts = [part for part in found.group(1).split('.') if part not in ('src', 'api', '_v2', '_v1', 'v1', 'v2', 'keras')
             and not part.startswith('__')]
    return parts[0] if parts else ''


def _is_function_of_keras(module: str, name: str) -> bool:
    if module == 'builtins':
        return name in HARMLESS or not hasattr(builtins, name)
    room = _room(module)
    plain = '.' not in name and not name.startswith('_')
    return plain and ((room, name) in OTHERS or (room in FUNCTIONS and not NOT_COMPUTING.match(name)))


def _is_class_of_keras(module: str, name: str) -> bool:
    if '.' in name:
        return False  # Keras 2 reads it as a module that the module has imported, and what that holds.
    if not name[:1].isupper():
        return _is_function_of_keras(module, name)
    room = _room(module)
    return room in CLASSES or (room, name) in OTHERS or module.split('.')[0] in RELATED


def _known(custom_objects: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whether the caller has named something, for this file or for a Keras that is imported."""
    finders = []
    for package in ('keras', 'tf_keras'):
        keras = sys.modules.get(package)
        for room in ('saving', 'utils'):
            find = getattr(getattr(keras, room, None), 'get_registered_object', None)
            if find is not None:
                finders.append(find)
                break

    def known(name: str) -> bool:
        return name in custom_objects or any(find(name) is not None for find in finders)

    return known
