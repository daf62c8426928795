"""Mutation testing: change one place of the library at a time, run the tests that belong to it, list what lives.

Run by `make mutants`; see README.md beside this file.
"""
import argparse
import difflib
import fcntl
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from operators import CORE, Provider, Silent

cosmic_ray.plugins.OPERATOR_PROVIDERS['own'] = Provider()

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PACKAGE = Path('deepexplain')

#: What is changed -> the tests that belong to it, besides those of its own room.
EVERYWHERE = ['tests/methods', 'tests/test_golden.py', 'tests/test_innvestigate.py', 'tests/test_delta.py',
              'tests/test_mistakes.py', 'tests/test_modes.py', 'tests/test_errors.py', 'tests/test_explainer.py']
TESTS = {
    'tensorflow/runs': ['tests/runs', 'tests/results'], 'tensorflow/rules': ['tests/rules', 'tests/relevance'],
    'tensorflow/relevance': ['tests/relevance', 'tests/rules'],
    'tensorflow/graph/units.py': ['tests/graph', 'tests/rules', 'tests/relevance'],
    'tensorflow/explaining.py': ['tests/results'], 'results': ['tests/results']}

#: What the tests of everywhere say nothing of.
APART = ('tensorflow/explaining.py', 'results')

#: The tests of what the name of a file does not tell.
BESIDES = {
    'activations': 'test_uncovered test_shaped', 'affine': 'test_trails test_spellings', 'archive': 'test_result_files',
    'arguments': 'test_doors', 'arrays': 'test_doors', 'axes': 'test_trails test_spellings',
    'columns': 'test_table_names test_result_names', 'engine': 'test_uncovered',
    'explaining': 'test_attributions test_result_names', 'forks': 'test_reveal_cancel', 'gradients': 'test_activations',
    'jobs': 'test_job_folders', 'joint': 'test_complete test_rules_by_hand',
    'linear': 'test_unseen test_fixed_batch test_no_gradient test_rules', 'markers': 'test_shaped',
    'model': 'test_batching', 'moments': 'test_smoothgrad', 'names': 'test_table_names', 'padding': 'test_unseen',
    'patterns': 'test_pattern', 'reductions': 'test_complete', 'run': 'test_batching test_delta test_relevances',
    'seeds': 'test_draws', 'shards': 'test_job_folders', 'sizes': 'test_quotients', 'sums': 'test_plan test_trails',
    'tables': 'test_result_names test_table_names', 'targets': 'test_doors', 'units': 'test_tables test_activations'}


class Mutant:
    """One change of one file."""

    def __init__(self, path, operator, occurrence, line):
        self.path, self.operator, self.occurrence, self.line = path, operator, occurrence, line

    @property
    def key(self):
        return f'{self.path}:{self.line} {self.operator} {self.occurrence}'

    def code(self, source):
        return mutate_code(source, cosmic_ray.plugins.get_operator(self.operator)(), self.occurrence)


def find_mutants(path, source):
    """All mutants of a file that could change a result."""
    tree, silent = get_ast(source), Silent(source)
    nodes = list(ast_nodes(tree))
    for name in cosmic_ray.plugins.operator_names():
        if not (CORE.match(name) or name.startswith('own/')):
            continue
        operator = cosmic_ray.plugins.get_operator(name)()
        places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(places):
            if start not in silent:
                yield Mutant(path, name, occurrence, start[0])


def room_of(path):
    return next(room for room in TESTS if room in str(path))


def tests_of(path):
    """The tests that belong to a file, and by what their names hold the order to run them in."""
    room = room_of(path)
    named = [f'test_{path.stem}'] + BESIDES.get(path.stem, '').split()
    return TESTS[room] + (EVERYWHERE if room not in APART else []), [named, TESTS[room][:1]]


def changed_lines(source, code):
    return '\n'.join(line for line in difflib.unified_diff(source.split('\n'), code.split('\n'), n=0, lineterm='')
                     if line[:2] not in ('--', '++', '@@'))


class Server:
    """The warm test runner, in the copy of the tree."""

    def __init__(self, python, copy, state):
        self._state = state
        self._process = subprocess.Popen([python, str(HERE / 'serve.py')], cwd=copy, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, start_new_session=True)

    def ask(self, tests, first=(), budget=0., dirty=True):
        json.dump(dict(tests=tests, first=list(first), budget=budget, dirty=dirty,
                       durations=str(self._state / 'durations.json'), output=str(self._state / 'output.txt')),
                  self._process.stdin)
        self._process.stdin.write('\n')
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait()


class Slot:
    """One of the lock files in a folder, on a machine that is shared: held for some runs, then given to who waits.

    Without a folder nothing.
    """

    #: Seconds after which it is given away, between two runs.
    HOLD = 180

    def __init__(self, folder):
        self._paths = sorted(Path(folder).iterdir()) if folder else []
        self._held, self._since = None, 0.

    def __enter__(self):
        while self._paths and self._held is None:
            self._held, self._since = next(filter(None, map(self._locked, self._paths)), None), time.time()
            time.sleep(0 if self._held else .3)

    def __exit__(self, *error):
        if self._held is not None and time.time() - self._since > self.HOLD:
            self._held.close()
            self._held = None
            time.sleep(1)

    @staticmethod
    def _locked(path):
        file = open(path, 'w')
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except OSError:
            file.close()
            return None


def copy_of(tree, to):
    """A copy of the tree whose compiled files are good only for the very source that they were made of."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(tree, to, ignore=shutil.ignore_patterns('.*', '__pycache__', 'docs', 'build', 'dist'))
    shutil.copy(tree / 'pyproject.toml', to)


def chosen(mutants, args, done):
    if args.again:
        alive = {key for key, one in done.items() if one['outcome'] == 'survived'}
        return [one for one in mutants if one.key in alive]
    if args.sample == 'all':
        return mutants
    return random.Random(args.seed).sample(mutants, min(int(args.sample), len(mutants)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--python', default=sys.executable, help='the one that the tests run on')
    parser.add_argument('--sample', default='200', help="how many mutants, or 'all'")
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--budget', type=float, default=60, help='seconds of tests for a mutant, as they took before')
    parser.add_argument('--only', default='', help='what the path of a file must hold')
    parser.add_argument('--again', action='store_true', help='those that lived the last time')
    parser.add_argument('--on', action='store_true', help='go on with a sample that was not finished')
    parser.add_argument('--state', type=Path, default=ROOT / '.mutants', help='where the copy and the results are kept')
    parser.add_argument('--slots', help='a folder of lock files, one of which each run waits for')
    args = parser.parse_args()

    copy, results = args.state / 'tree', args.state / 'results.json'
    args.state.mkdir(exist_ok=True)
    copy_of(ROOT, copy)
    paths = [path for room in TESTS for path in ([PACKAGE / room] if room.endswith('.py') else sorted(
        one.relative_to(ROOT) for one in (ROOT / PACKAGE / room).glob('*.py')))]
    sources = {path: (ROOT / path).read_text(encoding='utf-8') for path in paths}
    mutants = [one for path, source in sorted(sources.items()) for one in find_mutants(path, source)
               if args.only in str(path)]
    done = json.loads(results.read_text()) if results.exists() else {}
    sample = chosen(mutants, args, done)
    print('%d mutants, %d of them are tried.' % (len(mutants), len(sample)), flush=True)

    subprocess.run([args.python, '-m', 'compileall', '-q', '--invalidation-mode', 'checked-hash', 'deepexplain'],
                   cwd=copy, check=True)
    server, slot = Server(args.python, copy, args.state), Slot(args.slots)
    every = sorted({test for mutant in sample for test in tests_of(mutant.path)[0]})
    if not (args.state / 'durations.json').exists():
        print('How long each test takes, once: some minutes.', flush=True)
        with slot:
            found = server.ask(every, dirty=False)
        if found['outcome'] != 'survived':
            sys.exit('The tests fail as they are: see %s.' % (args.state / 'output.txt'))
    found = done if args.again or args.on else {}
    for number, mutant in enumerate(sample):
        if args.on and mutant.key in found:
            continue
        source = sources[mutant.path]
        code = mutant.code(source)
        tests, first = tests_of(mutant.path)
        (copy / mutant.path).write_text(code, encoding='utf-8')
        with slot:
            answer = server.ask(tests, first, args.budget)
        (copy / mutant.path).write_text(source, encoding='utf-8')
        answer.update(diff=changed_lines(source, code))
        found[mutant.key] = answer
        save(found, results)
        print('%4d %-8s %5.1f s  %s' % (number + 1, answer['outcome'], answer['seconds'], mutant.key), flush=True)
        if answer['outcome'] == 'survived':
            print(answer['diff'], flush=True)
    server.close()
    report(sample, found)


def save(found, path):
    """Whole, also when interrupted."""
    path.with_suffix('.new').write_text(json.dumps(found, indent=1), encoding='utf-8')
    path.with_suffix('.new').replace(path)


def report(mutants, found):
    counts = Counter(found[one.key]['outcome'] for one in mutants)
    print('\n%d sampled: %d killed, %d timed out, %d survived.' % (
        len(mutants), counts['killed'], counts['timeout'], counts['survived']))
    for one in sorted(mutants, key=lambda one: (str(one.path), one.line)):
        if found[one.key]['outcome'] == 'survived':
            print('\n%s:%d (%s)\n%s' % (one.path, one.line, one.operator.split('/')[1], found[one.key]['diff']))


if __name__ == '__main__':
    main()
