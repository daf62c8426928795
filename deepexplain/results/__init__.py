"""Results that know what they are: attributions with their samples, names, units, scores and origin.

Knows arrays and numpy alone, no graph and no explainer; the rooms of `tensorflow` below the explainer do not import it.
What draws, or makes tables, is imported where it is used.
"""
from .attributions import Attributions

__all__ = ['Attributions']
