"""Every method of the library on sequences: its options there, what stands for absence, what is read of its maps."""
import warnings
from typing import Any, Dict, List, NamedTuple

import numpy as np
from motif_data import LENGTH

from deepexplain.tensorflow import attribution_methods

#: Those that say nothing of single positions.
LEFT_OUT = {
    'zero': 'attributes nothing; it is there to test with',
    'conductance': 'explains the units of an inner layer, not positions',
    'internal_influence': 'explains the units of an inner layer, not positions',
}
#: Each position is one feature of those that move groups of them, with one value.
POSITIONS = dict(feature_mask=np.arange(LENGTH)[:, np.newaxis], per_group=True)
#: Those whose values are in units of the score, besides those with the factor x less absence.
SCORED = ('occlusion', 'shapley_sampling', 'kernel_shap', 'lime', 'permutation', 'in_silico_mutagenesis')
#: What is not as by default; those that draw, or walk, take fewer steps, for time.
OPTIONS: Dict[str, Dict[str, Any]] = {
    'occlusion': POSITIONS, 'shapley_sampling': dict(POSITIONS, samples=8), 'lime': dict(POSITIONS, samples=800),
    'kernel_shap': dict(POSITIONS, samples=800), 'sobol': dict(POSITIONS, samples=6),
    'hsic': dict(POSITIONS, samples=400), 'permutation': dict(POSITIONS, samples=5),
    'rise': dict(samples=800, cells=12, axes=(1,)), 'intgrad': dict(steps=40), 'idgi': dict(steps=40),
    'guided_ig': dict(steps=40), 'expected_gradients': dict(samples=40), 'blur_ig': dict(axes=(1,)),
    'xrai': dict(axes=(1,), segments=np.arange(LENGTH) // 5, steps=20), 'fullgrad': dict(axes=(1,)),
    'deep_taylor.bounded': dict(low=0., high=1.),
}
SHOWN = ('deep_taylor.bounded between 0 and 1, the first layer of lrp.sequential_preset_b_flat_until_idx, regions of 5 '
         'positions for xrai, 12 cells for rise; each position is one feature of occlusion, shapley_sampling, '
         'kernel_shap, lime, sobol, hsic and permutation; 40 steps, 8 permutations, 400 to 800 samples where methods '
         'walk or draw')
ZEROS, SHUFFLED = 'zeros', 'shuffled'
ONE, GRADIENT, PATH, RULES, MANY, LAYER, BESIDE = FAMILIES = (
    'one feature at a time', 'the gradient at the sample', 'paths and references', 'rules of layers',
    'many subsets of features', 'maps of a layer, or of regions', 'no explanation')
#: The family of a method, by how its name begins.
BEGINNINGS = (
    (ONE, ('occlusion', 'permutation', 'in_silico')), (LAYER, (
        'gradcam', 'layercam', 'hirescam', 'eigencam', 'scorecam', 'guided_gradcam', 'xrai', 'fullgrad')),
    (PATH, ('intgrad', 'deeplift', 'expected', 'idgi', 'guided_ig', 'blur_ig')),
    (GRADIENT, ('saliency', 'grad', 'deconvnet', 'guided_backprop', 'smoothgrad', 'vargrad')),
    (RULES, ('elrp', 'lrp', 'deep_taylor', 'pattern')), (MANY, ('shapley', 'kernel', 'lime', 'rise', 'sobol', 'hsic')),
    (BESIDE, ('input', 'random')))
#: Those of --quick.
QUICK = ('grad*input', 'intgrad', 'deeplift', 'occlusion', 'shapley_sampling', 'gradcam', 'input', 'random')


class Row(NamedTuple):
    """A method, and what stands for absence: 'zeros', 'shuffled', or '' where nothing does."""
    method: str
    absence: str

    @property
    def name(self) -> str:
        """What it is called."""
        return self.method + (', ' + self.absence if self.absence else '')

    @property
    def family(self) -> str:
        """What kind of method it is."""
        return next(family for family, begin in BEGINNINGS if self.method.startswith(begin))


def takes(method: str) -> str:
    """By which option it is told what stands for absence; '' for none."""
    names = attribution_methods[method].run_options
    return next((one for one in ('references', 'baseline') if one in names), '')


def rows(quick: bool = False) -> List[Row]:
    """All methods; of several names of one class the first."""
    found, known = [], set()
    for name, kind in attribution_methods.items():
        if name in LEFT_OUT or kind in known or (quick and name not in QUICK):
            continue
        known.add(kind)
        if takes(name) and name not in ('expected_gradients', 'permutation'):
            found.append(Row(name, ZEROS))
        found.append(Row(name, SHUFFLED if takes(name) else ''))
    return found


def same() -> Dict[str, str]:
    """Other names of what is in the table."""
    first: Dict[Any, str] = {}
    return {name: first[kind] for name, kind in attribution_methods.items() if first.setdefault(kind, name) != name}


def explained(de: Any, row: Row, score: Any, x: Any, xs: np.ndarray, shuffled: np.ndarray, patterns: np.ndarray,
              seed: int) -> 'Read':
    """What a method says of each position, where `shuffled` are some references for each sample."""
    options, more = dict(OPTIONS.get(row.method, {})), {}  # type: ignore
    if row.absence == SHUFFLED and takes(row.method) == 'references':
        options['references'] = shuffled
    elif row.absence == SHUFFLED:
        # One thing stands for absence: what the references have at a position on average.
        more['baseline'] = shuffled.mean(1)
    if 'seed' in attribution_methods[row.method].run_options:
        more['seed'] = seed
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        explainer = de.get_explainer(row.method, score, x, **options)
        if hasattr(explainer, 'fit_patterns') and row.method.startswith('pattern'):
            explainer.fit_patterns(patterns)
        values = explainer.run(xs, **more)
        factor = explainer.probe(xs, seed=seed).factor() is not None
    return Read(read(row.method, values, xs, factor), factor or row.method in SCORED)


class Read(NamedTuple):
    """What is read of a map: numbers (n, LENGTH), and whether they are in units of the score."""
    places: np.ndarray
    scored: bool


def read(method: str, values: np.ndarray, xs: np.ndarray, factor: bool) -> np.ndarray:
    """One number for each position.

    The sum over its letters, where values have the factor x less absence; without it the value of the letter that is
    there; of in_silico_mutagenesis the mean fall by another letter.
    """
    if values.ndim == 2:
        return values
    if method == 'in_silico_mutagenesis':
        return -values.sum(2) / (values.shape[2] - 1)
    if factor or values.shape != xs.shape:
        return values.sum(2)
    return (values * xs).sum(2)


