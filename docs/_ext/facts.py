"""What is known of each method, as words: by its class where that says it, else by hand. Needs no Sphinx."""
import inspect
from typing import Any, Dict, List, Tuple

#: Names that stand on the page of another though they are classes of their own.
KIN = {'lrp.z_plus_IB': 'lrp.z_plus', 'lrp.z_plus_fast_IB': 'lrp.z_plus_fast', 'lrp.w_square_IB': 'lrp.w_square',
       'lrp.flat_IB': 'lrp.flat'}

#: The families in the order of the site: the pages of each.
FAMILIES: Dict[str, List[str]] = {
    'Gradients': ['gradient', 'saliency', 'grad_x_input', 'deconvnet', 'guided_backprop', 'fullgrad'],
    'Under noise': ['smoothgrad', 'smoothgrad_squared', 'vargrad'],
    'Paths from a baseline': ['intgrad', 'expected_gradients', 'idgi', 'guided_ig', 'blur_ig', 'xrai', 'conductance',
                              'internal_influence'],
    'Differences from a baseline': ['deeplift', 'deeplift.reveal_cancel'],
    'Relevance': ['elrp', 'lrp', 'lrp.z', 'lrp.epsilon', 'lrp.gamma', 'lrp.alpha_beta', 'lrp.alpha_1_beta_0',
                  'lrp.alpha_2_beta_1', 'lrp.z_plus_fast', 'lrp.w_square', 'lrp.flat', 'lrp.sequential_preset_a',
                  'lrp.sequential_preset_b', 'lrp.sequential_preset_a_flat', 'lrp.sequential_preset_b_flat',
                  'lrp.sequential_preset_b_flat_until_idx', 'deep_taylor', 'deep_taylor.bounded', 'pattern.net',
                  'pattern.attribution'],
    'Changed inputs': ['occlusion', 'shapley_sampling', 'kernel_shap', 'lime', 'permutation', 'rise', 'sobol', 'hsic',
                       'in_silico_mutagenesis'],
    'Class activation maps': ['gradcam', 'gradcam_plus_plus', 'layercam', 'hirescam', 'eigencam', 'scorecam',
                              'guided_gradcam'],
    'To judge by': ['input', 'random', 'zero'],
}

#: Page -> evaluations of the model for a sample; those that are not here take one.
COST: Dict[str, str] = {
    'intgrad': '`steps` (100) x references', 'expected_gradients': '`samples` (50)',
    'idgi': '(`steps` (100) + 1) x references', 'conductance': '(`steps` (100) + 1) x references',
    'internal_influence': '(`steps` (100) + 1) x references',
    'guided_ig': '`steps` (200) x references, one after another', 'blur_ig': '`steps` (100) + 1',
    'xrai': '2 x `steps` (100)', 'smoothgrad': '`samples` (50) x those of `of`',
    'smoothgrad_squared': '`samples` (50) x those of `of`', 'vargrad': '`samples` (50) x those of `of`',
    'deeplift': 'references, and one at each', 'deeplift.reveal_cancel': 'references, and one at each',
    'occlusion': '1 + windows or groups', 'shapley_sampling': '2 + `samples` (5) x (players - 1)',
    'kernel_shap': '2 + `samples` (2 players + 2048)', 'lime': '`samples` (1000)', 'rise': '`samples` (4000)',
    'sobol': '`samples` (32) x (cells + 2)', 'hsic': '`samples` (1500)',
    'permutation': '1 + features x `samples` (20)', 'in_silico_mutagenesis': '1 + places x (letters - 1)',
    'scorecam': '1 + channels, or `top`', 'input': '0', 'random': '0', 'zero': '0',
}

#: Page -> how near to what they should the attributions add up, where that is not by rules alone.
EXACT: Dict[str, str] = dict.fromkeys(['intgrad', 'guided_ig', 'blur_ig', 'xrai', 'conductance'], ', as steps grow')
EXACT.update(dict.fromkeys(['idgi', 'shapley_sampling', 'kernel_shap'], ', exactly'),
             expected_gradients=', as samples grow', deeplift=', where all ops have rules')
EXACT['deeplift.reveal_cancel'] = EXACT['deeplift']

#: Page -> what its numbers' signs say, where that is not for and against.
SIGN: Dict[str, str] = dict.fromkeys(['saliency', 'smoothgrad_squared', 'vargrad', 'sobol', 'hsic', 'eigencam'], 'none')
SIGN.update(dict.fromkeys(['scorecam', 'fullgrad'], 'positive alone'), rise='order alone', input='of the input',
            random='by chance', zero='none')


#: What a method goes through, page by page where it is not by its ordinary gradient or by T alone, where 'yes' stands
#: for all: loops; attention and other softmaxes; products, gates, quotients and normalisations.
_BY_GRADIENT = ('yes', 'ordinary gradient', 'ordinary gradient')
_WARNED = ('yes', 'ordinary gradient, warned of', 'ordinary gradient, warned of')
_RELEVANCE = ('yes', 'rules: `softmax`', 'rules: `products`, `norms`')
_COMPLETE = ('yes; gates with `complete`', 'rules with `complete`', 'rules with `complete`')
_PATTERN = ('with `patterns` given', 'ordinary gradient', 'ordinary gradient')
THROUGH: Dict[str, Tuple[str, str, str]] = dict.fromkeys(FAMILIES['Relevance'], _RELEVANCE)
THROUGH.update(dict.fromkeys(['deconvnet', 'guided_backprop', 'guided_gradcam'], _BY_GRADIENT), elrp=_WARNED,
               deeplift=_COMPLETE, fullgrad=('yes', 'by the tangent, warned of', 'by the tangent, warned of'))
THROUGH['deeplift.reveal_cancel'] = _COMPLETE
THROUGH['deep_taylor.bounded'] = ('yes', 'rules: `softmax`', 'rules, but none before the first layer')
THROUGH['pattern.net'] = THROUGH['pattern.attribution'] = _PATTERN
THROUGH.update(dict.fromkeys(['conductance', 'internal_influence'], ('with a `layer`', 'yes', 'yes')))
THROUGH.update(dict.fromkeys(['smoothgrad', 'smoothgrad_squared', 'vargrad'], ('as `of`',) * 3))


def page_of(name: str) -> str:
    """The name of the file of a method's page: rules with and without biases share one."""
    from deepexplain.tensorflow import attribution_methods
    first = next(one for one in attribution_methods if attribution_methods[one] is attribution_methods[name])
    base = KIN.get(first, first)
    base = base[:-3] if base.endswith('_IB') and base[:-3] in attribution_methods else base
    return base.replace('*', '_x_').replace('++', '_plus_plus')


def names_on(page: str) -> List[str]:
    """All names of the table whose page this is."""
    from deepexplain.tensorflow import attribution_methods
    return [name for name in attribution_methods if page_of(name) == page]


def pages() -> List[str]:
    """The pages in the order of the table."""
    from deepexplain.tensorflow import attribution_methods
    found: List[str] = []
    for name in attribution_methods:
        if page_of(name) not in found:
            found.append(page_of(name))
    return found


def options(name: str) -> Dict[str, str]:
    """The options of a method and their defaults, as they are written; '' of one that must be given."""
    from deepexplain.tensorflow import attribution_methods
    found = inspect.signature(attribution_methods[name].__init__).parameters
    return {key: '' if one.default is one.empty else repr(one.default) for key, one in found.items()
            if key not in ('self', 'model')}


def facts(name: str) -> Dict[str, str]:
    """What a method asks for and gives, as words."""
    from deepexplain.tensorflow import attribution_methods
    of, own = attribution_methods[name], options(name)
    return {'gradient': _gradient(of), 'compared with': _compared(of, own), 'adds up to': _sum(name, of, own),
            'sign': SIGN.get(page_of(name), 'positive alone' if getattr(of, 'positive', False) else 'for and against'),
            'evaluations': COST.get(page_of(name), '1'), 'drawn by a seed': 'yes' if 'seed' in own else 'no'}


def through(page: str) -> Dict[str, str]:
    """How a method goes through what is no plain layer or activation, as words."""
    return dict(zip(('loops', 'attention', 'products'), THROUGH.get(page, ('yes',) * 3)))


def _gradient(of: Any) -> str:
    from deepexplain.tensorflow.methods.activation_maps import ActivationMap, EigenCAM
    from deepexplain.tensorflow.methods.lines import InnerAttribution
    from deepexplain.tensorflow.methods.smoothgrad import SmoothGrad
    if issubclass(of, SmoothGrad):
        return 'as `of`'
    if issubclass(of, (ActivationMap, InnerAttribution)) and of is not EigenCAM:
        return 'at the layer'
    return 'yes' if of.differentiates else 'no'


def _compared(of: Any, own: Dict[str, str]) -> str:
    from deepexplain.tensorflow.methods.blur_ig import BlurIG
    from deepexplain.tensorflow.methods.smoothgrad import SmoothGrad
    from deepexplain.tensorflow.methods.xrai import XRAI
    if issubclass(of, SmoothGrad):
        return 'as `of`'
    if issubclass(of, BlurIG):
        return 'its blur'
    if issubclass(of, XRAI):
        return 'black and white, or `references`'
    if 'baseline' in own:
        return '`baseline` or `references`' if 'references' in own else '`baseline`'
    return '`references`, to be given' if 'references' in own else 'nothing'


def _sum(name: str, of: Any, own: Dict[str, str]) -> str:
    from deepexplain.tensorflow.methods.attribution import Attribution
    from deepexplain.tensorflow.methods.fullgrad import FullGrad
    if issubclass(of, FullGrad):
        return "T(x), but for `aggregate='map'`"
    if not of.has_convergence_delta:
        return 'nothing'
    if of.change is not Attribution.change:
        return 'T(x), less what biases keep' if 'bias' in own or name in ('lrp', 'elrp') else 'T(x)'
    return 'T(x) - T(%s)%s' % ('baseline' if 'baseline' in own else 'references' if 'references' in own else 'blur',
                               EXACT.get(page_of(name), ''))
