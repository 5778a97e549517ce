"""Small models: what is compiled here runs once, so it is compiled quickly."""

from collections.abc import Iterator

import pytest

from aelib.lab.code_length._compiler import quick_compiler


@pytest.fixture(autouse=True)
def _quickly() -> Iterator[None]:
    with quick_compiler():
        yield
