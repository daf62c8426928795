"""The pages of docs/methods: one for each method, whole, and true where that can be told."""
import importlib.util
import os
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain, attribution_methods

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'docs')
METHODS = os.path.join(DOCS, 'methods')
SECTIONS = ['Formula', 'Options', 'Cost', 'Pitfalls', 'When to take it', 'Paper']

#: What a run takes that is no option of a method.
OF_A_RUN = {'return_convergence_delta', 'ys', 'estimator'}


def loaded(name):
    spec = importlib.util.spec_from_file_location('docs_' + name, os.path.join(DOCS, '_ext', name + '.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


facts = loaded('facts')
PAGES = facts.pages()


def read(*path):
    with open(os.path.join(DOCS, *path), encoding='utf-8') as file:
        return file.read()


def bibliography():
    return re.findall(r'^@\w+\{(\w+),', read('references.bib'), re.MULTILINE)


def cited(text):
    return re.findall(r'\{cite:\w+\}`(\w+)`', text)


def all_pages():
    return [os.path.join(folder, name) for folder, _, names in os.walk(DOCS) for name in names if name.endswith('.md')]


def test_every_method_has_a_page_and_every_page_a_method():
    written = {name[:-3] for name in os.listdir(METHODS) if name.endswith('.md')}
    assert written == set(PAGES) | {'index', 'shared'}
    assert sorted(sum(facts.FAMILIES.values(), [])) == sorted(PAGES)
    assert sorted(sum(map(facts.names_on, PAGES), [])) == sorted(attribution_methods)
    for table in (facts.COST, facts.SIGN, facts.EXACT):
        assert set(table) <= set(PAGES)
    for file in ('index.md', ):
        assert re.findall(r'```\{methods\} (.+)', read('methods', file)) == list(facts.FAMILIES)
    assert re.findall(r'```\{which\} (.+)', read('which-method.md')) == list(facts.FAMILIES)


@pytest.mark.parametrize('page', PAGES)
def test_page_is_whole(page):
    text, names = read('methods', page + '.md'), facts.names_on(page)
    assert re.match(r'# (.+)', text).group(1).replace('\\', '') == names[0]
    named, = re.findall(r'```\{about-method\} (.+)', text)
    assert named in names
    for name in names:
        assert name == named or '`%s`' % name in text, name
    assert [one for one in re.findall(r'^## (.+)', text, re.MULTILINE) if one != 'Options'] == [
        one for one in SECTIONS if one != 'Options']
    parts = dict(re.findall(r'^## ([^\n]+)\n\n(.+?)(?=\n## |\Z)', text, re.MULTILINE | re.DOTALL))
    assert '$$' in parts['Formula'] and parts['Pitfalls'].startswith('- ')
    assert set(cited(text)) <= set(bibliography())
    assert cited(parts['Paper']) or parts['Paper'].strip() == 'There is no paper.'
    if cited(parts['Paper']):
        assert len(text.split('```{about-method}')[0].split('\n\n')) >= 3


@pytest.mark.parametrize('page', PAGES)
def test_page_has_its_picture(page):
    text = read('methods', page + '.md')
    pictures = re.findall(r'!\[.+?\]\((.+?)\)', text)
    if not pictures:
        assert re.search(r'there\s+is\s+none\s+here|There\s+is\s+no\s+picture', text)
    for picture in pictures:
        size = os.path.getsize(os.path.join(METHODS, picture))
        assert 500 < size <= 15 * 1024
        with open(os.path.join(METHODS, picture), 'rb') as file:
            assert file.read(8) == b'\x89PNG\r\n\x1a\n'


def test_every_picture_is_shown():
    shown = {one for page in PAGES for one in re.findall(r'\(pictures/(.+?)\)', read('methods', page + '.md'))}
    assert shown == set(os.listdir(os.path.join(METHODS, 'pictures')))


@pytest.mark.parametrize('page', PAGES)
def test_options_named_are_there(page):
    text = read('methods', page + '.md')
    own = {option for name in facts.names_on(page) for option in facts.options(name)}
    others = [name for name in attribution_methods if '`%s`' % name in text]
    known = own | OF_A_RUN | {option for name in others for option in facts.options(name)} | set(
        re.findall(r'noise_tunnel\(.*?\b(\w+)=\d', text))
    assert set(re.findall(r'`(\w+)=', text)) <= known
    for part in re.findall(r'^## Options\n\n(.+?)\n## ', text, re.MULTILINE | re.DOTALL):
        for word in re.findall(r'`([a-z_]+)`', part):
            assert word in own | set(attribution_methods) | {'fit_patterns'}, word
    # Each is said here, or in the docstring of a class.
    said = text + ''.join(attribution_methods[name].__doc__ or '' for name in facts.names_on(page))
    for option in own:
        assert re.search(r'\b%s\b' % option, said), option


def test_shared_options_are_options():
    named = re.findall(r'^`(\w+)`$', read('methods', 'shared.md'), re.MULTILINE)
    assert len(set(named)) == len(named) > 20
    for option in named:
        assert sum(option in facts.options(name) for name in attribution_methods) > 1, option
    for name in attribution_methods:
        for option in facts.options(name):
            several = len({attribution_methods[one] for one in attribution_methods if option in facts.options(one)})
            assert several < 8 or option in named or option == 'epsilon', option


def test_defaults_said_are_the_defaults():
    for page, words in facts.COST.items():
        for option, number in re.findall(r'`(\w+)` \((\d+)\)', words):
            assert facts.options(facts.names_on(page)[0])[option] == number, page


def test_links_lead_somewhere():
    for page in PAGES + ['index', 'shared']:
        for link in re.findall(r'\]\(([^)#:]+\.md)\)', read('methods', page + '.md')):
            assert os.path.exists(os.path.join(METHODS, link)), (page, link)


def test_bibliography_holds_what_is_cited():
    keys = bibliography()
    assert len(set(keys)) == len(keys)
    everywhere = ''
    for path in all_pages():
        with open(path, encoding='utf-8') as file:
            everywhere += file.read()
    assert set(cited(everywhere)) <= set(keys)
    assert set(keys) - set(cited(everywhere)) == set()
    for entry in read('references.bib').split('\n@')[1:]:
        assert all(re.search(r'^  %s = \{.+\},$' % field, entry, re.MULTILINE) for field in ('author', 'title', 'year'))


#: Page -> options, and the evaluations of a sample that the words of its cost come to.
COUNTED = {
    'gradient': ({}, 1), 'elrp': ({}, 1), 'lrp.epsilon': ({}, 1), 'guided_backprop': ({}, 1), 'fullgrad': ({}, 1),
    'gradcam': ({}, 1), 'guided_gradcam': ({}, 1), 'pattern.net': ({}, 1), 'deeplift': ({}, 1),
    'intgrad': ({'steps': 7}, 7), 'expected_gradients': ({'samples': 9, 'references': 3}, 9),
    'idgi': ({'steps': 7}, 8), 'conductance': ({'steps': 7}, 8), 'internal_influence': ({'steps': 7}, 8),
    'guided_ig': ({'steps': 7}, 7), 'blur_ig': ({'steps': 7}, 8), 'xrai': ({'steps': 7}, 14),
    'smoothgrad': ({'samples': 6, 'of': 'intgrad', 'options': {'steps': 7}}, 42), 'vargrad': ({'samples': 6}, 6),
    'occlusion': ({}, 25), 'shapley_sampling': ({'samples': 3}, 2 + 3 * 23), 'kernel_shap': ({'samples': 40}, 42),
    'lime': ({'samples': 40}, 40), 'rise': ({'samples': 40}, 40), 'sobol': ({'samples': 4, 'cells': (3, 2)}, 4 * 8),
    'hsic': ({'samples': 40}, 40), 'permutation': ({'references': 3, 'samples': 2}, 1 + 24 * 2),
    'scorecam': ({}, 1 + 5), 'input': ({}, 0), 'random': ({}, 0)}


@pytest.fixture(scope='module')
def sequences():
    """A session, X of one-hot sequences and T of a network of one convolution and a pool."""
    draw = np.random.RandomState(0)
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 6, 4])
        h = tf.nn.relu(tf.nn.conv1d(X, tf.constant(draw.randn(3, 4, 5).astype('f')), 1, 'SAME') + .1)
        T = tf.matmul(tf.reduce_mean(h, 1), tf.constant(draw.randn(5, 3).astype('f')))
    # Not entered: those of several fixtures are not left in the order in which they were.
    session = tf.Session(graph=graph)
    yield session, X, T
    session.close()


@pytest.mark.parametrize('page', sorted(COUNTED))
def test_costs_are_as_they_are_said(page, sequences, monkeypatch):
    import tqdm
    totals = []

    class Bar:
        def __init__(self, total, **more):
            totals.append(total)

        def update(self, rows):
            pass

        def close(self):
            pass

    monkeypatch.setattr(tqdm, 'tqdm', Bar)
    session, X, T = sequences
    options, evaluations = COUNTED[page]
    options = dict(options)
    if 'references' in options:
        options['references'] = np.eye(4, dtype='f')[np.random.RandomState(1).randint(0, 4, (options['references'], 6))]
    if page == 'xrai':
        options['segments'] = np.arange(6) // 2
    xs = np.eye(4, dtype='f')[np.random.RandomState(2).randint(0, 4, (2, 6))]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(facts.names_on(page)[0], T, X, **options)
        if page == 'pattern.net':
            explainer.fit_patterns(xs)
        explainer.run(xs, 1, show_progress=True)
    assert totals == [2 * evaluations]


@pytest.fixture(scope='module')
def attention():
    """A session, X of one-hot sequences and T of a network with a gate in front of attention."""
    draw = np.random.RandomState(3)

    def weights(*shape):
        return tf.constant((draw.randn(*shape) / 2).astype('f'))

    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 6, 4])
        h = tf.nn.relu(tf.nn.conv1d(X, weights(3, 4, 5), 1, 'SAME'))
        h *= tf.sigmoid(tf.einsum('ntc,cd->ntd', h, weights(5, 5)))
        q, k, v = [tf.einsum('ntc,cd->ntd', h, weights(5, 5)) for _ in range(3)]
        out = tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True)), v)
        T = tf.matmul(tf.reduce_mean(out, 1), weights(5, 3))
    session = tf.Session(graph=graph)
    yield session, X, T
    session.close()


@pytest.mark.parametrize('page', ['elrp', 'fullgrad', 'deeplift', 'deeplift.reveal_cancel', 'lrp.gamma', 'deep_taylor',
                                  'guided_backprop', 'pattern.net', 'intgrad', 'occlusion', 'gradcam', 'conductance'])
def test_attention_is_gone_through_as_it_is_said(page, attention, recwarn):
    session, X, T = attention
    words, name = facts.through(page)['attention'], facts.names_on(page)[0]
    xs = np.eye(4, dtype='f')[np.random.RandomState(2).randint(0, 4, (2, 6))]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(name, T, X)
        said = [str(one.message) for one in recwarn if 'Softmax' in str(one.message)]
        assert len(said) == ('warned of' in words or 'with `complete`' in words)
        if page in ('deeplift', 'deeplift.reveal_cancel'):
            recwarn.clear()
            _, delta = de.explain(name, T, X, xs, ys=1, complete=True, return_convergence_delta=True)
            assert not recwarn.list and abs(delta).max() < 1e-5
        elif page == 'deep_taylor':
            _, delta = de.explain(name, T, X, xs, ys=1, softmax='constant', return_convergence_delta=True)
            assert abs(delta).max() < 1e-5 and words == 'rules: `softmax`'
        elif page == 'intgrad':
            _, delta = explainer.run(xs, 1, return_convergence_delta=True)
            assert abs(delta).max() < 1e-2 and words == 'yes'
        elif page == 'pattern.net':
            explainer.fit_patterns(xs)
        assert np.isfinite(explainer.run(xs, 1)).all()


@pytest.mark.parametrize('page', ['elrp', 'fullgrad', 'deeplift', 'lrp.gamma', 'guided_backprop', 'pattern.net',
                                  'intgrad', 'occlusion', 'gradcam', 'conductance'])
def test_loops_are_gone_through_as_it_is_said(page, session):
    draw = np.random.RandomState(4)
    inner, outer, last = [tf.constant((draw.randn(*shape) / 2).astype('f')) for shape in ((4, 5), (5, 5), (5, 3))]
    X = tf.placeholder(tf.float32, [None, 6, 4])
    steps, start = tf.transpose(X, [1, 0, 2]), tf.zeros([tf.shape(X)[0], 5])

    def body(i, h, written):
        h = tf.tanh(tf.matmul(steps[i], inner) + tf.matmul(h, outer))
        return i + 1, h, written.write(i, h)

    _, _, written = tf.while_loop(lambda i, h, written: i < 6, body, [
        0, start, tf.TensorArray(tf.float32, 6, element_shape=[None, 5])])
    states = tf.transpose(written.stack(), [1, 0, 2])
    states.set_shape([None, 6, 5])
    T = tf.matmul(tf.reduce_mean(states, 1), last)
    words, name = facts.through(page)['loops'], facts.names_on(page)[0]
    xs = np.eye(4, dtype='f')[draw.randint(0, 4, (2, 6))]
    with DeepExplain(session=session) as de:
        if words == 'with a `layer`':
            with pytest.raises(RuntimeError, match='layer='):
                de.get_explainer(name, T, X)
            found = de.explain(name, T, X, xs, ys=1, layer=states)
        elif words == 'with `patterns` given':
            explainer = de.get_explainer(name, T, X)
            with pytest.raises(RuntimeError, match='in a loop or a branch'):
                explainer.fit_patterns(xs)
            found = de.explain(name, T, X, xs, ys=1, patterns=[draw.randn(*shape) for shape in (
                (4, 5), (5, 5), (5, 3))])
        else:
            assert words.startswith('yes')
            found = de.explain(name, T, X, xs, ys=1)
    assert np.isfinite(found).all() and abs(found).max() > 0


@pytest.fixture(scope='module')
def chain():
    """A session, X of 4 features, which may be negative, and T of dense layers with ReLUs and without biases."""
    draw = np.random.RandomState(5)
    with tf.Graph().as_default() as graph:
        X = tf.placeholder(tf.float32, [None, 4])
        h = tf.nn.relu(tf.matmul(X, tf.constant(draw.randn(4, 6).astype('f'))))
        h = tf.nn.relu(tf.matmul(h, tf.constant(draw.randn(6, 5).astype('f'))))
        T = tf.matmul(h, tf.constant(draw.randn(5, 3).astype('f')))
    session = tf.Session(graph=graph)
    yield session, X, T, draw.randn(6, 4).astype('f')
    session.close()


def test_sentences_on_pages_are_true(chain):
    session, X, T, xs = chain
    scores = session.run(T, {X: xs})[:, 1]

    def explained(name, of=xs, T=T, **options):
        with DeepExplain(session=session) as de:
            return de.explain(name, T, X, of, ys=1, **options)

    product = explained('grad*input')
    # grad_x_input: adds up where T is homogeneous; intgrad with one step from a baseline; lrp.z equals it.
    np.testing.assert_allclose(product.sum(1), scores, atol=1e-5)
    np.testing.assert_allclose(explained('intgrad', steps=1, baseline=.5), (xs - .5) * explained('gradient'), atol=1e-5)
    np.testing.assert_allclose(explained('lrp.z'), product, atol=1e-5)
    # deep_taylor is lrp.z_plus; of one sign in a chain of layers.
    relevance = explained('deep_taylor')
    np.testing.assert_array_equal(relevance, explained('lrp.z_plus'))
    assert (relevance * np.sign(scores)[:, None] >= 0).all()
    # idgi: what is at the baseline may get a share, and one step has one sign.
    still = xs.copy()
    still[:, 0] = 0
    shared = explained('idgi', still, steps=1, baseline=np.array([0, .1, .1, .1]))
    assert (shared[:, 0] != 0).any() and all(len(set(np.sign(row[row != 0]))) <= 1 for row in shared)
    # deconvnet: without max pooling it hangs on the value of T alone.
    maps, up = explained('deconvnet') / scores[:, None], scores > 0
    for some in (maps[up], maps[~up]):
        np.testing.assert_allclose(some, some[:1].repeat(len(some), 0), rtol=1e-4)
    # The presets with the flat rule: one number for all features of a dense first layer.
    flat = explained('lrp.sequential_preset_a_flat')
    np.testing.assert_allclose(flat, flat[:, :1].repeat(4, 1), rtol=1e-4)
    # vargrad of gradients is 0 where the model is linear.
    with X.graph.as_default():
        linear = tf.matmul(X, tf.constant(np.ones([4, 3], 'f')))
    np.testing.assert_allclose(explained('vargrad', T=linear, samples=3, seed=0), 0, atol=1e-9)
    # occlusion: what no window covers is nan.
    with pytest.warns(UserWarning, match='nans'):
        assert np.isnan(explained('occlusion', window_shape=(1,), step=2)).any()


def test_sentences_on_pages_of_maps_are_true(sequences):
    session, X, T = sequences
    xs = np.eye(4, dtype='f')[np.random.RandomState(6).randint(0, 4, (3, 6))]

    def explained(name, ys=1, **options):
        with DeepExplain(session=session) as de:
            return de.explain(name, T, X, xs, ys=ys, **options)

    # hirescam: behind a mean and one dense layer it is gradcam.
    np.testing.assert_allclose(explained('hirescam'), explained('gradcam'), atol=1e-6)
    # eigencam: ys has no effect.
    np.testing.assert_array_equal(explained('eigencam', 0), explained('eigencam', 2))
    # Maps of positive evidence alone.
    for page in facts.FAMILIES['Class activation maps']:
        name = facts.names_on(page)[0]
        if facts.facts(name)['sign'] == 'positive alone':
            assert (explained(name) >= 0).all(), page
    assert (explained('fullgrad') >= 0).all() and (explained('saliency') >= 0).all()
    # fullgrad: complete maps add up to T.
    whole = explained('fullgrad', aggregate='complete')
    np.testing.assert_allclose(whole.sum(1), session.run(T, {X: xs})[:, 1], atol=1e-5)
