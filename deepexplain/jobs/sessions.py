"""Sessions of Spark, and its errors."""
import os
import sys
from contextlib import contextmanager
from typing import Any, Iterator, Optional

from .engines import signals_kept

#: Of sessions that are made here.
_QUIET = {'spark.ui.enabled': 'false', 'spark.ui.showConsoleProgress': 'false', 'spark.log.level': 'FATAL'}


@contextmanager
def context_of(session: Any, master: Optional[str], workers: Optional[int]) -> Iterator[Any]:
    """The context of a session; of one that is made here to its end."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ImportError("this engine needs PySpark: pip install 'deepexplain[spark]'.") from None
    found = session or SparkSession.getActiveSession()
    if found is not None:
        try:
            context = found.sparkContext
        except Exception:  # noqa: B902, of a class that differs with the version
            raise ValueError('session: a job needs a SparkContext, which Spark Connect has not; attribute_udf works '
                             'with it.') from None
        if master not in (None, context.master):
            raise ValueError(f"master: the session that is here is on '{context.master}', not on '{master}'.")
        yield context
        return
    with signals_kept():
        found = _begun(SparkSession.builder, master or 'local[%s]' % (workers or '*'))
    try:
        yield found.sparkContext
    finally:
        found.stop()


def _begun(builder: Any, master: str) -> Any:
    """A session without a page and lines of its own."""
    builder = builder.master(master).appName('deepexplain')
    for name, value in _QUIET.items():
        builder = builder.config(name, value)
    try:
        # By default workers are the python3 of PATH, which may lack what this one has.
        with _environment('PYSPARK_PYTHON', sys.executable if master.startswith('local') else None):
            return builder.getOrCreate()
    except Exception as error:  # noqa: B902, py4j's
        raise ValueError(f"Spark cannot be started at '{master}': {text_of(error)}") from None


@contextmanager
def _environment(name: str, value: Optional[str]) -> Iterator[None]:
    """Let a variable of the environment have a value, unless it has one."""
    sets = value is not None and name not in os.environ
    if sets:
        os.environ[name] = str(value)
    try:
        yield
    finally:
        if sets:
            del os.environ[name]


def text_of(error: Any) -> str:
    """An error in a line; of Spark's the last of the reasons, without the places in Java's code."""
    java = getattr(error, 'java_exception', None)
    text = str(error if java is None else java.getMessage())
    if java is not None:
        text = text.rpartition('most recent failure: ')[2].partition('Driver stacktrace')[0].split('\n\tat ')[0]
        return ' '.join(text.rpartition('Exception: ')[2].split())[:400]
    return f'{type(error).__name__}: %s' % ' '.join(text.split())[:400]
