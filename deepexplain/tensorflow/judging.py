"""The end of a run: whether its attributions can be right, and what they add up to."""
from typing import Callable, List

import numpy as np

from .graph.choices import differs
from .messages import warn
from .methods import Attribution
from .runs.arguments import not_finite
from .runs.outcome import doubts
from .runs.run import Run


def judge(attribution: Attribution, run: Run, attributions: List[np.ndarray],
          say: Callable[[str], None] = warn) -> None:
    """Warn, by `say`, of attributions that cannot be right, or that explain nothing."""
    model = attribution.model

    def causes() -> List[str]:
        given = {'xs[%d]' % i if model.many else 'xs': x for i, x in enumerate(run.xs)}
        for fed in (run.feeds.whole, run.feeds.cut):
            given.update(("feed_dict['%s']" % name, array) for name, array in fed.items())
        return not_finite(given)

    at_rest, training = attribution.training
    if any(differs(name, value, at_rest) for fed in (run.feeds.whole, run.feeds.cut) for name, value in fed.items()):
        say('%s: %s' % (model.method, training))
    doubt = doubts(attributions, run.seen, None if attribution.form or not attribution.parts_of_target
                   else attribution.excess, model.T.name, causes)
    if doubt:
        say('%s: %s%s%s' % (model.method, doubt, attribution.cause(run, attributions), attribution.remedy))


def tell_lost(attribution: Attribution, run: Run, attributions: List[np.ndarray],
              say: Callable[[str], None] = warn) -> None:
    """Warn of how much of T is lost, or has been added, where relevance passed ops that have no rule."""
    if not attribution.lossy:
        return
    scores = run.before()
    off = np.abs(attribution.total(run, attributions) - scores)
    worst = int(np.argmax(np.where(np.isfinite(off), off, -1)))
    if off[worst] > .01 * np.abs(scores[worst]):
        say('%s: of the relevance of T (%.3g), %.3g is lost or added on the way, what biases keep included: there is '
            'no rule for %s.' % (attribution.model.method, scores[worst], off[worst], attribution.unruled))


def delta_of(attribution: Attribution, run: Run, result: List[np.ndarray],
             say: Callable[[str], None] = warn) -> np.ndarray:
    """What a sample's attributions are off what they should add up to; warns where they are far off."""
    model, change = attribution.model, attribution.change(run)
    delta = attribution.total(run, result) - change
    known = np.isfinite(delta)
    if not known.all():
        say('%s: %d of %d convergence deltas are no finite numbers: there is none where T or the attributions '
            'are not finite.' % (model.method, len(known) - known.sum(), len(known)))
    scale = np.abs(change[known]).max() if known.any() else 0
    zero = scale > 0 and not any(one.any() for one in result)
    if zero or known.any() and not np.abs(delta[known]).max() <= .1 * scale:
        unruled = attribution.unruled
        say('%s: attributions are %s.%s' % (
            model.method, 'all zero though the target changes' if zero else
            'off what they should add up to by up to %.2g of the largest' % (np.abs(delta[known]).max() / scale)
            if scale else 'not zero though the target does not change',
            f' Ops on the path without an exact rule: {unruled}.' if unruled else '') + attribution.share)
    return delta
