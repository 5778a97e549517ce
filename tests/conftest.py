from collections.abc import Iterator
from typing import Any

import pytest

from tests.page.browser import browsers


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    yield from browsers()
