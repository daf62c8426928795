"""Packages that come with extras: imported where they are used, and missed in one sentence."""
from contextlib import contextmanager
from typing import Iterator

#: What is imported -> what it is called.
_CALLED = {'PIL': 'Pillow', 'matplotlib': 'matplotlib', 'pandas': 'pandas', 'pyarrow': 'pyarrow', 'scipy': 'SciPy',
           'shap': 'SHAP', 'skimage': 'scikit-image', 'sklearn': 'scikit-learn'}


class NotInstalled(ImportError):
    """A package that an extra brings is not there; the message is one line."""


@contextmanager
def needs(what: str, extra: str, instead: str = '') -> Iterator[None]:
    """Let what is imported inside be missed in one sentence.

    Args:
        what: what needs it, as the sentence begins.
        extra: the extra that brings it.
        instead: what would do without it, as the sentence ends.

    Raises:
        NotInstalled: a package is not there. One that is there and broken has its own error.
    """
    try:
        yield
    except ImportError as error:
        called = _CALLED.get(error.name or '')
        if called is None:
            raise
        raise NotInstalled(f"{what} needs {called}: pip install 'deepexplain[{extra}]'{instead}.") from None
