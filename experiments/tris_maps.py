"""Maps of the pictures of XAI-TRIS: by edge filters, and by every method of the library on a trained model."""
import time
import warnings
from typing import Any, Callable, Dict, List

import numpy as np
import tensorflow.compat.v1 as tf
from tetrominoes import SIDE
from tris_models import Weights, first, network, one_thread

from deepexplain.tensorflow import DeepExplain, attribution_methods

#: Where maps of activations are made: 4 x 4 places. The last layer, their default, has one place here.
CAM_LAYER = 'relu_of_conv2'
#: What is asked of methods beside their defaults: fewer samples and steps, and what they need to be told.
OPTIONS: Dict[str, Dict[str, Any]] = {
    'intgrad': dict(steps=30), 'idgi': dict(steps=30), 'guided_ig': dict(steps=30, max_dist=.1),
    'blur_ig': dict(steps=30), 'xrai': dict(steps=10, bounds=(-1, 1)), 'conductance': dict(steps=30),
    'internal_influence': dict(steps=30), 'expected_gradients': dict(samples=30), 'smoothgrad': dict(samples=30),
    'smoothgrad_squared': dict(samples=30), 'vargrad': dict(samples=30), 'shapley_sampling': dict(samples=5),
    'kernel_shap': dict(samples=500), 'lime': dict(samples=500), 'rise': dict(samples=500, cells=4),
    'sobol': dict(samples=8), 'hsic': dict(samples=300), 'permutation': dict(samples=5),
    'deep_taylor.bounded': dict(low=-1, high=1)}
CAMS = ('gradcam', 'gradcam++', 'layercam', 'hirescam', 'eigencam', 'scorecam', 'guided_gradcam')
OPTIONS.update((name, dict(layer=CAM_LAYER)) for name in CAMS)
#: Methods that attribute to units of a layer: on the CNN to the first, whose places are the picture's.
LAYERED = ('conductance', 'internal_influence')
PATTERNS = ('pattern.net', 'pattern.attribution')
#: Methods that are shown fewer pictures: xrai takes a third of a second for each.
MOST = {'xrai': 3}
EDGES = ('sobel', 'laplace')


def edges(xs: np.ndarray) -> Dict[str, np.ndarray]:
    """What an edge filter says of pictures (n, 8, 8): Sobel's, of both directions, and Laplace's."""
    from scipy.ndimage import laplace, sobel
    both = [np.stack([sobel(x, axis) for x in xs]) for axis in (0, 1)]
    return {'sobel': np.hypot(*both), 'laplace': np.stack([laplace(x) for x in xs])}


def methods() -> Dict[str, List[str]]:
    """Each method once, by the first of its names, with the others."""
    found: Dict[Any, List[str]] = {}
    for name, one in attribution_methods.items():
        found.setdefault(one, []).append(name)
    return {names[0]: names[1:] for names in found.values()}


class Explained:
    """A model whose weights are set for each run, and an explainer of each method, built once.

    Attributes:
        refused: why a method cannot explain this model, by its name.
        seconds: what each method took so far, by its name.
    """

    def __init__(self, model: str) -> None:
        self.refused: Dict[str, str] = {}
        self.seconds: Dict[str, float] = {}
        with tf.Graph().as_default() as graph:
            self._session = tf.Session(graph=graph, config=one_thread())
            x = tf.placeholder(tf.float32, [None, SIDE, SIDE, 1], name='x')
            begin = first(model, np.random.RandomState(0))
            weights = {name: tf.Variable(one, name=name) for name, one in begin.items()}
            self._into = {name: tf.placeholder(tf.float32, one.shape) for name, one in begin.items()}
            self._load = [tf.assign(weights[name], self._into[name]) for name in begin]
            self._logits, self._x = network(model, x, weights), x
            self._session.run(tf.global_variables_initializer())
            self._explainers = {}
            with DeepExplain(session=self._session) as de, warnings.catch_warnings():
                warnings.simplefilter('ignore', UserWarning)
                for name in methods():
                    self._build(name, model, lambda n, **o: de.get_explainer(n, self._logits, x, **o))

    def _build(self, name: str, model: str, get: Callable[..., Any]) -> None:
        options = dict(OPTIONS.get(name, {}))
        if model != 'cnn' and (name in CAMS or name in LAYERED):
            self.refused[name] = 'no inner layer of this model has places of the picture.'
            return
        if name in LAYERED:
            options['layer'] = 'relu_of_conv1'
        if 'seed' in attribution_methods[name].options():
            options['seed'] = 0
        try:
            self._explainers[name] = get(name, **options)
        except (RuntimeError, TypeError, ValueError) as error:
            self.refused[name] = str(error)

    def load(self, weights: Weights) -> None:
        """Set the weights of the model."""
        self._session.run(self._load, {self._into[name]: one for name, one in weights.items()})

    def logits(self, xs: np.ndarray) -> np.ndarray:
        """The logits (n, 2) of pictures (n, 8, 8)."""
        return self._session.run(self._logits, {self._x: xs[..., np.newaxis]})

    def maps(self, xs: np.ndarray, ys: np.ndarray, train: np.ndarray) -> Dict[str, np.ndarray]:
        """Maps (n, 8, 8) of the logits ys by every method that can; `train` are pictures for references and fits.

        Methods in `MOST` have maps of so many of the first pictures only.
        """
        found = {}
        for name, explainer in self._explainers.items():
            began = time.time()
            more: Dict[str, Any] = {}
            with warnings.catch_warnings():
                warnings.simplefilter('ignore', UserWarning)
                if name in PATTERNS:
                    explainer.fit_patterns(train[..., np.newaxis])
                if name in ('expected_gradients', 'permutation'):
                    more['references'] = train[:100, ..., np.newaxis]
                try:
                    got = explainer.run(xs[:MOST.get(name)][..., np.newaxis], ys[:MOST.get(name)], **more)
                    # Maps of activations and fullgrad's are of places, without channels.
                    found[name] = got.sum(-1) if got.ndim == 4 else got
                except (RuntimeError, TypeError, ValueError) as error:
                    self.refused[name] = str(error)
            self.seconds[name] = self.seconds.get(name, 0) + time.time() - began
        for name in self.refused:
            self._explainers.pop(name, None)
        return found
