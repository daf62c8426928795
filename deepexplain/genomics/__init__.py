"""Sequences of letters as one-hot arrays: made, shuffled, changed letter by letter, drawn, and handed to TF-MoDISco.

Arrays are numpy's; what explains models is asked of a `DeepExplain`. Imports other packages of deepexplain, none of
which imports this one; TensorFlow, pandas and logomaker only where they are used.
"""
from .contributions import hypothetical, in_silico_mutagenesis
from .logos import plot_logo
from .modisco import save_modisco
from .sequences import one_hot
from .shuffling import dinucleotide_shuffle

__all__ = ['dinucleotide_shuffle', 'hypothetical', 'in_silico_mutagenesis', 'one_hot', 'plot_logo', 'save_modisco']
