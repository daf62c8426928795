"""Where a result is from, in values that a file can hold."""
import math
import platform
from typing import Any, Dict, Mapping

import numpy as np

from .. import __version__

#: Arrays of how many numbers are written out.
_SMALL = 16


def versions(tensorflow: str) -> Dict[str, str]:
    """The versions of what makes numbers."""
    return {'deepexplain': __version__, 'tensorflow': tensorflow, 'numpy': np.__version__,
            'python': platform.python_version()}


def plain(value: Any) -> Any:
    """An option as JSON has it: arrays of many numbers by shape and dtype, tensors and functions by their names."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        one = value.item()
        return one if isinstance(one, (bool, int, float, str)) else str(one)
    if isinstance(value, np.ndarray):
        if type(value) is np.ndarray and value.size <= _SMALL and value.dtype.kind in 'fiubU':
            return value.tolist()
        return {'shape': list(value.shape), 'dtype': str(value.dtype)}
    if isinstance(value, (list, tuple)):
        if len(value) > _SMALL:
            return {'length': len(value), 'of': type(value).__name__}
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if hasattr(value, 'iloc') or hasattr(value, 'column_names') or hasattr(value, 'columns'):
        return {'shape': list(getattr(value, 'shape', ())), 'of': type(value).__name__}
    name = getattr(value, 'name', None) or getattr(value, '__name__', None)
    return name if isinstance(name, str) else type(value).__name__


def jsonable(value: Any) -> Any:
    """Values as JSON has them, null for numbers that are none: JSON has no nan."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return jsonable(value.tolist())
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
