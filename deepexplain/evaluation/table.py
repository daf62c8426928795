"""What `evaluate` returns: methods as rows, measures as columns."""
import csv
import io
from shutil import get_terminal_size
from typing import Any, Dict, List, Mapping, Optional

import numpy as np

from ..files import whole
from ..terminal import visible
from .arithmetic import mean_and_error, ranks
from .curves import Curves


class Table:
    """Values of samples by methods and measures, with means, standard errors and ranks; made by `evaluate`.

    Args:
        values: the name of a method -> the name of a measure -> (n,), float64; nan where a sample has no value.
        directions: the name of a measure -> 'higher' or 'lower', what is better.
        curves: the name of a method -> the name of a measure -> its `Curves`, for measures that are such; those of
            sensitivity_n go over the sizes of subsets. Default None: there are none.

    Attributes:
        values, directions, curves: as above.
        methods, measures: their names, in order.
        mean, error, count, rank: arrays (methods, measures): over the samples that have a value the mean, its standard
            error and how many they are; 1 for the best mean, equal ones share. nan where no sample has a value.
    """

    def __init__(self, values: Mapping[str, Mapping[str, np.ndarray]], directions: Mapping[str, str],
                 curves: Optional[Mapping[str, Mapping[str, Curves]]] = None) -> None:
        self.values: Dict[str, Dict[str, np.ndarray]] = {name: dict(row) for name, row in values.items()}
        self.directions = dict(directions)
        self.curves: Dict[str, Dict[str, Curves]] = {name: dict((curves or {}).get(name, {})) for name in values}
        self.methods, self.measures = list(values), list(directions)
        each = np.array([[values[method][measure] for measure in self.measures] for method in self.methods])
        self.mean, self.error, self.count = mean_and_error(each, 2)
        self.rank = np.array([_ranked(column, directions[measure])
                              for column, measure in zip(self.mean.T, self.measures)]).T

    def to_markdown(self) -> str:
        """A table of Markdown: mean, standard error and rank in a cell."""
        head = [f'{one} ({self.directions[one]} is better)' for one in self.measures]
        rows = [['method'] + head, ['---'] + ['---:'] * len(head)] + self._rows()
        return '\n'.join('| %s |' % ' | '.join(_escaped(one) for one in row) for row in rows) + '\n'

    def to_csv(self, path: Optional[str] = None) -> str:
        """Lines of method, measure, direction, mean, standard_error, rank and samples; also written to a file.

        Args:
            path: the file, replaced whole or not at all. Default None: none is written.

        Returns:
            The text, its first line the names of the columns.

        Raises:
            OSError: the file cannot be written.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator='\n')
        writer.writerow(_COLUMNS)
        writer.writerows(self._lines())
        if path is not None:
            with whole([path]) as files:
                files[0].write(out.getvalue().encode('utf-8'))
        return out.getvalue()

    def to_dataframe(self) -> Any:
        """The same as a pandas DataFrame, which needs pandas."""
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_dataframe needs pandas: pip install 'deepexplain[pandas]'.") from error
        return pandas.DataFrame(self._lines(), columns=_COLUMNS)

    def records(self) -> List[Dict[str, Any]]:
        """The same as dicts, one for each method and measure."""
        return [dict(zip(_COLUMNS, line)) for line in self._lines()]

    def plot(self, kind: Optional[str] = None, path: Optional[str] = None, colour: str = 'rank') -> Any:
        """Draws the table: a matrix of methods and measures, and curves.

        The matrix has the mean in each cell, the better the darker. Curves have a panel for each measure, in it a line
        for each method, the mean over the samples with a band of its standard error, and the names beside it, the best
        first; `random` and `input` are grey.

        Args:
            kind: 'matrix' or 'curves'. Default None: both, where there are curves.
            path: a file to write it to as well, a .png, .pdf, .svg or .jpg. Default None: none.
            colour: what cells are coloured by: 'rank' (default), or 'mean', on the scale of a measure from its worst
                mean to its best, which one method that is far off takes up alone.

        Returns:
            A matplotlib.figure.Figure.

        Raises:
            ValueError: kind, colour or the ending of path is none of these, or there are no curves to draw.
        """
        from ..plotting.tables import format_of, table
        ending = None if path is None else format_of(path)
        figure = table(self, kind, colour)
        if path is not None:
            with whole([path]) as files:
                figure.savefig(files[0], format=ending)
        return figure

    def __str__(self) -> str:
        rows = [[''] + self.measures, ['better'] + [self.directions[one] for one in self.measures]] + self._rows()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        parts: List[List[int]] = [[]]
        # As wide as the terminal, if it goes to one: the further measures follow below, with the methods again.
        room = get_terminal_size((10 ** 6, 24)).columns - widths[0]
        for i, width in enumerate(widths[1:], 1):
            if parts[-1] and sum(widths[one] + 2 for one in parts[-1]) + 2 + width > room:
                parts.append([])
            parts[-1].append(i)
        return '\n\n'.join('\n'.join(
            '  '.join([row[0].ljust(widths[0])] + [row[i].rjust(widths[i]) for i in part]).rstrip()
            for row in rows) for part in parts)

    def __repr__(self) -> str:
        return str(self)

    def _rows(self) -> List[List[str]]:
        return [[method] + [_cell(*cell) for cell in zip(*row)] for method, *row in zip(
            map(visible, self.methods), self.mean, self.error, self.rank)]

    def _lines(self) -> List[List[Any]]:
        return [[method, measure, self.directions[measure], float(self.mean[i, j]), float(self.error[i, j]),
                 float(self.rank[i, j]), int(self.count[i, j])]
                for i, method in enumerate(self.methods) for j, measure in enumerate(self.measures)]


_COLUMNS = ['method', 'measure', 'direction', 'mean', 'standard_error', 'rank', 'samples']


def _ranked(column: np.ndarray, direction: str) -> np.ndarray:
    found, known = np.full(len(column), np.nan), ~np.isnan(column)
    if known.any():
        found[known] = ranks((-column if direction == 'higher' else column)[known])
    return found


def _cell(mean: float, error: float, rank: float) -> str:
    if np.isnan(mean):
        return '-'
    return '%.3g%s (%g)' % (mean, '' if np.isnan(error) else ' +- %.1g' % error, rank)


def _escaped(text: str) -> str:
    return text.replace('\\', '\\\\').replace('|', '\\|')
