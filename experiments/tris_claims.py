"""What is said of XAI-TRIS: the words of the page, and its statements with the numbers that hold or do not."""
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import tetrominoes
from tris_maps import EDGES, PATTERNS
from tris_scores import MEASURES, Case, Result, better, edge_of, main_mask, mean_of, precision

#: Those that the paper compares, by the names that they have here: GradientSHAP is expected_gradients, PFI permutation.
POPULAR = ('saliency', 'grad*input', 'intgrad', 'expected_gradients', 'deeplift', 'lrp.epsilon', 'deconvnet',
           'guided_backprop', 'guided_gradcam', 'shapley_sampling', 'lime', 'kernel_shap', 'permutation')
#: What the paper judges methods by.
BASELINES = EDGES + ('input', 'random')
#: Explanations of a linear model by its weights, and by weights times input.
BY_WEIGHTS = ('gradient', 'grad*input')


def wins(results: Dict[Case, Result], name: str, measure: str, against: Sequence[str] = EDGES) -> Tuple[int, int]:
    """In how many cases a method beats the best of others, by default of the edge filters, and in how many it was."""
    found = []
    for case, one in results.items():
        mask = main_mask(case.problem)
        if (name, mask, measure) in one.scores:
            found.append(better(one.scores[name, mask, measure], edge_of(one.scores, mask, measure, against)))
    return sum(found), len(found)


def losses(results: Dict[Case, Result], name: str, measure: str) -> int:
    """In how many cases the better edge filter beats a method."""
    found = 0
    for case, one in results.items():
        mask = main_mask(case.problem)
        if (name, mask, measure) in one.scores:
            found += better(edge_of(one.scores, mask, measure, EDGES), one.scores[name, mask, measure])
    return found


def claims(page: Any, results: Dict[Case, Result], names: List[str], plan: Any) -> None:
    """The statements, each with its verdict."""
    own = [name for name in names if name not in EDGES]
    for measure in MEASURES:
        popular(page, results, [name for name in POPULAR if name in own], measure)
    for measure in MEASURES:
        scenarios(page, results, own, measure)
    for measure in MEASURES:
        count = {name: wins(results, name, measure) for name in own}
        tried = len(results)
        always = [name for name, (won, of) in count.items() if won == of == tried]
        top = sorted(own, key=lambda name: -count[name][0])[:5]
        page.claim('By %s there is a method that beats both edge filters in every scenario:' % measure, bool(always),
                   ('%s.' % ', '.join('`%s`' % name for name in always)) if always else 'the most are %s.' % ', '.join(
                       '`%s` %d of %d' % ((name,) + count[name]) for name in top))
    suppressors(page, results)
    patterns(page, results, own)
    least, means = zip(*[ideal(background, plan) for background in tetrominoes.BACKGROUNDS])
    page.text(WORDS['ideal'] % (least + means))
    models(page, results)


def popular(page: Any, results: Dict[Case, Result], names: List[str], measure: str) -> None:
    """The finding of the paper."""
    won, of = np.sum([wins(results, name, measure) for name in names], 0)
    lost = sum(losses(results, name, measure) for name in names)
    part = 1 - won / of
    apart = [np.sum([wins({case: one for case, one in results.items() if case.background == background}, name, measure)
                     for name in names], 0) for background in ('white', 'correlated')]
    above = sum(wins(results, name, measure, BASELINES)[0] for name in names)
    page.claim('Popular methods are often no better than an edge filter, by %s:' % measure,
               True if part >= .5 else None if part >= .25 else False,
               '%d of %d pairs of one of the %d methods of the paper and a scenario are no better than the better of '
               'Sobel and Laplace by more than two standard errors (white background: %d of %d; correlated: %d of %d), '
               'and %d are worse by as much; %d are better than the best of Sobel, Laplace, the picture and noise. By '
               'method, better than the edge filters in: %s.' % (
                   of - won, of, len(names), *[number for one in apart for number in (one[1] - one[0], one[1])], lost,
                   above, ', '.join('`%s` %d of %d' % ((name,) + wins(
                   results, name, measure)) for name in names)))


def scenarios(page: Any, results: Dict[Case, Result], names: List[str], measure: str) -> None:
    """Where edge filters are not beaten by anything, and where by noise."""
    maps = [name for name in names if name not in ('zero', 'input', 'random')]
    count = {case: sum(wins({case: one}, name, measure)[0] for name in maps) for case, one in results.items()}
    none = [case for case in results if not count[case]]
    low = [case for case, one in results.items() if wins({case: one}, 'zero', measure)[0]]
    page.claim('By %s there are scenarios in which no method at all beats the edge filters:' % measure, bool(none),
               '%s. The bar is no bar where a map that is the same everywhere beats it too: %s.' % (
                   listed(none) or 'the fewest are %d, at %s' % min((count[case], named(case)) for case in results),
                   listed(low) or 'nowhere'))


def named(case: Case) -> str:
    """A scenario in words."""
    return '%s on %s (%s)' % (case.problem, case.background, case.model)


def listed(cases: Sequence[Case]) -> str:
    """Scenarios in words, with their number."""
    return '%d, %s' % (len(cases), ', '.join(sorted(map(named, cases)))) if cases else ''


def suppressors(page: Any, results: Dict[Case, Result]) -> None:
    """What a linear model's weights do where the background is correlated."""
    cases = [Case('linear', background, 'linear') for background in ('white', 'correlated')]
    if not all(case in results for case in cases):
        return
    scores = {name: [mean_of(results[case].scores[name, 'both', 'precision'])[0] for case in cases]
              for name in BY_WEIGHTS + PATTERNS}
    fall = {name: white - correlated for name, (white, correlated) in scores.items()}
    holds = [fall[name] > .1 for name in BY_WEIGHTS]
    page.claim('Weights of a linear model, alone or times the input, point at suppressors where the background is '
               'correlated: their precision falls by more than .1 from the white background to that:',
               True if all(holds) else None if any(holds) else False, ', '.join(
                   '`%s` %.2f to %.2f' % ((name,) + tuple(scores[name])) for name in BY_WEIGHTS) + '.')
    page.claim('Patterns do not:', all(fall[name] <= .1 for name in PATTERNS), ', '.join(
        '`%s` %.2f to %.2f' % ((name,) + tuple(scores[name])) for name in PATTERNS) + '.')


def ideal(background: str, plan: Any) -> Tuple[float, float]:
    """Precision of least squares' weights for the linear problem, and of the difference of class means."""
    found = []
    for seed in range(plan.repetitions):
        pictures = tetrominoes.make('linear', background, plan.count, seed)
        train = pictures.at(tetrominoes.split(pictures.ys, seed)[0])
        xs = train.xs.reshape(len(train.xs), -1).astype(np.float64)
        means = xs[train.ys == 1].mean(0) - xs[train.ys == 0].mean(0)
        weights = np.linalg.lstsq(xs - xs.mean(0), train.ys - train.ys.mean(), rcond=None)[0]
        maps = np.stack([weights, means]).reshape(2, *pictures.xs.shape[1:])
        found.append(precision(maps, pictures.both[:2]))
    return tuple(np.mean(found, 0).tolist())


def patterns(page: Any, results: Dict[Case, Result], names: List[str]) -> None:
    """Whether patterns are best for the linear model."""
    for case in [case for case in results if case.model == 'linear']:
        for measure in MEASURES:
            means = {name: mean_of(results[case].scores[name, 'both', measure])[0] for name in names
                     if (name, 'both', measure) in results[case].scores}
            order = sorted(means, key=lambda name: -means[name])
            places = [1 + sum(means[other] > means[name] + 5e-3 for other in order) for name in PATTERNS]
            page.claim('On the %s background the patterns of the linear model are its best maps by %s:' % (
                case.background, measure), True if max(places) == 1 else None if min(places) == 1 else False,
                '%s; the best are %s (within .005 counts as the same).' % (', '.join(
                    '`%s` %.3f, place %d of %d' % (name, means[name], place, len(means))
                    for name, place in zip(PATTERNS, places)),
                    ', '.join('`%s` %.3f' % (name, means[name]) for name in order[:4])))


def models(page: Any, results: Dict[Case, Result]) -> None:
    """How far the explanations of two models of the same pictures are from each other."""
    apart = []
    for case, one in results.items():
        other = results.get(case._replace(model='cnn'))
        if case.model != 'mlp' or other is None:
            continue
        for name in POPULAR:
            key = (name, main_mask(case.problem), 'precision')
            if key in one.scores and key in other.scores:
                apart.append((mean_of(one.scores[key])[0] - mean_of(other.scores[key])[0], name, case))
    if not apart:
        return
    sizes = np.abs([difference for difference, _, _ in apart])
    most, name, case = max(apart, key=lambda one: abs(one[0]))
    page.claim('The same method on another model of the same pictures is another explanation:', bool(
        np.median(sizes) > .1), 'precision on the MLP and on the CNN is %.2f apart in the median over %d pairs of a '
        'popular method and a problem, and at most %.2f (`%s`, %s on %s: %s is better).' % (
            np.median(sizes), len(sizes), abs(most), name, case.problem, case.background,
            'the MLP' if most > 0 else 'the CNN'))


WORDS = {
    'intro': '''A classifier learns pictures of 8 x 8 pixels in noise whose class lies in a tetromino, so that it is
known where a map of attributions should lie. The experiment is that of Clark et al., *XAI-TRIS: non-linear image
benchmarks to quantify false positive post-hoc attribution of feature importance* (Machine Learning 2024), made again
from its description by code of our own; every method of the library takes part.''',
    'data': '''**Pictures.** Four problems (linear: a T or an L at a fixed place; multiplicative: the same, which dims
the noise; tr/rot: a T or an L turned by a multiple of 90 degrees, anywhere; xor: both, whose signs agree or not), each
on white noise and on noise smoothed by a Gaussian (corr), mixed at the paper's ratios. 10,000 pictures, half of each
class, 80 % to train, 10 % to choose the epoch, 10 % to test. Pictures are drawn anew in each repetition.''',
    'models': '''**Models.** A single layer without bias, for the linear problem alone; an MLP of 32, 16 and 8 units;
a CNN of four convolutions of 2 x 2 with 4 filters, each with max pooling; ReLU, He's initialisation. To stay within
minutes they are trained by a schedule that is not the paper's (Adam at 5e-4, batches of 512, 500 epochs): %d epochs in
batches of %d with Adam at %g, and the epoch whose validation loss is least is kept. The CNN, whose few units die
easily, begins from %d initialisations, and the one that is best on validation after %d epochs goes on. %d
repetitions.''',
    'scores': '''**Scores**, on test pictures that are classified correctly, of the logit of that class. Precision: the
part of the n largest absolute attributions that lies on the n pixels of the mask, of %d pictures in each repetition.
Earth mover: 1 - EMD / sqrt(2 x 64) between absolute attributions and mask, of the first %d of these. The mask is that
of both tetrominoes (n = 8; at tr/rot, of the picture's own, n = 4); the csv has the picture's own for linear and
multiplicative too. A map of zeros scores as one that is the same everywhere, as `zero` does. Fewer pictures: %s.''',
    'options': '''**Maps** are of the library's methods, each once where it has several names, and of two edge filters:
`sobel` (the length of both directions' gradients; the paper's code takes one direction) and `laplace`. `input` is the
picture itself, `random` normal noise. Baselines are 0, references 100 training pictures, patterns fitted to the
training pictures. Maps of activations are of `%s`, with 4 x 4 places, as their default, the last layer, has one place;
%s are of the CNN's first layer, summed over its filters. Other options than the defaults: %s.''',
    'time': '''The whole took %.0f minutes of processor time. The machine did other work beside it, which makes the
minutes of the last line, by the clock, many more than two quiet cores need.''',
    'claims': '''The paper puts no number on "often": the first statement comes out here if it is true of half of the
pairs, and in part if of a quarter. Better and worse are by more than twice the standard error of the mean difference
over repetitions, whose pairs are the same pictures. A method that is not better may be as good: five repetitions do
not tell small differences.''',
    'ideal': '''The statements about the linear model hang on how it was trained. The weights that least squares
finds, where gradient descent would come to at last, have a precision of %.2f on the white and of %.2f on the correlated
background, so those do point at suppressors. Those that some thousand steps of Adam find are `gradient` above; what
they leave of the smooth background in the logit is in their patterns. The difference of the class means, the pattern
of ideal weights, has %.2f and %.2f: 8,000 pictures do not show it better.''',
    'picture': '''White dots: better than the better of the two edge filters by more than twice the standard error of
the difference over repetitions. Grey: the method cannot explain the model. The paper's baselines are in bold. From top
to bottom by mean precision.''',
    'wins': '''Of the 18 scenarios (a problem, a background and a model), in how many is the mean difference to the
better of Sobel and Laplace, over repetitions, more than twice its standard error above 0? Beside it the means over the
scenarios that a method could explain, which are not the same for all (last column).''',
    'limits': '''It says where absolute attributions lie, on one kind of picture, of small models, against a mask that
says which pixels hold the class by construction. That is not what every method is after: one that reports what the
model computes is right to point at a suppressor that the model uses, and is marked down for it here. A low score is a
warning against reading such a map as 'what matters in the picture', not proof of a wrong computation.

It does not say which method is right on photographs. With 5 repetitions a standard error is itself uncertain by a
third, and a method that equals the edge filters passes the bar of two standard errors by chance in 6 % of scenarios
(Student's t with 4 degrees of freedom): among some 60 methods single dots mean little. Methods that draw
samples had few of them, and would score higher with more. Edge filters see no model: they score well where the
tetromino stands out of a smooth background, and that is all that they know.''',
}
