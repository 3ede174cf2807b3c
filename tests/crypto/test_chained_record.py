"""The record of who turned back what: only ever appended to, each line bound to the one before."""

import hashlib
import json

import pytest

from beam_deid.transforms.crypto.chained_record import ChainedRecord, is_record, read_chain
from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.who import operator_here


def test_each_line_bears_the_hash_of_the_line_before(tmp_path):
    path = tmp_path / "record.jsonl"
    for number in range(3):
        ChainedRecord(str(path)).append("restoring", {"rows": number})
    lines = path.read_bytes().splitlines()
    found = [json.loads(line) for line in lines]
    assert [one["rows"] for one in found] == [0, 1, 2]
    assert [one["previous"] for one in found] == [None, *(hashlib.sha256(line).hexdigest() for line in lines[:2])]
    assert path.stat().st_mode & 0o777 == 0o600
    assert is_record(str(path))


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "record.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="Nothing is done with a key without it"):
        ChainedRecord(str(tmp_path / "record.jsonl")).append("restoring", {})
    assert (tmp_path / "elsewhere").read_text() == ""


@pytest.mark.parametrize("text", ["", "{}", "[]", "not JSON", '{"event": 1}'])
def test_another_file_is_no_record(tmp_path, text):
    (tmp_path / "other").write_text(text)
    assert not is_record(str(tmp_path / "other"))


def _three(path):
    for number in range(3):
        ChainedRecord(str(path)).append("done", {"rows": number})
    return path.read_bytes().splitlines(keepends=True)


def test_a_whole_record_fits_and_has_its_hashes(tmp_path):
    lines = _three(tmp_path / "r")
    chain = read_chain(str(tmp_path / "r"))
    assert (len(chain.lines), chain.broken, chain.why) == (3, None, "")
    assert chain.head == hashlib.sha256(lines[-1].rstrip(b"\n")).hexdigest()
    assert all(chain.has(hashlib.sha256(line.rstrip(b"\n")).hexdigest()) for line in lines)
    assert not chain.has("0" * 64)


@pytest.mark.parametrize(
    ("damage", "broken", "why"),
    [
        (lambda lines: [lines[0], lines[1].replace(b'"rows": 1', b'"rows": 9'), lines[2]], 3, "was changed"),
        (lambda lines: [lines[0].replace(b'"rows": 0', b'"rows": 9'), *lines[1:]], 2, "was changed"),
        (lambda lines: [lines[0], lines[2]], 2, "are gone"),
        (lambda lines: lines[1:], 1, "before it are gone"),
        (lambda lines: [lines[1], lines[0], lines[2]], 1, "before it are gone"),
        (lambda lines: [lines[0], b"no JSON\n", lines[2]], 2, "no JSON"),
        (lambda lines: [lines[0], b"{}\n", lines[2]], 2, "no line of a record"),
        (lambda lines: [*lines[:2], lines[2][:-9]], 3, "not written to its end"),
        (lambda lines: [*lines[:2], lines[2][:-1]], 3, "not written to its end"),
    ],
)
def test_the_first_line_that_does_not_fit_is_found(tmp_path, damage, broken, why):
    (tmp_path / "r").write_bytes(b"".join(damage(_three(tmp_path / "r"))))
    chain = read_chain(str(tmp_path / "r"))
    assert chain.broken == broken
    assert why in chain.why


def test_a_line_that_was_not_written_to_its_end_stays_one_when_others_follow(tmp_path):
    lines = _three(tmp_path / "r")
    (tmp_path / "r").write_bytes(b"".join(lines)[:-9])
    ChainedRecord(str(tmp_path / "r")).append("done", {"rows": 3})
    assert read_chain(str(tmp_path / "r")).broken == 3
    assert json.loads((tmp_path / "r").read_bytes().splitlines()[3])["rows"] == 3


def test_lines_that_are_taken_away_at_the_end_show_by_a_hash_that_was_kept(tmp_path):
    lines = _three(tmp_path / "r")
    head = read_chain(str(tmp_path / "r")).head
    (tmp_path / "r").write_bytes(b"".join(lines[:2]))
    chain = read_chain(str(tmp_path / "r"))
    assert chain.broken is None
    assert not chain.has(head)


def test_whoever_answers_for_it_stands_beside_the_login(tmp_path):
    ChainedRecord(str(tmp_path / "r"), operator_here("Li Na")).append("done", {})
    ChainedRecord(str(tmp_path / "r")).append("done", {})
    named, plain = read_chain(str(tmp_path / "r")).lines
    assert (named["operator"], named["who"]) == ("Li Na", plain["who"])
    assert "operator" not in plain


def test_no_record_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_chain(str(tmp_path / "nothing"))
