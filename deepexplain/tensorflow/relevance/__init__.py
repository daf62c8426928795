"""Layer-wise relevance propagation: the rules, and composites that say which layer takes which."""
from .composite import FIRST, Composite
from .linear import Layer
from .rules import NAMED, AlphaBeta, Bounded, Epsilon, Flat, Gamma, Rule, WSquare, ZPlusFast

__all__ = ['AlphaBeta', 'Bounded', 'Composite', 'Epsilon', 'FIRST', 'Flat', 'Gamma', 'Layer', 'NAMED', 'Rule',
           'WSquare', 'ZPlusFast']
