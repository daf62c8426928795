"""All methods by all experiments, of the numbers that the others have written: docs/experiments/summary.md.

Run: python experiments/summary.py [--out docs/experiments], after the others.
"""
import csv
import os
from collections import OrderedDict, defaultdict
from typing import Callable, Dict, List, Sequence, Tuple

import numpy as np
from pages import Page, parser

#: What a column is called, of which experiment, and what it says.
COLUMNS = (
    ('sensitivity-n', 'sensitivity_n', 'the correlation of Sensitivity-n, over networks that are not linear and all n'),
    ('changes', 'randomization', '1 less the likeness of maps while the model is randomised from the top, of the ranks '
     'of absolute attributions where there is ink: 1 is a map that follows the model'),
    ('tetrominoes', 'xai_tris', 'precision on the tetromino, over problems, backgrounds and models'),
    ('beats edges', 'xai_tris', 'in which part of these it beats both edge filters'),
    ('motifs', 'motifs', 'recall of the positions of two motifs, over three tasks, against shuffled sequences where '
                         'the method is told what absence is'))

Row = Dict[str, str]


def read(folder: str, name: str) -> List[Row]:
    """The lines of an experiment's file of numbers."""
    with open(os.path.join(folder, name + '.csv'), encoding='utf-8') as file:
        return list(csv.DictReader(file))


def means(rows: Sequence[Row], value: Callable[[Row], float]) -> Dict[str, float]:
    """The mean by method of what rows have; nan where one has none."""
    found: Dict[str, List[float]] = defaultdict(list)
    for row in rows:
        found[row['method']].append(value(row))
    return {method: float(np.mean(values)) for method, values in found.items()}


def number(text: str) -> float:
    """A cell of a file as a number, a dash as nan."""
    return float('nan') if text in ('', '-') else float(text)


def of_subsets(rows: Sequence[Row]) -> Dict[str, float]:
    """Sensitivity-n."""
    sizes = [name for name in rows[0] if name.startswith('n=')]
    return means([row for row in rows if row['activation'] != 'linear'],
                 lambda row: float(np.mean([number(row[size]) for size in sizes])))


def of_changes(rows: Sequence[Row]) -> Dict[str, float]:
    """Model randomisation."""
    return means([row for row in rows if (row['order'], row['similarity'], row['absolute']) == (
        'cascade', 'ink', 'True')], lambda row: 1 - number(row['mean']))


def of_shapes(rows: Sequence[Row]) -> Tuple[Dict[str, float], Dict[str, float]]:
    """XAI-TRIS: precision, and how often it is above that of the edge filters."""
    own = {'translations_rotations': 'own'}
    chosen = [row for row in rows if row['measure'] == 'precision'
              and row['mask'] == own.get(row['problem'], 'both')]
    return means(chosen, lambda row: number(row['mean'])), means(chosen, lambda row: number(row['beats it']))


def of_motifs(rows: Sequence[Row]) -> Dict[str, float]:
    """Planted motifs."""
    told = {row['method'] for row in rows if row['absence'] == 'shuffled'}
    return means([row for row in rows if row['absence'] == 'shuffled' or row['method'] not in told],
                 lambda row: number(row['recall']))


def table(folder: str) -> 'OrderedDict[str, List[float]]':
    """A method's numbers, in the order of the columns; nan where an experiment has none of it."""
    precision, beats = of_shapes(read(folder, 'xai_tris'))
    columns = [of_subsets(read(folder, 'sensitivity_n')), of_changes(read(folder, 'randomization')), precision, beats,
               of_motifs(read(folder, 'motifs'))]
    from deepexplain.tensorflow import attribution_methods
    # Of several names of the same, experiments may know different ones.
    first: Dict[type, str] = {}
    for name, of in attribution_methods.items():
        first.setdefault(of, name)
    columns = [{first[attribution_methods[name]]: value for name, value in one.items() if name in attribution_methods}
               for one in columns]
    names = [name for name in first.values() if any(name in one for one in columns)]
    return OrderedDict((name, [one.get(name, float('nan')) for one in columns]) for name in names)


def main() -> None:
    arguments = parser(__doc__ or '').parse_args()
    page = Page(arguments.out, 'summary', 'All methods, all experiments')
    page.text('A line a method, a column an experiment; in all of them higher is better. No column is the truth: each '
              'asks something else, of small networks, and a method may be best at one and of no use for another. A '
              'dash: not asked, or the method has no map there.',
              *['- **%s** ([page](%s.md)): %s.' % (name, of, says) for name, of, says in COLUMNS])
    noise = of_changes(read(arguments.out, 'randomization')).get('(other noise x input)')
    if noise is not None:
        page.text('Other noise times the input has %.3f under "changes": of what it shares with itself nothing but the '
                  'input stays. Methods with the input as a factor cannot be much higher.' % noise)
    found = table(arguments.out)
    page.table(['method'] + [name for name, _, _ in COLUMNS], [[name] + values for name, values in found.items()])
    page.numbers(['method'] + [name for name, _, _ in COLUMNS], [[name] + values for name, values in found.items()])
    page.write('numpy ' + np.__version__)


if __name__ == '__main__':
    main()
