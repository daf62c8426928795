"""Can a map be believed? Measures of attributions, one table of them, and `evaluate`, which makes a table by them.

A measure knows Explainers and arrays: it asks the model through `Explainer.probe`, and imports nothing of TensorFlow.
"""
from .catalogue import Measure, measures
from .complexity import effective_features, entropy, sparseness
from .curves import Curves
from .evaluating import evaluate
from .flipping import deletion, insertion, pixel_flipping, region_perturbation
from .gradients import completeness, infidelity
from .imputing import road
from .localisation import auc_of_mask, mass_accuracy, pointing_game, rank_accuracy, top_k_intersection
from .orders import average_drop, monotonicity
from .robustness import average_sensitivity, input_invariance, max_sensitivity, stability
from .sanity import RandomizedMaps, model_randomization, random_target, randomized_maps
from .similarity import map_similarity
from .subsets import mu_fidelity, sensitivity_n, subset_sizes
from .table import Table
from .transport import earth_mover

__all__ = ['Curves', 'Measure', 'RandomizedMaps', 'Table', 'auc_of_mask', 'average_drop', 'average_sensitivity',
           'completeness', 'deletion', 'earth_mover', 'effective_features', 'entropy', 'evaluate', 'infidelity',
           'input_invariance', 'insertion', 'map_similarity', 'mass_accuracy', 'max_sensitivity', 'measures',
           'model_randomization', 'monotonicity', 'mu_fidelity', 'pixel_flipping', 'pointing_game', 'random_target',
           'randomized_maps', 'rank_accuracy', 'region_perturbation', 'road', 'sensitivity_n', 'sparseness',
           'stability', 'subset_sizes', 'top_k_intersection']
