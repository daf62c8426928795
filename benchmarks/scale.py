"""Prints what engines of jobs cost, and how far one driver reaches. Linux.

    python benchmarks/scale.py cost --engine ray [--rows 200000] [--shard 20000] [--steps 100]
    python benchmarks/scale.py memory --engine spark [--rows 10000,100000,1000000]
    python benchmarks/scale.py curve [--workers 1,2,4,8,16,32,64] [--seconds 2] [--each 8]

cost: processor seconds of two workers on ROWS rows and on twice as many, and of one bare Explainer on the same batches
in one thread; the difference of the two is what ROWS rows take once all is started, of the driver, of the workers, and
of the rest of the engine. Results are compared with one Explainer's. memory: the most that the driver, a worker and the
rest hold. curve: Ray with workers that sleep in place of working: shards a second over how many there are, and with
shards that take no time, which is all that one driver can do.
"""
import argparse
import os
import tempfile
import threading
import time
import warnings
from contextlib import contextmanager

import numpy as np
from jobs import alone, write_model, write_rows

#: What a process of a worker is called, by engine.
WORKERS = {'ray': 'ray::', 'spark': 'pyspark.daemon', 'here': 'none: the driver is the worker'}


class Watch:
    """Processor seconds and resident MiB of this process and all below it: driver, workers, the rest."""

    def __init__(self, engine):
        self._mark, self._over = WORKERS[engine], threading.Event()
        self._seconds, self.most = {}, {'driver': 0, 'worker': 0, 'rest': 0}
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._before = self._look(False)
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._thread.join()

    def seconds(self):
        """Processor seconds by kind, since the beginning."""
        found = {'driver': 0., 'worker': 0., 'rest': 0.}
        for kind, used in self._seconds.values():
            found[kind] += used
        found['driver'] -= self._before
        return found

    def _watch(self):
        while not self._over.wait(.1):
            self._look(True)

    def _look(self, counts):
        processes, own = {}, os.getpid()
        for name in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{name}/stat') as file:
                    fields = file.read().rpartition(')')[2].split()
                with open(f'/proc/{name}/cmdline') as file:
                    processes[int(name)] = int(fields[1]), fields, file.read()
            except OSError:
                continue
        held = {'driver': 0., 'rest': 0.}
        for pid, (_, fields, line) in processes.items():
            above = pid
            while above in processes and above != own:
                above = processes[above][0]
            if above != own:
                continue
            kind = 'driver' if pid == own else 'worker' if self._mark in line else 'rest'
            if kind == 'rest' and pid in self._seconds:  # Of one that is ending there is no line.
                kind = self._seconds[pid][0]
            used = (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
            if counts:
                self._seconds[pid] = kind, used
                mib = int(fields[21]) * os.sysconf('SC_PAGE_SIZE') / 2 ** 20
                if kind == 'worker':
                    self.most[kind] = max(self.most[kind], mib)
                else:
                    held[kind] += mib
            elif pid == own:
                return used
        for kind, mib in held.items():
            self.most[kind] = max(self.most[kind], mib)
        return 0


def job_of(folder, n, engine, method, options, shard):
    from deepexplain.jobs import Job
    return Job(os.path.join(folder, 'm.pb'), os.path.join(folder, '%d.npy' % n),
               os.path.join(folder, f'{engine}-{n}'), method, options, shard=shard)


@contextmanager
def bare_explainer(folder, n, steps, shard):
    """A job, its samples, and an Explainer of its model in one thread that has run once."""
    import tensorflow.compat.v1 as tf

    from deepexplain.tensorflow import DeepExplain
    warnings.simplefilter('ignore')
    job = job_of(folder, n, 'bare', 'intgrad', {'steps': steps}, shard)
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with DeepExplain.open(job.model, config=config) as de:
        explainer = de.get_explainer('intgrad', de.logits, de.inputs[0], steps=steps)
        xs = np.load(job.data)
        explainer.run(xs[:1], 'max')
        yield job, xs, explainer


def bare(folder, n, steps, shard, queue):
    """Processor seconds of an Explainer in one thread, and a file of its attributions."""
    with bare_explainer(folder, n, steps, shard) as (job, xs, explainer):
        found, times = np.empty_like(xs), []
        for _ in range(3):
            start = time.process_time()
            for number in range(job.shards):
                for first, end in job.batches_of(number):
                    found[first:end] = explainer.run(xs[first:end], 'max', return_convergence_delta=True)[0]
            times.append(time.process_time() - start)
    np.save(os.path.join(folder, 'bare.npy'), found)
    queue.put(sorted(times)[1])


def engine_run(folder, n, engine, method, options, shard, queue):
    """What the processes of a run of two workers use, by kind: seconds, MiB; and how long it takes."""
    from deepexplain.jobs import run
    warnings.simplefilter('ignore')
    job = job_of(folder, n, engine, method, options, shard)
    with Watch(engine) as watch:
        start = time.perf_counter()
        assert run(job, engine, workers=None if engine == 'here' else 2).complete
        took = time.perf_counter() - start
    queue.put((watch.seconds(), watch.most, took))


def cost(args):
    from deepexplain.jobs import read
    options = {'steps': args.steps}
    with tempfile.TemporaryDirectory() as folder:
        write_model(os.path.join(folder, 'm.pb'))
        for n in (args.rows, 2 * args.rows):
            write_rows(os.path.join(folder, '%d.npy' % n), n)
        one = alone(bare, folder, args.rows, args.steps, args.shard)
        found = [alone(engine_run, folder, n, args.engine, 'intgrad', options, args.shard)
                 for n in (args.rows, 2 * args.rows)]
        results = read(os.path.join(folder, f'{args.engine}-{args.rows}'))
        want = np.load(os.path.join(folder, 'bare.npy'))
        same = np.array_equal(results['attributions'], want)
        off = np.abs(results['attributions'] - want).max() / np.abs(want).max()
        each = {kind: found[1][0][kind] - found[0][0][kind] for kind in found[0][0]}
        print('| %s, %d rows | bare | driver | two workers | the rest | all / bare | workers / bare | equal |\n'
              '|---|---|---|---|---|---|---|---|' % (args.engine, args.rows))
        print('| of twice as many, the second half | %.2f s | %.2f s | %.2f s | %.2f s | %.3f | %.3f | %s |' % (
            one, each['driver'], each['worker'], each['rest'], sum(each.values()) / one, each['worker'] / one,
            'bit by bit' if same else f'to {off:.0e}'))
        print('| with the start | | %.2f s | %.2f s | %.2f s | %.3f | | |' % (
            found[0][0]['driver'], found[0][0]['worker'], found[0][0]['rest'], sum(found[0][0].values()) / one))
        print('by the wall: %.1f s and %.1f s' % (found[0][2], found[1][2]))


def memory(args):
    print('| %s, rows | shards | driver | a worker | the rest |\n|---|---|---|---|---|' % args.engine)
    with tempfile.TemporaryDirectory() as folder:
        write_model(os.path.join(folder, 'm.pb'))
        for n in map(int, str(args.rows).split(',')):
            write_rows(os.path.join(folder, '%d.npy' % n), n)
            _, most, _ = alone(engine_run, folder, n, args.engine, 'saliency', {}, args.shard)
            print('| %d | %d | %.0f MiB | %.0f MiB | %.0f MiB |' % (
                n, -(-n // args.shard), most['driver'], most['worker'], most['rest']), flush=True)


class Sleeper:
    """A worker that sleeps."""

    def __init__(self, seconds):
        self._seconds = seconds

    def open(self):
        pass

    def shard(self, number):
        from deepexplain.jobs import Outcome
        time.sleep(self._seconds)
        return Outcome(number, f'shard-{number:06d}-{"0" * 12}-{"0" * 32}.parquet')


def rate(ray, workers, seconds, shards):
    """Shards a second of workers that sleep, once all are at work, and the driver's processor seconds a shard."""
    from deepexplain.jobs.ray import _made
    from deepexplain.jobs.todo import Todo
    actor = ray.remote(num_cpus=0)(Sleeper)
    actors = [actor.remote(seconds) for _ in range(workers)]
    ray.get([one.open.remote() for one in actors])
    ready = iter(actors)
    times = []
    used = time.process_time()
    for _ in _made(ray, lambda: next(ready), Todo(range(shards), lambda: False), workers):
        times.append(time.perf_counter())
    assert len(times) == shards
    # From the end of one round of all workers to that of the last.
    return (shards - workers) / (times[-1] - times[workers - 1]), (time.process_time() - used) / shards


def curve(args):
    import ray
    ray.init(include_dashboard=False, log_to_driver=False, logging_level='ERROR')
    counts = [int(one) for one in args.workers.split(',')]
    print('| workers | shards of %g s a second | of linear | shards of no time a second | driver, ms a shard |\n'
          '|---|---|---|---|---|' % args.seconds)
    for workers in counts:
        found, _ = rate(ray, workers, args.seconds, workers * args.each)
        most, driver = rate(ray, workers, 0, 2000)
        print('| %d | %.2f | %.3f | %.0f | %.2f |' % (
            workers, found, found * args.seconds / workers, most, driver * 1e3), flush=True)
    ray.shutdown()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command')
    commands.required = True
    for name, rows in (('cost', 200000), ('memory', '10000,100000,1000000')):
        one = commands.add_parser(name)
        one.add_argument('--engine', choices=sorted(WORKERS), default='ray')
        one.add_argument('--rows', type=type(rows), default=rows)
        one.add_argument('--shard', type=int, default=20000 if name == 'cost' else 10000)
        one.add_argument('--steps', type=int, default=100)
    one = commands.add_parser('curve')
    one.add_argument('--workers', default='1,2,4,8,16,32,64')
    one.add_argument('--seconds', type=float, default=2)
    one.add_argument('--each', type=int, default=8, help='shards for each worker')
    args = parser.parse_args()
    {'cost': cost, 'memory': memory, 'curve': curve}[args.command](args)


if __name__ == '__main__':
    main()
