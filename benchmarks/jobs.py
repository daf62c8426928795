"""Prints what a job costs over a bare loop of Explainer.run, in one process, and how its memory grows with the rows.

    python benchmarks/jobs.py [--rows 200000] [--shard 50000] [--memory 10000,100000,1000000] [--methods saliency,...]

The model is an MLP of 30-128-128-2. Time is the processor's, of all threads, and the median over turns; the job reads
its rows from a file, finds units and scores, and writes and checks its shards (what is made once, its checking, counts
apart). Memory is by how much a process grows at most; each in one of its own.
"""
import argparse
import multiprocessing
import os
import shutil
import tempfile
import time
import warnings
from statistics import median

import numpy as np
from measure import peak

#: Method -> its options.
METHODS = {'saliency': {}, 'deeplift': {}, 'intgrad': dict(steps=100)}
WIDTH = 30


def write_model(path):
    import tensorflow.compat.v1 as tf
    rng = np.random.RandomState(0)
    with tf.Graph().as_default() as graph:
        h = tf.placeholder(tf.float32, [None, WIDTH], name='x')
        for wide in (128, 128, 2):
            weights = rng.randn(int(h.shape[1]), wide) * (2. / int(h.shape[1])) ** .5
            h = tf.matmul(h if wide == 128 and h.op.type == 'Placeholder' else tf.nn.relu(h),
                          tf.constant(weights.astype(np.float32)))
        tf.identity(h, name='out')
    with open(path, 'wb') as file:
        file.write(graph.as_graph_def().SerializeToString())


def write_rows(path, n):
    rows = np.lib.format.open_memmap(path, 'w+', np.float32, (n, WIDTH))
    for start in range(0, n, 1 << 16):
        rows[start:start + (1 << 16)] = np.random.RandomState(start).randn(min(1 << 16, n - start), WIDTH)


def cost(folder, n, shard, method, turns, queue):
    """Processor and wall seconds of the job, the loop, and the loop with deltas, a list of each."""
    from deepexplain.jobs import Job, run
    from deepexplain.tensorflow import DeepExplain
    warnings.simplefilter('ignore')
    model, data, out = (os.path.join(folder, name) for name in ('m.pb', '%d.npy' % n, 'out'))
    start = time.perf_counter()
    job = Job(model, data, out, method, METHODS[method], shard=shard)
    checked = time.perf_counter() - start
    found = []
    with DeepExplain.open(model) as de:
        explainer = de.get_explainer(method, de.logits, de.inputs[0], **METHODS[method])
        xs = np.load(data, mmap_mode='r')

        def loop(**more):
            for shard in range(job.shards):
                for first, end in job.batches_of(shard):
                    explainer.run(xs[first:end], 'max', **more)

        def whole():
            shutil.rmtree(out, True)
            assert run(job).complete

        ways = [whole, loop, lambda: loop(return_convergence_delta=explainer.has_convergence_delta)]
        loop()
        for _ in range(turns):
            for way in ways:
                start = time.process_time(), time.perf_counter()
                way()
                found.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    queue.put((checked, job.shards, [found[number::3] for number in range(3)]))


def memory(folder, n, queue):
    """MiB by which the checking of a job, TensorFlow's import and all, and its run make a process grow."""
    from deepexplain.jobs import Job, run
    warnings.simplefilter('ignore')
    before = peak(lambda: None)
    made = []
    checked = peak(lambda: made.append(Job(os.path.join(folder, 'm.pb'), os.path.join(folder, '%d.npy' % n),
                                           os.path.join(folder, 'out%d' % n), 'saliency')))
    queue.put((checked - before, peak(lambda: run(made[0]))))


def alone(function, *arguments):
    """What a function puts into its queue, in a process of its own."""
    context = multiprocessing.get_context('spawn')
    queue = context.Queue()
    process = context.Process(target=function, args=arguments + (queue,))
    process.start()
    found = queue.get()
    process.join()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rows', type=int, default=200000)
    parser.add_argument('--shard', type=int, default=50000, help='rows of a shard: seconds of work')
    parser.add_argument('--turns', type=int, default=5)
    parser.add_argument('--methods', default=','.join(METHODS))
    parser.add_argument('--memory', default='10000,100000,1000000')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_model(os.path.join(folder, 'm.pb'))
        write_rows(os.path.join(folder, '%d.npy' % args.rows), args.rows)
        print('| %d rows | job | bare loop | with deltas | job / bare | job / with deltas | by the wall | shards | '
              'checking |\n|---|---|---|---|---|---|---|---|---|' % args.rows)
        for method in args.methods.split(','):
            checked, shards, ways = alone(cost, folder, args.rows, args.shard, method, args.turns)
            times = [median(one[0] for one in way) for way in ways]
            ratios = [median(job[0] / other[0] for job, other in zip(ways[0], way)) for way in ways[1:]]
            wall = median(job[1] / other[1] for job, other in zip(ways[0], ways[2]))
            print('| %s | %.2f s | %.2f s | %.2f s | %.2f | %.2f | %.2f | %d | %.2f s |' % (
                (method,) + tuple(times) + tuple(ratios) + (wall, shards, checked)))
        print('\n| rows | checking, with TensorFlow | run |\n|---|---|---|')
        for n in map(int, filter(None, args.memory.split(','))):
            write_rows(os.path.join(folder, '%d.npy' % n), n)
            print('| %d | %.0f MiB | %.0f MiB |' % ((n,) + alone(memory, folder, n)))


if __name__ == '__main__':
    main()
