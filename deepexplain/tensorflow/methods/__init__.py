"""The attribution methods, one file each, and the table of their names.

A method knows tensors and a `Run`, never a caller's arguments or a session; imports the rooms below, and no explainer.
"""
from collections import OrderedDict
from typing import Dict, Type

from ..rules.activations import original_grad
from .activation_maps import EigenCAM, GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from .attribution import Attribution
from .blur_ig import BlurIG
from .deep_taylor import DeepTaylor, DeepTaylorBounded
from .deeplift import DeepLIFTRescale
from .elrp import EpsilonLRP
from .expected_gradients import ExpectedGradients
from .fullgrad import FullGrad
from .grad_input import GradientXInput
from .gradient import Gradient
from .guided import Deconvnet, GuidedBackprop
from .guided_gradcam import GuidedGradCAM
from .guided_ig import GuidedIG
from .hsic import HSIC
from .in_silico_mutagenesis import InSilicoMutagenesis
from .input import Input
from .intgrad import IntegratedGradients
from .kernel_shap import KernelSHAP
from .lime import LIME
from .lines import IDGI, Conductance, InternalInfluence
from .lrp import LRP
from .lrp_presets import LRPPresetA, LRPPresetAFlat, LRPPresetB, LRPPresetBFlat, LRPPresetBFlatUntilIdx
from .lrp_rules import (
                        LRPZ,
                        LRPAlpha1Beta0,
                        LRPAlpha1Beta0IgnoreBias,
                        LRPAlpha2Beta1,
                        LRPAlpha2Beta1IgnoreBias,
                        LRPAlphaBeta,
                        LRPAlphaBetaIgnoreBias,
                        LRPEpsilon,
                        LRPEpsilonIgnoreBias,
                        LRPFlat,
                        LRPGamma,
                        LRPGammaIgnoreBias,
                        LRPWSquare,
                        LRPZIgnoreBias,
                        LRPZPlusFast,
)
from .occlusion import Occlusion
from .pattern import PatternAttribution, PatternNet
from .permutation import Permutation
from .random import Random
from .reveal_cancel import DeepLIFTRevealCancel
from .rise import RISE
from .saliency import Saliency
from .scorecam import ScoreCAM
from .shapley import ShapleySampling
from .smoothgrad import SmoothGrad, SmoothGradSquared, VarGrad
from .sobol import Sobol
from .xrai import XRAI
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
    ('deeplift.reveal_cancel', DeepLIFTRevealCancel),
    ('deconvnet', Deconvnet),
    ('guided_backprop', GuidedBackprop),
    ('lrp', LRP),
    ('lrp.z', LRPZ),
    ('lrp.z_IB', LRPZIgnoreBias),
    ('lrp.epsilon', LRPEpsilon),
    ('lrp.epsilon_IB', LRPEpsilonIgnoreBias),
    ('lrp.gamma', LRPGamma),
    ('lrp.gamma_IB', LRPGammaIgnoreBias),
    ('lrp.alpha_beta', LRPAlphaBeta),
    ('lrp.alpha_beta_IB', LRPAlphaBetaIgnoreBias),
    ('lrp.alpha_1_beta_0', LRPAlpha1Beta0),
    ('lrp.alpha_1_beta_0_IB', LRPAlpha1Beta0IgnoreBias),
    ('lrp.alpha_2_beta_1', LRPAlpha2Beta1),
    ('lrp.alpha_2_beta_1_IB', LRPAlpha2Beta1IgnoreBias),
    # These ignore biases under either name.
    ('lrp.z_plus', LRPAlpha1Beta0IgnoreBias),
    ('lrp.z_plus_IB', LRPAlpha1Beta0IgnoreBias),
    ('lrp.z_plus_fast', LRPZPlusFast),
    ('lrp.z_plus_fast_IB', LRPZPlusFast),
    ('lrp.w_square', LRPWSquare),
    ('lrp.w_square_IB', LRPWSquare),
    ('lrp.flat', LRPFlat),
    ('lrp.flat_IB', LRPFlat),
    ('lrp.sequential_preset_a', LRPPresetA),
    ('lrp.sequential_preset_b', LRPPresetB),
    ('lrp.sequential_preset_a_flat', LRPPresetAFlat),
    ('lrp.sequential_preset_b_flat', LRPPresetBFlat),
    ('lrp.sequential_preset_b_flat_until_idx', LRPPresetBFlatUntilIdx),
    ('deep_taylor', DeepTaylor),
    ('deep_taylor.bounded', DeepTaylorBounded),
    ('pattern.net', PatternNet),
    ('pattern.attribution', PatternAttribution),
    ('gradient', Gradient),
    ('input_t_gradient', GradientXInput),
    ('integrated_gradients', IntegratedGradients),
    ('smoothgrad', SmoothGrad),
    ('smoothgrad_squared', SmoothGradSquared),
    ('vargrad', VarGrad),
    ('expected_gradients', ExpectedGradients),
    ('idgi', IDGI),
    ('conductance', Conductance),
    ('internal_influence', InternalInfluence),
    ('guided_ig', GuidedIG),
    ('blur_ig', BlurIG),
    ('feature_ablation', Occlusion),
    ('kernel_shap', KernelSHAP),
    ('lime', LIME),
    ('rise', RISE),
    ('sobol', Sobol),
    ('hsic', HSIC),
    ('permutation', Permutation),
    ('in_silico_mutagenesis', InSilicoMutagenesis),
    ('gradcam', GradCAM),
    ('gradcam++', GradCAMPlusPlus),
    ('layercam', LayerCAM),
    ('hirescam', HiResCAM),
    ('eigencam', EigenCAM),
    ('scorecam', ScoreCAM),
    ('guided_gradcam', GuidedGradCAM),
    ('xrai', XRAI),
    ('fullgrad', FullGrad),
    ('input', Input),
    ('random', Random),
])

__all__ = ['Attribution', 'PatternNet', 'attribution_methods', 'original_grad']
