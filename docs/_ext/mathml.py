"""Formulas as MathML, which browsers draw by themselves: a page asks nobody for a script."""
from typing import Any

from docutils import nodes


def _converted(latex: str, display: str) -> str:
    from latex2mathml.converter import convert
    return convert(latex.strip(), display=display)


def visit_math(self: Any, node: nodes.math) -> None:
    self.body.append(_converted(node.astext(), 'inline'))
    raise nodes.SkipNode


def visit_math_block(self: Any, node: nodes.math_block) -> None:
    self.body.append('<div class="formula">%s</div>\n' % _converted(node.astext(), 'block'))
    raise nodes.SkipNode


def setup(app: Any) -> dict:
    app.add_html_math_renderer('mathml', (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = 'mathml'
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
