"""Values of jobs as JSON and back, and what stands for them where they are compared."""
import base64
import hashlib
import io
from typing import Any

import numpy as np


def encoded(value: Any, said: str) -> Any:
    """A value as JSON; arrays in full, tuples as such.

    Args:
        said: what it is, for messages.

    Raises:
        TypeError: it is of other things than numbers, strings, None, arrays, and lists, tuples and dicts of these.
    """
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise _unknown(said, 'an array of Python objects')
        file = io.BytesIO()
        np.save(file, value)
        return {'__array__': base64.b64encode(file.getvalue()).decode('ascii')}
    if isinstance(value, tuple):
        return {'__tuple__': [encoded(one, said) for one in value]}
    if isinstance(value, list):
        return [encoded(one, said) for one in value]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise _unknown(said, 'a dict whose keys are no strings')
        return {key: encoded(one, f'{said}[{key!r}]') for key, one in value.items()}
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise _unknown(said, type(value).__name__)


def decoded(value: Any) -> Any:
    """What `encoded` was given."""
    if isinstance(value, list):
        return [decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    if '__array__' in value:
        return np.load(io.BytesIO(base64.b64decode(value['__array__'])), allow_pickle=False)
    if '__tuple__' in value:
        return tuple(decoded(one) for one in value['__tuple__'])
    return {key: decoded(one) for key, one in value.items()}


def described(value: Any) -> Any:
    """JSON that tells values apart: of arrays their shape, dtype and hash, tuples and lists alike."""
    if isinstance(value, np.ndarray):
        content = np.ascontiguousarray(value)
        return {'shape': list(value.shape), 'dtype': value.dtype.name,
                'sha256': hashlib.sha256(content.tobytes()).hexdigest()}
    if isinstance(value, (list, tuple)):
        return [described(one) for one in value]
    if isinstance(value, dict):
        return {key: described(one) for key, one in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _unknown(said: str, got: str) -> TypeError:
    return TypeError(f'{said}: a job takes numbers, strings, None, arrays, and lists, tuples and dicts of these, not '
                     f'{got}: it has to be written down for other processes.')
