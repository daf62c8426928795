"""XAI-TRIS (Clark et al. 2024): which method finds the tetromino that makes the class better than an edge filter?"""
import multiprocessing
import os
import sys
import time
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np
import pages
import tensorflow.compat.v1 as tf
import tetrominoes
import tris_page
from tris_maps import Explained, edges
from tris_models import MODELS, Schedule, Trainer
from tris_scores import Case, Result, Scores, movers, precision


class Plan(NamedTuple):
    """How much is done: pictures of a set, repetitions, pictures scored by precision and by the earth mover."""

    count: int = 10000
    repetitions: int = 5
    scored: int = 50
    moved: int = 12
    schedule: Schedule = Schedule()
    models: Tuple[str, ...] = MODELS
    cases: Tuple[Tuple[str, str], ...] = tuple((problem, background) for problem in tetrominoes.PROBLEMS
                                               for background in tetrominoes.BACKGROUNDS)


QUICK = Plan(count=400, repetitions=2, scored=6, moved=2, schedule=Schedule(epochs=3, warm=1, candidates=2),
             models=('cnn',), cases=(('linear', 'correlated'),))
#: What one process is given at a time, the longest first: a model, and which of the cases.
SHARES: List[Tuple[str, slice]] = [('cnn', slice(0, None, 2)), ('cnn', slice(1, None, 2)), ('mlp', slice(0, None, 2)),
                                   ('mlp', slice(1, None, 2)), ('linear', slice(None))]


def work(share: Tuple[str, slice, Plan]) -> Tuple[Dict[Case, Result], float]:
    """The results of one model on some of the cases, and the seconds of processor that they took."""
    model, which, plan = share
    cases = [case for case in plan.cases[which] if model != 'linear' or case[0] == 'linear']
    if not cases or model not in plan.models:
        return {}, 0.
    explained, trainer = Explained(model), Trainer(model, plan.repetitions, scheduled(model, plan.schedule))
    return ({Case(*case, model=model): of_case(case, plan, trainer, explained) for case in cases},
            time.process_time())


def scheduled(model: str, schedule: Schedule) -> Schedule:
    """The CNN alone needs more than one beginning: its few units may die."""
    return schedule if model == 'cnn' else schedule._replace(candidates=1)


def of_case(case: Tuple[str, str], plan: Plan, trainer: Trainer, explained: Explained) -> Result:
    """Pictures, models and maps of all repetitions, and their scores."""
    sets = [tetrominoes.make(*case, count=plan.count, seed=seed) for seed in range(plan.repetitions)]
    train, valid, test = zip(*[[one.at(rows) for rows in tetrominoes.split(one.ys, seed)]
                               for seed, one in enumerate(sets)])
    scores: Scores = {}
    accuracy, counts = [], []
    for weights, known, unknown in zip(trainer.train(train, valid, 0), train, test):
        explained.load(weights)
        right = explained.logits(unknown.xs).argmax(1) == unknown.ys
        accuracy.append(float(right.mean()))
        some = unknown.at(np.flatnonzero(right)[:plan.scored])
        maps = explained.maps(some.xs, some.ys, known.xs)
        maps.update(edges(some.xs))
        counts.append(len(some.xs))
        score(maps, some.masks(case[0]), plan.moved, scores)
    print('%s on %s, %s: accuracy %s' % (case[0], case[1], trainer.model, np.round(accuracy, 3)), flush=True)
    return Result(scores, accuracy, dict(explained.refused), counts)


def score(maps: Dict[str, np.ndarray], masks: Any, moved: int, into: Scores) -> None:
    """Put one repetition's means of the scores of all maps."""
    for mask, inside in masks:
        found = movers({name: one[:moved] for name, one in maps.items()}, inside[:moved])
        for name, one in maps.items():
            into.setdefault((name, mask, 'precision'), []).append(float(precision(one, inside[:len(one)]).mean()))
            into.setdefault((name, mask, 'earth mover'), []).append(float(found[name].mean()))


def main() -> None:
    asked = pages.parser(__doc__)
    asked.add_argument('--processes', type=int, default=2, help='how many at a time; default 2')
    args = asked.parse_args()
    plan = QUICK if args.quick else Plan()
    page = pages.Page(args.out, 'xai_tris', 'Tetrominoes: does the map show what makes the class?')
    shares = [share + (plan,) for share in SHARES]
    results: Dict[Case, Result] = {}
    seconds: Dict[Any, float] = {}
    if args.processes > 1:
        # One thread a process: there are as many processes as cores.
        for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'):
            os.environ.setdefault(name, '1')
        with multiprocessing.get_context('spawn').Pool(args.processes, maxtasksperchild=1) as pool:
            for found, took in pool.imap_unordered(work, shares, 1):
                results.update(found)
                seconds[len(seconds)] = took
    else:
        for found, took in map(work, shares):
            results.update(found)
            seconds['all'] = took
    tris_page.write(page, plan, results, sum(seconds.values()) / 60)
    page.write('TensorFlow %s, numpy %s' % (tf.__version__, np.__version__))


if __name__ == '__main__':
    sys.exit(main())
