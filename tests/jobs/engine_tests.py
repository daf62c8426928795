"""What every engine of many processes must do, for real: its workers and its driver are killed."""
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from job_data import shard_files
from job_hooks import Ordered

from deepexplain.jobs import driver, read, run, status

#: The command line, with workers that take orders.
COMMAND = '''
import sys
from deepexplain.cli import run
from deepexplain.cli.main import main
from job_hooks import Ordered
run.Job = Ordered
sys.exit(main(sys.argv[1:]))
'''


def order(number, what):
    with open(f'order-{number}', 'w') as file:
        file.write(what)


def same(out, want):
    found = read(out)
    assert list(found) == list(want)
    for name in want:
        np.testing.assert_array_equal(found[name], want[name])


class Engine:
    """A mixin of tests; `engine` makes (name, options, flags of the command line)."""

    @pytest.fixture
    def ordered(self, models, place, monkeypatch):
        monkeypatch.setenv('PYTHONPATH', os.pathsep.join(sys.path))

        def made(out='out'):
            return Ordered(models / 'net.pb', 'x.npy', out, 'intgrad', {'steps': 5}, shard=8, batch_size=5)
        return made

    @pytest.fixture
    def want(self, ordered):
        """The results of one process that nothing happens to."""
        run(ordered('undisturbed'))
        return read('undisturbed')

    def test_workers_that_die_and_shards_that_fail(self, engine, ordered, want):
        """A worker that is killed is replaced, its shard made again; what fails twice is told, and the others stand."""
        order(1, 'die once')
        order(3, 'die')
        order(5, 'raise')
        with pytest.warns(UserWarning) as caught:
            report = run(ordered(), engine[0], **engine[1])
        assert report[:3] == (8, 6, 6) and not report.stopped
        failed = {one.shard: one for one in report.failed}
        assert set(failed) == {3, 5} and failed[3][1:3] == (24, 31)
        assert failed[3].error.startswith('its worker died, twice: ') and len(failed[3].error) < 500
        assert failed[5].error == 'ArithmeticError: by order'
        texts = sorted(str(one.message) for one in caught if one.category is UserWarning)
        assert [text[:40] for text in texts] == ['shard 3 (rows 24 to 31) failed twice: it',
                                                 'shard 5 (rows 40 to 47) failed twice: Ar']
        assert not os.path.exists('order-1')
        os.unlink('order-3')
        os.unlink('order-5')
        assert run(ordered(), engine[0], **engine[1]) == (8, 8, 2, [], False)
        same('out', want)
        assert not [name for name in os.listdir('out') if name.endswith('.part')]

    @pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
    def test_the_driver_is_stopped_or_killed(self, engine, models, ordered, want, number):
        """With a shard in hand at each of two workers; the same run again goes on."""
        order(2, 'wait')
        order(3, 'wait')
        process = subprocess.Popen(
            [sys.executable, '-c', COMMAND, 'run', str(models / 'net.pb'), 'x.npy', '--out', 'out', '--method',
             'intgrad', '--steps', '5', '--shard-rows', '8', '--batch-size', '5', '--json', '--workers', '2'] +
            engine[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
            start_new_session=True)
        end = time.time() + 100
        while not (os.path.exists('here-2') and os.path.exists('here-3')):
            assert process.poll() is None and time.time() < end, process.communicate()
            time.sleep(.05)
        if number == signal.SIGINT:
            # As a terminal does, to all of the processes.
            os.killpg(process.pid, number)
            time.sleep(.3)
        else:
            process.send_signal(number)
        os.unlink('order-2')
        os.unlink('order-3')
        said, errors = process.communicate(timeout=100)
        if number == signal.SIGINT:
            assert process.returncode == 130, errors
            assert 'stopped: 4 of 8 shards are done; the same command goes on from there.' in errors
            assert json.loads(said)['stopped'] and sorted(shard_files()) == [f'shard-00000{k}' for k in range(4)]
        done = status('out')['done']
        assert 2 <= done <= 4
        report = run(ordered(), engine[0], **engine[1])
        assert report[:2] == (8, 8) and 8 - done <= report.made <= 6
        same('out', want)
        assert sum(name.startswith('shard-') for name in os.listdir('out')) == 8

    def test_a_model_that_workers_cannot_open_is_an_error_of_the_run(self, engine, ordered, monkeypatch):
        """As on another machine, where there is none."""
        monkeypatch.setattr(driver, 'check_unchanged', lambda job: None)
        job = ordered()
        job.model = os.path.abspath('nix.pb')
        with pytest.raises(ChildProcessError, match="(?s)a worker cannot open the model: .*nix.pb"):
            run(job, engine[0], **engine[1])
        assert not shard_files()
