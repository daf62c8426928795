"""Notebooks are run by a kernel that says nothing of itself, and their outputs kept until the library changes."""
import hashlib
import logging
import os
from pathlib import Path
from typing import Any, Dict

# What TensorFlow says as it starts comes before any log level counts.
_START = '''from deepexplain.cli.starting import held

with held():
    import tensorflow  # noqa: F401
'''
_KERNEL = "c.IPKernelApp.log_level = 'ERROR'\n"


def folder(build: Path, package: Path) -> str:
    """Where outputs are kept: another folder for each state of the package."""
    sources = b''.join(path.read_bytes() for path in sorted(package.rglob('*.py')))
    return str(build / 'notebooks' / hashlib.sha256(sources).hexdigest()[:16])


def quiet(build: Path) -> None:
    """A profile of IPython for the kernels, in place of the user's own."""
    profile = build / 'ipython' / 'profile_default'
    (profile / 'startup').mkdir(parents=True, exist_ok=True)
    (profile / 'startup' / 'start.py').write_text(_START)
    (profile / 'ipython_kernel_config.py').write_text(_KERNEL)
    os.environ['IPYTHONDIR'] = str(build / 'ipython')
    logging.getLogger('traitlets').setLevel(logging.WARNING)


def setup(app: Any) -> Dict[str, Any]:
    docs = Path(app.confdir)
    quiet(docs / '_build')
    config = app.config
    config.nb_execution_cache_path = folder(docs / '_build', docs.parent / 'deepexplain')
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
