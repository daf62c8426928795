"""Prints how long explainers of long chains of ops take to build, and the memory for it: each in a process of its own.

    python benchmarks/building.py [--models tanh,lstm] [--steps 25,100,500] [--methods deeplift,lrp.epsilon,...]
"""
import argparse
import multiprocessing
import time
import warnings

import models
import numpy as np
import tensorflow.compat.v1 as tf
from measure import peak

from deepexplain.tensorflow import DeepExplain

#: Name -> method and options.
METHODS = {
    'deeplift': ('deeplift', {}),
    'deeplift complete': ('deeplift', dict(complete=True)),
    'deeplift.reveal_cancel': ('deeplift.reveal_cancel', {}),
    'elrp': ('elrp', {}),
    'lrp.epsilon': ('lrp.epsilon', {}),
    'guided_backprop': ('guided_backprop', {}),
    'saliency': ('saliency', {}),
}
#: Products of gates have no rule here.
OPTIONS = {('lstm', 'lrp.epsilon'): dict(uncovered='gradient')}


def build(model, steps, name, run, queue):
    """Processor seconds to build an explainer, its MiB, the ops between X and T, those added, the first run."""
    warnings.simplefilter('ignore')
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    method, options = METHODS[name]
    options = dict(options, **OPTIONS.get((model, name), {}))
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
        X, T = getattr(models, model)(*[steps] * (steps > 0))
        session.run(tf.global_variables_initializer())
        before = len(graph.get_operations())
        explainers, start = [], time.process_time()

        def make():
            with DeepExplain(session=session) as de:
                explainers.append(de.get_explainer(method, T, X, **options))

        mib = peak(make)
        taken, added = time.process_time() - start, len(graph.get_operations()) - before
        path, first = len(explainers[0]._attribution.model.path.ops), 0
        if run:
            xs, start = np.ones([1] + [size or 1 for size in X.shape.as_list()[1:]], np.float32), time.perf_counter()
            explainers[0].run(xs)
            first = time.perf_counter() - start
    queue.put((taken, mib, path, added, first))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--models', default='tanh,lstm', help='of models.py')
    parser.add_argument('--steps', default='25,100,500', help='0: a model that has none')
    parser.add_argument('--methods', default=','.join(METHODS))
    parser.add_argument('--limit', type=float, default=600, help='seconds for each')
    parser.add_argument('--run', action='store_true', help='the first run too')
    arguments = parser.parse_args()
    print('TensorFlow', tf.__version__)
    print('| model | steps | method | ops on the path | ops added | seconds | MiB |' + ' first run |' * arguments.run)
    print('|---|---|---|---|---|---|---|' + '---|' * arguments.run)
    context = multiprocessing.get_context('spawn')
    for model in arguments.models.split(','):
        for name in arguments.methods.split(','):
            for steps in map(int, arguments.steps.split(',')):
                queue = context.Queue()
                process = context.Process(target=build, args=(model, steps, name, arguments.run, queue))
                process.start()
                process.join(arguments.limit)
                if process.is_alive():
                    process.kill()
                    process.join()
                    print('| %s | %d | %s | | | over %d | |' % (model, steps, name, arguments.limit), flush=True)
                    continue
                if process.exitcode:
                    print('| %s | %d | %s | | | failed | |' % (model, steps, name), flush=True)
                    continue
                taken, mib, path, added, first = queue.get()
                print('| %s | %d | %s | %d | %d | %.1f | %d |' % (model, steps, name, path, added, taken, mib)
                      + ' %.1f |' % first * arguments.run, flush=True)


if __name__ == '__main__':
    main()
