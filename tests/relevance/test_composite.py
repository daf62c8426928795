"""Which layer takes which rule: composites, presets, broken rules, entries for no layer."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained, layers, variable
from models import close, dense, initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.relevance import FIRST, AlphaBeta, Epsilon, Flat, Rule, WSquare

COMPOSITES = {
    'lrp.sequential_preset_a': [('Conv2D', AlphaBeta(1, 0)), ('MatMul', Epsilon(.1))],
    'lrp.sequential_preset_b': [(['second/*', 'first/*'], AlphaBeta()), (lambda op: True, Epsilon(.1))],
    'lrp.sequential_preset_a_flat': [(FIRST, 'flat'), (['Conv2D', 'Conv3D'], 'alpha_1_beta_0'), ('*', Epsilon(.1))],
    'lrp.sequential_preset_b_flat': [('first/*', Flat()), ('second/*', 'alpha_2_beta_1'),
                                     (lambda op: op.type == 'MatMul', Epsilon(.1))],
    'lrp.z_IB': [('*', 'z_IB')], 'lrp.w_square': [([FIRST, '*'], WSquare())]}


@pytest.mark.parametrize('preset', sorted(COMPOSITES))
def test_presets_are_composites(session, rng, preset):
    X, T = layers(rng)
    initialise(session)
    xs = rng.randn(2, 6, 6, 2)
    want = explained(session, preset, T, X, xs, ys=1)
    close(explained(session, 'lrp', T, X, xs, ys=1, composite=COMPOSITES[preset]), want, 1e-6)
    assert np.abs(want - explained(session, 'lrp.z', T, X, xs, ys=1)).max() > 1e-3 * np.abs(want).max() > 0


def test_flat_until_a_layer(session, rng):
    X, T = layers(rng)
    initialise(session)
    xs = rng.randn(2, 6, 6, 2)
    got = explained(session, 'lrp.sequential_preset_b_flat_until_idx', T, X, xs, ys=1, until_layer_idx=1)
    close(got, explained(session, 'lrp', T, X, xs, ys=1, composite=[('Conv2D', 'flat'), ('*', Epsilon(.1))]), 1e-6)


def test_entries_that_no_layer_takes(session, rng):
    X, T = layers(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=r"composite\[0\] \('conv\*', .*\) is for no layer; .* are first/Conv"):
            de.get_explainer('lrp', T, X, composite=[('conv*', 'z_plus'), ('*', 'z')])
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            de.get_explainer('lrp', T, X, composite=[('first/*', 'flat'), ('*', 'z')])
            de.get_explainer('lrp.sequential_preset_a', T[:, :1], X)


class Broken(Rule):
    """Returns what it was made with."""

    def __init__(self, result):
        super().__init__()
        self.result = result

    def relevance(self, layer, R):
        return R if self.result == 'R' else self.result


@pytest.mark.parametrize('rule,error,text', [
    (Broken(None), TypeError, r'Broken.relevance must return a tensor of the shape of layer.x, .*, not NoneType'),
    (Broken('R'), TypeError, r'Broken.relevance must return a tensor .*, not of .*\(.*\), for '),
    (Rule(), NotImplementedError, r'Rule needs a function relevance\(self, layer, R\)')])
def test_broken_rules(session, rng, rule, error, text):
    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 2)
    with pytest.raises(error, match=text), DeepExplain(session=session) as de:
        de.get_explainer('lrp', T, X, composite=[('*', rule)])


def test_names_that_are_nearly_right(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 2)
    with DeepExplain(session=session) as de:
        for name, near in (('LRP.Z', 'lrp.z'), ('lrp.zplus', 'lrp.z_plus'), ('deeplft', 'deeplift')):
            with pytest.raises(RuntimeError, match=r"^Did you mean '%s'\? Method .*\], not '%s'\.$" % (near, name)):
                de.get_explainer(name, T, X)
        with pytest.raises(ValueError, match=r"not 'lrp.z_plus'\. Did you mean 'z_plus'\?"):
            de.get_explainer('lrp', T, X, composite=[('*', 'lrp.z_plus')])
        with pytest.raises(TypeError, match=r'composite\[0\] must begin with an op type, .* not '):
            de.explain('lrp', T, X, np.ones((1, 4)), composite=[(T, 'z')])


def test_first_layers(session, rng):
    """Of two branches each has its first; a layer behind another is none, though X reaches it otherwise too."""
    X = tf.placeholder(tf.float32, [None, 4])
    seen = []

    def note(op):
        seen.append(op.name)
        return False

    h = dense(X, rng, 3)
    T = dense(tf.concat([h, tf.matmul(X, variable(rng, 4, 2), name='side'), X], 1), rng, 2)
    initialise(session)
    explained(session, 'lrp', T, X, rng.randn(2, 4), composite=[(FIRST, 'flat'), (note, 'z'), ('*', 'z')])
    assert seen == [T.op.inputs[0].op.name]


@pytest.mark.parametrize('composite,error,text', [
    ([], TypeError, 'composite must be a list of pairs .*, not an empty one'),
    ('z_plus', TypeError, 'composite must be a list of pairs .*, not str'),
    (['z_plus'], TypeError, r'composite\[0\] must be a pair \(which layers, rule\), not str'),
    ([('*', 'z'), (3, 'z')], TypeError, r'composite\[1\] must begin with an op type, .*, not int'),
    ([('*', 'zz')], ValueError, r"A rule must be in \['alpha_1_beta_0', .*\], not 'zz'"),
    ([('*', 3)], TypeError, 'A rule must be an object of deepexplain.tensorflow.relevance or the name of one, not int'),
    ([('Conv2D', 'z')], RuntimeError, r"no entry of the composite fits the layer '.*' \(MatMul\); end it with")])
def test_bad_composites(session, rng, composite, error, text):
    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 2)
    with pytest.raises(error, match=text), DeepExplain(session=session) as de:
        de.get_explainer('lrp', T, X, composite=composite)
