"""Prints what an engine adds to a shard, apart from what the shard itself takes. Linux.

    python benchmarks/overhead.py [--engines here,ray,spark] [--shards 40,440]
    python benchmarks/overhead.py --bare [--rows 200000] [--shard 20000] [--steps 100] [--turns 5]

A shard: processor milliseconds that one more shard takes of the driver, of the workers and of the rest of an engine:
the difference of a run of many shards and one of few, whose start is the same, over how many more they are; shards of
16 rows and saliency, so that there is little else. What 'here' takes is the shard's own: a call of the model, a file.

Bare: what one Explainer takes on the batches of a job in one thread, alone, and as two processes at once with half of
the shards each, which is what two workers that add nothing take; user and system seconds, medians.
"""
import argparse
import multiprocessing
import os
import resource
import tempfile
from statistics import median

from jobs import alone, write_model, write_rows
from scale import bare_explainer, engine_run


def shards(args):
    few, many = (int(one) for one in args.shards.split(','))
    print('| ms a shard | driver | two workers | the rest | all | the start, s |\n|---|---|---|---|---|---|')
    with tempfile.TemporaryDirectory() as folder:
        write_model(os.path.join(folder, 'm.pb'))
        for n in (few, many):
            write_rows(os.path.join(folder, '%d.npy' % (16 * n)), 16 * n)
        for engine in args.engines.split(','):
            used = [alone(engine_run, folder, 16 * n, engine, 'saliency', {}, 16)[0] for n in (few, many)]
            each = {kind: (used[1][kind] - used[0][kind]) / (many - few) for kind in used[0]}
            print('| %s | %.1f | %.1f | %.1f | %.1f | %.1f |' % (
                (engine,) + tuple(1e3 * each[kind] for kind in ('driver', 'worker', 'rest')) +
                (1e3 * sum(each.values()), sum(used[0].values()) - few * sum(each.values()))), flush=True)


def bare(folder, n, steps, shard, part, parts, ready, queue):
    """User and system seconds of an Explainer in one thread on some of the shards of a job."""
    with bare_explainer(folder, n, steps, shard) as (job, xs, explainer):
        ready.wait()
        before = resource.getrusage(resource.RUSAGE_SELF)
        for number in range(part, job.shards, parts):
            for first, end in job.batches_of(number):
                explainer.run(xs[first:end], 'max', return_convergence_delta=True)
        after = resource.getrusage(resource.RUSAGE_SELF)
    queue.put((after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime))


def at_once(folder, args, parts):
    """The user and the system seconds of all parts of the work, done at once."""
    context = multiprocessing.get_context('spawn')
    queue, ready = context.Queue(), context.Barrier(parts)
    given = folder, args.rows, args.steps, args.shard
    processes = [context.Process(target=bare, args=given + (part, parts, ready, queue)) for part in range(parts)]
    for process in processes:
        process.start()
    found = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    return [sum(one) for one in zip(*found)]


def bares(args):
    print('| %d rows, bare | user | system | all |\n|---|---|---|---|' % args.rows)
    with tempfile.TemporaryDirectory() as folder:
        write_model(os.path.join(folder, 'm.pb'))
        write_rows(os.path.join(folder, '%d.npy' % args.rows), args.rows)
        found = {parts: [] for parts in (1, 2)}
        for _ in range(args.turns):
            for parts in found:
                found[parts].append(at_once(folder, args, parts))
        for parts, said in ((1, 'one process'), (2, 'two at once')):
            print('| %s | %.2f s | %.2f s | %.2f s (%.2f to %.2f) |' % (
                (said,) + tuple(median(one[k] for one in found[parts]) for k in (0, 1)) +
                tuple(of(sum(one) for one in found[parts]) for of in (median, min, max))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--engines', default='here,ray,spark')
    parser.add_argument('--shards', default='40,440')
    parser.add_argument('--bare', action='store_true')
    parser.add_argument('--rows', type=int, default=200000)
    parser.add_argument('--shard', type=int, default=20000)
    parser.add_argument('--steps', type=int, default=100)
    parser.add_argument('--turns', type=int, default=5)
    args = parser.parse_args()
    bares(args) if args.bare else shards(args)


if __name__ == '__main__':
    main()
