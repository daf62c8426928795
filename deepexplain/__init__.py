"""Attribution methods for TensorFlow models in graph mode.

The door is `deepexplain.tensorflow.DeepExplain`; `deepexplain.plotting` draws what it returns.
"""

__version__ = '1.0.0'
