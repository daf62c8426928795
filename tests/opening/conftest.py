"""What the tests of opening share."""
import pytest
from test_keras import PACKAGES, fresh


@pytest.fixture(params=sorted(PACKAGES))
def keras(request):
    with fresh(request.param) as package:
        yield package
