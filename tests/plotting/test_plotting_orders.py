"""Tables whose features stand in other orders than those of the attributions are no values of these."""
import numpy as np
import pytest

from deepexplain import plotting
from deepexplain.results import Attributions

pd = pytest.importorskip('pandas')
VALUES = np.arange(1., 13).reshape(4, 3)


def table(names):
    return pd.DataFrame(VALUES, columns=list(names))


def test_columns_of_values():
    with pytest.raises(ValueError, match='xs: expected the features in the order a, b, c, got c, b, a'):
        plotting.summary(table('abc'), table('cba'))
    with pytest.raises(ValueError, match='xs: expected the features in the order a, b, c, got c, b, a'):
        plotting.summary(VALUES, table('cba'), names=list('abc'))
    plotting.summary(table('abc'), table('abc'))
    plotting.summary(table('abc'), table('xyz'))
    plotting.summary(VALUES, table('cba'))


def arrow(names):
    # numpy reads no table of an older one, which is a TypeError.
    pa = pytest.importorskip('pyarrow', minversion='14')
    return pa.table({name: VALUES[:, place] for place, name in enumerate(names)})


def result(names):
    return Attributions(VALUES, feature_names=list(names))


@pytest.mark.parametrize('of', [arrow, result])
def test_columns_of_arrow_and_of_results(of):
    with pytest.raises(ValueError, match='xs: expected the features in the order a, b, c, got c, a, b'):
        plotting.summary(table('abc'), of('cab'))
    with pytest.raises(ValueError, match=r"attributions\['m'\]: expected the features in the order a, b, c, got c"):
        plotting.compare(table('abc'), {'m': of('cab')}, 'bars')
    plotting.summary(of('cab'), table('cab'))


def test_columns_that_are_numbers():
    with pytest.raises(ValueError, match='xs: expected the features in the order feature 0, feature 1, feature 2, got'):
        plotting.summary(table([0, 1, 2]), table([2, 0, 1]))
    plotting.summary(VALUES, table([2, 0, 1]))


@pytest.mark.parametrize('draw', [plotting.bars, plotting.waterfall])
def test_rows_of_values(draw):
    with pytest.raises(ValueError, match='values: expected the features in the order a, b, c, got c, b, a'):
        draw(table('abc').iloc[0], values=table('cba').iloc[0])
    for values in (table('abc').iloc[0], table('xyz').iloc[0], ['x', None, 3], VALUES[0]):
        draw(table('abc').iloc[0], values=values)


def test_columns_that_are_compared():
    for xs, other in ((table('abc'), VALUES), (VALUES, table('abc'))):
        with pytest.raises(ValueError, match="attributions\\['b'\\]: expected the features in the order a, b, c, got"):
            plotting.compare(xs, {'a': other, 'b': table('bac')}, 'bars')
    plotting.compare(table('abc'), {'a': VALUES, 'b': table('abc')}, 'bars')


def test_complex_numbers_are_none():
    with pytest.raises(TypeError, match='attributions: expected an array of numbers'):
        plotting.summary(VALUES * 1j)


def test_columns_that_are_called_alike():
    with pytest.raises(ValueError, match="attributions: expected columns with different names, got '1' twice"):
        plotting.compare(VALUES, {1: VALUES, '1': VALUES}, 'bars')
