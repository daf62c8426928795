"""The page of randomization.py: its picture, tables and numbers."""
import re
from collections import OrderedDict
from typing import Any, Dict, List, NamedTuple, Tuple

import networks
import numpy as np
import pages
import randomization_claims

NETWORKS = randomization_claims.NETWORKS
#: What is compared: a similarity, and whether maps are absolute; 'ink' are ranks of the pixels that are not 0 alone.
COMPARED = (('spearman', False), ('spearman', True), ('ink', True), ('ssim', True), ('hog', True))
#: Rows beside the methods: maps of other noise each time, and such times the input.
NOISE, NOISE_X = '(other noise)', randomization_claims.FLOOR
#: A method, a network, an order of layers, and what is compared.
Key = Tuple[str, str, str, str, bool]


class Found(NamedTuple):
    """What came out.

    Attributes:
        scores: (layers, samples of all models) by method, network, order and what was compared: similarity and whether
            maps were absolute.
        layers: of each network from the logits down.
        refused: why a method has no maps, by method and network.
        seconds: what each took, by method.
        right: how often networks are right on the test set.
    """
    scores: Dict[Key, np.ndarray]
    layers: Dict[str, List[str]]
    refused: Dict[Tuple[str, str], str]
    seconds: Dict[str, float]
    right: Dict[str, List[float]]


def curve(found: Found, method: str, kind: str, order: str, what: Tuple[str, bool]) -> np.ndarray:
    """The mean over samples for each layer; nan where the method has no maps."""
    scores = found.scores.get((method, kind, order) + what)
    return np.full(len(found.layers[kind]), np.nan) if scores is None else networks.known_mean(scores.T)


def columns(found: Found, method: str, kind: str) -> List[float]:
    """What the tables say of a method: see `HEAD`."""
    signed, absolute, ink, ssim, hog = (curve(found, method, kind, 'cascade', what) for what in COMPARED)
    alone = curve(found, method, kind, 'independent', INK)
    return [signed[0], absolute[0], ink[0], float(networks.known_mean(absolute)), float(networks.known_mean(ink)),
            signed[-1], absolute[-1], ink[-1], ssim[-1], hog[-1], float(networks.known_mean(alone))]


INK = randomization_claims.INK
HEAD = ['top, signed', 'top', 'top, ink', 'mean', 'mean, ink', 'all, signed', 'all', 'all, ink', 'all, ssim',
        'all, hog', 'alone, ink']


def sorted_methods(found: Found, kind: str) -> List[str]:
    """Methods that have maps, what changes most first, by the mean over the cascade where ink is."""
    methods = [key[0] for key in found.scores if key[1:] == (kind, 'cascade') + INK]
    means = {method: float(networks.known_mean(curve(found, method, kind, 'cascade', INK)))
             for method in methods}
    return sorted((method for method in methods if not np.isnan(means[method])), key=lambda method: means[method])


def picture(found: Found) -> Any:
    """A matrix: methods down, and along the layers of a cascade, for each similarity and network."""
    from matplotlib.figure import Figure

    methods = sorted_methods(found, NETWORKS[0])
    methods += [method for method in sorted_methods(found, NETWORKS[1]) if method not in methods]
    figure = Figure(figsize=(14, 1.3 + .2 * len(methods)), dpi=100)
    widths = [len(found.layers[kind]) for kind in NETWORKS for _ in COMPARED]
    panels = figure.subplots(1, len(widths), gridspec_kw={'width_ratios': widths, 'wspace': .06}, squeeze=False)[0]
    places = [(kind, what) for kind in NETWORKS for what in COMPARED]
    for ax, (kind, what) in zip(panels, places):
        values = np.stack([curve(found, method, kind, 'cascade', what) for method in methods])
        ax.imshow(np.clip(values, 0, 1), cmap='YlGnBu', vmin=0, vmax=1, aspect='auto')
        for row, column in np.ndindex(values.shape):
            value = values[row, column]
            ax.text(column, row, '' if np.isnan(value) else ('%.1f' % value).replace('-0.0', '0.0'), ha='center',
                    va='center', fontsize=6, color='white' if value > .6 else 'black')
        ax.set_title('%s\n%s' % (kind, what[0] + ('' if what[1] else ', signed')), fontsize=7.5)
        ax.set_xticks(range(values.shape[1]))
        ax.set_xticklabels(['top'] + ['+%d' % more for more in range(1, values.shape[1] - 1)] + ['all'], fontsize=6.5)
        ax.set_yticks(range(len(methods)) if ax is panels[0] else [])
        if ax is panels[0]:
            ax.set_yticklabels(methods, fontsize=7)
    figure.subplots_adjust(left=.185, right=.995, top=1 - .45 / figure.get_figheight(),
                           bottom=.25 / figure.get_figheight())
    return figure


def tables(page: pages.Page, found: Found) -> None:
    """A table for each network, and who is not in it."""
    for kind in NETWORKS:
        page.head('The %s' % kind)
        known = sorted_methods(found, kind)
        page.table(['method'] + HEAD, [[method] + columns(found, method, kind) for method in known])
        constant = [key[0] for key in found.scores if key[1:] == (kind, 'cascade') + INK and key[0] not in known]
        if constant:
            page.text('Constant maps, which cannot be compared: ' + ', '.join(constant) + '.')
        for reason, methods in reasons(found, kind).items():
            page.text('Without maps here: %s (%s).' % (', '.join(methods), reason))


def reasons(found: Found, kind: str) -> Dict[str, List[str]]:
    """Which methods have no maps on a network, by what they say."""
    said: Dict[str, List[str]] = OrderedDict()
    for (method, on), reason in found.refused.items():
        if on == kind:
            reason = reason[len(method) + 2:] if reason.startswith(method + ': ') else reason
            whole_word = r'(?<![\w.])%s(?![\w+])' % re.escape(method)
            said.setdefault(re.sub(whole_word, 'it', reason), []).append(method)
    return said


def write(page: pages.Page, found: Found, names: Dict[str, List[str]], trained: int, samples: int, orders: int) -> None:
    """The page."""
    page.text(
        '''A map that explains a model should change when the model does. Layer by layer from the logits down the
        weights are shuffled, each array among itself, and each method's maps of the same samples and units are compared
        with those of the model as it was (Adebayo et al. 2018, "Sanity checks for saliency maps"; they draw new initial
        values). The lower the similarity the better. `deepexplain.evaluation.model_randomization` measures one method;
        this page has all %d of the library.''' % len(names),
        '''On scikit-learn's digits, 8x8, ReLU networks: a CNN (two convolutions, max pooling, two dense layers: right
        on %.3f of the test set) and an MLP (three dense layers, %.3f), each trained from %d initial values; %d test
        samples that it is right about (4 for xrai), weights shuffled anew %d time%s for each. Methods have their
        default options, but: those of masks and cells see single pixels, rise has 1500 masks, shapley_sampling 20
        permutations and guided_ig 50 steps; what draws draws the same for all models.''' % (
            np.mean(found.right['CNN']), np.mean(found.right['MLP']), trained, samples, orders,
            '' if orders == 1 else 's'))
    page.figure(picture(found), 'Similarity of maps while layers are shuffled from the top, by method')
    page.text(
        '''Columns of the tables: "top" is after the logits' layer, "mean" the mean over the steps of the cascade, "all"
        with all layers shuffled; "alone" is the mean over layers that are shuffled one at a time. What is compared are
        ranks of absolute attributions (Spearman's correlation) of all pixels, or with "ink" of those that are not 0;
        "signed" are ranks of attributions with their signs, "ssim" structural similarity and "hog" histograms of
        oriented gradients of absolute maps. Methods are in the order of "mean, ink". Digits
        are 0 in half of their pixels, and where a method has the input as a factor, or a rule that gives nothing to
        what is 0, so is every map of it, whatever the model: that is why there is "ink". Rows in brackets are no
        methods: maps of noise that is drawn anew for each model, and such noise times the input.''')
    page.head('Statements')
    randomization_claims.say(page, lambda method, kind, order='cascade', what=COMPARED[1]: curve(
        found, method, kind, order, what))
    tables(page, found)
    page.head('Other names')
    page.text('The same methods by other names are not listed: ' + ', '.join(
        '%s is %s' % (', '.join(others), name) for name, others in names.items() if others) + '.')
    page.head('What it says and does not say')
    randomization_claims.limits(page)
    page.numbers(['method', 'network', 'order', 'similarity', 'absolute', 'layer', 'mean', 'standard deviation'], [
        list(key) + [number + 1, float(networks.known_mean(one)), deviation(one)]
        for key, scores in found.scores.items() for number, one in enumerate(scores)])


def deviation(values: np.ndarray) -> float:
    """The standard deviation of what is known; nan where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.std()) if known.size else float('nan')
