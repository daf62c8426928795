"""The rows of captum on the digits' network, as a network of torch."""
import numpy as np
import torch
from captum import attr
from captum._utils.models.linear_model import SkLearnRidge
from peers_digits import CLASSES, Row, load


def network(values):
    """The same network, of pictures with their channels first."""
    nn = torch.nn
    made = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, CLASSES))
    kernels = [values[0].transpose(3, 2, 0, 1), values[2].transpose(3, 2, 0, 1),
               values[4].reshape(4, 4, 32, 64).transpose(3, 2, 0, 1).reshape(64, 512), values[6].T]
    with torch.no_grad():
        for layer, kernel, bias in zip((made[0], made[2], made[6], made[8]), kernels, values[1::2]):
            layer.weight.copy_(torch.tensor(np.ascontiguousarray(kernel)))
            layer.bias.copy_(torch.tensor(bias))
    return made.eval()


def captum(values, ours):
    torch.set_num_threads(2)
    net = network(values)
    layer = net[3]
    references = load()[0][:20]

    def rows(xs, ys):
        inputs, targets = torch.tensor(xs.transpose(0, 3, 1, 2).copy()), torch.tensor(ys)
        score = ours.scores(xs, ys).reshape(-1, 1, 1, 1)

        def row(name, method, peer, how=None, options=None, same=True, brought=None, only=None):
            def there():
                found = peer.attribute(inputs, target=targets, **(how or {})).detach().numpy()
                # Channels last, as ours.
                return np.moveaxis(found, 1, -1)
            return Row('captum ' + name, method, options or {}, there, same, brought, only)

        at_layer, every = dict(layer=None), dict(perturbations_per_eval=64)
        return [
            row('Saliency', 'saliency', attr.Saliency(net)), row('InputXGradient', 'grad*input',
                                                                 attr.InputXGradient(net)),
            row('IntegratedGradients', 'intgrad', attr.IntegratedGradients(net), dict(
                n_steps=100, method='riemann_right'), dict(steps=100)),
            row('IntegratedGradients, Gauss-Legendre', 'intgrad', attr.IntegratedGradients(net), dict(n_steps=50),
                dict(steps=50, quadrature='gauss_legendre')),
            row('NoiseTunnel', 'smoothgrad', attr.NoiseTunnel(attr.Saliency(net)), dict(
                nt_samples=50, stdevs=.15, abs=False), dict(samples=50), False),
            row('GradientShap', 'expected_gradients', attr.GradientShap(net), dict(
                n_samples=50, baselines=torch.tensor(references.transpose(0, 3, 1, 2).copy())),
                dict(samples=50, references=references), False),
            row('GuidedBackprop', 'guided_backprop', attr.GuidedBackprop(net), brought=lambda found: found / score),
            row('Deconvolution', 'deconvnet', attr.Deconvolution(net), brought=lambda found: found / score),
            row('DeepLift', 'deeplift', attr.DeepLift(net), same=False),
            row('LayerGradCam', 'gradcam', attr.LayerGradCam(net, layer), dict(relu_attributions=True), at_layer),
            row('GuidedGradCam', 'guided_gradcam', attr.GuidedGradCam(net, layer), None, at_layer),
            row('LayerConductance', 'conductance', attr.LayerConductance(net, layer), dict(n_steps=50),
                dict(layer=None, steps=49), False),
            row('InternalInfluence', 'internal_influence', attr.InternalInfluence(net, layer), dict(n_steps=50),
                dict(layer=None, steps=49), False),
            row('Occlusion', 'occlusion', attr.Occlusion(net), dict(
                every, sliding_window_shapes=(1, 2, 2), strides=(1, 2, 2)), dict(window_shape=(2, 2, 1), step=2),
                brought=lambda found: 4 * found),
            row('FeatureAblation', 'feature_ablation', attr.FeatureAblation(net), every),
            row('FeaturePermutation', 'permutation', attr.FeaturePermutation(net), every, None, False, only=10),
            row('ShapleyValueSampling', 'shapley_sampling', attr.ShapleyValueSampling(net), dict(every, n_samples=20),
                dict(samples=20), False),
            row('KernelShap', 'kernel_shap', attr.KernelShap(net), dict(n_samples=500, perturbations_per_eval=500),
                dict(samples=500), False, only=1),
            row('Lime', 'lime', attr.Lime(net, interpretable_model=SkLearnRidge(alpha=.01)), dict(
                n_samples=500, perturbations_per_eval=500), dict(samples=500), False, only=1)]
    return rows
