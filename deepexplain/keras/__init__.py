"""Pictures of attributions while a Keras model trains: Keras 3, tf_keras, tf.keras and keras 2."""
from .callback import AttributionCallback

__all__ = ['AttributionCallback']
