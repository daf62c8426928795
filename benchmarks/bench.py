"""Prints the tables of benchmarks/README.md for the installed TensorFlow and writes them to a file.

    python benchmarks/bench.py [--out FILE] [--only ratios,family,units,shortcut,deep,growth,memory]
"""
import argparse
import math
import multiprocessing
import os
import platform
import warnings

import models
import numpy as np
import tensorflow.compat.v1 as tf
from measure import Bare, data, in_turn, paired, peak, typical

from deepexplain.tensorflow import DeepExplain, attribution_methods
from deepexplain.tensorflow.runs import first_layer

STEPS, PERMUTATIONS, SAMPLES = 100, 2, 50
#: Method -> its options, and the evaluations of the model that a sample needs by it, given its number of features.
METHODS = {
    'saliency': ({}, 'gradient', lambda features: 1),
    'grad*input': ({}, 'gradient', lambda features: 1),
    'elrp': ({}, 'gradient', lambda features: 1),
    'deeplift': ({}, 'gradient', lambda features: 1),
    'intgrad': (dict(steps=STEPS), 'gradient', lambda features: STEPS),
    'occlusion': ({}, 'score', lambda features: 1 + features),
    'shapley_sampling': (dict(samples=PERMUTATIONS), 'score', lambda features: 2 + PERMUTATIONS * (features - 1)),
    'smoothgrad': (dict(samples=SAMPLES), 'gradient', lambda features: SAMPLES),
    'expected_gradients': (dict(samples=SAMPLES), 'gradient', lambda features: SAMPLES),
    'kernel_shap': (dict(samples=SAMPLES), 'score', lambda features: 2 + SAMPLES),
    'lime': (dict(samples=SAMPLES), 'score', lambda features: SAMPLES),
    'rise': (dict(samples=SAMPLES), 'score', lambda features: SAMPLES),
    'sobol': (dict(samples=8), 'score', lambda features: 8 * (64 + 2)),
    'hsic': (dict(samples=SAMPLES), 'score', lambda features: SAMPLES),
    'permutation': (dict(samples=1), 'score', lambda features: 1 + features),
}
#: Names whose cost is that of another, or nothing.
ALIKE = {'gradient': 'saliency', 'input_t_gradient': 'grad*input', 'integrated_gradients': 'intgrad',
         'smoothgrad_squared': 'smoothgrad', 'vargrad': 'smoothgrad', 'feature_ablation': 'occlusion',
         'idgi': 'intgrad', 'guided_ig': 'intgrad', 'blur_ig': 'intgrad',
         'in_silico_mutagenesis': 'occlusion',  # Of one-hot samples alone.
         'input': None, 'random': None}
#: One pass from T to X by rules, compared with one plain gradient.
FAMILY = [name for name in attribution_methods
          if name.startswith(('lrp', 'deep_taylor', 'pattern', 'deeplift.', 'deconvnet', 'guided_b'))]
#: Those of inner layers, and maps.
MAPS = ('gradcam', 'gradcam++', 'layercam', 'hirescam', 'eigencam', 'scorecam', 'guided_gradcam', 'conductance',
        'internal_influence', 'xrai', 'fullgrad')
WHOLE, MANY = ('saliency', 'grad*input', 'elrp', 'deeplift'), ('intgrad', 'occlusion', 'shapley_sampling')
SAMPLED = ('smoothgrad', 'expected_gradients', 'kernel_shap', 'lime', 'rise')
#: Those of which `units` times all units beside a run for each.
UNITS = ('gradient', 'deeplift', 'lrp.epsilon', 'intgrad', 'expected_gradients', 'smoothgrad', 'occlusion',
         'shapley_sampling', 'rise', 'kernel_shap', 'lime')
SIZES = {'MLP': (64, 128, 256, 512), 'CNN': (16, 32, 64, 128, 256, 512)}


class Case:
    """A model on a session of its own, and what its bare evaluations cost."""

    def __init__(self, model, sizes=()):
        self.graph = tf.Graph()
        with self.graph.as_default():
            self.session = tf.Session(graph=self.graph)
            tf.keras.backend.set_session(self.session) if hasattr(tf.keras, 'backend') else None
            self.X, self.T = model()
            self.session.run(tf.global_variables_initializer())
            self.Y = tf.placeholder(tf.float32, [None, int(self.T.shape[1])])
            self.fetches = {'gradient': tf.gradients(self.T * self.Y, self.X)[0],
                            'score': tf.reduce_sum(self.T * self.Y, 1)}
        self.features = int(np.prod(self.X.shape.as_list()[1:]))
        if sizes:
            self.bare = {name: Bare(self.session, fetch, self.X, self.Y, sizes)
                         for name, fetch in self.fetches.items()}

    def runner(self, method, n, **options):
        with DeepExplain(session=self.session) as de:
            explainer = de.get_explainer(method, self.T, self.X, **(options or METHODS[method][0]))
        xs, ys = data(self.X, self.Y, n)
        if method in ('expected_gradients', 'permutation'):
            return lambda: explainer.run(xs, ys, references=xs)
        return lambda: explainer.run(xs, ys)

    def passing(self, method, n):
        """A run of a method of the family."""
        options = dict(low=0., high=1.5) if method == 'deep_taylor.bounded' else {}
        with DeepExplain(session=self.session) as de:
            explainer = de.get_explainer(method, self.T, self.X, **options)
        xs, ys = data(self.X, self.Y, n)
        if method.startswith('pattern'):
            explainer.fit_patterns(xs)
        return lambda: explainer.run(xs, ys)

    def ratio(self, method, n, **options):
        _, kind, evaluations = METHODS[method]
        rows = n * (options['steps'] if 'steps' in options else evaluations(self.features))
        return paired(self.bare[kind], rows, self.runner(method, n, **options))


def table(title, head, rows):
    """A table in Markdown, printed as it is."""
    lines = ['### ' + title, '', '| %s |' % ' | '.join(head), '|%s' % ('---|' * len(head))]
    lines += ['| %s |' % ' | '.join(row) for row in rows]
    print('\n'.join(lines), flush=True)
    return lines + ['']


def ratios():
    rows = []
    for name, model in (('MLP', models.mlp), ('CNN', models.cnn)):
        case = Case(model, SIZES[name])
        for n in (1, 10):
            rows.append(['%s, n=%d' % (name, n)] + [''] * 4 + [
                '%.2f' % case.ratio(method, n)[0] for method in MANY + SAMPLED])
        rows.append(['%s, n=256' % name] + ['%.2f' % case.ratio(method, 256)[0] for method in WHOLE] + [''] * 5)
        # What one call of 256 rows can reach at all.
        alone = case.bare['gradient']
        alike = Bare(case.session, case.fetches['gradient'], case.X, case.Y, (256,))
        rows.append(['%s, n=256, compared with one plain call of the same 256 rows' % name] + [
            '%.2f' % paired(alike, 256, case.runner(method, 256))[0] for method in WHOLE] + [''] * 5)
        rows.append(['%s, that plain call itself' % name, '%.2f' % paired(alone, 256, alike.call(256))[0]]
                    + [''] * 8)
    return table('Bare cost of the evaluations / time taken', [''] + list(WHOLE) + [
        'intgrad %d' % STEPS, 'occlusion 1x1', 'shapley %d' % PERMUTATIONS] + [
        '%s %d' % (method, SAMPLES) for method in SAMPLED], rows)


def shortcut():
    rows = []
    wide = first_layer.WIDE
    case = Case(models.mlp)
    for method in MANY:
        for n in (1, 10):
            fast = case.runner(method, n)
            first_layer.WIDE = math.inf
            slow = case.runner(method, n)
            first_layer.WIDE = wide
            times = typical(slow, 2), typical(fast, 2)
            rows.append(['%s, n=%d' % (method, n), '%.2f ms' % (times[0] * 1e3), '%.2f ms' % (times[1] * 1e3),
                         '%.1f' % (times[0] / times[1])])
    return table('MLP: the first layer summed up, against rows alone', ['', 'rows alone', 'summed up', 'times faster'],
                 rows)


def family():
    cases = [Case(models.digits, (64,)), Case(models.cnn, (64,))]
    rows = []
    for method in FAMILY:
        cells = []
        for case in cases:
            ratio, taken = paired(case.bare['gradient'], 64, case.passing(method, 64))
            cells.append('%.1f (%.1f ms)' % (1 / ratio, taken * 1e3))
        rows.append([method] + cells)
    return table('Time / that of one plain gradient of the same 64 samples', ['', 'CNN on 8x8 digits', 'CNN on 28x28'],
                 rows)


def units():
    rows = []
    for name, model, sizes in (('MLP', models.mlp, (1, 10)), ('CNN on 8x8', models.digits, (1, 10)),
                               ('CNN on 28x28', models.cnn, (1,))):
        case = Case(model)
        for n in sizes:
            xs, cells = data(case.X, case.Y, n)[0], []
            for method in UNITS:
                options = dict(METHODS[method][0]) if method in METHODS else {}
                more = dict(references=xs) if method == 'expected_gradients' else {}
                with DeepExplain(session=case.session) as de:
                    run = de.get_explainer(method, case.T, case.X, **options).run
                cells.append('%.2f' % in_turn(
                    lambda: run(xs, 'all', **more),  # noqa: B023
                    lambda: [run(xs, unit, **more) for unit in range(10)]))  # noqa: B023
            rows.append(['%s, n=%d' % (name, n)] + cells)
    return table("Ten units at once, ys='all': time / that of a run for each", [''] + list(UNITS), rows)


def deep():
    try:
        case = Case(models.resnet50, (2, 4, 8, 16))
    except TypeError:
        return table('ResNet50', ['not run: no Keras with sessions is installed'], [])
    cells = []
    for method, options in (('saliency', {}), ('deeplift', {}), ('intgrad', dict(steps=20))):
        ratio, taken = case.ratio(method, 2, **options)
        cells.append('%.2f (%.2f s)' % (ratio, taken))
    return table('ResNet50, 224x224, n=2', ['saliency', 'deeplift', 'intgrad 20'], [cells])


def slope(sizes, times):
    """The exponent with which time grows over the larger half of the sizes."""
    middle = len(sizes) // 2
    return math.log(times[-1] / times[middle]) / math.log(sizes[-1] / sizes[middle])


def growth():
    lines = []

    def grow(title, sizes, runners):
        rows = []
        for name, runner in runners.items():
            functions = [runner(size) for size in sizes]
            peaks = [peak(function) for function in functions]
            times = [typical(function, .5) for function in functions]
            rows.append([name] + ['%.3g ms, %d MiB' % (one * 1e3, two) for one, two in zip(times, peaks)]
                        + ['%.2f' % slope(sizes, times)])
        lines.extend(table(title, [''] + [str(size) for size in sizes] + ['slope'], rows))

    case = Case(models.mlp)
    grow('MLP: time and peak memory against n', (1, 4, 16, 64, 256, 1024), {
        method: (lambda n, method=method: case.runner(method, n)) for method in WHOLE + MANY})
    picture = Case(models.cnn)
    steps = (10, 30, 100, 300, 1000)
    grow('intgrad: against steps', steps, {
        'MLP, n=10': lambda size: case.runner('intgrad', 10, steps=size),
        'CNN, n=1': lambda size: picture.runner('intgrad', 1, steps=size)})
    grow('MLP, n=1: against features', (64, 192, 768, 1536, 3072), {
        method: (lambda size, method=method: Case(lambda: models.mlp(size)).runner(method, 1))
        for method in WHOLE + MANY})
    return lines


class Stop(Exception):
    pass


class Short:
    """A session that ends a run after so many calls: by then everything that a run holds is there."""

    def __init__(self, session, calls):
        self.graph, self._session, self._left = session.graph, session, calls

    def run(self, *arguments):
        if not self._left:
            raise Stop
        self._left -= 1
        return self._session.run(*arguments)


def memory_of(name, method, queue):
    """In a process of its own, the MiB that a run with default options takes beyond the model that has run once."""
    case = Case(getattr(models, name))
    xs, ys = data(case.X, case.Y, 2)
    case.session.run(case.fetches['score'], {case.X: xs[:1], case.Y: ys[:1]})
    with DeepExplain(session=Short(case.session, 12)) as de:
        explainer = de.get_explainer(method, case.T, case.X)

    def run():
        try:
            explainer.run(xs, ys)
        except Stop:
            pass

    queue.put(peak(run))


def memory():
    # A fresh process each, since freed memory is kept for the next.
    context = multiprocessing.get_context('spawn')
    rows = []
    for name in ('vgg', 'resnet50'):
        cells = []
        for method in WHOLE + MANY:
            queue = context.Queue()
            process = context.Process(target=memory_of, args=(name, method, queue))
            process.start()
            process.join()
            cells.append('%d' % queue.get() if not process.exitcode else '-')
        rows.append([name] + cells)
    return table('Peak memory of a run on two 224x224x3 pictures, default options, MiB beyond the model',
                 [''] + list(WHOLE + MANY), rows)


def main():
    tables = {one.__name__: one for one in (ratios, family, units, shortcut, deep, growth, memory)}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', default='benchmarks/results.md', help='the file to write')
    parser.add_argument('--only', default=','.join(tables))
    arguments = parser.parse_args()
    warnings.simplefilter('ignore')
    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    lines = [heading(), '']
    print(lines[0], flush=True)
    for name in arguments.only.split(','):
        lines += tables[name]()
    with open(arguments.out, 'w') as out:
        out.write('\n'.join(lines))


def heading():
    """On what tables are made."""
    return '## TensorFlow %s, Python %s, numpy %s, %d cores, %s' % (
        tf.__version__, platform.python_version(), np.__version__, os.cpu_count(), _processor())


def _processor():
    try:
        with open('/proc/cpuinfo') as info:
            return next(line.split(':')[1].strip() for line in info if line.startswith('model name'))
    except (OSError, StopIteration):
        return platform.machine()


if __name__ == '__main__':
    main()
