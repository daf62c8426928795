"""The attribution methods, one file each, and the table of their names."""
from collections import OrderedDict
from typing import Dict, Type

from ..rules import original_grad
from .base import Attribution
from .deeplift import DeepLIFTRescale
from .elrp import EpsilonLRP
from .grad_input import GradientXInput
from .intgrad import IntegratedGradients
from .occlusion import Occlusion
from .saliency import Saliency
from .shapley import ShapleySampling
from .zero import Zero

#: Name -> class, in the order in which a list of methods is shown.
attribution_methods: Dict[str, Type[Attribution]] = OrderedDict([
    ('zero', Zero),
    ('saliency', Saliency),
    ('grad*input', GradientXInput),
    ('intgrad', IntegratedGradients),
    ('elrp', EpsilonLRP),
    ('deeplift', DeepLIFTRescale),
    ('occlusion', Occlusion),
    ('shapley_sampling', ShapleySampling),
])

__all__ = ['Attribution', 'attribution_methods', 'original_grad']
