"""Samples out of files, and how they meet the inputs of a model: what the command line and `jobs` share.

Knows opened models by their tensors alone; imported by `cli` and `jobs`, of which it imports nothing.
"""
