"""Measures of attributions as Xplique, captum and Quantus define them beside this library's, on the same maps.

    make peers-measures

On the network of `peers_digits.py`, trained once, by TensorFlow here and in Xplique, by torch in captum and Quantus
with the same weights. Where the definitions agree a line says how far values of single samples are apart at most, in
parts of the largest; where a measure draws, the difference of the means over draws and its standard error; where they
differ, why.
"""
import argparse
import importlib.util
import os
import sys
import tempfile
import warnings
from typing import Any, Callable, NamedTuple, Optional

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')

import numpy as np
import peers_digits

N, REPEATS = 12, 20


class Row(NamedTuple):
    """One measure here and there.

    Attributes:
        measure, there: the names.
        here, theirs: what each gives: values of samples, or one value; for those that draw a function of a seed.
        draws: whether they draw, so that means over seeds are compared.
        why: why they differ, where they do.
    """
    measure: str
    there: str
    here: Callable[..., Any]
    theirs: Callable[..., Any]
    draws: bool = False
    why: str = ''


class Setting:
    """The network three times, samples from 0 to 1, and maps of them.

    Attributes:
        xs, ys: samples, channels last, and their classes.
        signed, product, masks: the gradient, times the samples, and where in them something is drawn.
    """

    def __init__(self) -> None:
        self.ours = peers_digits.Ours()
        _, _, xs, ys = peers_digits.load()
        # Of the full range, so that a radius means the same on all sides.
        whole = (xs.min((1, 2, 3)) == 0) & (xs.max((1, 2, 3)) == 1)
        self.xs, self.ys = xs[whole][:N], ys[whole][:N]
        self.explainer = self.ours.explainer(peers_digits.Row('', 'gradient', {}, None))
        self.signed = self.explainer.run(self.xs, self.ys)
        self.product = self.signed * self.xs
        self.masks = self.xs > .5

    def measure(self, name: str, maps: Any, **options: Any) -> Any:
        """One of this library's measures, with its curve if it has one."""
        from deepexplain.evaluation.catalogue import measures
        needs = measures[name].needs
        more = dict(masks=self.masks) if needs == 'masks' else {}
        return measures[name].function(self.explainer, self.xs, self.ys, attributions=maps, **dict(more, **options))


def first(array: np.ndarray) -> np.ndarray:
    """Channels first."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 1))


def xplique(at: Setting) -> Any:
    import tensorflow as tf
    import tf_keras
    from xplique import metrics
    model = peers_digits.network(tf_keras)
    model.set_weights(peers_digits.weights())
    given = model, at.xs, tf.one_hot(at.ys, peers_digits.CLASSES)
    size = np.abs(at.product)

    def stability(seed: int) -> float:
        tf.random.set_seed(seed)
        peer = metrics.AverageStability(*given, radius=.02, nb_samples=10)

        def explain(inputs: Any, targets: Any) -> Any:
            return at.explainer.run(np.asarray(inputs), np.asarray(targets))

        return peer.evaluate(explain, at.signed)

    def mu_fidelity(seed: int) -> float:
        tf.random.set_seed(seed)
        return metrics.MuFidelity(*given, grid_size=8, subset_percent=.2, nb_samples=200).evaluate(at.product)

    return [
        Row('deletion', 'Xplique Deletion', lambda: at.measure('deletion', at.product, points=64).auc.mean(),
            lambda: metrics.Deletion(*given, steps=-1).evaluate(at.product)),
        Row('insertion', 'Xplique Insertion', lambda: at.measure('insertion', at.product, points=64).auc.mean(),
            lambda: metrics.Insertion(*given, steps=-1).evaluate(at.product)),
        Row('average_drop', 'Xplique AverageDropMetric', lambda: at.measure('average_drop', size).mean(),
            lambda: metrics.AverageDropMetric(*given).evaluate(size)),
        Row('sparseness', 'Xplique Sparseness', lambda: at.measure('sparseness', at.signed),
            lambda: metrics.Sparseness().detailed_evaluate(at.signed)),
        Row('entropy', 'Xplique Complexity', lambda: at.measure('entropy', at.signed),
            lambda: metrics.Complexity().detailed_evaluate(at.signed)),
        Row('mu_fidelity', 'Xplique MuFidelity', lambda seed: at.measure(
            'mu_fidelity', at.product, correlation='spearman', seed=seed).mean(), mu_fidelity, True,
            'there each feature is gone with a chance of .2, and subsets are the same for all samples; here subsets '
            'have one size'),
        Row('average_sensitivity', 'Xplique AverageStability', lambda seed: at.measure(
            'average_sensitivity', at.signed, seed=seed).mean(), stability, True,
            'there the distance is not divided by the length of the map, and samples move up alone, all by the same '
            'draws')]


def captum(at: Setting) -> Any:
    import torch
    from captum import attr, metrics
    from peers_captum import network
    net = network(peers_digits.weights())
    inputs, targets = torch.tensor(first(at.xs)), torch.tensor(at.ys)
    moves = np.random.RandomState(0).randn(N, 20, 8, 8, 1).astype('f') * .2
    gradient = attr.Saliency(net)

    def infidelity_here(normalize: bool) -> np.ndarray:
        left = iter(moves.reshape(-1, 8, 8, 1))
        return at.measure('infidelity', at.signed, perturbation=lambda x, random: next(left), samples=20,
                          scale='gradient', normalize=normalize)

    def infidelity_there(normalize: bool) -> np.ndarray:
        def perturb(xs: Any) -> Any:
            by = torch.tensor(first(moves.reshape(-1, 8, 8, 1)))
            return by, xs - by
        return metrics.infidelity(net, perturb, inputs, torch.tensor(first(at.signed)), target=targets,
                                  n_perturb_samples=20, normalize=normalize).detach().numpy()

    def sensitivity(seed: int) -> np.ndarray:
        torch.manual_seed(seed)
        return metrics.sensitivity_max(lambda xs, target: gradient.attribute(xs, target, abs=False), inputs,
                                       perturb_radius=.02, n_perturb_samples=10, target=targets).numpy()

    return [
        Row('infidelity', 'captum infidelity, the same perturbations', lambda: infidelity_here(False),
            lambda: infidelity_there(False)),
        Row('infidelity, normalize=True', 'captum infidelity, normalize=True', lambda: infidelity_here(True),
            lambda: infidelity_there(True)),
        Row('max_sensitivity', 'captum sensitivity_max', lambda seed: at.measure(
            'max_sensitivity', at.signed, seed=seed), sensitivity, True)]


def quantus(at: Setting) -> Any:
    import quantus as peer
    import torch
    from captum import attr
    from peers_captum import network
    net = network(peers_digits.weights())
    gradient, size = attr.Saliency(net), np.abs(at.product)

    def explain(model: Any, inputs: Any, targets: Any, **more: Any) -> np.ndarray:
        return gradient.attribute(torch.tensor(np.asarray(inputs, 'f')), torch.tensor(targets), abs=False).numpy()

    def there(metric: Any, maps: np.ndarray, seed: Optional[int] = None, **more: Any) -> np.ndarray:
        np.random.seed(seed)
        found = metric(model=net, x_batch=first(at.xs), y_batch=at.ys, a_batch=first(maps).copy(),
                       s_batch=first(at.masks).astype(int), channel_first=True, softmax=False, device='cpu',
                       batch_size=N, **more)
        return np.array(list(found.values()) if isinstance(found, dict) else found, float)

    quiet = dict(disable_warnings=True, return_aggregate=False)
    plain = dict(quiet, normalise=False, abs=False)
    nearby = dict(plain, nr_samples=10, perturb_func=peer.functions.perturb_func.batch_uniform_noise)

    def road_here() -> np.ndarray:
        scores = [np.asarray(_scores(at, unit)) for unit in range(peers_digits.CLASSES)]
        return (np.argmax(scores, 0) == at.ys[:, np.newaxis]).mean(0)

    def road_there() -> np.ndarray:
        return there(peer.ROAD(percentages=[25, 50, 75], noise=1e-9, **quiet), at.signed)

    def blocks() -> np.ndarray:
        def perturbed() -> Any:
            for x in at.xs:
                now = x.copy()
                for row, column in np.ndindex(2, 2):
                    now[4 * row:4 * row + 4, 4 * column:4 * column + 4] = 0
                    yield x - now
        left = perturbed()
        return at.measure('infidelity', at.signed, perturbation=lambda x, random: next(left), samples=4,
                          scale='gradient')

    rows = [
        Row('deletion', 'Quantus PixelFlipping, the curve', lambda: at.measure(
            'deletion', at.product, points=64).scores[:, 1:], lambda: there(peer.PixelFlipping(**quiet), at.product)),
        Row('region_perturbation', 'Quantus RegionPerturbation, falls of the curve', lambda: _falls(at.measure(
            'region_perturbation', at.product, size=2, baseline=0.).scores), lambda: there(
                peer.RegionPerturbation(patch_size=2, **quiet), at.product)),
        Row('road', 'Quantus ROAD, the part that stays right', road_here, road_there),
        Row('infidelity', 'Quantus Infidelity, the same blocks one after another', blocks, lambda: there(
            peer.Infidelity(perturb_patch_sizes=[4], n_perturb_samples=1, **plain), at.signed)),
        Row('mu_fidelity', 'Quantus FaithfulnessCorrelation', lambda seed: at.measure(
            'mu_fidelity', at.product, subsets=100, seed=seed), lambda seed: there(peer.FaithfulnessCorrelation(
                nr_runs=100, subset_size=13, **quiet), at.product, seed), True),
        Row('monotonicity = 1', 'Quantus Monotonicity', lambda: at.measure('monotonicity', at.signed) == 1,
            lambda: there(peer.Monotonicity(**plain), at.signed), why='there what comes back is the baseline that is '
            'there already: the target stays as it is, and every sample passes'),
        Row('completeness < 1e-5', 'Quantus Completeness', lambda: at.measure('completeness', at.product) < 1e-5,
            lambda: there(peer.Completeness(**plain), at.product)),
        Row('max_sensitivity', 'Quantus MaxSensitivity', lambda seed: at.measure(
            'max_sensitivity', at.signed, seed=seed), lambda seed: there(peer.MaxSensitivity(
                lower_bound=.02, **nearby), at.signed, seed, explain_func=explain), True),
        Row('average_sensitivity', 'Quantus AvgSensitivity', lambda seed: at.measure(
            'average_sensitivity', at.signed, seed=seed), lambda seed: there(peer.AvgSensitivity(
                lower_bound=.02, **nearby), at.signed, seed, explain_func=explain), True),
        Row('stability', 'Quantus LocalLipschitzEstimate, of the same box', lambda seed: at.measure(
            'stability', at.signed, seed=seed), lambda seed: there(peer.LocalLipschitzEstimate(
                perturb_func_kwargs=dict(lower_bound=.02), **nearby), at.signed, seed, explain_func=explain), True),
        Row('sparseness', 'Quantus Sparseness', lambda: at.measure('sparseness', at.signed),
            lambda: there(peer.Sparseness(**quiet), at.signed)),
        Row('entropy', 'Quantus Complexity', lambda: at.measure('entropy', at.signed),
            lambda: there(peer.Complexity(**quiet), at.signed)),
        Row('effective_features', 'Quantus EffectiveComplexity', lambda: at.measure(
            'effective_features', at.signed, threshold=.1), lambda: there(peer.EffectiveComplexity(
                eps=.1, **quiet), at.signed), why='there the threshold is a part of the largest attribution of all '
            'samples at hand, here of each sample'),
        Row('effective_features', 'Quantus EffectiveComplexity, each map divided by its largest', lambda: at.measure(
            'effective_features', at.signed, threshold=.1), lambda: there(peer.EffectiveComplexity(
                eps=.1, **dict(quiet, normalise=False)), at.signed / np.abs(at.signed).max((1, 2, 3), keepdims=True))),
        Row('pointing_game', 'Quantus PointingGame', lambda: at.measure('pointing_game', at.signed),
            lambda: there(peer.PointingGame(**quiet), at.signed)),
        Row('mass_accuracy, absolute=True', 'Quantus AttributionLocalisation', lambda: at.measure(
            'mass_accuracy', at.signed, absolute=True), lambda: there(
                peer.AttributionLocalisation(**quiet), at.signed)),
        Row('mass_accuracy', 'Quantus RelevanceMassAccuracy, of maps above 0', lambda: at.measure(
            'mass_accuracy', size), lambda: there(peer.RelevanceMassAccuracy(**quiet), size)),
        Row('mass_accuracy', 'Quantus RelevanceMassAccuracy, of signed maps', lambda: at.measure(
            'mass_accuracy', at.signed), lambda: there(peer.RelevanceMassAccuracy(**quiet), at.signed),
            why='there negative attributions are taken off, so that it can be above 1; here what is positive counts'),
        Row('rank_accuracy', 'Quantus RelevanceRankAccuracy', lambda: at.measure('rank_accuracy', at.signed),
            lambda: there(peer.RelevanceRankAccuracy(**quiet), at.signed)),
        Row('top_k_intersection', 'Quantus TopKIntersection', lambda: at.measure('top_k_intersection', at.signed, k=10),
            lambda: there(peer.TopKIntersection(k=10, **quiet), at.signed)),
        Row('auc_of_mask', 'Quantus AUC', lambda: at.measure('auc_of_mask', at.signed),
            lambda: there(peer.AUC(**quiet), at.signed))]
    return rows


def _scores(at: Setting, unit: int) -> np.ndarray:
    from deepexplain.evaluation import road
    return road(at.explainer, at.xs, unit, at.signed, fractions=[.25, .5, .75], noise=1e-9, seed=0).scores[:, 1:]


def _falls(scores: np.ndarray) -> np.ndarray:
    return scores[:, :1] - scores[:, 1:]


def compared(row: Row) -> list:
    """The cells of a line: both values, the means over samples, and how far they are apart."""
    if not row.draws:
        mine, theirs = (np.asarray(one(), float) for one in (row.here, row.theirs))
        apart = np.abs(mine - theirs).max() / max(np.abs(theirs).max(), 1e-30) if theirs.any() else np.abs(mine).max()
        return [row.measure, row.there, '%.4f' % mine.mean(), '%.4f' % theirs.mean(), row.why or '%.0e' % apart]
    mine, theirs = (np.array([np.mean(one(seed)) for seed in range(REPEATS)]) for one in (row.here, row.theirs))
    error = np.sqrt(mine.var(ddof=1) / REPEATS + theirs.var(ddof=1) / REPEATS)
    return [row.measure, row.there, '%.4f' % mine.mean(), '%.4f' % theirs.mean(), row.why or (
        '%.4f, standard error %.4f' % (abs(mine.mean() - theirs.mean()), error))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', default='xplique,captum,quantus', help='names of peers')
    arguments = parser.parse_args()
    warnings.simplefilter('ignore')
    if importlib.util.find_spec('torch'):
        # Two pools of threads in one process wait for each other.
        importlib.import_module('torch').set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[peers_digits.WEIGHTS] = os.path.join(folder, 'digits.npz')
        peers_digits.train(os.environ[peers_digits.WEIGHTS])
        at = Setting()
        print('| here | there | ours | theirs | apart by |\n|%s' % ('---|' * 5), flush=True)
        for name in arguments.only.split(','):
            try:
                rows = globals()[name](at)
            except ImportError as error:
                print('| | %s | | | cannot be imported: %s |' % (name, error), flush=True)
                continue
            for row in rows:
                try:
                    cells = compared(row)
                except Exception as error:
                    cells = [row.measure, row.there, '', '', 'fails: %s: %s' % (
                        type(error).__name__, str(error).split('\n')[0][:100])]
                print('| %s |' % ' | '.join(cells), flush=True)


if __name__ == '__main__':
    sys.exit(main())
