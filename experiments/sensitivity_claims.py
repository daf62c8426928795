"""Which statements of Ancona et al. 2018 come out of the numbers of sensitivity_n.py."""
from typing import Any, Dict, List, Sequence, Tuple

import networks
import numpy as np
import pages

SIGNED = ('grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion')
Key = Tuple[str, str, str]


def span(values: Sequence[float]) -> str:
    """The smallest and the largest of some numbers."""
    return '%.3f to %.3f' % (min(values), max(values))


def whole(results: Dict[Key, Any], keys: Sequence[Key], method: str) -> List[float]:
    """The mean over all n, for each network."""
    return [results[key].over_sizes(method) for key in keys]


def say(page: pages.Page, results: Dict[Key, Any]) -> None:
    """The claims, one after another."""
    linear = [key for key in results if key[2] == 'linear']
    bent = [key for key in results if key[2] != 'linear']
    by = {name: [key for key in bent if key[2] == name] for name in ('relu', 'tanh', 'sigmoid', 'softplus')}

    differences = {method: max(results[key].apart['grad*input', method] for key in linear) for method in SIGNED[1:]}
    page.claim('On linear networks gradient * input, integrated gradients, epsilon-LRP, DeepLIFT and occlusion are '
               'equal.', max(differences.values()) < 1e-3,
               'the largest difference from grad*input, relative to the largest attribution, is ' + ', '.join(
                   '%.1e (%s)' % (value, method) for method, value in differences.items()) + ' over %d networks.'
               % len(linear))
    least = min(float(np.nanmin(results[key].scores[method])) for key in linear for method in SIGNED)
    page.claim('There they have Sensitivity-n for all n.', least > 1 - 1e-3,
               'the lowest correlation of any sample at any n is %.6f.' % least)
    best = {key: max(float(np.nanmin(results[key].mean(method))) for method in SIGNED) for key in bent}
    top = max(best, key=lambda key: best[key])
    page.claim('On networks that are not linear no method has it for all n.', max(best.values()) < 1 - 1e-3,
               'the best lowest point of any curve is %.3f (%s %s %s).' % ((best[top],) + top))

    firsts = [float(np.nanmin(results[key].scores['occlusion'][0])) for key in bent]
    others = [max(results[key].mean(method)[0] for method in SIGNED + ('saliency',) if method != 'occlusion')
              for key in bent]
    page.claim('Occlusion is best at n = 1, where it is 1 by its making.', pages.verdict(
        [one > 1 - 1e-3 and one > other for one, other in zip(firsts, others)]),
        'its lowest correlation of any sample there is %.6f; the best of the others has %s on average.' % (
            min(firsts), span(others)))
    falls = [results[key].mean('occlusion')[0] - results[key].mean('occlusion')[-1] for key in bent]
    page.claim('Occlusion gets worse as n grows.', pages.verdict([one > 0 for one in falls]),
               'from the smallest n to the largest its mean falls by %s.' % span(falls))
    for method in ('intgrad', 'deeplift'):
        ahead = [results[key].mean(method)[-1] - results[key].mean('occlusion')[-1] for key in bent]
        page.claim('At the largest n %s is better than occlusion.' % method, pages.verdict([one > 0 for one in ahead]),
                   'on %d of %d networks; it is ahead by %s.' % (sum(one > 0 for one in ahead), len(bent), span(ahead)))
    leaders = [max(SIGNED, key=lambda method: results[key].mean(method)[-1]) for key in bent]
    good = [one in ('intgrad', 'deeplift') for one in leaders]
    page.claim("Of the paper's methods integrated gradients or DeepLIFT are best there.", pages.verdict(good),
               'on %d of %d networks; else %s.' % (sum(good), len(bent), ', '.join(
                   '%s on %d' % (one, leaders.count(one)) for one in SIGNED if one not in ('intgrad', 'deeplift')
                   and one in leaders) or 'none'))

    pair = [results[key].alike['intgrad', 'deeplift'] for key in bent]
    gaps = [abs(one - other) for one, other in zip(whole(results, bent, 'intgrad'), whole(results, bent, 'deeplift'))]
    page.claim('Integrated gradients and DeepLIFT nearly agree.', pages.verdict([one > .9 for one in pair]),
               'their maps correlate by ' + '; '.join('%s (%s)' % (span([results[key].alike['intgrad', 'deeplift']
                                                                         for key in own]), name)
                                                      for name, own in by.items() if own)
               + '; their means over n differ by at most %.3f.' % max(gaps))

    same, near, without = (
        [getattr(results[key], part)['grad*input', other] for key in by['relu']]
        for part, other in (('alike', 'elrp'), ('apart', 'elrp'), ('apart', 'lrp.z')))
    page.claim('With ReLU epsilon-LRP is gradient * input, but for epsilon.', pages.verdict(
        [one > .999 and other < 1e-3 for one, other in zip(same, without)]),
        'their maps correlate by %.5f or more; the largest difference, relative to the largest attribution, is %.3f '
        'with the epsilon of 1e-4, which damps units that are barely above 0, and %.1e without it (lrp.z).' % (
            min(same), max(near), max(without)))
    for name, fails in (('relu', False), ('tanh', False), ('sigmoid', True), ('softplus', True)):
        if not by[name]:
            continue
        elrp, intgrad = (whole(results, by[name], method) for method in ('elrp', 'intgrad'))
        text = 'epsilon-LRP %s, integrated gradients %s.' % (span(elrp), span(intgrad))
        if fails:
            page.claim('With %s, which is not 0 at 0, epsilon-LRP fails (half of what integrated gradients have, or '
                       'less).' % name, pages.verdict([one < .5 * other for one, other in zip(elrp, intgrad)]),
                       'the mean over n is, by network, ' + text)
        else:
            page.claim('With %s it does not fail.' % name, pages.verdict([one > .5 * other for one, other in zip(
                elrp, intgrad)]), 'the mean over n is, by network, ' + text)

    near = [key for key in bent if key[0] == 'additive']
    if near:
        spans = [[whole(results, [key], method)[0] for method in SIGNED if method != 'elrp' or key[2] in (
            'relu', 'tanh')] for key in near]
        said = ', '.join('%s (%s %s)' % (span(one), key[1], key[2]) for one, key in zip(spans, near))
        page.claim('Where the task is additive, and networks nearly so, methods are alike (within .1; epsilon-LRP '
                   'where it does not fail) and near 1 (above .9).',
                   pages.verdict([max(one) - min(one) < .1 and min(one) > .9 for one in spans]),
                   'alike on %d and near 1 on %d of %d networks; from the worst to the best they have ' % (
                       sum(max(one) - min(one) < .1 for one in spans), sum(min(one) > .9 for one in spans), len(near))
                   + said + '.')
    lost = [one - other for one, other in zip(whole(results, bent, 'intgrad'), whole(results, bent, 'saliency'))]
    page.claim('Inputs hold evidence against the target, which signed methods report and saliency cannot.',
               pages.verdict([one > .1 for one in lost]),
               'saliency is behind integrated gradients by %s over the networks.' % span(lost))


def limits(page: pages.Page, results: Dict[Key, Any]) -> None:
    """What follows, and what does not."""
    bent = [key for key in results if key[2] != 'linear']
    means = {method: networks.known_mean(whole(results, bent, method)) for method in results[bent[0]].scores}
    page.text('The mean over all n and networks that are not linear (where there is one), in order: ' + ', '.join(
        '%s %.3f' % (method, means[method]) for method in sorted(means, key=lambda one: -np.nan_to_num(means[one]))
        if not np.isnan(means[method])) + '.')
    broken = {method: sum(results[key].broken[method] for key in results) for method in means}
    if any(broken.values()):
        page.text('Maps that were not finite, and have no value: ' + ', '.join(
            '%s %d' % pair for pair in broken.items() if pair[1]) + '.')
    warned = {method: sum(bool(results[key].warned[method]) for key in bent) for method in means}
    page.text('Methods that warned that their attributions are far larger than the target, and on how many of the %d '
              'networks: %s.' % (len(bent), ', '.join('%s %d' % pair for pair in warned.items() if pair[1]) or 'none'))
    page.text(
        '''The measure asks what happens when features become 0, and favours what asks the same: occlusion and Shapley
        values by their making, integrated gradients and DeepLIFT by their baseline of 0. Most LRP rules ask
        nothing of the kind; what they show may be right about something else. Many of them fall behind even
        where the network is nearly linear, since alpha and beta, gamma and squared weights weigh what speaks
        for and against the target differently. The flat rule gives all features that meet a dense layer the
        same, and a constant map has no correlation: a dash. Occlusion has the best mean since most of the
        sizes are small ones. Networks are small, features 64, and samples without some of them may be like
        nothing that was seen in training; the shuffled order of the digits and of what is generated is one,
        and only initial values differ from seed to seed. The paper has larger networks and pictures; its
        statements about text and about recurrent networks are not tried here.''')
