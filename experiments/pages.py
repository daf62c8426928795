"""The page of an experiment: docs/experiments/NAME.md with its tables, and NAME.png and NAME.csv beside it."""
import argparse
import csv
import os
import platform
import time
from typing import Any, Iterable, List, Optional, Sequence

import numpy as np


def parser(doc: str) -> argparse.ArgumentParser:
    """What all experiments are asked: where to write, and whether to be quick."""
    found = argparse.ArgumentParser(description=doc.splitlines()[0])
    found.add_argument('--out', default=os.path.join('docs', 'experiments'), help='a folder; default docs/experiments')
    found.add_argument('--quick', action='store_true', help='the same in seconds, with numbers that mean nothing')
    return found


class Page:
    """Lines of Markdown, written as a whole at the end.

    Args:
        folder, name: where to write `name`.md, .png and .csv.
        title: the page's.
    """

    def __init__(self, folder: str, name: str, title: str) -> None:
        self.folder, self.name, self.began = folder, name, (time.time(), time.process_time())
        self.parts: List[str] = ['# ' + title]

    def path(self, ending: str) -> str:
        """Where the file of this ending lies."""
        return os.path.join(self.folder, self.name + ending)

    def text(self, *paragraphs: str) -> None:
        """Add paragraphs, whose lines are joined."""
        self.parts.extend(' '.join(one.split()) for one in paragraphs)

    def head(self, title: str) -> None:
        """Begin a section."""
        self.parts.append('## ' + title)

    def table(self, head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
        """Add a table: first column to the left, numbers to the right."""
        lines = [list(map(cell, head)), ['---'] + ['---:'] * (len(head) - 1)] + [list(map(cell, row)) for row in rows]
        self.parts.append('\n'.join('| %s |' % ' | '.join(line) for line in lines))

    def claim(self, sentence: str, holds: Optional[bool], evidence: str) -> None:
        """Say whether a statement comes out (None: in part), and the numbers that say so."""
        verdict = {True: 'comes out', False: 'does not come out', None: 'comes out in part'}[holds]
        self.parts.append('- %s **%s**: %s' % (sentence, verdict, evidence))

    def figure(self, figure: Any, caption: str) -> None:
        """Save a matplotlib figure beside the page, and show it there."""
        os.makedirs(self.folder, exist_ok=True)
        figure.savefig(self.path('.png'))
        self.parts.append('![%s](%s.png)' % (caption, self.name))

    def numbers(self, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write all numbers as a file of comma-separated values."""
        os.makedirs(self.folder, exist_ok=True)
        with open(self.path('.csv'), 'w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(head)
            writer.writerows([cell(one, '%.6g') for one in row] for row in rows)

    def write(self, versions: str) -> None:
        """Write the page; `versions` says on what it was made."""
        wall, busy = ((now - then) / 60 for now, then in zip((time.time(), time.process_time()), self.began))
        self.text('Made by `experiments/%s.py` in %.0f minutes on %d cores (%.0f of processor time), Python %s, %s; '
                  'all numbers: [%s.csv](%s.csv).' % (self.name, wall, os.cpu_count() or 1, busy,
                                                  platform.python_version(), versions, self.name, self.name))
        os.makedirs(self.folder, exist_ok=True)
        with open(self.path('.md'), 'w', encoding='utf-8') as file:
            file.write('\n\n'.join(self.parts) + '\n')
        print('wrote ' + self.path('.md'))


def verdict(holds: Sequence[bool]) -> Optional[bool]:
    """What `Page.claim` is told: True where all hold, False where none does, else None."""
    return True if all(holds) else None if any(holds) else False


def cell(value: Any, form: str = '%.3f') -> str:
    """Numbers in few digits, none as a dash, all else as it is."""
    if isinstance(value, (float, np.floating)):
        return '-' if np.isnan(value) else form % value
    return str(value)
