"""What is said of model randomisation elsewhere, and whether it comes out of the numbers of randomization.py."""
from typing import Any, Callable, Dict, Sequence, Tuple

import numpy as np
import pages

NETWORKS = ('CNN', 'MLP')
SPEARMAN, SIGNED, INK = ('spearman', True), ('spearman', False), ('ink', True)
FLOOR = '(other noise x input)'
#: Sixt et al. 2020: these do not look at later layers.
BLIND = ('deep_taylor', 'lrp.alpha_1_beta_0', 'lrp.alpha_2_beta_1', 'pattern.attribution', 'deconvnet',
         'guided_backprop')
#: The input is a factor of these.
TIMES = ('grad*input', 'intgrad')
#: The z+ rule in all layers.
PLUS = ('deep_taylor', 'lrp.alpha_1_beta_0', 'lrp.z_plus_fast')
#: Class activation maps that weigh channels otherwise than Grad-CAM.
CAMS = ('gradcam++', 'scorecam', 'eigencam')
#: These ask the model for its answers alone.
ASKING = ('occlusion', 'shapley_sampling', 'kernel_shap', 'lime')
#: How far above what has nothing in common a similarity counts as above it.
MARGIN = .15

#: The mean similarity for each layer of a cascade: of a method, on a network, of what; nan where it has no maps.
Curve = Callable[..., np.ndarray]


class Claims:
    """Claims of methods on both networks, each with the numbers that say so.

    Args:
        page: where they go.
        curve: where numbers come from.
    """

    def __init__(self, page: pages.Page, curve: Curve) -> None:
        self._page, self._curve = page, curve

    def of(self, method: str, what: Tuple[str, bool] = INK, place: Any = 'mean') -> Dict[str, float]:
        """By network where the method has maps, the mean over its curve or a point of it."""
        curves = {kind: self._curve(method, kind, what=what) for kind in NETWORKS}
        return {kind: float(np.nanmean(curve) if place == 'mean' else curve[place]) for kind, curve in curves.items()
                if not np.isnan(curve).all()}

    def said(self, methods: Sequence[str], what: Tuple[str, bool] = INK, place: Any = 'mean') -> str:
        """'gradient 0.10 (CNN), 0.20 (MLP); ...'."""
        found = ((method, self.of(method, what, place)) for method in methods)
        return '; '.join('%s %s' % (method, ', '.join('%.2f (%s)' % (value, kind) for kind, value in values.items()))
                         for method, values in found if values)

    def claim(self, sentence: str, methods: Sequence[str], test: Callable[[str, float], bool],
              what: Tuple[str, bool] = INK, place: Any = 'mean', beside: Sequence[str] = ()) -> None:
        """Add one, unless no method has maps: whether a test of network and number holds for all of them.

        Args:
            beside: whose numbers are shown as well.
        """
        holds = [test(kind, value) for method in methods for kind, value in self.of(method, what, place).items()]
        if holds:
            self._page.claim(sentence, pages.verdict(holds), self.said(list(methods) + list(beside), what, place) + '.')


def say(page: pages.Page, curve: Curve) -> None:
    """The claims, one after another."""
    claims = Claims(page, curve)
    floor, top = claims.of(FLOOR, place=-1), claims.of('gradient', place=0)
    ends = claims.of('gradient', SPEARMAN, -1)

    def far(values: Dict[str, float]) -> Callable[[str, float], bool]:
        return lambda kind, value: value > values[kind] + MARGIN

    claims.claim('Gradient, SmoothGrad and Grad-CAM change with the model (Adebayo et al. 2018): below .5 on average '
                 'over the cascade.', ('gradient', 'smoothgrad', 'gradcam'), lambda kind, value: value < .5)
    claims.claim('Guided backpropagation and guided Grad-CAM hardly notice the top layer (Adebayo et al. 2018): above '
                 '.5, and further above the gradient than %.2f.' % MARGIN, ('guided_backprop', 'guided_gradcam'),
                 lambda kind, value: value > max(.5, top[kind] + MARGIN), place=0, beside=['gradient'])
    claims.claim('Where the input is a factor, absolute maps of a model of which nothing is left still look alike: of '
                 'all pixels, all layers shuffled, further above the gradient than %.2f (Adebayo et al. 2018 of '
                 'gradient * input and integrated gradients).' % MARGIN, TIMES, far(ends), SPEARMAN, -1,
                 ['gradient', FLOOR])
    claims.claim('Little is left of these but the input: all layers shuffled, no further above other noise times the '
                 'input than %.2f.' % MARGIN, TIMES, lambda kind, value: not far(floor)(kind, value), INK, -1, [FLOOR])
    claims.claim('With their signs they are not alike: all layers shuffled, below .2.', TIMES,
                 lambda kind, value: value < .2, SIGNED, -1)
    claims.claim('Deep Taylor decomposition, the alpha-beta rules, PatternAttribution, deconvnet and guided '
                 'backpropagation do not look at later layers (Sixt et al. 2020): above .7 after the top layer.',
                 BLIND, lambda kind, value: value > .7, place=0)
    claims.claim('Nor do Grad-CAM++, Score-CAM and EigenCAM (not in these papers): above .7 after the top layer.', CAMS,
                 lambda kind, value: value > .7, place=0, beside=['gradcam'])
    claims.claim('DeepLIFT does look at them (Sixt et al. 2020): after the top layer below .7.', ['deeplift'],
                 lambda kind, value: value < .7, place=0, beside=[FLOOR])
    claims.claim('The z+ rules still show what they showed when no weight is where it was: all layers shuffled, '
                 'further above other noise times the input than %.2f.' % MARGIN, PLUS, far(floor), INK, -1, [FLOOR])
    claims.claim('What asks the model alone changes with it: with signs below .3 on average over the cascade.',
                 ASKING, lambda kind, value: value < .3, SIGNED)
    claims.claim('`input` and `random` do not know the model.', ('input', 'random'),
                 lambda kind, value: value > 1 - 1e-9, SPEARMAN)


def limits(page: pages.Page) -> None:
    """What follows, and what does not."""
    page.text(
        '''That a map changes does not say that it is right: other noise passes. That it does not change says that it
        cannot tell this model from one that knows nothing, whatever it shows. Absolute maps of methods that have the
        input as a factor are alike by its zeros, so their rows are to be read against "(other noise x input)"; methods
        that give each sample's regions of the picture (xrai) are alike by these regions. Networks are small and of
        three and four layers, which a rule that forgets the layers above may still see through; samples are those that
        the network is right about; the weights of a layer are shuffled, and keep their values, where the papers draw
        new ones. Patterns of pattern.net and pattern.attribution were fitted to the model as it is. Histograms of
        oriented gradients and structural similarity of 8x8 pictures are coarse.''')
