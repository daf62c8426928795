"""How relevance passes an op: activations, ops in which tensors meet, the gradients that are built from these.

A rule sees the tensors of one op; which method asks, and on which samples, it does not know. Imports `graph`, `runs`.
"""
