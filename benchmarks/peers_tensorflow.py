"""The rows of TensorFlow's libraries on the digits' network."""
import functools

import numpy as np
from peers_digits import CLASSES, Row, network


def xplique(values, ours):
    import tensorflow as tf
    import tf_keras
    from xplique import attributions as peers
    model = network(tf_keras)
    model.set_weights(values)
    white = dict(reducer=None)
    # Every pixel is a feature.
    pixels = dict(map_to_interpret_space=lambda x: tf.reshape(tf.range(64), (8, 8)))
    made = {name: getattr(peers, name)(model, **options) for name, options in (
        ('Saliency', white), ('GradientInput', white), ('GuidedBackprop', white), ('DeconvNet', white),
        ('IntegratedGradients', dict(white, steps=100)), ('SmoothGrad', dict(white, nb_samples=50, noise=.15)),
        ('SquareGrad', dict(white, nb_samples=50, noise=.15)), ('VarGrad', dict(white, nb_samples=50, noise=.15)),
        ('GradCAM', dict(conv_layer='conv2')), ('GradCAMPP', dict(conv_layer='conv2')),
        ('Occlusion', dict(patch_size=2, patch_stride=2)), ('Rise', dict(nb_samples=4000, batch_size=1024)),
        ('Lime', dict(nb_samples=1000, **pixels)), ('KernelShap', dict(nb_samples=2176, batch_size=1024, **pixels)),
        ('SobolAttributionMethod', dict(nb_design=32)), ('HsicAttributionMethod', dict(nb_design=500)))}

    def rows(xs, ys):
        inputs, targets = tf.constant(xs), tf.one_hot(ys, CLASSES)
        score = ours.scores(xs, ys).reshape(-1, 1, 1, 1)

        def row(name, method, options=None, same=True, brought=None, batch_size=None):
            return Row('Xplique ' + name, method, options or {}, lambda: np.asarray(made[name](inputs, targets)), same,
                       brought, batch_size=batch_size)

        drawn = dict(samples=50, noise=.15)
        return [
            row('Saliency', 'saliency'), row('GradientInput', 'grad*input'),
            row('IntegratedGradients', 'intgrad', dict(steps=100, quadrature='trapezoid')),
            # Ours starts with the score.
            row('GuidedBackprop', 'guided_backprop', brought=lambda found: found / score),
            row('DeconvNet', 'deconvnet', brought=lambda found: found / score),
            row('SmoothGrad', 'smoothgrad', drawn, False), row('SquareGrad', 'smoothgrad_squared', drawn, False),
            row('VarGrad', 'vargrad', drawn, False), row('GradCAM', 'gradcam', dict(layer=None)),
            row('GradCAMPP', 'gradcam++', dict(layer=None), False),
            # Ours is shared among the pixels of a window.
            row('Occlusion', 'occlusion', dict(window_shape=(2, 2, 1), step=2), brought=lambda found: 4 * found),
            row('Rise', 'rise', dict(samples=4000), False),
            row('Rise', 'rise', dict(samples=4000), False, batch_size=1024),
            row('Lime', 'lime', dict(samples=1000), False),
            row('KernelShap', 'kernel_shap', {}, False),
            row('SobolAttributionMethod', 'sobol', dict(samples=32, cells=8), False),
            row('HsicAttributionMethod', 'hsic', dict(samples=500, cells=8), False)]
    return rows


def tf_keras_vis(values, ours):
    import sys

    import scipy.ndimage
    import tf_keras

    # Gone from newer SciPys.
    sys.modules['scipy.ndimage.interpolation'] = scipy.ndimage
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.scores import CategoricalScore
    model = network(tf_keras)
    model.set_weights(values)
    maps = dict(penultimate_layer='conv2', normalize_cam=False, seek_penultimate_conv_layer=False)

    def rows(xs, ys):
        score = CategoricalScore([int(y) for y in ys])

        def row(name, method, peer, how, options=None, same=True):
            peer = peer(model, clone=False)
            return Row('tf-keras-vis ' + name, method, options or {}, lambda: np.asarray(peer(score, xs, **how)), same)

        layer = dict(layer=None)
        return [row('Saliency', 'saliency', Saliency, dict(normalize_map=False)),
                row('Saliency, smooth', 'smoothgrad', Saliency, dict(normalize_map=False, smooth_samples=50,
                                                                     smooth_noise=.15),
                    dict(of='saliency', samples=50), False),
                row('Gradcam', 'gradcam', Gradcam, maps, layer), row('Layercam', 'layercam', Layercam, maps, layer),
                row('GradcamPlusPlus', 'gradcam++', GradcamPlusPlus, maps, layer, False),
                row('Scorecam', 'scorecam', Scorecam, dict(maps, batch_size=1024), layer, False)]
    return rows


def tf_explain(values, ours):
    import tf_keras
    from tf_explain.core.grad_cam import GradCAM
    from tf_explain.core.gradients_inputs import GradientsInputs
    from tf_explain.core.occlusion_sensitivity import OcclusionSensitivity
    from tf_explain.core.smoothgrad import SmoothGrad
    model = network(tf_keras)
    model.set_weights(values)
    model.predict = functools.partial(model.predict, verbose=0)

    def rows(xs, ys):
        unit = int(ys[0])

        def smooth():
            noisy = SmoothGrad.generate_noisy_images(xs, 50, .15)
            return SmoothGrad.get_averaged_gradients(noisy, model, unit, 50)

        def cam(guided):
            return lambda: [np.maximum(one, 0) for one in GradCAM.generate_ponderated_output(
                *GradCAM.get_gradients_and_filters(model, xs, 'conv2', unit, guided))]

        occlusion = OcclusionSensitivity(batch_size=1024)
        # The gradient of a cross entropy of the logits, as if they were probabilities; patches of grey, 127.5.
        made = [('GradCAM, not guided', 'gradcam', dict(layer=None), cam(False), True),
                ('GradCAM', 'gradcam', dict(layer=None), cam(True), False),
                ('SmoothGrad', 'smoothgrad', dict(samples=50), smooth, None),
                ('GradientsInputs', 'grad*input', {},
                 lambda: GradientsInputs.compute_gradients(xs, model, unit), None),
                ('OcclusionSensitivity', 'occlusion', dict(window_shape=(2, 2, 1), step=2),
                 lambda: [occlusion.get_sensitivity_map(model, x, unit, 2) for x in xs], None)]
        return [Row('tf-explain ' + name, method, options, there, same, ys=unit)
                for name, method, options, there, same in made]
    return rows


def shap(values, ours):
    import keras
    import shap as peers
    import tensorflow as tf
    model = network(keras)
    model.set_weights(values)
    forward = tf.function(lambda x: model(tf.reshape(x, (-1, 8, 8, 1))), input_signature=[
        tf.TensorSpec((None, 64), tf.float32)])

    def rows(xs, ys):
        unit, flat, zeros = int(ys[0]), xs.reshape(len(xs), 64), np.zeros((1, 64), 'f')

        def score(points):
            return forward(np.asarray(points, 'f')).numpy()[:, unit]

        kernel = peers.KernelExplainer(score, zeros)
        permutation = peers.explainers.Permutation(score, peers.maskers.Independent(zeros))
        return [Row('SHAP KernelExplainer', 'kernel_shap', {}, lambda: kernel.shap_values(
                    flat, nsamples=2176, l1_reg=False, silent=True), False, ys=unit),
                Row('SHAP Permutation', 'shapley_sampling', dict(samples=20, antithetic=True), lambda: permutation(
                    flat, max_evals=10 * 129, silent=True).values, False, ys=unit)]
    return rows
