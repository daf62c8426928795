"""Model randomisation of Adebayo et al. 2018 over all methods: does a map change when the model's weights do?

    python experiments/randomization.py [--quick] [--out docs/experiments]
"""
import os
import sys
import time
import warnings
from collections import OrderedDict
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

import networks
import numpy as np
import pages
from randomization_page import COMPARED, NETWORKS, NOISE, NOISE_X, Found, Key, write

ORDERS = ('cascade', 'independent')
#: Methods that --quick looks at.
QUICK = ('saliency', 'gradient', 'guided_backprop', 'lrp.alpha_1_beta_0', 'gradcam', 'zero', 'input')


class Work(NamedTuple):
    """How much is done: initialisations that are trained, orders of weights for each, samples, steps of training."""
    trained: int
    orders: int
    samples: int
    steps: int


FULL, SOON = Work(2, 1, 10, 1500), Work(1, 1, 3, 60)
#: Methods that take long are asked about fewer samples.
FEWER = {'xrai': 4}


def options(data: networks.Data) -> Dict[str, Dict[str, Any]]:
    """What methods need to be told on these networks, or are told to see single pixels."""
    return {
        'deep_taylor.bounded': {'low': 0, 'high': 1},
        'expected_gradients': {'references': data.train_x[:100].reshape(-1, networks.SIDE, networks.SIDE, 1)},
        'permutation': {'references': data.train_x[:100].reshape(-1, networks.SIDE, networks.SIDE, 1)},
        'rise': {'cells': networks.SIDE, 'samples': 1500}, 'guided_ig': {'steps': 50},
        'sobol': {'cells': networks.SIDE}, 'hsic': {'cells': networks.SIDE},
        'shapley_sampling': {'samples': 20},
    }


def names_of(methods: Dict[str, Any]) -> Dict[str, List[str]]:
    """Each method by the first of its names, and its other names."""
    found: Dict[Any, List[str]] = OrderedDict()
    for name, one in methods.items():
        found.setdefault(one, []).append(name)
    return OrderedDict((names[0], names[1:]) for names in found.values())


def why(error: Exception) -> str:
    """The first sentence of a message."""
    return str(error).split('\n')[0].split('. ')[0].rstrip('.')


def at_ink(xs: np.ndarray, maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Spearman's correlation of absolute maps over the pixels of each sample that are not 0, (n,)."""
    from deepexplain.evaluation import map_similarity

    return np.concatenate([map_similarity(one[None, x != 0], other[None, x != 0], absolute=True)
                           for x, one, other in zip(xs, maps, others)])


def compared(xs: np.ndarray, before: np.ndarray, maps: Sequence[np.ndarray]) -> Dict[Tuple[str, bool], np.ndarray]:
    """The similarities of maps to those of shuffled models, (layers, n)."""
    from deepexplain.evaluation import map_similarity

    return {(similarity, absolute): np.stack([
        at_ink(xs, before, one) if similarity == 'ink' else map_similarity(before, one, similarity, absolute)
        for one in maps]) for similarity, absolute in COMPARED}


def floors(xs: np.ndarray, layers: int, seed: int) -> Dict[str, List[np.ndarray]]:
    """Maps that have nothing in common, and those that have nothing but the input as a factor."""
    drawn = list(np.random.RandomState(seed).randn(layers + 1, *xs.shape))
    return {NOISE: drawn, NOISE_X: [one * xs for one in drawn]}


def study(network: networks.Network, kind: str, methods: Sequence[str], work: Work, found: Found) -> None:
    """All methods on one network, trained from several initial values."""
    from deepexplain.evaluation import randomized_maps
    from deepexplain.tensorflow import DeepExplain

    told = options(network.data)
    parts: Dict[Key, List[np.ndarray]] = OrderedDict()
    with DeepExplain(session=network.session) as de:
        explainers = OrderedDict()
        for method in methods:
            try:
                explainers[method] = de.get_explainer(method, network.T, network.X, **told.get(method, {}))
            except Exception as error:
                found.refused[method, kind] = why(error)
        for trained in range(work.trained):
            found.right.setdefault(kind, []).append(network.train(trained, work.steps))
            xs, ys = network.right(work.samples)
            for method, explainer in explainers.items():
                began = time.time()
                try:
                    if method.startswith('pattern'):
                        explainer.fit_patterns(network.samples(network.data.train_x))
                    few = FEWER.get(method, work.samples)
                    for shuffle in range(work.orders):
                        for order in ORDERS:
                            made = randomized_maps(explainer, xs[:few], ys[:few], order,
                                                   seed=trained * work.orders + shuffle)
                            found.layers[kind] = made.names
                            for what, one in compared(xs[:few], made.before, made.maps).items():
                                parts.setdefault((method, kind, order) + what, []).append(one)
                except Exception as error:
                    found.refused[method, kind] = why(error)
                found.seconds[method] = found.seconds.get(method, 0.) + time.time() - began
            for name, maps in floors(xs, len(found.layers[kind]), trained).items():
                for what, one in compared(xs, maps[0], maps[1:]).items():
                    for order in ORDERS:
                        parts.setdefault((name, kind, order) + what, []).append(one)
    found.scores.update((key, np.concatenate(part, 1)) for key, part in parts.items()
                        if (key[0], kind) not in found.refused)


def measured(quick: bool) -> Found:
    """All of it."""
    import tensorflow.compat.v1 as tf

    from deepexplain.tensorflow import attribution_methods

    data, work = networks.digits(), SOON if quick else FULL
    found = Found(OrderedDict(), {}, OrderedDict(), OrderedDict(), {})
    for kind in NETWORKS:
        network = networks.Network(networks.NETWORKS[kind], tf.nn.relu, data, pictures=True)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            study(network, kind, QUICK if quick else list(names_of(attribution_methods)), work, found)
        network.session.close()
    return found


def main(arguments: Sequence[str]) -> None:
    args = pages.parser(__doc__).parse_args(arguments)
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    from deepexplain.tensorflow import attribution_methods

    page = pages.Page(args.out, 'randomization', 'Model randomisation over all methods')
    work = SOON if args.quick else FULL
    write(page, measured(args.quick), names_of(attribution_methods), work.trained, work.samples, work.orders)
    page.write('TensorFlow %s, numpy %s' % (tf.__version__, np.__version__))


if __name__ == '__main__':
    main(sys.argv[1:])
