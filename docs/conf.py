"""The documentation site: `make docs` builds it with warnings as errors."""
import os
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(HERE, '_ext')]

import deepexplain  # noqa: E402
from deepexplain.cli.starting import held  # noqa: E402

with held():
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()

project = 'deepexplain'
author = 'The deepexplain authors'
release = version = deepexplain.__version__

extensions = ['myst_nb', 'sphinx.ext.autodoc', 'sphinx.ext.autosummary', 'sphinx.ext.napoleon',
              'sphinx.ext.viewcode', 'sphinx_copybutton', 'sphinx_design', 'sphinxcontrib.bibtex', 'methods', 'mathml',
              'docstrings', 'notebooks', 'scripts', 'sphinx_gallery.gen_gallery']
source_suffix = {'.md': 'myst-nb', '.ipynb': 'myst-nb', '.rst': 'restructuredtext'}
exclude_patterns = ['_build', '_ext', '_templates', 'requirements.txt']
# The pages that sphinx-gallery makes are docs/generated.
templates_path = ['_templates']

myst_enable_extensions = ['colon_fence', 'deflist', 'dollarmath', 'fieldlist']
myst_heading_anchors = 3

# `make docs NOTEBOOKS=off` shows the notebooks' code alone. Outputs are kept until a notebook or the library
# changes.
nb_execution_mode = 'off' if os.environ.get('DEEPEXPLAIN_NOTEBOOKS') == 'off' else 'cache'
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
# What is written to stderr, a warning say, is an error of the build.
nb_output_stderr = 'remove-warn'

# Names of attributes (`error`) are not references, whatever napoleon makes of them.
suppress_warnings = ['ref.python']
autodoc_typehints = 'none'
autodoc_member_order = 'bysource'
autodoc_default_options = {'members': True, 'show-inheritance': False}
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# Quotes alone: `--option` has no dash.
smartquotes_action = 'qe'

bibtex_bibfiles = ['references.bib']
bibtex_default_style = 'plain'
bibtex_reference_style = 'author_year'

html_theme = 'furo'
html_title = 'deepexplain'
html_static_path = ['_static']
html_css_files = ['site.css']
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
# Nothing is fetched from elsewhere while a page is read.
html_theme_options = {'navigation_with_keys': True}
