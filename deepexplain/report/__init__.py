"""A folder of results as one page of HTML, to be looked through in a browser; without a server, and offline.

    from deepexplain.report import report

    report('results')                         # results/report.html

Knows files of results and arrays, no model and no TensorFlow. What a file holds becomes text or numbers of the page and
never a part of it that is run: see `page`.
"""
from .making import Report, report

__all__ = ['Report', 'report']
