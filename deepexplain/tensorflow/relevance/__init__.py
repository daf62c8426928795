"""Layer-wise relevance: the plan of a path, the rules by which layers share relevance, composites of rules.

Knows layers and relevance, but no method's name, options or runs; imports `graph`, `runs` and `rules`.
"""
from .composite import FIRST, Composite
from .linear import Layer
from .rules import NAMED, AlphaBeta, Bounded, Epsilon, Flat, Gamma, Rule, WSquare, ZPlusFast

__all__ = ['AlphaBeta', 'Bounded', 'Composite', 'Epsilon', 'FIRST', 'Flat', 'Gamma', 'Layer', 'NAMED', 'Rule',
           'WSquare', 'ZPlusFast']
