"""`deepexplain report`."""
import os
from typing import Any

from ..report import making
from ..terminal import in_words
from . import outputs
from .problems import FAILED, Unfinished, about, say, show
from .summaries import plain_json


def report(args: Any) -> None:
    """Write the page of a folder, and tell of the files that could not be read."""
    path = os.path.join(args.folder, 'report.html') if args.out is None else args.out
    if os.path.isdir(args.folder):
        outputs.check_writable('--out', path)
    with about('writing', [path]):
        found = making.report(args.folder, path, args.most or making.MOST, args.page_bytes or making.SIZE,
                              args.max_bytes)
    if args.json:
        show(plain_json(found._asdict()))
    else:
        for name, text in found.left:
            show(f'{name}: {text}')
        counts = [(found.results, 'result%s'), (found.tables, 'table%s of measures')]
        said = ', '.join('%d %s' % (count, name % ('' if count == 1 else 's')) for count, name in counts)
        show(f'{said}; wrote {found.path}, {in_words(found.size)}')
    for name, text in found.broken:
        say('warning', f'{name}: {text}')
    if found.broken:
        raise Unfinished('%d file%s of \'%s\' could not be read; the page says so and has the rest.' % (
            len(found.broken), '' if len(found.broken) == 1 else 's', args.folder), FAILED)
