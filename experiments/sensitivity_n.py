"""Sensitivity-n of Ancona et al. 2018 on small networks: does the fall of the target follow the attributions?

    python experiments/sensitivity_n.py [--quick] [--out docs/experiments]
"""
import itertools
import os
import sys
import warnings
from collections import OrderedDict
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import networks
import numpy as np
import pages
import sensitivity_claims

#: The paper's methods and Shapley sampling; the LRP rules, which it does not have; and what knows nothing of the model.
PAPER = ('saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion')
LRP = ('lrp.z', 'lrp.epsilon', 'lrp.gamma', 'lrp.alpha_1_beta_0', 'lrp.alpha_2_beta_1', 'lrp.z_plus', 'lrp.w_square',
       'lrp.flat', 'lrp.sequential_preset_a', 'lrp.sequential_preset_b', 'lrp.sequential_preset_a_flat',
       'lrp.sequential_preset_b_flat', 'lrp.sequential_preset_b_flat_until_idx')
METHODS = PAPER + ('shapley_sampling',) + LRP + ('input', 'random')
OPTIONS = {'shapley_sampling': {'samples': 5, 'seed': 0}, 'random': {'seed': 0}}
ACTIVATIONS = ('relu', 'tanh', 'sigmoid', 'softplus')
LINEAR = 'linear'
#: How the networks are trained: initialisations, steps, rate; and the size of initial weights where it is not 1.
TRAINING = {'digits': (3, 1500, .003), 'additive': (2, 1500, .003), 'products': (2, 3000, .006)}
GAIN = {'sigmoid': 2.}


class Work(NamedTuple):
    """How much is done: initialisations at most, a part of the training, samples, subsets, their sizes, and methods."""
    seeds: int
    part: float
    samples: int
    subsets: int
    sizes: Optional[List[int]]
    methods: Sequence[str]


FULL = Work(9, 1., 50, 100, None, METHODS)
QUICK = Work(1, .04, 3, 20, [1, 7, 51], PAPER + ('lrp.z', 'input'))


class Result(NamedTuple):
    """What came out for one network on one kind of data, over all seeds.

    Attributes:
        right: how often it is right on the test set, for each seed.
        sizes: of the subsets.
        scores: (sizes, samples of all seeds) by method; nan where a map is constant or not finite.
        alike: Pearson's correlation of two methods' maps, the mean over samples, by the pair of names.
        apart: the largest difference of two methods' maps, relative to the largest attribution, by the pair.
        broken: how many maps were not finite, by method.
        warned: for how many initialisations a method warned that its attributions are far larger than the target.
    """
    right: List[float]
    sizes: List[int]
    scores: Dict[str, np.ndarray]
    alike: Dict[Tuple[str, str], float]
    apart: Dict[Tuple[str, str], float]
    broken: Dict[str, int]
    warned: Dict[str, int]

    def mean(self, method: str) -> np.ndarray:
        """The mean over samples for each size."""
        return networks.known_mean(self.scores[method].T)

    def over_sizes(self, method: str) -> float:
        """The mean over samples and sizes."""
        return float(networks.known_mean(self.mean(method)))


#: What came out, by data, network and activation.
Results = Dict[Tuple[str, str, str], Result]


def alike(maps: np.ndarray, others: np.ndarray) -> float:
    """Pearson's correlation of pairs of maps over their features, the mean over samples that have one."""
    one, other = (each - each.mean(1, keepdims=True) for each in (maps, others))
    sizes = np.sqrt((one ** 2).sum(1) * (other ** 2).sum(1))
    known = sizes > 0
    return float(((one * other).sum(1)[known] / sizes[known]).mean()) if known.any() else float('nan')


def apart(maps: np.ndarray, others: np.ndarray) -> float:
    """The largest difference of maps, relative to the largest attribution."""
    return float(np.abs(maps - others).max() / np.abs(maps).max())


def studied(data: networks.Data, kind: str, activation: str, training: Tuple[int, int, float], work: Work) -> Result:
    """Train one network from several initial values and measure all methods on the same subsets."""
    import tensorflow.compat.v1 as tf

    from deepexplain.evaluation import sensitivity_n, subset_sizes
    from deepexplain.tensorflow import DeepExplain

    seeds, steps, rate = training
    linear = activation == LINEAR
    more = {'pool': False} if linear and kind == 'CNN' else {}
    network = networks.Network(networks.NETWORKS[kind], tf.identity if linear else getattr(tf.nn, activation), data,
                               **more)
    found = Result([], work.sizes or subset_sizes(data.train_x.shape[1]), OrderedDict(), {}, {}, {}, {})
    seen: Dict[str, List[np.ndarray]] = OrderedDict((method, []) for method in work.methods)
    scores: Dict[str, List[np.ndarray]] = OrderedDict((method, []) for method in work.methods)
    with DeepExplain(session=network.session) as de:
        explainers = {method: de.get_explainer(method, network.T, network.X, **OPTIONS.get(method, {}))
                      for method in work.methods}
        for seed in range(min(seeds, work.seeds)):
            found.right.append(network.train(seed, int(steps * work.part), rate, GAIN.get(activation, 1.)))
            xs, ys = network.right(work.samples)
            maps: Dict[str, np.ndarray] = OrderedDict()
            for method, explainer in explainers.items():
                with warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter('always')
                    maps[method] = one = explainer.run(xs, ys).astype(float)
                found.warned[method] = found.warned.get(method, 0) + any('attributions are up to' in str(each.message)
                                                                         for each in said)
                broken = ~np.isfinite(one).all(1)
                found.broken[method] = found.broken.get(method, 0) + int(broken.sum())
                one[broken] = 0
                seen[method].append(one)
            for method, one in sensitivity_n(explainers['saliency'], xs, ys, maps, found.sizes,
                                             work.subsets, seed=seed).items():
                scores[method].append(one)
    network.session.close()
    found.scores.update((method, np.concatenate(one, 1)) for method, one in scores.items())
    for pair in itertools.combinations(work.methods, 2):
        one, other = (np.concatenate(seen[method]) for method in pair)
        found.alike[pair] = alike(one, other)
        found.apart[pair] = apart(one, other)
    return found


def asked(quick: bool) -> List[Tuple[str, str, str]]:
    """The data, networks and activations of the experiment."""
    if quick:
        return [('digits', 'MLP', one) for one in (LINEAR, 'relu', 'sigmoid')]
    return [('digits', kind, LINEAR) for kind in networks.NETWORKS] + list(itertools.product(
        TRAINING, networks.NETWORKS, ACTIVATIONS))


def measured(quick: bool) -> Results:
    """All of it."""
    work, found = QUICK if quick else FULL, OrderedDict()
    kept = {name: getattr(networks, name)() for name in {key[0] for key in asked(quick)}}
    for key in asked(quick):
        found[key] = studied(kept[key[0]], key[1], key[2], TRAINING[key[0]], work)
        print('%s %s %s: right %s, deeplift %.3f' % (
            key + (found[key].right, found[key].over_sizes('deeplift'))), flush=True)
    return found


def picture(results: Results) -> Any:
    """Curves over the part of features that are gone, a panel for each network."""
    from matplotlib.figure import Figure

    rows = list(OrderedDict.fromkeys(key[:2] for key in results if key[2] != LINEAR))
    figure = Figure(figsize=(11, .7 + 2.1 * len(rows)), dpi=100)
    panels = figure.subplots(len(rows), len(ACTIVATIONS), sharex=True, sharey=True, squeeze=False)
    for line, row in zip(panels, rows):
        for ax, activation in zip(line, ACTIVATIONS):
            if row + (activation,) not in results:
                continue
            result = results[row + (activation,)]
            ticks = 100 * np.array(result.sizes) / networks.SIDE ** 2
            for i, method in enumerate(one for one in LRP if one in result.scores):
                ax.plot(ticks, result.mean(method), color='.8', lw=.8, label=None if i else 'LRP rules')
            for i, method in enumerate(one for one in METHODS[:7] if one in result.scores):
                ax.plot(ticks, result.mean(method), color='C%d' % i, lw=1.6, label=method,
                        ls='--' if method in ('elrp', 'deeplift') else '-')
            ax.set_xscale('log')
            ax.set_xticks([2, 5, 10, 20, 50, 80])
            ax.set_xticklabels(['2 %', '5', '10', '20', '50', '80'])
            ax.minorticks_off()
            ax.set_ylim(-.12, 1.03)
            ax.grid(alpha=.3)
            ax.set_title('%s, %s, %s' % (row + (activation,)), fontsize=9)
            ax.tick_params(labelsize=8)
    figure.tight_layout(rect=(0, 0, 1, 1 - .45 / figure.get_figheight()))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='upper center', ncol=len(labels), fontsize=8.5, frameon=False)
    return figure


def tables(page: pages.Page, results: Results) -> None:
    """Means over sizes, and the ends of the curves."""
    keys = [key for key in results if key[2] != LINEAR]
    methods = list(results[keys[0]].scores)
    by_data = [(data, [key for key in keys if key[0] == data]) for data in OrderedDict.fromkeys(key[0] for key in keys)]
    for data, own in by_data:
        page.head('%s: mean over all n' % data.capitalize())
        page.text('Right on the test set: ' + ', '.join('%s %s %.3f' % (key[1], key[2], np.mean(results[key].right))
                                                        for key in own) + '.')
        page.table(['method'] + [' '.join(key[1:]) for key in own],
                   [[method] + [results[key].over_sizes(method) for key in own] for method in methods])
    page.head('Ends of the curves')
    page.text('The mean over the %d networks that are not linear of what the curves have at the smallest n and at the '
              'largest, and between.' % len(keys))
    sizes = results[keys[0]].sizes
    places = sorted({0, len(sizes) // 3, 2 * len(sizes) // 3, len(sizes) - 1})
    page.table(['method'] + ['n = %d' % sizes[place] for place in places],
               [[method] + list(networks.known_mean([results[key].mean(method)[places] for key in keys]))
                for method in methods])


def main(arguments: Sequence[str]) -> None:
    args = pages.parser(__doc__).parse_args(arguments)
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    page = pages.Page(args.out, 'sensitivity_n', 'Sensitivity-n')
    results = measured(args.quick)
    work = QUICK if args.quick else FULL
    page.text(
        '''Of a map it is asked whether the sum of the attributions of some features agrees with how far the target
        falls when they are set to 0: Pearson's correlation over %d random subsets of n features, the mean over samples
        (Ancona et al. 2018, "Towards better understanding of gradient-based attribution methods for deep neural
        networks"). Samples have 64 features; the target is the logit of the class, of %d test samples that the network
        is right about, for each of %d initialisations (2 for generated data). All methods of a network are asked about
        the same subsets.''' % (work.subsets, work.samples, TRAINING['digits'][0]),
        '''Data: scikit-learn's digits; "additive", normal numbers whose class is the sign of a weighted sum of all of
        them; "products", normal numbers whose class is the sign of the sum of three products of two neighbours.
        Networks: an MLP 64-64-32 and a CNN of two convolutions, max pooling and a dense layer, trained with Adam on
        each; networks of the same layers with no activation, and no pooling, are the linear ones.
        `deepexplain.evaluation.sensitivity_n` measures.''')
    page.figure(picture(results), 'Sensitivity-n by the part of the features that are gone')
    page.head("The paper's statements")
    page.text('In our words. That one comes out says that these networks bear it out, and no more.')
    sensitivity_claims.say(page, results)
    tables(page, results)
    page.head('What it says and does not say')
    sensitivity_claims.limits(page, results)
    sizes = next(iter(results.values())).sizes
    page.numbers(['data', 'network', 'activation', 'method'] + ['n=%d' % size for size in sizes],
                 [list(key) + [method] + [float(one) for one in result.mean(method)]
                  for key, result in results.items() for method in result.scores])
    page.write('TensorFlow %s, numpy %s' % (tf.__version__, np.__version__))


if __name__ == '__main__':
    main(sys.argv[1:])
