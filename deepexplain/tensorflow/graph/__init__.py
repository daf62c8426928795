"""Reading and copying TensorFlow graphs: the path from X to T, its replica, its units, functions and loops.

Knows nothing of attributions, samples or sessions, and imports no other room; private TensorFlow is in compat.py alone.
"""
