"""The page of motifs.py: its tables, its picture, and which statements come out."""
import itertools
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
from motif_data import DECOY, FIRST, LENGTH, OFF, SECOND, TASKS
from motif_methods import BESIDE, FAMILIES, LAYER, LEFT_OUT, MANY, ONE, PATH, SHOWN, SHUFFLED, ZEROS, Row, same, takes
from pages import Page, cell

BOTH, COPIES, SPACING = TASKS
OWN = "the network's own answer"
COLOURS = ('#d62728', '#ff7f0e', '#1f77b4', '#2ca02c', '#9467bd', '#8c564b', '#7f7f7f')


class Numbers:
    """The means of measures over repetitions, and their standard errors: (rows, tasks).

    Args:
        rows: the methods.
        values: measure -> (rows, tasks, repetitions).
        seen: task -> what the network makes of the two sites, for each repetition.
    """

    def __init__(self, rows: Sequence[Row], values: Dict[str, np.ndarray], seen: Dict[str, Any]) -> None:
        self.rows, self.values, self.seen = list(rows), values, seen
        self.mean = {name: one.mean(2) for name, one in values.items()}
        self.error = {name: one.std(2, ddof=1) / one.shape[2] ** .5 for name, one in values.items()}
        self.alone = np.array([np.mean([one.alone for one in seen[task]]) for task in TASKS])

    def of(self, *families: str) -> List[int]:
        """The rows of some families."""
        return [i for i, row in enumerate(self.rows) if row.family in families]

    def off(self) -> np.ndarray:
        """By how much the answer to whether the second motif is there is another than the network's: (rows,)."""
        return np.abs(self.mean['alone'] - self.alone).mean(1)

    def said(self, chosen: Sequence[int], values: np.ndarray) -> str:
        """Names with a number each."""
        return '; '.join('%s %s' % (self.rows[i].name, cell(float(values[i]), '%.2f')) for i in chosen) or 'none'


def write(folder: str, rows: Sequence[Row], values: Dict[str, np.ndarray], seen: Dict[str, Any], sizes: Tuple[int, ...],
          began: Tuple[float, float], versions: str) -> None:
    """Write the page, its picture and all numbers."""
    numbers, page = Numbers(rows, values, seen), Page(folder, 'motifs', 'Planted motifs and their interaction')
    page.text(
        'Sequences of %d letters, drawn so that C and G are seldom neighbours, with %s and %s planted and the decoy %s '
        'in each. There are three tasks; the label is 1 where' % (LENGTH, FIRST, SECOND, DECOY),
        *['- **%s**: %s.' % one for one in TASKS.items()],
        'Of the sequences of label 0 half have one of the motifs in the first task, half one and half both at a '
        'distance that is off by %d or more in the third; in the second they have none. A network of two convolutions '
        '(24 filters of 11 letters, max pooling of 4, 24 filters of 9, the maximum over positions, a dense layer of 16)'
        ' is trained on %d of them, once for each of %d repetitions with other data, weights and draws: accuracy on '
        'others %s.' % (OFF, sizes[1], sizes[0], ', '.join('%s %.3f to %.3f' % (
            task, min(one.accuracy for one in seen[task]), max(one.accuracy for one in seen[task])) for task in TASKS)),
        'Its score is explained on %d sequences each that have label 1 and two sites (two copies in the second task). '
        'Absence is zeros, or shuffled: %d dinucleotide shuffles of each sequence, or their mean where a method takes '
        'one baseline. All options are by default but: %s.' % (sizes[3], sizes[4], SHOWN))
    page.head('What is measured')
    page.text(
        '- **recall**: how many of the positions of both sites are among as many largest, the mean and its standard '
        'error over repetitions; %.2f by chance. A position is the sum over its letters where values have the factor '
        'x less absence, else the value of the letter that is there. **AUPRC** is the average precision for the same, '
        'the mean over tasks.' % ((len(FIRST) + len(SECOND)) / LENGTH),
        '- **weaker**: how much of the site that gets less is among as many positions as both have.',
        '- **share**: the sum over both sites, divided by what the network loses when both are background; where '
        'values are in units of the score.',
        '- **alone**: what the first site gets when the second is background, as a part of what it gets beside it. '
        "The network's own answer, the Shapley value of two sites as two players, is %s." % ', '.join(
            '%s %.2f' % (task, one) for task, one in zip(TASKS, numbers.alone)))
    _families(page, numbers)
    _claims(page, numbers)
    page.figure(picture(numbers), 'Position recall of every method, and what it makes of the interaction')
    page.head('All methods')
    order = np.argsort(-numbers.mean['recall'].mean(1), kind='stable')
    page.table(('method', *('recall, ' + task for task in TASKS), 'AUPRC', 'weaker, ' + COPIES,
                *('share, ' + task for task in (BOTH, COPIES)), *('alone, ' + task for task in TASKS)),
               [[rows[i].name] + ['%.2f ± %.2f' % one for one in zip(
                   numbers.mean['recall'][i], numbers.error['recall'][i])] + [cell(float(one), '%.2f') for one in (
                    numbers.mean['precision'][i].mean(), numbers.mean['weaker'][i, 1], *numbers.mean['share'][i, :2],
                    *numbers.mean['alone'][i])] for i in order])
    page.text('Other names of the same: %s. Not in the table: %s. expected_gradients and permutation draw from '
              'references, of which zeros are none.' % (
                  ', '.join('%s is %s' % one for one in same().items()),
                  '; '.join('%s (%s)' % one for one in LEFT_OUT.items())))
    page.head('What it says and does not say')
    page.text(
        'It says which methods find letters that are known to count, for networks of this size that were right, and '
        'whether what a method gives one motif follows the other as the network does. It does not say that a network '
        'uses what was planted: where it has learned less than both sites, a method that is right about it has a lower '
        'recall. Motifs are exact, backgrounds have no others, and there is one architecture; differences of a few '
        'hundredths are within its repetitions. Recall ranks, so it says nothing of scale or of sign; share and alone '
        'do. What is off the data (zeros, a mean of letters) is asked of the network as it is.')
    page.numbers(('method', 'absence', 'family', 'task', 'repetition', *values), [
        (row.method, row.absence, row.family, task, repetition,
         *(float(one[i, j, repetition]) for one in values.values()))
        for (i, row), (j, task), repetition in itertools.product(enumerate(rows), enumerate(TASKS), range(sizes[0]))
    ] + [(OWN, '', '', task, repetition, *(one.alone if name == 'alone' else np.nan for name in values))
         for task in TASKS for repetition, one in enumerate(seen[task])])
    page.began = began
    page.write(versions)


def _families(page: Page, numbers: Numbers) -> None:
    """The means of families."""
    page.head('By family')
    lines = []
    for family in FAMILIES:
        own = numbers.of(family)
        if own:
            lines.append([family, str(len(own))] + [cell(float(one), '%.2f') for one in (
                *numbers.mean['recall'][own].mean(0), numbers.mean['weaker'][own, 1].mean(),
                *(np.median(one[~np.isnan(one)]) if (~np.isnan(one)).any() else np.nan
                  for one in numbers.mean['alone'][own].T))])
    lines.append([OWN, ''] + [''] * 4 + ['%.2f' % one for one in numbers.alone])
    page.table(('family', 'rows', *('recall, ' + task for task in TASKS), 'weaker, ' + COPIES,
                *('alone, %s (median)' % task for task in TASKS)), lines)


def _claims(page: Page, numbers: Numbers) -> None:
    """Statements, and whether these numbers bear them out."""
    page.head('Statements')
    recall, share, alone = numbers.mean['recall'], numbers.mean['share'], numbers.mean['alone']
    one, many = numbers.of(ONE), [i for i in numbers.of(MANY) if not np.isnan(share[i]).any()]
    lost = numbers.values['recall'][:, 0] - numbers.values['recall'][:, 1]
    fall = lost.mean(1)
    others = [i for i in numbers.of(PATH) if numbers.rows[i].absence == SHUFFLED]
    page.claim('Methods that move one feature at a time lose more recall from both to copies, where sites stand in '
               'for each other, than those of many subsets, and than paths from shuffled references do:',
               _judged(fall[one], fall[many + others]),
               'they lose: %s. The others: %s.' % (numbers.said(one, fall), numbers.said(many + others, fall)))
    credit = share[:, 1] / share[:, 0]
    page.claim('Against what both sites together make, they credit copies that stand in for each other less than '
               'motifs that need each other, and those of many subsets do not:',
               _judged(-credit[one], -credit[many]),
               'copies over both, of shares: %s. Of many subsets: %s.' % (
                   numbers.said(one, credit), numbers.said(many, credit)))
    off = numbers.off()
    known = [i for i in range(len(off)) if not np.isnan(off[i]) and numbers.rows[i].family != BESIDE]
    best = sorted(known, key=lambda i: off[i])[:8]
    page.claim("Those of many subsets that are in units of the score come nearest to the network's own answer to "
               'whether the second site is there:',
               _judged(-off[many], -off[[i for i in known if i not in many]]),
               'nearest, by the mean distance of alone: %s. Those that move one at a time: %s.' % (
                   numbers.said(best, off), numbers.said(one, off)))
    moved = np.where(np.isnan(alone), 0, alone - 1)
    sees = (np.sign(moved) == np.sign(numbers.alone - 1)) & (np.abs(moved) > .1)
    blind = [i for i in known if not sees[i].all()]
    page.claim('Every method moves with the interaction: it gives the first site less where the second, which it '
               'needs, is missing, and more where it stood in for it, by a tenth or more:', not blind or None,
               '%d of %d rows in all three tasks; not %s.' % (len(known) - len(blind), len(known), ', '.join(
                   '%s (%s)' % (numbers.rows[i].name, ', '.join(task for task, fine in zip(TASKS, sees[i]) if not fine))
                   for i in blind) or 'any'))
    where = {(row.method, row.absence): i for i, row in enumerate(numbers.rows)}
    pairs = [(where[method, ZEROS], i) for (method, absence), i in where.items()
             if absence == SHUFFLED and (method, ZEROS) in where]
    gain = np.array([numbers.values['recall'][two] - numbers.values['recall'][a] for a, two in pairs]).mean(2)
    for by, name in (('references', 'Several shuffled references find more than zeros:'),
                     ('baseline', 'Their mean as one baseline finds more than zeros:')):
        own = [k for k, (_, i) in enumerate(pairs) if takes(numbers.rows[i].method) == by]
        better = (gain[own].mean(1) > 0).sum()
        page.claim(name, True if better == len(own) else False if not better else None,
                   '%d of %d methods have a higher mean recall: %s.' % (better, len(own), ', '.join('%s %+.3f' % (
                       numbers.rows[pairs[k][1]].method, gain[k].mean()) for k in own)))
    methods = [i for i, row in enumerate(numbers.rows) if row.family != BESIDE]
    layer, chance = numbers.of(LAYER), recall[numbers.of(BESIDE)].mean()
    page.claim('Maps of a layer, or of regions, are too coarse for letters:', _judged(
        -recall[layer].mean(1), -recall[[i for i in methods if i not in layer]].mean(1)),
        'mean recall: %s. `input` and `random` have %.2f.' % (numbers.said(layer, recall.mean(1)), chance))
    decoy = numbers.mean['decoy'].mean(1)
    most = max(methods, key=lambda i: decoy[i])
    page.claim('No method takes the decoy for a motif:', bool(decoy[most] < .1),
               'its recall is at most %.2f (%s), by chance %.2f.' % (decoy[most], numbers.rows[most].name,
                                                                     len(DECOY) / LENGTH))


def _judged(ones: np.ndarray, others: np.ndarray) -> Any:
    """Whether all of some are above all others (True), not even on average (False), or on average alone (None)."""
    ones, others = ones[~np.isnan(ones)], others[~np.isnan(others)]
    if not ones.size or not others.size:
        return None
    if ones.min() > others.max():
        return True
    return None if ones.mean() > others.mean() else False


def picture(numbers: Numbers) -> Any:
    """Recall of all methods at each task, and what they make of the interaction."""
    from matplotlib.figure import Figure
    order = np.argsort(numbers.mean['recall'].mean(1), kind='stable')
    figure = Figure(figsize=(15, 2 + .19 * len(order)), dpi=100, facecolor='white')
    panels = figure.subplots(1, 5, sharey=True)
    drawn = [('recall', j, 'recall: ' + task) for j, task in enumerate(TASKS)]
    drawn += [('alone', j, 'alone: ' + task) for j, task in enumerate((BOTH, COPIES))]
    for ax, (name, j, title) in zip(panels, drawn):
        low, high = (0, 1.03) if name == 'recall' else (-1, 4.2)
        for place, i in enumerate(order):
            row = numbers.rows[i]
            colour = COLOURS[FAMILIES.index(row.family)]
            if np.isnan(numbers.mean[name][i, j]):
                continue
            ax.errorbar(np.clip(numbers.mean[name][i, j], low, high), place, xerr=numbers.error[name][i, j], fmt='o',
                        color=colour, markersize=4, mfc='white' if row.absence == ZEROS else colour, linewidth=1)
        ax.axvline(numbers.alone[j] if name == 'alone' else .15, color='k', linewidth=.8, linestyle='--')
        ax.set_xlim(low, high)
        ax.set_title(title, fontsize=10)
        ax.grid(axis='both', color='#eeeeee')
        ax.set_axisbelow(True)
    panels[0].set_yticks(range(len(order)))
    panels[0].set_yticklabels([numbers.rows[i].name for i in order], fontsize=7.5)
    panels[0].set_ylim(-1, len(order))
    for family, colour in zip(FAMILIES, COLOURS):
        panels[0].plot([], [], 'o', color=colour, label=family)
    panels[0].plot([], [], 'o', color='k', mfc='white', label='hollow: zeros stand for absence')
    panels[0].plot([], [], 'k--', linewidth=.8, label="by chance; alone: the network's own answer")
    figure.legend(*panels[0].get_legend_handles_labels(), loc='lower center', ncol=5, fontsize=8, frameon=False)
    figure.tight_layout(rect=(0, .5 / figure.get_size_inches()[1], 1, 1))
    return figure
