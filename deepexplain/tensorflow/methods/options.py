"""The options of a method: their names, and what can be told of their values before a model is at hand."""
import inspect
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .values import check_value


class Options:
    """What is known of a method's options by its class: they are the keyword parameters of `__init__`."""

    #: The options that `run` takes too.
    run_options: Sequence[str] = ()

    @classmethod
    def options(cls) -> List[str]:
        """The names of the method's options."""
        return list(inspect.signature(cls.__init__).parameters)[2:]

    @classmethod
    def split(cls, options: Mapping[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """The options that an explainer is built with, and those that can wait for its runs."""
        later = {name: value for name, value in options.items() if name in cls.run_options}
        return {name: value for name, value in options.items() if name not in later}, later

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Refuse an option that the method does not have, or a value of no use to it, before anything is built."""
        cls.check_names(options)
        for name, value in options.items():
            cls.check_value(name, value)

    @classmethod
    def check_names(cls, options: Mapping[str, Any]) -> None:
        """Refuse an option that the method does not have."""
        for name in options:
            if name not in cls.options():
                raise TypeError('%s has no option %r; %s.' % (
                    cls.__name__, name, 'its options are ' + ', '.join(cls.options()) if cls.options() else
                    'it has none'))

    @classmethod
    def check_value(cls, name: str, value: Any) -> None:
        """Refuse the value of an option, as far as no model is needed to tell."""
        check_value(name, value)
