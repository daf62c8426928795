"""Recurrent layers of a Keras with a session: a loop gives what the same layer gives with unroll=True."""
from contextlib import contextmanager

import pytest
import tensorflow.compat.v1 as tf
from models import fast
from recurrent import BUILDS, METHODS, check, lstm, masked
from test_keras import PACKAGES, fresh, keras, session_of  # noqa: F401

from deepexplain.tensorflow import DeepExplain


@pytest.mark.parametrize('build', BUILDS, ids=lambda build: build.__name__)
@pytest.mark.parametrize('keras', sorted(PACKAGES) or ['none'], indirect=True)
def test_a_loop_is_its_steps(keras, build, rng):  # noqa: F811
    backend = keras.backend if hasattr(keras.backend, 'set_session') else tf.keras.backend
    backend.set_session(tf.Session(graph=tf.get_default_graph(), config=fast()))

    @contextmanager
    def opened(model):
        with DeepExplain(session=session_of(keras.name_here)) as de:
            yield de, model.input, model.output

    # The layers of tf.keras are those of keras 2.2.5 but for a few, and so are tf_keras's in tests/eager.
    whole = build in (lstm, masked) if keras.name_here == 'keras' else build is lstm
    check(keras, build, rng, opened, METHODS if whole else METHODS[:1])
