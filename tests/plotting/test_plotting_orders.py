"""Tables whose features stand in other orders than those of the attributions are no values of these."""
import numpy as np
import pytest

from deepexplain import plotting

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
