"""Pictures of attributions while a Keras model trains: Keras 3, tf_keras, tf.keras and keras 2."""
from __future__ import annotations

import io
import os
import sys
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ..extras import needs
from ..files import whole
from ..plotting.overview import check_logo, kind_of, overview
from .arguments import check_arguments, methods_of, spec_of
from .board import Board


class AttributionCallback:
    """Saves a picture of attributions, a row for each sample, after every so many epochs of `model.fit`.

        callback = AttributionCallback('intgrad', xs[:5], ys[:5], folder='attributions')
        model.fit(train_xs, train_ys, epochs=20, callbacks=[callback])

    The pictures, `epoch_0001.png` and so on, are of the weights at the end of the epoch, with the model at inference.

    Training is left alone: when it begins the model is copied into a graph and a session of its own
    (`DeepExplain.open`), which takes the present weights for each picture, so memory holds the weights once more;
    numpy's random numbers go on as if nothing had been drawn. What is wrong is an error when the callback is made or
    when training begins. Later on whatever fails is a warning, said once, and training goes on.

    Args:
        method: a name of `attribution_methods`, what `noise_tunnel` returns, or several: a list of these, or a mapping
            from names to their options. Each has a column.
        xs: the samples, of the shape of the model's input, or a list of arrays for several inputs. A copy is kept.
        ys: which units to explain, as in `Explainer.run`; by default each sample's largest, 'max', at its time.
        every: how many epochs lie between two pictures. Default 1.
        folder: where the pictures go; it is made. Pictures of that name are replaced.
        log_dir: where TensorBoard finds them, under the name 'attributions'. One of the two is needed.
        layer: the name of the layer whose units are explained; by default what goes into the final softmax or
            sigmoid, `OpenedModel.logits`.
        X: the name of an inner layer to attribute to, such as an embedding, in place of the inputs. Needs `draw`.
        batch_size: as in `Explainer.run`.
        kind: how samples are drawn: 'images' of shape (H, W) or (H, W, channels), 'bars' of (features,), 'signal' of
            (times,) or (times, channels), 'logo' of one-hot sequences (positions, letters). Default: 'images' for
            samples of rank 3, 'logo' for one-hot sequences, else 'signal'.
        letters: those of one-hot sequences, as in `deepexplain.plotting.logo`.
        channels: where pictures have them, 'last' (default) or 'first'.
        draw: a function of xs and a dict from method name to attributions that returns a matplotlib figure, in place
            of these.
        **options: those of the method, where there is one, as in `get_explainer`.

    Raises:
        TypeError, ValueError: for an argument that is none of these.
    """

    def __new__(cls, *args: Any, **options: Any) -> AttributionCallback:
        # Each Keras asks whether it is a Callback of its own; which of them will train is not known yet.
        bases = tuple(base for base in _callback_classes() if not issubclass(cls, base))
        return object.__new__(type(cls.__name__, (cls,) + bases, {'__module__': cls.__module__}) if bases else cls)

    def __init__(self, method: Any, xs: Any, ys: Any = 'max', every: int = 1, folder: Optional[str] = None,
                 log_dir: Optional[str] = None, layer: str = 'logits', X: Optional[str] = None,
                 batch_size: Optional[int] = None, kind: Optional[str] = None, channels: str = 'last',
                 draw: Optional[Callable[[Any, Dict[str, Any]], Any]] = None, letters: Optional[Sequence[str]] = None,
                 **options: Any) -> None:
        for base in _callback_classes():
            base.__init__(self)
        self.methods = methods_of(method, options)
        self._many = isinstance(xs, (list, tuple)) and bool(xs) and all(hasattr(one, 'shape') for one in xs)
        self.xs = [np.array(one) for one in (xs if self._many else [xs])]
        if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
            raise ValueError(f'every must be a positive int, not {every!r}.')
        if folder is None and log_dir is None:
            raise ValueError('AttributionCallback needs a folder, or a log_dir for TensorBoard.')
        if draw is None:
            if self._many or X is not None:
                raise ValueError('draw must be given for attributions to %s: a function of xs and a dict of '
                                 'attributions that returns a figure.' % (
                                     'several inputs' if self._many else 'an inner layer'))
            kind = kind_of(self.xs[0].shape, kind, self.xs[0], letters)
            for name, (_, own) in self.methods.items():
                check_logo(kind, name, own)
        elif not callable(draw):
            raise TypeError(f'draw must be a function, not {type(draw).__name__}.')
        self.ys = ys if ys is None or isinstance(ys, (str, int, tuple)) else np.array(ys)
        self.every, self.folder, self.log_dir, self.batch_size = every, folder, log_dir, batch_size
        self._layer, self._X, self._kind, self._channels, self._draw = layer, X, kind, channels, draw
        self._letters = letters
        self._opened: Any = None
        self._explainers: Dict[str, Any] = {}
        self._said: List[str] = []
        self._board: Optional[Board] = None

    @property
    def model(self) -> Any:
        """The model that trains."""
        return self._model

    @model.setter
    def model(self, model: Any) -> None:
        self._model = model

    def set_model(self, model: Any) -> None:
        """Called by Keras."""
        self.model = model

    def on_train_begin(self, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Opens the model, unless it has no weights yet."""
        self._close()
        self._said = []
        self._check()
        for folder in (self.folder, self.log_dir):
            if folder is not None:
                os.makedirs(folder, exist_ok=True)
        if getattr(self.model, 'built', True):
            with _as_if_nothing_were_drawn():
                self._open()

    def on_epoch_end(self, epoch: int, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Saves a picture if it is time."""
        if (epoch + 1) % self.every:
            return
        try:
            with _as_if_nothing_were_drawn():
                self._save(epoch + 1)
        except Exception as error:  # noqa: B902, nothing shall end the training
            said = f'{type(error).__name__}: {error}'
            if said not in self._said:
                self._said.append(said)
                warnings.warn('AttributionCallback: no picture after epoch %d. %s' % (epoch + 1, said), stacklevel=2)

    def on_train_end(self, logs: Optional[Mapping[str, Any]] = None) -> None:
        """Gives the copy's memory back."""
        self._close()

    def _check(self) -> None:
        """Refuse what can be told to be wrong of a model that has no weights yet, too."""
        from ..tensorflow import attribution_methods
        from ..tensorflow.methods.noise_tunnel import named

        if not self._draw:
            with needs('AttributionCallback', 'plots', ', or draw=...'):
                import matplotlib.figure  # noqa: F401
        check_arguments(self.folder, self.log_dir, self._layer, self._X, self.batch_size, self._channels, self.ys)
        for method, options in self.methods.values():
            name, given = named(method, options)
            attribution_methods[name].check_options(given)

    def _open(self) -> None:
        from ..tensorflow import DeepExplain

        signature = None
        if not getattr(self.model, 'inputs', None):
            signature = [spec_of(one) for one in self.xs]
        opened = DeepExplain.open(self.model, input_signature=signature)
        try:
            opened.__enter__()
            T = opened.logits if self._layer == 'logits' else opened.tensor(self._layer)
            X: Any = opened.inputs if self._many else opened.inputs[0]
            if self._X is not None:
                X = opened.tensor(self._X)
            self._explainers = {name: opened.get_explainer(method, T, X, **options)
                                for name, (method, options) in self.methods.items()}
            self._opened = opened
            for explainer in self._explainers.values():
                # What is wrong with samples, units and sizes of batches is found before anything is explained.
                explainer._start(*self._arguments(explainer), {})
        except Exception:
            self._opened, self._explainers = None, {}
            opened.close()
            raise

    def _close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        if self._board is not None:
            self._board.close()
        self._opened = self._board = None
        self._explainers = {}

    def _save(self, epoch: int) -> None:
        if self._opened is None:
            self._open()
        self._opened.refresh()
        xs: Any = self.xs if self._many else self.xs[0]
        found = {name: explainer.run(*self._arguments(explainer)) for name, explainer in self._explainers.items()}
        figure = self._draw(xs, found) if self._draw else overview(
            xs, found, self._kind, self._channels, self._labels(), letters=self._letters)
        content = io.BytesIO()
        figure.savefig(content, format='png')
        if self.folder is not None:
            with whole([os.path.join(self.folder, 'epoch_%04d.png' % epoch)]) as files:
                files[0].write(content.getvalue())
        if self.log_dir is not None:
            self._board = self._board or Board(self.log_dir)
            self._board.add(content.getvalue(), epoch)

    def _arguments(self, explainer: Any) -> Tuple[Any, Any, Optional[int], Any]:
        """What an explainer's `run` is given."""
        xs: Any = self.xs if self._many else self.xs[0]
        feed = None
        if self._X is not None:
            feed, xs = dict(zip(self._opened.inputs, self.xs)), None
        # Of one number for each sample there is no largest.
        ys = None if explainer.T.shape.ndims == 1 and isinstance(self.ys, str) else self.ys
        return xs, ys, self.batch_size, feed

    def _labels(self) -> Optional[Sequence[str]]:
        """The units, where there is one number for each sample."""
        if not isinstance(self.ys, np.ndarray) or self.ys.ndim != 1 or self.ys.dtype.kind not in 'iu':
            return None
        return ['%d' % unit if self._kind == 'images' else 'unit %d' % unit for unit in self.ys]


def _callback_classes() -> Tuple[Any, ...]:
    """The class Callback of each Keras that is loaded."""
    import tensorflow.compat.v1 as tf

    found = [sys.modules[name] for name in ('keras.callbacks', 'tf_keras.callbacks') if name in sys.modules]
    if [int(part) for part in tf.VERSION.split('.')[:2]] < [2, 16]:
        # From 2.16 on it is one of the others.
        found.append(tf.keras.callbacks)
    return tuple(dict.fromkeys(module.Callback for module in found))


@contextmanager
def _as_if_nothing_were_drawn() -> Iterator[None]:
    """Put numpy's global random state back afterwards; Keras shuffles by it."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)
