"""The record of who turned back what: only ever appended to, each line bound to the one before."""

import hashlib
import json

import pytest

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.reidentify.record import ReidentificationRecord, is_record


def test_each_line_bears_the_hash_of_the_line_before(tmp_path):
    path = tmp_path / "record.jsonl"
    for number in range(3):
        ReidentificationRecord(str(path)).append("restoring", {"rows": number})
    lines = path.read_bytes().splitlines()
    found = [json.loads(line) for line in lines]
    assert [one["rows"] for one in found] == [0, 1, 2]
    assert [one["previous"] for one in found] == [None, *(hashlib.sha256(line).hexdigest() for line in lines[:2])]
    assert path.stat().st_mode & 0o777 == 0o600
    assert is_record(str(path))


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "record.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="Nothing is re-identified without it"):
        ReidentificationRecord(str(tmp_path / "record.jsonl")).append("restoring", {})
    assert (tmp_path / "elsewhere").read_text() == ""


@pytest.mark.parametrize("text", ["", "{}", "[]", "not JSON", '{"event": 1}'])
def test_another_file_is_no_record(tmp_path, text):
    (tmp_path / "other").write_text(text)
    assert not is_record(str(tmp_path / "other"))
