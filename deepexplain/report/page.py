"""The page: static HTML with its styles, its scripts and its data inside, which fetches nothing.

Whatever is from a file is escaped, or stands in a block of JSON that no browser runs and in which no tag can end; the
scripts make text of it. A Content-Security-Policy has the browser run and apply nothing but this room's own scripts and
styles, told by their hashes, and load nothing at all.
"""
import base64
import hashlib
import json
import os
from html import escape
from typing import Any, Dict, List

from .. import __version__
from ..results.origin import jsonable
from .folder import Collected

_HERE = os.path.dirname(os.path.abspath(__file__))

#: In the order in which they build on each other.
_SCRIPTS = ('numbers.js', 'pictures.js', 'lines.js', 'panels.js', 'tables.js', 'measures.js', 'page.js',
            'controls.js')

#: What would end a block of JSON in HTML, or begin a comment in it.
_HIDDEN = {ord('<'): '\\u003c', ord('>'): '\\u003e', ord('&'): '\\u0026'}

_POLICY = ("default-src 'none'; script-src '%s'; style-src '%s'; base-uri 'none'; form-action 'none'")

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="deepexplain {version}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1><button id="theme" type="button">light or dark</button></header>
<p id="said">{said}</p>
{broken}
<noscript><p>The page needs JavaScript, which it has inside.</p></noscript>
<main id="main"></main>
{aside}
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def page_of(title: str, found: Collected) -> str:
    """The page of a folder's results."""
    style, script = _asset('page.css'), ''.join(map(_asset, _SCRIPTS))
    data: Dict[str, Any] = {'pieces': found.pieces, 'tables': found.tables, 'arrays': found.store.arrays}
    said = '%d result%s' % (len(found.pieces), '' if len(found.pieces) == 1 else 's')
    if found.tables:
        said += ' and %d table%s of measures' % (len(found.tables), '' if len(found.tables) == 1 else 's')
    return _PAGE.format(
        policy=_POLICY % (_hash(script), _hash(style)), version=escape(__version__), title=escape(title), style=style,
        said=escape(said + '.'), script=script,
        broken=_list('broken', 'Files that could not be read', ['%s: %s' % pair for pair in found.broken]),
        aside=_list('aside', 'Files that are no results', found.aside), data=as_json(data))


def as_json(value: Any) -> str:
    """JSON in ASCII that can stand inside a script element."""
    return json.dumps(jsonable(value), ensure_ascii=True, allow_nan=False, separators=(',', ':')).translate(_HIDDEN)


def _list(name: str, title: str, lines: List[str]) -> str:
    """A list that is there where it has lines."""
    if not lines:
        return ''
    return '<section id="%s"><h2>%s</h2><ul>%s</ul></section>' % (
        name, escape(title), ''.join('<li>%s</li>' % escape(line) for line in lines))


def _asset(name: str) -> str:
    with open(os.path.join(_HERE, name), encoding='utf-8') as file:
        return file.read()


def _hash(text: str) -> str:
    return 'sha256-' + base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')
