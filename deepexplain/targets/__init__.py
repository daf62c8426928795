"""Targets of models that are no classifiers: detectors, segmenters, counters, pairs of embeddings.

Each function adds a few ops to the graph of the tensors that it is given, a session's own or that of a model of
`DeepExplain.open`, and returns a tensor to be used as T, its first axis the samples. Make it once and keep it.
"""
from .boxes import box
from .embeddings import distance
from .places import count, region

__all__ = ['box', 'count', 'distance', 'region']
