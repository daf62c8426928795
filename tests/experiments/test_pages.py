"""What the pages of experiments look like."""
import os

import numpy as np
import pages
import pytest


@pytest.fixture
def page(tmp_path):
    return pages.Page(str(tmp_path / 'out'), 'some', 'Title')


def test_a_page(page, tmp_path):
    page.text('One\n   line.')
    page.table(['method', 'a'], [['x', .12345], ['y', float('nan')]])
    page.claim('It holds:', True, '1 of 1.')
    page.claim('It half holds:', None, '1 of 2.')
    page.numbers(['a'], [[1 / 3], ['b']])
    page.write('numpy')
    text = (tmp_path / 'out' / 'some.md').read_text()
    assert text.startswith('# Title\n\nOne line.\n\n| method | a |\n| --- | ---: |\n| x | 0.123 |\n| y | - |\n\n')
    assert '- It holds: **comes out**: 1 of 1.' in text and '**comes out in part**: 1 of 2.' in text
    assert (tmp_path / 'out' / 'some.csv').read_text() == 'a\n0.333333\nb\n'


def test_the_parser():
    found = pages.parser('One.\nTwo.').parse_args(['--quick'])
    assert found.quick and found.out == 'docs/experiments'.replace('/', os.sep)


def test_cells():
    assert [pages.cell(one) for one in (np.float32(.5), 3, 'a')] == ['0.500', '3', 'a']


def test_verdicts():
    assert [pages.verdict(one) for one in ([True, True], [False, False], [True, False])] == [True, False, None]
