"""Whatever happens to a run, the next one leaves exactly the right results: nothing twice, nothing lost."""
import hashlib
import itertools
import json
import os
import shutil
import time

import numpy as np
import pytest
from job_data import same, samples, shard_files

from deepexplain.jobs import Outcome, Worker, engines, iterate, read, run, run_shard, status
from deepexplain.jobs import worker as worker_file
from deepexplain.jobs.folder import Folder, shard_name


def counted(monkeypatch):
    """The shards that are tried from now on."""
    tried, make = [], worker_file._make
    monkeypatch.setattr(worker_file, '_make', lambda opened, number, caught: (
        tried.append(number), make(opened, number, caught))[1])
    return tried


def test_only_what_is_missing_is_made(job, want, monkeypatch, form):
    one = job()
    turns = iter([False, False, True])
    assert run(one, stopped=lambda: next(turns)) == (4, 2, 2, [], True)
    before = {name: os.stat('out/' + name) for name in shard_files().values()}
    tried = counted(monkeypatch)
    assert run(job()) == (4, 4, 2, [], False) and tried == [2, 3]
    assert run(job()) == (4, 4, 0, [], False) and tried == [2, 3]
    for name, stat in before.items():
        assert os.stat('out/' + name).st_ino == stat.st_ino
    same(read('out'), want)
    found = json.load(open('out/manifest.json'))
    assert [one['rows'] for one in found['files']] == [[0, 16], [16, 32], [32, 48], [48, 60]]
    for one in found['files']:
        assert Folder('out').whole(Folder('out').shards()[one['shard']][0]) and one['sha256'] in one['file']


def test_what_is_damaged_or_double_is_made_again(job, want, monkeypatch):
    run(job())
    first, second, third, last = [os.path.join('out', name) for name in shard_files().values()]
    with open(second, 'r+b') as file:
        file.seek(100)
        byte = file.read(1)
        file.seek(100)
        file.write(bytes([byte[0] ^ 1]))
    with open(third, 'r+b') as file:
        file.truncate(50)
    os.unlink(last)
    # What a killed worker and a driver whose workers outlived it may leave.
    open('out/.deepexplain-abc.part', 'wb').write(b'half')
    double = first.replace('-' + os.path.basename(first).split('-')[3].split('.')[0], '-' + '0' * 32)
    open(double, 'wb').write(b'of another worker')
    tried = counted(monkeypatch)
    assert run(job(), verify=False).made == 1 and tried == [3]
    assert run(job()).made == 3 and tried == [3, 0, 1, 2] or tried == [3, 1, 2]
    same(read('out'), want)
    assert sorted(os.listdir('out')) == sorted(['.lock', 'manifest.json'] + list(shard_files().values()))


def test_of_two_workers_that_made_the_same_shard_one_counts(job, want):
    one = job()
    run(one)
    name = shard_files()['shard-000002']
    # Whole, but of other bits, as a worker on another device may have it; and one of a job of another folder.
    Folder('out').remove(shard_files()['shard-000003'])
    with open('out/' + name, 'rb') as file:
        content = file.read() + b'more'
    other = shard_name(2, one.hash, hashlib.sha256(content).hexdigest(), os.path.splitext(name)[1])
    foreign = shard_name(2, 'f' * 64, 'e' * 64, os.path.splitext(name)[1])
    for path in (other, foreign):
        with open('out/' + path, 'wb') as file:
            file.write(content)
    assert status('out')['missing'] == [3]
    assert run(one).made == 1
    found = [name for name in os.listdir('out') if name.startswith('shard-000002')]
    assert len(found) == 2 and foreign in found and min(name, other) in found


def test_a_shard_of_no_number_of_the_job_makes_up_for_none(job, want):
    turns = iter([False, False, False, True])
    assert run(job(), stopped=lambda: next(turns)).done == 3
    name = shard_files()['shard-000002']
    stray = name.replace('shard-000002', 'shard-000009')
    shutil.copy('out/' + name, 'out/' + stray)
    assert status('out')['done'] == 3 and status('out', verify=True)['missing'] == [3]
    report = run(job(), stopped=lambda: True)
    assert report.done == 3 and not report.complete and 'files' not in Folder('out').manifest()
    assert run(job()).complete and len(Folder('out').manifest()['files']) == 4
    same(read('out'), want)


def test_files_have_the_permissions_of_new_files(job):
    run(job())
    with open('new', 'w'):
        pass
    for name in os.listdir('out'):
        assert os.stat('out/' + name).st_mode == os.stat('new').st_mode, name


def test_another_tensorflow_is_told_of(job):
    run(job(), stopped=lambda: True)
    manifest = Folder('out').manifest()
    manifest['versions']['tensorflow'] = '0.1'
    Folder('out').write_manifest(manifest)
    with pytest.warns(UserWarning, match="begun with TensorFlow 0.1, and this is .*last digits"):
        assert run(job()).complete


def test_another_job_is_refused_by_what_differs(job, want):
    run(job())
    before = sorted(os.listdir('out'))
    np.save('x.npy', samples() + 1)
    with pytest.raises(ValueError, match="'.*out' holds the results of another job: data_sha256 is .* here and .*; "
                                         'method is "gradient" here and "saliency" there; target is "1" here'):
        run(job(method='gradient', target=1))
    assert sorted(os.listdir('out')) == before
    os.unlink('out/manifest.json')
    with pytest.raises(ValueError, match="holds results of another job .*without its manifest.json"):
        run(job(method='gradient'))
    np.save('x.npy', samples())
    assert run(job()) == (4, 4, 0, [], False)
    same(read('out'), want)


def test_the_clock_does_not_count(job, want, models, monkeypatch, form):
    """Files of the past and of the future, one of them left half written; a clock that is set back at each look."""
    shutil.copy(str(models / 'net.pb'), 'm.pb')
    clock = itertools.count(4 * 10 ** 9, -10 ** 7)
    for name in ('time', 'monotonic', 'perf_counter', 'process_time'):
        monkeypatch.setattr(time, name, lambda: float(next(clock)))
    monkeypatch.setattr(time, 'time_ns', lambda: next(clock) * 10 ** 9)
    turns = iter([False, False, True])
    assert run(job(os.path.abspath('m.pb')), stopped=lambda: next(turns)).made == 2
    names = shard_files()
    with open('out/' + names['shard-000001'], 'r+b') as file:
        file.truncate(99)
    open('out/.deepexplain-abc.part', 'wb').write(b'half')
    for number, name in enumerate(sorted(os.listdir('out')) + ['../x.npy', '../m.pb', '']):
        stamp = 10 ** 6 if number % 2 else 4 * 10 ** 9
        os.utime('out/' + name, (stamp, stamp))
    assert run(job(os.path.abspath('m.pb')), show_progress=True) == (4, 4, 3, [], False)
    same(read('out'), want)
    for number, name in enumerate(sorted(os.listdir('out'))):
        stamp = 4 * 10 ** 9 if number % 2 else 10 ** 6
        os.utime('out/' + name, (stamp, stamp))
    assert run(job(os.path.abspath('m.pb'))) == (4, 4, 0, [], False)
    same(read('out'), want)


@pytest.mark.parametrize('what', ['model', 'data'])
def test_a_model_or_data_that_changed_since_the_job_was_made(models, job, what):
    shutil.copy(str(models / 'net.pb'), 'm.pb')
    one = job(os.path.abspath('m.pb'))
    turns = iter([False, False, True])
    run(one, stopped=lambda: next(turns))
    before = sorted(os.listdir('out'))
    if what == 'model':
        shutil.copy(str(models / 'checked.pb'), 'm.pb')
    else:
        np.save('x.npy', samples() + 1)
    with pytest.raises(ValueError, match=f"{what}: '.*' has changed since the job was made: make the job anew"):
        run(one)
    assert sorted(os.listdir('out')) == before
    if what == 'model':
        with pytest.raises(ValueError, match="model: '.*m.pb' has changed since the job was made"):
            Worker(one).open()
        return
    os.unlink('x.npy')
    with pytest.raises(ValueError, match="data: '.*x.npy' cannot be read any more: "):
        run(one)


def test_data_that_change_while_a_run_is_at_work_leave_nothing_of_it(job, want):
    turns = iter([False, True])
    run(job(), stopped=lambda: next(turns))
    first = shard_files()

    def changing():
        np.save('x.npy', samples() + 1)
    with pytest.raises(ValueError, match="data: '.*x.npy' has changed since the job was made"):
        run(job(), stopped=changing)
    assert shard_files() == first
    np.save('x.npy', samples())
    assert run(job()).made == 3
    same(read('out'), want)


def test_data_that_are_gone_once_all_is_made_lose_nothing(job, want):
    one, left = job(), iter([4, 3, 2])

    def stopped():
        if next(left, 1) == 1:
            os.rename('x.npy', 'moved.npy')
            return True
    with pytest.warns(UserWarning, match="data: '.*x.npy' cannot be read any more: .* Whether it has changed while"):
        assert run(one, stopped=stopped) == (4, 3, 3, [], True)
    os.rename('moved.npy', 'x.npy')
    assert run(job()).made == 1
    same(read('out'), want)


@pytest.mark.parametrize('content', [b'', b'{}', b'[]', b'{"hash": ', b'\xff', b'{"hash": 1}'])
def test_a_damaged_manifest_is_written_anew(job, want, content):
    turns = iter([False, False, True])
    run(job(), stopped=lambda: next(turns))
    with open('out/manifest.json', 'rb') as file:
        before = file.read()
    with open('out/manifest.json', 'wb') as file:
        file.write(content)
    for look in (status, lambda out: read(out, partial=True)):
        with pytest.raises(ValueError, match="'out/manifest.json' is damaged; the run again writes it anew"):
            look('out')
    with pytest.raises(ValueError, match='holds results of another job .*, or with a damaged one'):
        run(job(method='gradient'))
    assert run(job(), stopped=lambda: True).done == 2
    with open('out/manifest.json', 'rb') as file:
        assert file.read() == before
    assert run(job()) == (4, 4, 2, [], False)
    same(read('out'), want)


def test_a_damaged_shard_is_never_read(job, want, form):
    run(job())
    name = 'out/' + shard_files()['shard-000001']
    with open(name, 'r+b') as file:
        file.seek(os.path.getsize(name) // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(ValueError, match='shard-000001.* is damaged: its content is not that of its checksum'):
        read('out')
    assert next(iterate('out'))['id'].tolist() == list(range(16))
    assert status('out')['complete'] and not status('out')['damaged']
    found = status('out', verify=True)
    assert found['missing'] == [1] and found['damaged'] == [os.path.basename(name)] and not found['complete']
    assert os.path.exists(name) and run(job()).made == 1
    same(read('out', verify=False), want)


def test_a_shard_that_fails_is_tried_twice_and_the_others_stand(job, monkeypatch):
    xs = samples()
    xs[35, 2] = np.nan
    np.save('bad.npy', xs)
    tried = counted(monkeypatch)
    with pytest.warns(UserWarning, match=r'shard 2 \(rows 32 to 47\) failed twice: InvalidArgumentError.*bad row'):
        report = run(job('checked.pb', 'bad.npy'))
    assert tried == [0, 1, 2, 2, 3]
    assert report[:3] == (4, 3, 3) and not report.stopped and report.failed[0][:3] == (2, 32, 47)
    found = status('out')
    assert found['done'] == 3 and found['missing'] == [2] and found['failed'][0]['error'] == report.failed[0].error
    with pytest.raises(ValueError, match='lacks 1 of 4 shards'):
        read('out')
    assert read('out', partial=True)['id'].tolist() == list(range(32)) + list(range(48, 60))
    del tried[:]
    with pytest.warns(UserWarning, match='failed twice'):
        run(job('checked.pb', 'bad.npy'))
    assert tried == [2, 2]
    with pytest.raises(RuntimeError, match=r'shard 2 \(rows 32 to 47\): InvalidArgumentError'):
        run_shard(job('checked.pb', 'bad.npy'), 2)


def test_what_fails_once_is_made_at_the_second_try(job, want, monkeypatch):
    fails, make = [True], worker_file._make
    monkeypatch.setattr(worker_file, '_make', lambda opened, number, caught: make(
        opened, number if not fails or number != 1 else fails.pop() and 99, caught))
    assert run(job()) == (4, 4, 4, [], False) and not fails
    same(read('out'), want)


def test_warnings_are_told_once_of_a_kind_and_kept_with_their_shard(job):
    xs = samples()
    xs[[3, 20, 21]] = np.nan
    np.save('bad.npy', xs)
    with pytest.warns(UserWarning) as caught:
        run(job(data='bad.npy', method='grad*input'))
    texts = [str(one.message) for one in caught]
    assert len(texts) == 2
    assert texts[0].startswith('shard 0: grad*input: attributions of 1 of 16 samples are not finite')
    assert texts[1].startswith('the same was said of other shards: 2 warnings in all')


def test_files_that_workers_have_put_elsewhere_are_noticed(job, monkeypatch):
    """As on a machine whose folder of the same path is another."""
    name = f'shard-000000-{"0" * 12}-{"1" * 32}.npz'
    monkeypatch.setattr(engines, 'work', lambda *given: (one for one in [Outcome(0, name)]))
    with pytest.raises(OSError, match=f"shard 0 was made, and its file '{name}' is not in '.*out': workers on other"):
        run(job())


def test_data_that_change_under_a_worker_are_noticed(job):
    one = job()
    np.save('x.npy', samples(30))
    outcome = Worker(one).shard(0)
    assert outcome.file is None and 'has changed: it holds 30 rows, and had 60' in outcome.error
