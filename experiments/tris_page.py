"""The page of XAI-TRIS: tables, claims and the picture."""
from typing import Any, Dict, List, Tuple

import numpy as np
import pages
from tris_claims import BASELINES, WORDS, claims, wins
from tris_maps import CAM_LAYER, EDGES, LAYERED, MOST, OPTIONS, methods
from tris_models import MODELS
from tris_scores import MEASURES, Case, Result, better, edge_of, main_mask, mean_of, shown

SHORT = {'linear': 'lin', 'multiplicative': 'mult', 'translations_rotations': 'tr/rot', 'xor': 'xor',
         'white': 'white', 'correlated': 'corr'}
TITLES = {'linear': 'the single layer', 'mlp': 'the MLP', 'cnn': 'the CNN'}


def rows_of(results: Dict[Case, Result]) -> List[str]:
    """Methods in the order of the library, and the edge filters."""
    found = {name for one in results.values() for name, _, _ in one.scores}
    return [name for name in list(methods()) + list(EDGES) if name in found]


def columns_of(results: Dict[Case, Result], model: str = '') -> List[Case]:
    """The cases by model, problem and background."""
    order = list(SHORT)
    return sorted((case for case in results if model in ('', case.model)), key=lambda case: (
        MODELS.index(case.model), order.index(case.problem), order.index(case.background)))


def label(name: str) -> str:
    """What a method is called; a filter so that `sobel` is not taken for the method `sobol`."""
    return name + ' filter' if name in EDGES else name


def title(case: Case) -> str:
    """A column's, without the model."""
    return SHORT[case.problem] + ' ' + SHORT[case.background]


def write(page: pages.Page, plan: Any, results: Dict[Case, Result], minutes: float) -> None:
    """All of the page but its last line."""
    page.text(*intro(plan, minutes))
    page.head('Accuracy')
    page.text('''Of the test pictures (%d in each repetition): mean over repetitions, and the least and largest.'''
              % (plan.count // 10))
    every = columns_of(results, 'cnn')
    page.table(['model'] + [title(case) for case in every], [[TITLES[model]] + [
        accuracy(results.get(case._replace(model=model))) for case in every] for model in plan.models])
    page.head('What comes out')
    page.text(WORDS['claims'])
    claims(page, results, rows_of(results), plan)
    page.figure(picture(results), 'Precision of each method in each scenario')
    page.text(WORDS['picture'])
    page.head('Scenarios in which a method beats both edge filters')
    page.text(WORDS['wins'])
    page.table(['method', 'precision', 'earth mover', 'mean precision', 'mean earth mover', 'scenarios'],
               summary(results))
    for model in plan.models:
        for measure in MEASURES:
            page.head('%s: %s' % (measure.capitalize(), TITLES[model]))
            page.table(['method'] + [title(case) for case in columns_of(results, model)],
                       table(results, model, measure))
    page.head('What could not run')
    page.text(*refusals(results))
    page.head('What it says and does not say')
    page.text(*WORDS['limits'].split('\n\n'))
    page.numbers(['problem', 'background', 'model', 'mask', 'measure', 'method', 'mean', 'standard error',
                  'better edge filter', 'beats it'] + ['repetition %d' % (i + 1) for i in range(plan.repetitions)],
                 numbers(results))


def intro(plan: Any, minutes: float) -> List[str]:
    """What was done."""
    few = ', '.join('`%s` %s' % (name, ' '.join('%s=%s' % pair for pair in options.items()))
                    for name, options in OPTIONS.items() if 'layer' not in options)
    return [WORDS['intro'], WORDS['data'], WORDS['models'] % (
        plan.schedule.epochs, plan.schedule.batch, plan.schedule.rate, plan.schedule.candidates, plan.schedule.warm,
        plan.repetitions), WORDS['scores'] % (plan.scored, plan.moved, ', '.join(
            '`%s` %d' % pair for pair in MOST.items())), WORDS['options'] % (CAM_LAYER, ' and '.join(
                '`%s`' % name for name in LAYERED), few), WORDS['time'] % minutes]


def accuracy(result: Any) -> str:
    """Mean, least and largest."""
    return '-' if result is None else '%.2f (%.2f to %.2f)' % (
        np.mean(result.accuracy), min(result.accuracy), max(result.accuracy))


def table(results: Dict[Case, Result], model: str, measure: str) -> List[List[str]]:
    """Methods by cases: mean and standard error by the main mask."""
    return [[label(name)] + [shown(results[case].scores.get((name, main_mask(case.problem), measure), []))
                      for case in columns_of(results, model)] for name in rows_of(results)]


def summary(results: Dict[Case, Result]) -> List[List[Any]]:
    """Methods by how often they beat the edge filters, and their means over the cases."""
    rows = []
    for name in rows_of(results):
        cases = [case for case in results if (name, main_mask(case.problem), 'precision') in results[case].scores]
        means = [float(np.mean([mean_of(results[case].scores[name, main_mask(case.problem), measure])[0]
                                for case in cases])) for measure in MEASURES]
        rows.append([label(name)] + [wins(results, name, measure)[0] for measure in MEASURES] + means + [len(cases)])
    return sorted(rows, key=lambda row: (-row[1] - row[2], -row[3]))


def refusals(results: Dict[Case, Result]) -> List[str]:
    """Each reason once, with the methods and models that it is of."""
    found: Dict[str, Dict[str, List[str]]] = {}
    for case in columns_of(results):
        for name, why in results[case].refused.items():
            models = found.setdefault(why, {}).setdefault(name, [])
            models.extend([case.model] if case.model not in models else [])
    return ['%s: %s' % ('; '.join('`%s` (%s)' % (name, ', '.join(models)) for name, models in names.items()), why)
            for why, names in found.items()]


def numbers(results: Dict[Case, Result]) -> List[List[Any]]:
    """Every score of every repetition."""
    rows = []
    for case in columns_of(results):
        scores = results[case].scores
        for (name, mask, measure), values in scores.items():
            edge = edge_of(scores, mask, measure, EDGES)
            rows.append([case.problem, case.background, case.model, mask, measure, label(name), *mean_of(values),
                         mean_of(edge)[0], int(better(values, edge)), *values])
        found = results[case].accuracy
        rows.append([case.problem, case.background, case.model, '', 'accuracy', '', *mean_of(found), '', '', *found])
    return rows


def picture(results: Dict[Case, Result]) -> Any:
    """Methods by cases: precision as colour, a dot where both edge filters are beaten."""
    from matplotlib.figure import Figure
    cases, rows = columns_of(results), sorted_rows(results)
    values = np.full((len(rows), len(cases)), np.nan)
    dots: List[Tuple[int, int]] = []
    for j, case in enumerate(cases):
        scores, mask = results[case].scores, main_mask(case.problem)
        edge = edge_of(scores, mask, 'precision', EDGES)
        for i, name in enumerate(rows):
            if (name, mask, 'precision') in scores:
                values[i, j] = mean_of(scores[name, mask, 'precision'])[0]
                dots.extend([(i, j)] if better(scores[name, mask, 'precision'], edge) else [])
    figure = Figure(figsize=(3.5 + .42 * len(cases), 2 + .19 * len(rows)), dpi=110, constrained_layout=True)
    axes = figure.add_subplot(111)
    shown_as = axes.imshow(np.ma.masked_invalid(values), cmap='viridis', vmin=0, vmax=1, aspect='auto')
    axes.set_facecolor('.85')
    if dots:
        axes.scatter([j for _, j in dots], [i for i, _ in dots], s=9, color='white', edgecolor='black', linewidth=.6)
    axes.set_xticks(range(len(cases)))
    axes.set_xticklabels(['%s, %s' % (title(case), case.model) for case in cases], rotation=90, fontsize=7)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([label(name) for name in rows], fontsize=7)
    for name, tick in zip(rows, axes.get_yticklabels()):
        tick.set_fontweight('bold' if name in BASELINES else 'normal')
    figure.colorbar(shown_as, ax=axes, label='precision', shrink=.4)
    return figure


def sorted_rows(results: Dict[Case, Result]) -> List[str]:
    """Methods by their mean precision over the cases, less what all have there: so missing cases do not matter."""
    centre = {case: np.mean([mean_of(values)[0] for (_, mask, measure), values in results[case].scores.items()
                             if (mask, measure) == (main_mask(case.problem), 'precision')]) for case in results}

    def place(name: str) -> float:
        keys = [(case, (name, main_mask(case.problem), 'precision')) for case in results]
        return -float(np.mean([mean_of(results[case].scores[key])[0] - centre[case] for case, key in keys
                               if key in results[case].scores]))
    return sorted(rows_of(results), key=place)
