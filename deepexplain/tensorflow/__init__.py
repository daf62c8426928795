"""Attributions for TensorFlow graphs: which features of an input moved a neuron up or down?"""
try:
    import tensorflow.compat.v1  # noqa: F401
except ImportError as error:
    if (error.name or '').split('.')[0] != 'tensorflow':
        raise  # It is there and broken.
    raise ImportError(
        'deepexplain.tensorflow needs TensorFlow 1.15 or 2.12 and later, which is not installed: '
        "pip install 'deepexplain[tf]' (or tensorflow, tensorflow-cpu, or your vendor's build).") from error

from .context import DeepExplain
from .explainer import Explainer
from .methods import attribution_methods
from .methods.noise_tunnel import noise_tunnel
from .rules.activations import register_rule

__all__ = ['DeepExplain', 'Explainer', 'attribution_methods', 'noise_tunnel', 'register_rule']
