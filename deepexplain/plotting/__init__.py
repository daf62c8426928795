"""Pictures of attributions of images, words, tables of features, sequences of letters, time series and spectrograms.

Red is for what raises the target, blue for what lowers it, and white, in the middle, is zero. What draws takes
matplotlib axes (`ax=None`: those of a new figure, to be had as `ax.figure`) and returns them. Nothing here shows a
window or chooses matplotlib's backend, and no array that is passed in is changed.
"""
from .comparing import compare
from .grids import grid
from .images import heatmap
from .sequences import logo
from .signals import signal, spectrogram
from .summaries import summary
from .tabular import bars
from .texts import text, words, words_html
from .waterfalls import waterfall

__all__ = ['bars', 'compare', 'grid', 'heatmap', 'logo', 'signal', 'spectrogram', 'summary', 'text', 'waterfall',
           'words', 'words_html']
