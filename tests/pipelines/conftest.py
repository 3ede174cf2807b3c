"""What tests of commands begin with."""

import pytest

from ..mistakes.folder import furnish


@pytest.fixture
def folder(tmp_path, monkeypatch, temporary):
    """A folder with a policy and its orders, in which commands are called."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("SHOP_KEK", "ab" * 32)
    furnish(place)
    return place
