"""`report`: a folder's results as a file of HTML."""
import os
from typing import Any, List, NamedTuple, Optional, Tuple

from ..checks import shown
from ..files import whole
from ..samples.says import WrongUse
from ..terminal import visible
from .folder import collect
from .page import page_of

#: Samples of a result, and bytes of all arrays as the page has them, where nothing is said.
MOST, SIZE = 50, 64 << 20


class Report(NamedTuple):
    """What was made.

    Attributes:
        path: where the page is.
        results: how many there are: one for each method of a file.
        tables: how many tables of measures.
        broken: files that could not be read, and why.
        aside: files that are no results.
        left: what the page leaves out of a result, by file and method.
        size: the page's, in bytes.
    """
    path: str
    results: int
    tables: int
    broken: List[Tuple[str, str]]
    aside: List[str]
    left: List[Tuple[str, str]]
    size: int


def report(folder: Any, path: Any = None, most: int = MOST, size: int = SIZE, max_bytes: Optional[int] = None
           ) -> Report:
    """Write one page of HTML with all results of a folder, to be looked through in a browser without a server.

    It takes what `Attributions.save` and the command line write, in the folder and in those inside it: .npz and
    .parquet, .json of sentences, tables of `evaluate` (.json, .csv), and folders of jobs. The page has the numbers of
    the files as they are. Nothing of a file is run, neither here nor in the browser; the page fetches nothing.

    Args:
        folder: the folder.
        path: the file to write, whole or not at all; it must end in .html. Default None: report.html in the folder.
        most: how many samples of each result the page has at the most, the first ones. Default 50. Means by feature,
            ranges and the largest delta are of all samples, but of a job, of which no more rows are read.
        size: about how many bytes the arrays take in the page, at the most; where they would take more, results have
            fewer samples. Default 64 MiB. What is left out is said on the page.
        max_bytes: how much memory what an .npz holds may take. Default None: 2 GiB, or what the file has on the disk.

    Returns:
        A `Report`: files that could not be read are in it, and on the page, and do not end it.

    Raises:
        ValueError: there is no such folder, or nothing in it that is, or should be, a result; path does not end in
            .html; most or size is no positive int.
        OSError: the page cannot be written.
    """
    folder = os.fspath(folder)
    if not os.path.isdir(folder):
        raise WrongUse("folder: there is no folder '%s'." % visible(folder))
    for name, value in (('most', most), ('size', size)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise WrongUse(f'{name} must be a positive int, not {shown(value)}.')
    path = os.path.join(folder, 'report.html') if path is None else os.fspath(path)
    if not path.lower().endswith(('.html', '.htm')):
        raise WrongUse(f'path must end in .html, not {shown(path)}.')
    found = collect(folder, most, size, max_bytes)
    if not found.pieces and not found.tables and not found.broken:
        raise WrongUse("folder: there are no results in '%s': no .npz, .parquet or .json of deepexplain, no folder of "
                       'a job.' % visible(folder))
    called = os.path.basename(os.path.abspath(folder)) or folder
    text = page_of('Results in ' + visible(called)[:200], found).encode('utf-8')
    with whole([path]) as files:
        files[0].write(text)
    left = [('%s, %s' % (one['file'], one['method']), '; '.join(one['left'])) for one in found.pieces if one['left']]
    return Report(path, len(found.pieces), len(found.tables), found.broken, found.aside, left, len(text))
