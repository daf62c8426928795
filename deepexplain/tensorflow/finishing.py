"""Attributions of a run that has begun: made, judged and put together, of one target or of several units."""
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import numpy as np

from .judging import delta_of, judge, tell_lost
from .messages import warn
from .methods import Attribution
from .runs.largest import no_row_each
from .runs.progress import Progress
from .runs.run import Run
from .runs.seeds import repeated
from .runs.several import AT_ONCE

#: Of how many numbers, units times features, attributions are summed up at once.
HELD = 2 ** 25

#: How many scores of units a session call returns at most, where the caller does not say how many rows it has.
SCORES = 2 ** 22

#: From how many bytes on attributions of several units are worth a word.
LARGE = 2 ** 32

#: How many warnings of different units are said in full.
SAID = 3

Found = Tuple[List[np.ndarray], Optional[np.ndarray]]


def finish(attribution: Attribution, run: Run, with_delta: bool, show_progress: bool = False) -> Found:
    """The attributions of each input, and what they are off what they should add up to where that is wanted.

    Of several units both have an axis of these in front.
    """
    if run.several is not None:
        return _of_several(attribution, run, len(run.several), with_delta, show_progress)
    with Progress(run, attribution.evaluations(run) if show_progress else 0, show_progress):
        result = _attributed(attribution, run)
    judge(attribution, run, result)
    tell_lost(attribution, run, result)
    return result, delta_of(attribution, run, result) if with_delta else None


def _attributed(attribution: Attribution, run: Run) -> List[np.ndarray]:
    result = attribution.attribute(run)
    for one in result:
        if len(one) != run.n:
            raise no_row_each(attribution.model.T.name, len(one), run.n)
    return result


def _of_several(attribution: Attribution, run: Run, units: int, with_delta: bool, show_progress: bool) -> Found:
    taken = units * sum(x.nbytes for x in run.xs)
    if taken >= LARGE and not attribution.per_group:
        warn('%s: attributions of %d units of %d samples take %.0f GiB of memory: explain fewer units (ys=\'top10\', '
             'say), or fewer samples at a time (run_batches).' % (
                 attribution.model.method, units, run.n, taken / 2 ** 30))
    size = _at_once(attribution, run, units)
    evaluations = attribution.evaluations(run) * -(-units // size) if show_progress else 0
    found: List[np.ndarray] = []
    inputs = 1 if attribution.per_group else len(run.xs)
    with Progress(run, evaluations, show_progress):
        for part, samples, of in _parts(attribution, run, units, size):
            result = _attributed(attribution, part)
            # A method that takes several units for one must not go on.
            assert len(result) == inputs * (of.stop - of.start), attribution.model.method
            found = found or [np.empty((units, run.n) + one.shape[1:], one.dtype) for one in result[:inputs]]
            for number, one in enumerate(result):
                found[number % inputs][of.start + number // inputs, samples] = one
    return found, _judged(attribution, run, units, found, with_delta)


def _at_once(attribution: Attribution, run: Run, units: int) -> int:
    """How many units share the evaluations of a run."""
    if attribution.by_scores:
        return units
    weighed = attribution.weighed()
    if weighed is None or not attribution.model.slots.can(weighed):
        return 1
    return -(-units // -(-units // AT_ONCE))


def _parts(attribution: Attribution, run: Run, units: int, size: int) -> Iterator[Tuple[Run, slice, slice]]:
    """Runs that together are one, the samples of each and its units: as many as may be held."""
    free = run.rowing.mixed and not run.rowing.exact and not run.sized
    options = _options(attribution, run)
    if not attribution.by_scores:
        for start in range(0, units, size):
            of = slice(start, min(start + size, units))
            # What is held for the way there is held once; ten ways back hold about as much again as one on two cores.
            rows = max(1, run.rowing.rows // -(-size // 3)) if free else None
            yield run.of_units(of if size > 1 else start, next(options), rows), slice(0, run.n), of
        return
    if free:
        run.rowing = run.rowing._replace(rows=max(1, min(run.rowing.rows, SCORES // units)))
    high = max(1, HELD // (units * max(1, sum(x[0].size for x in run.xs)))) if run.rowing.mixed else run.n
    if high >= run.n:
        yield run, slice(0, run.n), slice(0, units)
        return
    for start in range(0, run.n, high):
        samples = slice(start, min(start + high, run.n))
        yield run.of_samples(np.arange(run.n)[samples], [x[samples] for x in run.xs],
                             next(options)), samples, slice(0, units)


def _options(attribution: Attribution, run: Run) -> Iterator[Mapping[str, Any]]:
    """The options of runs that are to draw alike."""
    seeds = repeated(run.options.get('seed'), attribution.seed)
    while True:
        yield dict(run.options, seed=next(seeds)) if 'seed' in attribution.run_options else run.options


def _judged(attribution: Attribution, run: Run, units: int, found: List[np.ndarray], with_delta: bool
            ) -> Optional[np.ndarray]:
    """The deltas of each unit, where they are wanted; warns of each unit what is to be said of it."""
    if with_delta:
        attribution.change(run)
    elif attribution.lossy:
        run.before()
    said: Dict[str, List[int]] = {}
    deltas = []
    for unit in range(units):
        def say(text: str, unit: int = unit) -> None:
            said.setdefault(text, []).append(unit)

        of_unit, result = run.of_units(unit, run.options), [one[unit] for one in found]
        judge(attribution, of_unit, result, say)
        tell_lost(attribution, of_unit, result, say)
        if with_delta:
            deltas.append(delta_of(attribution, of_unit, result, say))
    for number, (text, of) in enumerate(said.items()):
        more = len(said) - SAID if number == SAID - 1 else 0
        warn('%s (%s%s)%s' % (text, ', '.join('attributions[%d]' % one for one in of[:SAID]),
                              ' and %d more' % (len(of) - SAID) if len(of) > SAID else '',
                              ' Of other units there are %d more warnings.' % more if more > 0 else ''))
        if number == SAID - 1:
            break
    return np.array(deltas) if with_delta else None
