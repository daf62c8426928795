"""Samples out of files, and how they meet the inputs of a model: what the command line, `jobs` and `results` share.

Knows opened models by their tensors alone; imported by those, of which it imports nothing.
"""
