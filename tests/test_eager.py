"""The tests of tests/eager, in a process in which TensorFlow is eager."""
import os
import re
import subprocess
import sys

import pytest

FOLDER = os.path.dirname(os.path.abspath(__file__))
FILES = sorted(name for name in os.listdir(os.path.join(FOLDER, 'eager')) if re.match(r'test_.*\.py$', name))


@pytest.mark.parametrize('name', FILES)
def test_in_eager_mode(name):
    env = dict(os.environ, DEEPEXPLAIN_TESTS='eager', PYTHONPATH=os.pathsep.join(
        [FOLDER] + [path for path in sys.path if path]))
    ended = subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', os.path.join(
        FOLDER, 'eager', name)], cwd=os.path.dirname(FOLDER), env=env, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    print(ended.stdout)
    # No test was collected, as the file needs a package that is not there.
    needs = re.search(r"SKIPPED \[1\] .*?: (could not import '\w+')", ended.stdout)
    if ended.returncode == 5 and needs:
        pytest.skip(needs.group(1))
    assert ended.returncode == 0
    assert ' passed' in ended.stdout
