"""Processes that are killed, stopped or out of room, for real: the next run leaves exactly the right results."""
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from job_data import same, shard_files

from deepexplain.jobs import read, run, status

SCRIPT = '''
import os, sys, time, resource, signal
from deepexplain.jobs import Job, run, writing
model, how, at = sys.argv[1], sys.argv[2], int(sys.argv[3])
made, sync, replace = [0], os.fsync, os.replace
def slow(call):
    def called(*args):
        if 'deepexplain' in str(args) or call is sync:
            made[0] += 1
            if made[0] == at:
                print('here', flush=True)
                time.sleep(60)
        return call(*args)
    return called
if how == 'write':
    os.fsync = slow(sync)
elif how == 'rename':
    os.replace = slow(replace)
elif how == 'full':
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    job = Job(model, 'x.npy', 'out', method='saliency', shard=16)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, at))
job = Job(model, 'x.npy', 'out', method='saliency', shard=16)
def stopped():
    if how == 'hold':
        print('here', flush=True)
        time.sleep(60)
    return False
print(run(job, stopped=stopped))
'''


def started(models, how, at):
    return subprocess.Popen([sys.executable, '-c', SCRIPT, str(models / 'net.pb'), how, str(at)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


@pytest.mark.parametrize('how, at', [('write', 5), ('rename', 3)])
def test_a_process_killed_in_the_middle(models, job, want, how, at):
    """In the middle of the writing of a shard, its file begun, or of its renaming."""
    process = started(models, how, at)
    assert process.stdout.readline() == 'here\n', process.stderr.read()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = os.listdir('out')
    assert sum(name.endswith('.part') for name in left) == 1
    done = len(shard_files())
    assert done == status('out')['done'] < 4
    assert run(job()) == (4, 4, 4 - done, [], False)
    same(read('out'), want)
    assert not [name for name in os.listdir('out') if name.endswith('.part')]


def test_one_run_at_a_time(models, job, want):
    process = started(models, 'hold', 0)
    try:
        assert process.stdout.readline() == 'here\n', process.stderr.read()
        with pytest.raises(ValueError, match="out: another run is at work in '.*out'"):
            run(job())
    finally:
        process.kill()
        process.communicate()
    run(job())
    same(read('out'), want)


def test_a_full_disk(models, job, want):
    """Files may be no larger than the manifest: that fits, a shard does not."""
    run(job(), stopped=lambda: True)
    process = started(models, 'full', os.path.getsize('out/manifest.json') + 10)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and not said
    assert 'nothing more can be written. What is there stands; the same run again goes on' in errors, errors
    assert sorted(os.listdir('out')) == ['.lock', 'manifest.json']
    assert run(job()).made == 4
    same(read('out'), want)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_the_command_after_the_shard_in_hand(models, job, want, number):
    code = ('import sys, time; from deepexplain.jobs import worker; make = worker._make\n'
            'def slow(opened, number, caught):\n'
            "    if number == 1: open('here', 'w').close(); time.sleep(1)\n"
            '    return make(opened, number, caught)\n'
            'worker._make = slow\n'
            'from deepexplain.cli.main import main\n'
            'sys.exit(main(sys.argv[1:]))')
    command = [sys.executable, '-c', code, 'run', str(models / 'net.pb'), 'x.npy', '--out', 'out', '--method',
               'saliency', '--shard-rows', '16', '--json']
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    until = time.time() + 120
    while not os.path.exists('here') and process.poll() is None and time.time() < until:
        time.sleep(.05)
    time.sleep(.2)
    process.send_signal(number)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert 'stopped: 2 of 4 shards are done; the same command goes on from there.' in errors
    assert json.loads(said)['stopped'] and len(shard_files()) == 2
    run(job())
    same(read('out'), want)
