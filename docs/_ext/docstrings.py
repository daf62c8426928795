"""Docstrings are plain text with names in single backticks; what reStructuredText reads otherwise is escaped."""
import re
from typing import Any, Dict, List

_SECTION = re.compile(r'(Args|Arguments|Returns|Raises|Yields|Attributes|Example|Examples|Note|Keyword Args):$')
_NAMES = re.compile(r'^    \w+(, \w+)+(?=:)')


def plain(lines: List[str]) -> List[str]:
    """Lines of a docstring without what is markup by accident; indented paragraphs of no section are code."""
    found: List[str] = []
    section, blank, code = False, True, False
    for line in lines:
        indented = line.startswith('    ')
        if line.strip() and not indented:
            section, code = bool(_SECTION.match(line)), False
        elif indented and blank and not section and not code:
            code = True
            found += ['::', '']
        blank = not line.strip()
        if section:
            # Names that share a line: after a space docutils takes the first for the type of the second.
            line = _NAMES.sub(lambda names: names.group().replace(', ', ','), line)
        found.append(line if code else escaped(line))
    return found


def escaped(line: str) -> str:
    """A line in which nothing is marked but what stands in backticks, as code."""
    parts = re.split(r'(``[^`]+``|`[^`]+`)', line)
    return ''.join('``%s``' % part.strip('`') if part.startswith('`') else re.sub(
        r'([*|\\]|_(?=\W|$))', r'\\\1', part) for part in parts)


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: List[str]) -> None:
    # A table has the docstring of its type.
    lines[:] = plain(['A dict from names to what they stand for.'] if isinstance(obj, dict) else lines)


def returned(app: Any, what: str, name: str, obj: Any, options: Any, lines: List[str]) -> None:
    """What is returned as it was written: no types are, but napoleon takes what is before a colon for one."""
    for place in reversed(range(len(lines))):
        if lines[place].startswith(':rtype: '):
            first = max((at for at in range(place) if lines[at].startswith(':returns: ')), default=None)
            if first is not None:
                lines[first] = ':returns: %s: %s' % (lines[place][8:], lines[first][10:])
                del lines[place]


def spaced(app: Any, doctree: Any) -> None:
    """Names that share a line with the space between them again, which `plain` took."""
    from docutils import nodes
    from sphinx import addnodes

    for node in list(doctree.findall(nodes.Text)):
        if node == ',' and isinstance(node.parent, addnodes.literal_strong):
            node.parent.replace(node, nodes.Text(', '))


def skipped(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> Any:
    """Fields of named tuples are said in the class's docstring."""
    return True if (getattr(obj, '__doc__', '') or '').startswith('Alias for field number') else None


def setup(app: Any) -> Dict[str, Any]:
    # Before napoleon, which makes markup of sections.
    app.connect('autodoc-process-docstring', process, priority=400)
    app.connect('autodoc-process-docstring', returned, priority=600)
    app.connect('autodoc-skip-member', skipped)
    app.connect('doctree-read', spaced)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
