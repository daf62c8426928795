"""The page in a real headless Chromium: the numbers that people see are those of the files, and nothing else is run."""
import io
import json
import os

import chromium
import numpy as np
import pytest
from job_folder import job

from deepexplain.report import report
from deepexplain.results import Attributions

pytestmark = pytest.mark.skipif(chromium.BROWSER is None, reason=chromium.WHY)

EVIL = '</script><script>window.ran=1</script><img src="https://example.org/x.png" onerror="window.ran=1">'


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    one = chromium.Chromium(tmp_path_factory.mktemp('profile'))
    yield one
    one.close()


def pictures(method, scale):
    rng = np.random.RandomState(len(method))
    xs = np.random.RandomState(1).rand(3, 4, 6, 3).astype('f')
    return Attributions((scale * rng.randn(3, 4, 6, 3)).astype('f'), xs, method=method, scores=rng.randn(3),
                        delta=rng.randn(3), units=np.array([1, 0, 1]), unit_names=['cat', EVIL], index=['a', EVIL, 'c'],
                        target='max', options={EVIL: EVIL}, input_names=['x'])


def table():
    rng = np.random.RandomState(0)
    values = rng.randn(2, 5, 4)
    values[1, 4, :3] = [np.nan, np.inf, -np.inf]
    return Attributions(values, rng.randn(5, 4), method='deeplift', scores=rng.randn(2, 5), delta=rng.randn(2, 5),
                        units=np.repeat([[0], [2]], 5, 1), unit_names=['low', 'middle', 'high'], several=True,
                        feature_names=['age', 'income', EVIL, 'd'])


def signals():
    rng = np.random.RandomState(0)
    return Attributions(rng.randn(2, 30, 2), rng.randn(2, 30, 2), method='intgrad')


def letters():
    rng = np.random.RandomState(0)
    return Attributions(rng.randn(2, 50, 4), np.eye(4)[rng.randint(0, 4, (2, 50))], method='deeplift')


def several_inputs():
    rng = np.random.RandomState(0)
    return Attributions([rng.randn(2, 3), rng.randn(2, 5, 5)], [rng.randn(2, 3), rng.rand(2, 5, 5)], method='intgrad',
                        input_names=['left', 'right'])


def words():
    return Attributions(np.array([[.5, -1, 2.]]), np.array([['not', EVIL, '']]), method='intgrad')


MADE = {'a': lambda: pictures('intgrad', 1), 'b': lambda: pictures('occlusion', 100), 'c': table, 'd': signals,
        'e': letters, 'f': several_inputs, 'g': words}
#: The number of a file's result on the page.
AT = {name: place for place, name in enumerate(sorted(MADE))}


@pytest.fixture(scope='module')
def page(tmp_path_factory):
    """The address of a page of all kinds of results."""
    folder = tmp_path_factory.mktemp(EVIL.replace('/', '_')[:40])
    for name, make in MADE.items():
        make().save(folder / (name + '.npz'))
    (folder / 'broken <img src=x onerror="window.ran=1">.npz').write_bytes(b'')
    (folder / 't.json').write_text(json.dumps({'measures': {}, 'table': [
        {'method': name, 'measure': EVIL, 'direction': 'lower', 'mean': mean, 'standard_error': None, 'rank': 2 - mean,
         'samples': 3} for name, mean in (('m', .25), (EVIL, .5))], 'curves': {
             'm': {EVIL: {'fractions': [0, 1], 'mean': [1, .5], 'standard_error': [0, 0]}}}}))
    found = report(folder, folder.parent / 'page.html')
    assert len(found.broken) == 1
    return 'file://' + found.path


@pytest.fixture
def look(browser, page):
    """Open the page where it is asked to; afterwards nothing was run, fetched or complained of."""
    def show(asked, wide=1200):
        browser.open(page + '#' + asked, wide)
        assert browser.run('document.documentElement.scrollWidth') <= wide
        return browser
    yield show
    assert browser.said == [] and browser.asked == [page]
    assert browser.run('window.ran === undefined && document.images.length === 0') is True


def numbers(browser, selector):
    """The numbers of elements, with all of their digits."""
    return [float(one.replace('Infinity', 'inf').replace('NaN', 'nan')) for one in browser.run(
        'Array.from(document.querySelectorAll(%s), (one) => one.dataset.value)' % json.dumps(selector))]


def columns(browser, table):
    """Numbers of a table by columns, without those of text, in the order of its rows."""
    rows = browser.run(
        'Array.from(document.querySelectorAll(%s), (row) => Array.from(row.querySelectorAll("[data-value]"),'
        '(one) => one.dataset.value))' % json.dumps(table + ' tbody tr'))
    return np.array([[float(one.replace('Infinity', 'inf').replace('NaN', 'nan')) for one in row] for row in rows]).T


def box_of(browser):
    """Where the first map is: left, top, width and height."""
    return browser.run('(() => {const box = document.querySelector("#panels [data-method] canvas");'
                       'const {left, top, width, height} = box.getBoundingClientRect();'
                       'return [left, top, width, height]})()')


def by_place(browser, table='#features table'):
    """The same in the order of the features."""
    places = browser.run('Array.from(document.querySelectorAll(%s), (row) => Number(row.dataset.place))' % json.dumps(
        table + ' tbody tr'))
    return columns(browser, table)[:, np.argsort(places)]


@pytest.mark.parametrize('name, sample, unit', [('a', 2, 0), ('c', 4, 1), ('d', 1, 0), ('f', 1, 0), ('g', 0, 0)])
def test_the_features_have_the_numbers_of_the_file(look, name, sample, unit):
    result = MADE[name]()
    browser = look('result=%d&sample=%d&unit=%d' % (AT[name], sample, unit))
    arrays = result.attributions if isinstance(result.attributions, list) else [np.asarray(result)]
    wanted = np.concatenate([(one[unit] if result.several else one)[sample].ravel() for one in arrays])
    got = by_place(browser)
    np.testing.assert_array_equal(got[0 if name == 'g' else 1], wanted)
    if name != 'g':
        xs = result.xs if isinstance(result.xs, list) else [result.xs]
        np.testing.assert_array_equal(got[0], np.concatenate([one[sample].ravel() for one in xs]))
    if name == 'a':
        # The other method, of the same samples in another file, stands beside it.
        np.testing.assert_array_equal(got[2], np.asarray(MADE['b']())[sample].ravel())
    if name == 'c':
        # The largest first, what is no number last.
        order = columns(browser, '#features table')[1]
        assert np.isnan(order[-1]) and np.isinf(order[:2]).all()


@pytest.mark.parametrize('name, unit', [('a', 0), ('c', 1)])
def test_the_samples_and_the_head_have_scores_sums_and_delta(look, name, unit):
    result = MADE[name]()
    browser = look('result=%d&sample=1&unit=%d' % (AT[name], unit))
    wanted = np.array([one[unit] if result.several else one for one in (result.scores, result.sums, result.delta)])
    np.testing.assert_array_equal(columns(browser, '#samples table'), wanted)
    got = numbers(browser, '#panels .panel[data-method="%s"] .facts [data-value]' % result.method)
    np.testing.assert_array_equal(got, wanted[:, 1])
    said = browser.run('document.querySelector("#panels [data-method] .facts").textContent')
    assert said.startswith('target cat' if name == 'a' else 'target high')


def test_means_over_all_samples(look):
    browser = look('result=%d&unit=0' % AT['c'])
    values = np.asarray(table())[0]
    order = np.argsort(-np.abs(values).mean(0))
    np.testing.assert_allclose(columns(browser, '#means table'), [
        np.abs(values).mean(0)[order], np.abs(values).std(0)[order], values.mean(0)[order]], rtol=1e-12)


def test_a_place_tells_its_numbers_in_all_panels(look):
    browser = look('result=%d&sample=1&at=0,8' % AT['a'])  # Of 4 x 6 places: row 1, column 2.
    for name in 'ab':
        result = MADE[name]()
        got = numbers(browser, '#panels [data-method="%s"] .readout [data-value]' % result.method)
        own = np.asarray(result)[1, 1, 2]
        np.testing.assert_array_equal(got, np.concatenate([[own.astype(float).sum()], own, result.xs[1, 1, 2]]))
    assert browser.run('document.querySelector(".readout b").textContent') == 'row 1, column 2'
    # By the mouse: the middle of the place in row 3, column 4.
    box = box_of(browser)
    browser.mouse(box[0] + box[2] * 4.5 / 6, box[1] + box[3] * 3.5 / 4)
    got = numbers(browser, '#panels [data-method="occlusion"] .readout [data-value]')
    np.testing.assert_array_equal(got[1:4], np.asarray(MADE['b']())[1, 3, 4])
    # Clicked at, it stays in the address; arrows move it.
    browser.mouse(box[0] + box[2] * 4.5 / 6, box[1] + box[3] * 3.5 / 4, click=True)
    assert 'at=0%2C22' in browser.run('location.hash')
    browser.run('document.querySelector("#panels [data-method] canvas").focus()')
    browser.key('ArrowUp')
    browser.key('ArrowLeft')
    assert browser.run('document.querySelector(".readout b").textContent') == 'row 2, column 3'
    np.testing.assert_array_equal(numbers(browser, '#panels [data-method="intgrad"] .readout [data-value]')[1:4],
                                  np.asarray(MADE['a']())[1, 2, 3])


@pytest.mark.parametrize('asked, at, wanted', [
    ('d', 21, lambda one: [one[1, 10, 1], signals().xs[1, 10, 1]]),
    ('d&as=cells', 21, lambda one: [one[1, 21, 0], signals().xs[1, 21, 0]]),  # The first axis runs to the right.
    ('e', 7, lambda one: [one[1, 7].sum()] + one[1, 7].tolist()),
    ('e&as=signal', 30, lambda one: [one[1, 7, 2], letters().xs[1, 7, 2]])])
def test_places_of_other_drawings(look, asked, at, wanted):
    name, _, more = asked.partition('&')
    browser = look('result=%d&sample=1&at=0,%d&%s' % (AT[name], at, more))
    np.testing.assert_allclose(numbers(browser, '.readout [data-value]'), wanted(np.asarray(MADE[name]())), rtol=1e-12)


def test_a_map_of_other_places_tells_nothing_of_these(browser, tmp_path):
    pictures('intgrad', 1).save(tmp_path / 'a.npz')
    values = np.arange(18.).reshape(3, 2, 3)
    pictures('gradcam', 1)._with(attributions=values).save(tmp_path / 'b.npz')
    browser.open('file://' + report(tmp_path).path + '#at=0,2')
    told = 'document.querySelector("[data-method=%s] .readout").textContent'
    assert browser.run(told % 'intgrad').startswith('row 0, column 2') and browser.run(told % 'gradcam') == ''
    browser.open('file://' + report(tmp_path).path + '#result=1&sample=1&at=0,5')
    assert browser.run(told % 'gradcam') == 'patch 1, column 2: +11' and browser.run(told % 'intgrad') == ''


def test_words(look):
    browser = look('result=%d&at=0,1' % AT['g'])
    assert browser.run('Array.from(document.querySelectorAll(".words span"), (one) => one.textContent)') == [
        'not', EVIL, ' ']
    colours = browser.run('Array.from(document.querySelectorAll(".words span"), (one) => one.style.backgroundColor)')
    red, blue = ([int(part) for part in one[4:-1].split(',')] for one in colours[:2])
    assert colours[2] == 'rgb(103, 0, 31)' and red[0] > red[2] and blue[2] > blue[0]
    assert numbers(browser, '.readout [data-value]') == [-1]


def test_keys_and_choices(look):
    browser = look('result=%d&sample=0' % AT['c'])
    state = 'Number(new URLSearchParams(location.hash.slice(1)).get(%r))'
    browser.key('ArrowRight')
    browser.key('ArrowRight')
    browser.key('ArrowLeft')
    assert browser.run(state % 'sample') == 1
    browser.run('document.getElementById("unit").value = "1";'
                'document.getElementById("unit").dispatchEvent(new Event("change"))')
    np.testing.assert_array_equal(by_place(browser)[1], np.asarray(table())[1, 1])
    # A filter by score: arrows go to samples that it lets through alone.
    scores = table().scores[1]
    low = np.sort(scores)[2]
    browser.run('(() => {const one = document.getElementById("filter-low"); one.value = "%r";'
                'one.dispatchEvent(new Event("input"))})()' % float(low))
    np.testing.assert_array_equal(columns(browser, '#samples table')[0], scores[scores >= low])
    assert '3 of 5' in browser.run('document.getElementById("where").textContent')
    seen = [browser.run(state % 'sample')]
    for _ in range(3):
        browser.key('ArrowRight')
        seen.append(browser.run(state % 'sample'))
    assert set(seen) <= set(np.flatnonzero(scores >= low).tolist()) and seen[-1] == np.flatnonzero(scores >= low)[-1]
    browser.key('ArrowRight', shift=True)
    assert browser.run(state % 'result') == AT['d']
    # A head sorts: by the input's value, the largest first.
    browser.run('document.querySelectorAll("#features th button")[1].click()')
    np.testing.assert_array_equal(columns(browser, '#features table')[0], np.sort(
        signals().xs[browser.run(state % 'sample')].ravel())[::-1])


def test_one_scale_for_methods_that_are_compared(look):
    limits = {}
    for scale in ('own', 'shared'):
        browser = look('result=%d&sample=0&scale=%s' % (AT['a'], scale))
        limits[scale] = numbers(browser, '.legend [data-value]')
    wanted = [np.percentile(np.abs(np.asarray(MADE[name]())[0].astype(float).sum(-1)), 99) for name in 'ab']
    np.testing.assert_allclose(limits['own'], wanted, rtol=1e-12)
    np.testing.assert_allclose(limits['shared'], [max(wanted)] * 2, rtol=1e-12)


def test_red_raises_and_blue_lowers(browser, tmp_path):
    image = pytest.importorskip('PIL.Image')
    values = np.array([[[[1.], [0]], [[np.nan], [-1]]]])
    Attributions(values, np.ones((1, 2, 2, 1)), method='m').save(tmp_path / 'a.npz')
    browser.open('file://' + report(tmp_path).path)
    box = box_of(browser)
    seen = np.asarray(image.open(io.BytesIO(browser.picture())).convert('RGB')).astype(int)
    for y, x, wanted in [(0, 0, (103, 0, 31)), (0, 1, (247, 247, 247)), (1, 0, (204, 204, 204)), (1, 1, (5, 48, 97))]:
        got = seen[int(box[1] + box[3] * (y + .5) / 2), int(box[0] + box[2] * (x + .5) / 2)]
        assert np.abs(got - wanted).max() <= 3, (y, x, got)


@pytest.mark.parametrize('name', sorted(MADE))
def test_narrow_and_dark_pages_have_all_of_it(look, name):
    browser = look('result=%d' % AT[name], 400)
    assert browser.run('document.querySelectorAll("#panels .panel").length') > 0
    browser.run('document.getElementById("theme").click()')
    assert browser.run('getComputedStyle(document.body).backgroundColor') == 'rgb(20, 23, 27)'


def test_what_is_said_is_text(look):
    browser = look('result=0&sample=1')
    said = browser.run('document.body.innerText')
    assert EVIL in said and 'broken <img src=x' in said and 'a.npz' in said
    # A table of measures, sorted by its head: the best first.
    browser.run('document.querySelectorAll(".matrix th button")[1].click()')
    assert columns(browser, '.matrix')[0].tolist() == [.25, .5]
    assert browser.run('document.querySelectorAll(".curves polyline").length') == 1


def test_results_of_one_method_are_told_by_their_files(browser, tmp_path):
    for name in 'ab':
        pictures('intgrad', ord(name)).save(tmp_path / (name + '.npz'))
    pictures('elrp', 1).save(tmp_path / 'c.npz')
    browser.open('file://' + report(tmp_path).path)
    assert browser.run('Array.from(document.querySelectorAll(".panel h3"), (one) => one.textContent)') == [
        'input', 'intgrad (a.npz)', 'intgrad (b.npz)', 'elrp']
    # What is not wanted beside it is left out.
    browser.run('document.getElementById("beside-1").click()')
    assert browser.run('document.querySelectorAll(".panel").length') == 3


@pytest.mark.parametrize('asked', ['result=99&sample=-1&unit=x&at=9,9&as=html&scale=<b>', 'result=0&at=0,99999999',
                                   'sample=1e9', '<script>', 'result=2&as=picture&sample=1'])
def test_addresses_that_ask_for_what_is_not_there(look, asked):
    browser = look(asked)
    assert browser.run('document.querySelectorAll("#features tbody tr").length') > 0


def test_a_page_without_samples_or_results(browser, tmp_path):
    Attributions(np.zeros((0, 3)), np.zeros((0, 3)), method='m').save(tmp_path / 'a.npz')
    browser.open('file://' + report(tmp_path).path)
    assert 'It has no samples.' in browser.run('document.body.innerText') and browser.said == []
    os.unlink(str(tmp_path / 'a.npz'))
    (tmp_path / 'b.npz').write_bytes(b'PK')
    browser.open('file://' + report(tmp_path).path)
    assert '0 results' in browser.run('document.body.innerText') and browser.said == []


def test_means_of_rows_of_a_job_are_said_to_be_of_these(browser, tmp_path):
    made = job(tmp_path / 'job')
    browser.open('file://' + report(tmp_path, most=4).path)
    said = browser.run('document.body.innerText')
    assert 'Over the first 4 samples' in said and 'On this page: the first 4 of 10 samples.' in said
    wanted = np.abs(made['attributions'][:4].astype(float)).mean(0)
    np.testing.assert_allclose(columns(browser, '#means table')[0], np.sort(wanted)[::-1], rtol=1e-12)
