"""```{about-method} NAME``` on a method's page: its names, what it asks for and gives, its options, its class's
docstring. (Sphinx's Python domain has a directive `method` of its own.)

```{methods} FAMILY``` on the page of all: the matrix of the same facts, a line a method, which link to their pages.
```{which} FAMILY```: that of what a method goes through.
"""
from typing import Any, Dict, List

from docutils import nodes
from docutils.statemachine import StringList
from facts import FAMILIES, facts, names_on, options, page_of, through
from sphinx.util.docutils import SphinxDirective


class Directive(SphinxDirective):
    has_content = False

    def parsed(self, lines: List[str]) -> List[nodes.Node]:
        node = nodes.container()
        self.state.nested_parse(StringList(lines, 'methods'), self.content_offset, node)
        return list(node.children)


class MethodDirective(Directive):
    """The facts of one method, and its docstring."""
    required_arguments = 1

    def run(self) -> List[nodes.Node]:
        from deepexplain.tensorflow import attribution_methods
        name = self.arguments[0]
        of, others = attribution_methods[name], [one for one in names_on(page_of(name)) if one != name]
        rows = [('also', ', '.join('`%s`' % one for one in others))] if others else []
        rows += list(facts(name).items()) + list(through(page_of(name)).items())
        own = ', '.join('`%s=%s`' % pair if pair[1] else '`%s`' % pair[0] for pair in options(name).items())
        rows.append(('options', own or 'none'))
        lines = ['| `%s` | |' % name, '| --- | --- |'] + ['| %s | %s |' % row for row in rows]
        if own:
            lines += ['', 'What several methods have is said in [shared options](/methods/shared.md).']
        return self.parsed(lines + ['', '```{eval-rst}', '.. autoclass:: %s.%s' % (of.__module__, of.__qualname__),
                                    '   :no-members:', '```'])


class MethodsDirective(Directive):
    """A line for each page of a family."""
    required_arguments = 1
    final_argument_whitespace = True

    def columns(self, name: str) -> Dict[str, str]:
        return facts(name)

    def run(self) -> List[nodes.Node]:
        names = [names_on(page)[0] for page in FAMILIES[self.arguments[0]]]
        rows = [self.columns(name) for name in names]
        # What is the same for all takes no column.
        same = [key for key in rows[0] if len({row[key] for row in rows}) == 1]
        keys = [key for key in rows[0] if key not in same]
        lines = ['For all of these: %s.' % '; '.join('%s: %s' % (key, rows[0][key]) for key in same)] if same else []
        lines += ['', '| %s |' % ' | '.join(['method'] + keys), '|' + ' --- |' * (1 + len(keys))]
        for name, row in zip(names, rows):
            link = '[`%s`](/methods/%s.md)' % (name, page_of(name))
            lines.append('| %s |' % ' | '.join([link] + [row[key] for key in keys]))
        return self.parsed(lines)


class WhichDirective(MethodsDirective):
    """What speaks for a method: what it needs, and what it goes through."""

    def columns(self, name: str) -> Dict[str, str]:
        known = facts(name)
        return dict({key: known[key] for key in ('gradient', 'compared with', 'adds up to', 'evaluations')},
                    **through(page_of(name)))


def setup(app: Any) -> Dict[str, Any]:
    app.add_directive('about-method', MethodDirective)
    app.add_directive('methods', MethodsDirective)
    app.add_directive('which', WhichDirective)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
