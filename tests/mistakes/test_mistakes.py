"""Every mistake of the table is told what, where, and what to do next; and it leaves nothing behind."""

import re

import pytest

from beam_deid.pipelines.cli import call

from .folder import furnish, look
from .rows import Mistake, message_of, rows

ROWS = rows()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("mistakes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", "ab" * 32)
        patch.chdir(place)
        furnish(place)
    return place


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.command)
def test_a_mistake_is_told_and_leaves_nothing(row: Mistake, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHOP_KEK", "ab" * 32)
    for name, value in row.env.items():
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name)
    with row.made(folder):
        before = look(folder)
        code = call(row.words)
        assert look(folder) == before
    assert message_of(capsys.readouterr().err, folder) == row.said.strip()
    assert code == row.exit


def test_the_table_is_long_and_no_row_stands_twice():
    assert len(ROWS) >= 80
    assert len({(row.command, str(row.change), str(row.env)) for row in ROWS}) == len(ROWS)


def test_no_message_calls_a_mistake_of_a_user_unforeseen_or_leaves_them_without_a_next_step():
    for row in ROWS:
        assert "unforeseen" not in row.said
        assert re.search(r"[.;:] ?[A-Z`a-z]", row.said), row.said
