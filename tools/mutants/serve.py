"""A warm test runner: imports TensorFlow and pytest once, then forks for each order that it reads, one a line.

Neither deepexplain nor a test is imported before the fork, and no session made. Run by the Python that the tests run
on, in the copy of the tree whose files are changed.

An order is a JSON object: `tests` (files or folders), `first` (lists of what their names hold, in the order to run
them in), `budget` (seconds of tests to run, by what they took before) and `durations` (a file of what each took, or
none: then all are run, and written there). The answer: `outcome` (survived, killed, timeout), `test` and `seconds`.
"""
import json
import os
import resource
import signal
import sys
import tempfile
import time

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')
sys.path[:1] = [os.getcwd()]
os.environ['PYTHONPATH'] = os.getcwd()

import numpy  # noqa: F401
import pytest
import tensorflow.compat.v1 as tf

#: A test that takes so many times what it took, and so many seconds more, is in a loop without end.
PATIENCE, GRACE = 20, 20

#: Bytes that a run may have.
MEMORY = 20 * 2 ** 30


class Chosen:
    """Runs the tests in the order asked for, as far as the budget goes; notes the first that fails."""

    def __init__(self, order, durations, note):
        self.order, self.durations, self.note, self.took = order, durations, note, {}

    def pytest_collection_modifyitems(self, items):
        if not self.durations:
            return
        items.sort(key=lambda item: (self._stage(item.nodeid), self._seconds(item)))
        left, chosen = self.order['budget'], []
        for item in items:
            left -= self._seconds(item)
            if left > 0:
                chosen.append(item)
        items[:] = chosen

    def _stage(self, name):
        return next((i for i, words in enumerate(self.order['first']) if any(word in name for word in words)),
                    len(self.order['first']))

    def _seconds(self, item):
        return self.durations.get(item.nodeid, .05)  # New tests come soon.

    def pytest_runtest_logstart(self, nodeid):
        self.note(nodeid)
        if self.durations:
            # What ends the process ends also what hangs in TensorFlow.
            signal.alarm(int(PATIENCE * self.durations.get(nodeid, 1) + GRACE))

    def pytest_runtest_logreport(self, report):
        self.took[report.nodeid] = self.took.get(report.nodeid, 0) + report.duration


def run(order, noted, output):
    """The tests of an order, in a process of their own; never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.dont_write_bytecode = bool(order.get('dirty', True))
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    durations = {}
    if os.path.exists(order['durations']):
        with open(order['durations'], encoding='utf-8') as file:
            durations = json.load(file)

    def note(text):
        noted.seek(0)
        noted.truncate()
        noted.write(text)
        noted.flush()

    chosen = Chosen(order, durations, note)
    stop = ['-x'] if durations else []
    code = int(pytest.main(['-q', '-p', 'no:cacheprovider', '-p', 'no:faulthandler', *stop, *order['tests']],
                           plugins=[chosen]))
    import deepexplain
    assert os.path.dirname(os.path.dirname(os.path.abspath(deepexplain.__file__))) == os.getcwd()
    if code == 0:  # Of new tests too.
        with open(order['durations'] + '.new', 'w', encoding='utf-8') as file:
            json.dump({**chosen.took, **durations}, file, indent=0, sort_keys=True)
        os.replace(file.name, order['durations'])
    sys.stdout.flush()
    os._exit(code)


def answer(order):
    began = time.time()
    with tempfile.NamedTemporaryFile('w+') as noted, open(order['output'], 'wb') as output:
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                run(order, noted, output)
            finally:
                os._exit(70)
        status = os.waitpid(child, 0)[1]
        try:
            os.killpg(child, signal.SIGKILL)  # What the tests have left behind.
        except OSError:
            pass
        with open(noted.name, encoding='utf-8') as file:
            test = file.read()
    if os.WIFSIGNALED(status):
        outcome = 'timeout' if os.WTERMSIG(status) == signal.SIGALRM else 'killed'
    else:
        outcome = 'survived' if os.WEXITSTATUS(status) == 0 else 'killed'
    return {'outcome': outcome, 'test': test, 'seconds': round(time.time() - began, 1), 'status': status}


def main():
    tf.logging.set_verbosity(tf.logging.ERROR)
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)
    for line in sys.stdin:
        json.dump(answer(json.loads(line)), answers)
        answers.write('\n')
        answers.flush()


if __name__ == '__main__':
    main()
