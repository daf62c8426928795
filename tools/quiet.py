"""Runs a script without what TensorFlow says of itself as it is imported, which is shown after all if that fails.

Run: python tools/quiet.py SCRIPT ARGUMENT...

Only the import is watched, whenever it comes: the script may set the environment before. Then stderr is as ever.
"""
import importlib.util
import os
import runpy
import sys

from deepexplain.cli.starting import held


class Watch:
    """A finder of modules that knows tensorflow alone, once."""

    def find_spec(self, name, path=None, target=None):
        if name != 'tensorflow':
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = quietly(spec.loader.exec_module)
        return spec


def quietly(run):
    def held_back(module):
        with held():
            run(module)

    return held_back


def main():
    if len(sys.argv) < 2:
        raise SystemExit('usage: python tools/quiet.py SCRIPT ARGUMENT...')
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    sys.argv = sys.argv[1:]
    # As Python runs a script.
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    sys.meta_path.insert(0, Watch())
    runpy.run_path(sys.argv[0], run_name='__main__')


if __name__ == '__main__':
    main()
