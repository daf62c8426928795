"""```{method} NAME``` on a method's page: its names, what it asks for and gives, and its class's docstring.

```{methods}``` on the page of all: the matrix of the same facts, a line a method, which link to their pages.
"""
import inspect
from typing import Any, Dict, List, Tuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

#: What else a method's page says in the matrix: a word each for loops, attention and products, and the cost of a sample.
KIN = {'lrp.z_plus_IB': 'lrp.z_plus', 'lrp.z_plus_fast_IB': 'lrp.z_plus_fast', 'lrp.w_square_IB': 'lrp.w_square',
       'lrp.flat_IB': 'lrp.flat'}


def page_of(name: str) -> str:
    """The name of the file of a method's page: rules with and without biases share one."""
    from deepexplain.tensorflow import attribution_methods
    first = next(one for one in attribution_methods if attribution_methods[one] is attribution_methods[name])
    base = KIN.get(first, first)
    base = base[:-3] if base.endswith('_IB') and base[:-3] in attribution_methods else base
    return base.replace('*', '_x_').replace('++', '_plus_plus')


def names_on(page: str) -> List[str]:
    """All names of the table whose page this is."""
    from deepexplain.tensorflow import attribution_methods
    return [name for name in attribution_methods if page_of(name) == page]


def facts(name: str) -> Dict[str, str]:
    """What the class says of itself, as words."""
    from deepexplain.tensorflow import attribution_methods
    of = attribution_methods[name]
    options = set(of.run_options) | set(inspect.signature(of.__init__).parameters)
    return {'gradient': 'needed' if of.differentiates else 'not needed',
            'baseline': 'yes' if 'baseline' in options else 'no',
            'references': 'yes' if 'references' in options else 'no',
            'adds up': 'yes, with a convergence delta' if of.has_convergence_delta else 'no',
            'drawn': 'yes: seed' if 'seed' in options else 'no'}


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
        of = attribution_methods[name]
        others = [one for one in names_on(page_of(name)) if one != name]
        rows: List[Tuple[str, str]] = [(key, value) for key, value in facts(name).items()]
        if others:
            rows.insert(0, ('also', ', '.join('`%s`' % one for one in others)))
        table = ['| %s | %s |' % row for row in rows]
        lines = ['| `%s` | |' % name, '| --- | --- |'] + table + ['', '```{eval-rst}', '.. autoclass:: %s.%s' % (
            of.__module__, of.__qualname__), '   :no-members:', '```']
        return self.parsed(lines)


class MethodsDirective(Directive):
    """A line for each page of a method."""

    def run(self) -> List[nodes.Node]:
        from deepexplain.tensorflow import attribution_methods
        keys = list(facts('gradient'))
        lines = ['| method | %s |' % ' | '.join(keys), '| --- |' + ' --- |' * len(keys)]
        seen = set()
        for name in attribution_methods:
            page = page_of(name)
            if page not in seen:
                seen.add(page)
                lines.append('| [`%s`](/methods/%s.md) | %s |' % (name, page, ' | '.join(facts(name).values())))
        return self.parsed(lines)


def setup(app: Any) -> Dict[str, Any]:
    app.add_directive('method', MethodDirective)
    app.add_directive('methods', MethodsDirective)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
