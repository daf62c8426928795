"""Without extras: the core does its work, and what needs more says in one sentence which extra brings it."""
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

#: What `pip install deepexplain` with TensorFlow does not bring.
EXTRA = ('PIL', 'matplotlib', 'scipy', 'skimage', 'sklearn', 'pandas', 'pyarrow', 'logomaker')

WITHOUT = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in %r:
            raise ModuleNotFoundError('No module named %%r' %% name, name=name)
sys.meta_path.insert(0, Hidden())
import numpy as np
"""

HEAD = WITHOUT % (EXTRA,)

GRAPH = HEAD + """
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
from deepexplain.tensorflow import DeepExplain
X = tf.placeholder(tf.float32, [None, 4, 4, 1])
T = tf.nn.tanh(tf.reshape(X, [-1, 16])) @ tf.ones([16, 2])
xs = np.random.RandomState(0).rand(3, 4, 4, 1).astype('f')
session = tf.Session()
"""


def said(code, folder):
    """What a process prints on stdout."""
    env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL='3', PYTHONPATH=ROOT)
    ended = subprocess.run([sys.executable, '-c', code], cwd=str(folder), env=env, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


#: What is asked for -> what is said.
OF_GRAPHS = [
    ("de.explain('xrai', T, X, xs)",
     "xrai needs scikit-image: pip install 'deepexplain[pictures]', or segments=...."),
    ("de.get_explainer('lime', T, X, regression='lasso')",
     "regression='lasso' needs scikit-learn: pip install 'deepexplain[lasso]'."),
    ("evaluation.random_target(de.get_explainer('saliency', T, X), xs, 0)",
     "similarity='ssim' needs scikit-image: pip install 'deepexplain[evaluation]'."),
    ("evaluation.random_target(de.get_explainer('saliency', T, X), xs, 0, similarity='hog')",
     "similarity='hog' needs scikit-image: pip install 'deepexplain[evaluation]'."),
    ("evaluation.earth_mover(de.get_explainer('saliency', T, X), xs, masks=np.arange(48).reshape(xs.shape) % 3 == 0)",
     "earth_mover needs SciPy: pip install 'deepexplain[evaluation]'."),
    ("evaluation.road(de.get_explainer('saliency', T, X), xs)",
     "road needs SciPy: pip install 'deepexplain[evaluation]'."),
    ("AttributionCallback('saliency', xs, folder='.')._check()",
     "AttributionCallback needs matplotlib: pip install 'deepexplain[plots]', or draw=...."),
]

PLOTTING = "deepexplain.plotting needs matplotlib: pip install 'deepexplain[plots]'."

ELSEWHERE = [
    ('plotting.heatmap(xs[0])', PLOTTING), ('plotting.grid(xs, {"a": xs})', PLOTTING),
    ('plotting.bars(np.ones(3))', PLOTTING), ('plotting.signal(np.ones(5), np.ones(5))', PLOTTING),
    ('plotting.spectrogram(np.ones((3, 4)), np.ones((3, 4)))', PLOTTING),
    ('plotting.logo(np.eye(4), np.eye(4))', PLOTTING), ('plotting.text(["a"], [1.])', PLOTTING),
    ('plotting.words_html(["a"], [1.])', PLOTTING), ('plotting.heatmap(xs[0], cmap="Reds")', PLOTTING),
    ('plotting.heatmap(xs[0], ax=3)', PLOTTING),
    ('reading("x.png")', "reading pictures needs Pillow: pip install 'deepexplain[pictures]'."),
    ('genomics.plot_logo(np.eye(4))', "plot_logo needs logomaker: pip install 'deepexplain[genomics]'."),
    ('Table({"a": {"m": np.ones(2)}}, {"m": "higher"}).to_dataframe()',
     "to_dataframe needs pandas: pip install 'deepexplain[pandas]'."),
    ('jobs.to_pandas("x")', "to_pandas needs pandas: pip install 'deepexplain[pandas]'."),
    ('jobs.to_arrow("x")', "to_arrow needs pyarrow: pip install 'deepexplain[parquet]'."),
    ('Pictures(".", ["x.png"], None)', "reading pictures needs Pillow: pip install 'deepexplain[pictures]'."),
]

ASKING = """
for code in %r:
    try:
        eval(code)
    except ImportError as error:
        print(error)
    else:
        print('nothing')
"""


def test_the_core_needs_none_of_them(tmp_path):
    printed = said(GRAPH + """
segments = np.repeat(np.arange(4), 4).reshape(4, 4)
with DeepExplain(session=session) as de:
    for method, options in [('deeplift', {}), ('occlusion', dict(window_shape=(2, 2, 1))), ('shapley_sampling', {}),
                            ('lime', dict(samples=20)), ('xrai', dict(segments=segments)), ('lrp.epsilon', {})]:
        assert np.isfinite(de.explain(method, T, X, xs, 0, **options)).all(), method
import deepexplain.evaluation, deepexplain.genomics, deepexplain.jobs, deepexplain.keras, deepexplain.plotting
import deepexplain.text
from deepexplain.plotting import words
print(words(['good'], [1.]))
""", tmp_path)
    assert 'good' in printed


def test_what_needs_more_of_a_graph_says_so(tmp_path):
    asking, codes = ASKING.replace('\n', '\n    '), [code for code, _ in OF_GRAPHS]
    code = GRAPH + 'from deepexplain import evaluation\nfrom deepexplain.keras import AttributionCallback\n'
    # All before any session call.
    code += 'session.run = None\nwith DeepExplain(session=session) as de:' + asking % codes
    assert said(code, tmp_path).splitlines() == [sentence for _, sentence in OF_GRAPHS]


def test_what_needs_more_elsewhere_says_so(tmp_path):
    (tmp_path / 'x.png').write_bytes(b'')
    code = HEAD + """
from deepexplain import genomics, jobs, plotting
from deepexplain.evaluation import Table
from deepexplain.jobs.data.pictures import Pictures
from deepexplain.samples.pictures import Layout, read_pictures
from deepexplain.samples.says import PYTHON
xs = np.ones((2, 4, 4, 1))
def reading(path):
    read_pictures(path, [path], Layout(4, 4, 1, 'last'), None, (0, 1), None, PYTHON)
""" + ASKING % [one for one, _ in ELSEWHERE]
    assert said(code, tmp_path).splitlines() == [sentence for _, sentence in ELSEWHERE]


def test_where_matplotlib_is_and_scikit_image_is_not(tmp_path):
    pytest.importorskip('matplotlib')
    pytest.importorskip('PIL')
    code = WITHOUT % (('skimage',),) + """
from PIL import Image
from deepexplain import plotting
from deepexplain.plotting.figures import new_axes
from deepexplain.samples.pictures import Layout, read_pictures
from deepexplain.samples.says import PYTHON
Image.fromarray(np.zeros((4, 4), np.uint8)).save('x.png')
ax = new_axes(1, 1, 0, 0, 0, 0)
xs = np.ones((4, 4))
def reading(resize):
    return read_pictures('x.png', ['x.png'], Layout(None, None, 1, 'last'), resize, (0, 1), None, PYTHON)
plotting.heatmap(xs, xs, over='grey')
assert reading(None).shape == reading((4, 4)).shape == (1, 4, 4, 1)
""" + ASKING % ['plotting.heatmap(xs, xs, ax)', 'reading((2, 2))'] + "print(len(ax.images))\n"
    assert said(code, tmp_path).splitlines() == [
        "over='edges' needs scikit-image: pip install 'deepexplain[plots]', or over='grey'.",
        "resizing pictures needs scikit-image: pip install 'deepexplain[pictures]'.", '0']


@pytest.mark.parametrize('argv, sentence', [
    (['m.pb', 'x.npy', '--picture', 'x.png'], "--picture needs matplotlib: pip install 'deepexplain[cli]'."),
    (['m.pb', 'x.png'], "a picture as INPUT needs Pillow: pip install 'deepexplain[cli]'.")])
def test_the_command_line_refuses_before_tensorflow(tmp_path, argv, sentence):
    for name in ('m.pb', 'x.npy', 'x.png'):
        (tmp_path / name).write_bytes(b'')
    code = WITHOUT % (EXTRA + ('tensorflow',),) + "from deepexplain.cli.main import main\n" + (
        "sys.stderr = sys.stdout\nprint(main(['explain'] + %r))\n" % argv)
    assert said(code, tmp_path).splitlines() == ['deepexplain: error: ' + sentence, '2']


def test_what_is_there_and_broken_has_its_own_error():
    from deepexplain.extras import needs
    with pytest.raises(ImportError, match='^cannot import name'):
        with needs('this', 'plots'):
            from os import no_such_name  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match="^No module named 'no_such_module'$"):
        with needs('this', 'plots'):
            import no_such_module  # noqa: F401
