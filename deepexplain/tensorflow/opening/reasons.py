"""Why Keras cannot load a file, in a sentence: what it says comes wrapped in whole configurations."""
import re
from typing import Iterable

#: What Keras writes before the error that another wraps.
WRAPPED = re.compile('Exception encountered:|Error message:|Original error:')

#: A piece of a configuration, code among it.
CONFIG = re.compile(r"\s*(using |Full object )?config(uration)?\s*[=:]\s*\{.*", re.DOTALL)

LONGEST = 300

#: A class or a function that Keras does not know, and its name.
UNKNOWN = re.compile(r"(?:Unknown [\w ]+:|Could not (?:locate|find) \w+) *'?(?P<name>[\w.>-]*\w)")


def missing(reasons: Iterable[str]) -> str:
    """What to do about the first class or function that is missing by some reasons, as a sentence, or ''."""
    found = next((one for one in map(UNKNOWN.search, reasons) if one), None)
    if found is None:
        return ''
    name = found.group('name')
    return " Give what is yours, as in custom_objects={'%s': %s}." % (name, re.split('[>.]', name)[-1])


def reason(error: BaseException) -> str:
    """What is at the bottom of an error of Keras."""
    text = re.sub(r'\x1b\[[0-9;]*m', '', str(error)).strip()
    # A traceback of code of the user's ends with what was raised.
    raised = re.findall(r'^\s*(\w*(?:Error|Exception): .*)$', text, re.MULTILINE) if 'in user code' in text else []
    parts = [one.strip() for one in WRAPPED.split(text)]
    found = raised[-1] if raised else parts[-1] or parts[0]
    lines = [line.strip() for line in CONFIG.sub('', found).splitlines() if line.strip()]
    lines = lines or [line.strip() for line in found.splitlines() if line.strip()]
    short = lines[0] if lines else type(error).__name__
    if isinstance(error, KeyError) or len(short) < 12 and type(error).__name__ not in short:
        short = f'{type(error).__name__}: {short}'
    return short if len(short) <= LONGEST else short[:LONGEST - 3] + '...'
