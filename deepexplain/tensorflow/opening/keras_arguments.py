"""Which argument of a Keras model's call each spec of an input_signature is for."""
import inspect
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .keys import with_names
from .source import OpenError


def arguments_of(model: Any) -> List[inspect.Parameter]:
    """The arguments of a model's call that take inputs, those that are called by name alone too."""
    return [one for name, one in inspect.signature(model.call).parameters.items()
            if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD) and name not in ('training', 'mask')]


def in_order(model: Any, specs: Sequence[Any]) -> Tuple[List[Any], Dict[str, Any]]:
    """Specs for the arguments of a model's call in their order: what is given by place, and what by name."""
    parameters = arguments_of(model)[:len(specs)]
    named = {one.name: spec for one, spec in zip(parameters, specs) if one.kind is one.KEYWORD_ONLY}
    return [spec for i, spec in enumerate(specs)
            if i >= len(parameters) or parameters[i].name not in named], named


def by_name(model: Any, specs: Mapping[str, Any], as_called: Any = None) -> Optional[Tuple[List[Any], Dict[str, Any]]]:
    """The same of a dict of specs whose keys are names of arguments; None for a dict that is itself the argument.

    Args:
        as_called: what stands for the first argument where the model was called before.
    """
    parameters = arguments_of(model)
    if isinstance(as_called, Mapping) or not set(specs) <= {one.name for one in parameters}:
        return None
    if len(parameters) == 1 and as_called is None:
        return None
    arguments: List[Any] = []
    for one in parameters:
        if one.name not in specs or one.kind is one.KEYWORD_ONLY:
            break
        arguments += with_names([specs[one.name]], [one.name])
    return arguments, {one.name: specs[one.name] for one in parameters[len(arguments):] if one.name in specs}


def check_fits(model: Any, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> None:
    """OpenError where the call of a model does not take such arguments."""
    signature = inspect.signature(model.call)
    more = {'training': False} if 'training' in signature.parameters else {}
    try:
        signature.bind(*arguments, **dict(keywords, **more))
    except TypeError as error:
        raise OpenError('open: the inputs of the Keras model do not fit its call%s: %s. Give an input_signature of one '
                        'tf.TensorSpec for each argument, in a list, or a dict of them by the names of the arguments.'
                        % (signature, error)) from None
