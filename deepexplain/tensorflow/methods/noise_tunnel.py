"""A method in noise, in place of a method's name."""
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from .smoothgrad import check_tunnel

_METHODS = {'mean': 'smoothgrad', 'mean_square': 'smoothgrad_squared', 'variance': 'vargrad'}


@dataclass(frozen=True, eq=False)
class NoiseTunnel:
    """What `noise_tunnel` returns: the name of a method and its options, neither of which can be changed."""
    method: str
    options: Mapping[str, Any]


def noise_tunnel(of: str, statistic: str = 'mean', samples: int = 50, noise: float = .15, seed: Any = None,
                 options: Optional[Mapping[str, Any]] = None, **more: Any) -> NoiseTunnel:
    """A statistic of a method over noisy copies of each sample, to be given to `explain` in place of a method's name.

        de.explain(noise_tunnel('intgrad', samples=20, steps=10), T, X, xs)

    Args:
        of, samples, noise, seed: see `SmoothGrad`; what draws by a seed of its own takes `options=dict(seed=...)`.
        statistic: 'mean' (default), 'mean_square' or 'variance': smoothgrad, smoothgrad_squared or vargrad.
        options, **more: the options of the method `of`: by name, or in a dict those of the names above.

    Returns:
        An object that cannot be changed, and that keeps copies of the arrays it was given. What is said beside it in a
        call of `explain` or `get_explainer` goes before what it says.

    Raises:
        ValueError: for a statistic or a method of another name; for bad values.
        TypeError: for an option that the method does not have, or that is given twice.
    """
    if not isinstance(statistic, str) or statistic not in _METHODS:
        raise ValueError(f"statistic must be 'mean', 'mean_square' or 'variance', not {statistic!r}.")
    check_tunnel(of, options, samples, noise, seed)
    inner = dict(options or {})
    for name in more:
        if name in inner:
            raise TypeError(f"noise_tunnel: '{name}' is given twice, by name and in options.")
    inner.update(more)
    try:
        check_tunnel(of, inner)
    except TypeError as error:
        raise TypeError(f'{error} Those of noise_tunnel are statistic, samples, noise, seed and options.') from None
    kept = MappingProxyType({name: _copied(value) for name, value in inner.items()})
    return NoiseTunnel(_METHODS[statistic], MappingProxyType(
        dict(of=of, options=kept, samples=samples, noise=noise, seed=seed)))


def named(method: Any, options: Mapping[str, Any]) -> Tuple[Any, Dict[str, Any]]:
    """A method by its name, and all of its options."""
    if isinstance(method, NoiseTunnel):
        return method.method, dict(method.options, **options)
    return method, dict(options)


def _copied(value: Any) -> Any:
    """The value, its arrays and lists as the tunnel's own."""
    if isinstance(value, np.ndarray):
        return value.copy()
    return [_copied(one) for one in value] if isinstance(value, list) else value
