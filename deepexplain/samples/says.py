"""How what is wrong with samples is said: to the command line of its flags, to Python of arguments."""
from typing import NamedTuple


class WrongUse(ValueError):
    """What another command line or other arguments mend; its message is one line."""


class Says(NamedTuple):
    """The words of a door.

    Attributes:
        data: what the samples are called.
        before: what stands before the name of an option.
    """
    data: str
    before: str

    def flag(self, name: str) -> str:
        """An option by its name on the command line, as this door calls it."""
        if self.before:
            return self.before + name
        return {'input': 'inputs', 'inputs': "opening['inputs']", 'outputs': "opening['outputs']"}.get(
            name, name.replace('-', '_'))


COMMAND, PYTHON = Says('INPUT', '--'), Says('data', '')
