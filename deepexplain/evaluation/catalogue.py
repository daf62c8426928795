"""The table of measures: one line each."""
from collections import OrderedDict
from typing import Any, Callable, Dict, NamedTuple, Optional

import numpy as np

from .arithmetic import known_mean
from .complexity import effective_features, entropy, sparseness
from .curves import Curves
from .flipping import deletion, insertion, pixel_flipping, region_perturbation
from .gradients import completeness, infidelity
from .imputing import road
from .localisation import auc_of_mask, mass_accuracy, pointing_game, rank_accuracy, top_k_intersection
from .orders import average_drop, monotonicity
from .robustness import average_sensitivity, input_invariance, max_sensitivity, stability
from .sanity import model_randomization, random_target
from .subsets import mu_fidelity, sensitivity_curves, sensitivity_n
from .transport import earth_mover

HIGHER, LOWER = 'higher', 'lower'
#: What a measure needs besides maps: nothing, masks, the model's target, or explanations of other samples or models.
MAPS, MASKS, MODEL, EXPLAINER = 'maps', 'masks', 'model', 'explainer'


def _same(found: Any) -> np.ndarray:
    return found


def _auc(found: Any) -> np.ndarray:
    return found.auc


def _aopc(found: Any) -> np.ndarray:
    return found.aopc


def _mean_of_points(found: Any) -> np.ndarray:
    return known_mean(found.scores.T if isinstance(found, Curves) else found)


class Measure(NamedTuple):
    """What is said of a measure.

    Attributes:
        function: the measure; its docstring says the rest.
        direction: whether 'higher' or 'lower' is better.
        range: between which numbers it lies; T: in units of the target.
        needs: 'maps' alone, 'masks', the 'model' (its target), or the 'explainer' (more explanations).
        cost: evaluations of a sample, besides the explanation.
        of_samples: makes one number for each sample of what the function returns.
        curves: gives `Curves` for the same arguments, where the function gives another form of them.
    """
    function: Callable[..., Any]
    direction: str
    range: str
    needs: str
    cost: str
    of_samples: Callable[[Any], np.ndarray] = _same
    curves: Optional[Callable[..., Curves]] = None


#: Name -> measure, in the order in which they are shown.
measures: Dict[str, Measure] = OrderedDict([
    ('sensitivity_n', Measure(sensitivity_n, HIGHER, '-1 to 1', MODEL, '1 + sizes x subsets', _mean_of_points,
                              sensitivity_curves)),
    ('mu_fidelity', Measure(mu_fidelity, HIGHER, '-1 to 1', MODEL, '1 + subsets')),
    ('deletion', Measure(deletion, LOWER, 'T', MODEL, '1 + points', _auc)),
    ('insertion', Measure(insertion, HIGHER, 'T', MODEL, '1 + points', _auc)),
    ('pixel_flipping', Measure(pixel_flipping, HIGHER, 'T', MODEL, '1 + points', _aopc)),
    ('region_perturbation', Measure(region_perturbation, HIGHER, 'T', MODEL, '1 + regions', _aopc)),
    ('road', Measure(road, LOWER, 'T', MODEL, '1 + fractions', _auc)),
    ('infidelity', Measure(infidelity, LOWER, 'from 0, T squared', MODEL, '1 + samples')),
    ('monotonicity', Measure(monotonicity, HIGHER, '0 to 1', MODEL, '1 + features')),
    ('average_drop', Measure(average_drop, LOWER, '0 to 1', MODEL, '2')),
    ('completeness', Measure(completeness, LOWER, 'from 0, T', MODEL, '2')),
    ('max_sensitivity', Measure(max_sensitivity, LOWER, 'from 0', EXPLAINER, 'samples explanations')),
    ('average_sensitivity', Measure(average_sensitivity, LOWER, 'from 0', EXPLAINER, 'samples explanations')),
    ('stability', Measure(stability, LOWER, 'from 0', EXPLAINER, 'samples explanations')),
    ('input_invariance', Measure(input_invariance, LOWER, 'from 0', EXPLAINER, '2 and 1 explanation')),
    ('model_randomization', Measure(model_randomization, LOWER, '-1 to 1', EXPLAINER, 'layers explanations',
                                    _mean_of_points)),
    ('random_target', Measure(random_target, LOWER, '-1 to 1', EXPLAINER, '1 explanation')),
    ('pointing_game', Measure(pointing_game, HIGHER, '0 to 1', MASKS, '0')),
    ('mass_accuracy', Measure(mass_accuracy, HIGHER, '0 to 1', MASKS, '0')),
    ('rank_accuracy', Measure(rank_accuracy, HIGHER, '0 to 1', MASKS, '0')),
    ('auc_of_mask', Measure(auc_of_mask, HIGHER, '0 to 1', MASKS, '0')),
    ('earth_mover', Measure(earth_mover, HIGHER, '0 to 1', MASKS, '0')),
    ('top_k_intersection', Measure(top_k_intersection, HIGHER, '0 to 1', MASKS, '0')),
    ('sparseness', Measure(sparseness, HIGHER, '0 to 1 - 1 / d', MAPS, '0')),
    ('entropy', Measure(entropy, LOWER, '0 to log d', MAPS, '0')),
    ('effective_features', Measure(effective_features, LOWER, '0 to d', MAPS, '0')),
])
