"""One complaint turns one person's rows back, not everybody's: rows are chosen by token, by a condition, or by number."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ..kit.keys import KEK
from ..kit.shop import ROWS, orders, shop


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        made = shop(tmp_path_factory.mktemp("some"))
        assert made.run() == 0
        yield made


@pytest.fixture
def back(made, tmp_path):
    """The exit code of a re-identification of some rows, and the rows."""

    def reidentify(*chosen, **more):
        output = tmp_path / "back.parquet"
        code = made.reidentify(str(output), "--overwrite", "--record", str(tmp_path / "record"), chosen=chosen, **more)
        return code, pq.read_table(output).to_pylist() if output.exists() else None

    return reidentify


def record(tmp_path):
    return [json.loads(line) for line in (tmp_path / "record").read_text("utf-8").splitlines()]


def token_of(made, row, name="buyer"):
    return made.released().column(name)[row].as_py()


def test_a_token_turns_the_rows_of_one_person_back(made, back, tmp_path):
    code, rows = back("--token", token_of(made, 3))
    assert code == 0
    assert rows == [row for row in orders().to_pylist() if row["buyer"] == "buyer-3"]
    begun, done = record(tmp_path)
    assert begun["selection"] == {"tokens": 1, "where": [], "rows": []}
    assert (begun["rows"], done["selected"], done["restored"]) == (ROWS, 3, 3)
    assert token_of(made, 3) not in (tmp_path / "record").read_text("utf-8")


def test_tokens_come_from_a_file_or_from_standard_input_as_well(made, back, tmp_path, monkeypatch):
    wanted = f"\n{token_of(made, 3)}\r\n{token_of(made, 4)}\n"
    (tmp_path / "tokens.txt").write_bytes(b"\xef\xbb\xbf" + wanted.encode())
    expected = [row for row in orders().to_pylist() if row["buyer"] in ("buyer-3", "buyer-4")]
    assert back("--tokens-from", str(tmp_path / "tokens.txt")) == (0, expected)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(wanted.encode()), "utf-8"))
    assert back("--tokens-from", "-") == (0, expected)
    expected = [row for row in orders().to_pylist() if row["buyer"] in ("buyer-3", "buyer-4", "buyer-5")]
    assert back("--tokens-from", str(tmp_path / "tokens.txt"), "--token", token_of(made, 5)) == (0, expected)


def test_a_token_counts_in_the_fields_that_are_asked_for_alone(made, back, capsys):
    code, rows = back("--token", token_of(made, 3), fields="mobile")
    assert (code, rows) == (3, None)
    assert "no row matches what was asked for" in capsys.readouterr().err


def test_conditions_must_all_hold(made, back):
    table = made.released()
    item = table.column("item")[5].as_py()
    expected = [row for row in orders().to_pylist() if row["item"] == item]
    assert 0 < len(expected) < ROWS
    assert back("--where", f"item={item}") == (0, expected)
    own = [row for row in expected if row["buyer"] == "buyer-5"]
    assert back("--where", f"item={item}", "--token", token_of(made, 5)) == (0, own)
    assert back("--where", f"item={item}", "--where", f"buyer={token_of(made, 5)}") == (0, own)


def test_rows_are_chosen_by_the_numbers_that_reports_have(made, back, capsys):
    assert back("--row", "4", "--row", "9") == (0, [orders().to_pylist()[3], orders().to_pylist()[8]])
    code, rows = back("--row", "4", "--row", str(ROWS + 1))
    assert (code, rows) == (3, [orders().to_pylist()[3]])
    assert f"there is no row {ROWS + 1}" in capsys.readouterr().err


def test_what_is_not_there_is_told_and_the_rest_is_written(made, back, capsys):
    token = token_of(made, 3)
    code, rows = back("--token", token, "--token", "nobody-has-this")
    assert (code, len(rows)) == (3, 3)
    said = capsys.readouterr().err
    assert "1 of 2 tokens are in no row that was read" in said
    assert "nobody-has-this" not in said
    assert token not in said


def test_rejects_are_of_what_was_chosen_alone(made, tmp_path, capsys):
    table = made.released()
    buyers = table.column("buyer").to_pylist()
    buyers[2] = f"{buyers[2]}x"
    buyers[7] = f"{buyers[7]}x"
    spoiled = table.set_column(table.schema.get_field_index("buyer"), table.schema.field("buyer"), pa.array(buyers))
    pq.write_table(spoiled, tmp_path / "spoiled.parquet")
    given = ["--input", str(tmp_path / "spoiled.parquet"), "--record", str(tmp_path / "record")]
    output = tmp_path / "some.parquet"
    # The shop's own input is given as well, so that rows have no one file.
    assert made.reidentify(str(output), *given, chosen=("--row", "3")) == 2
    assert "in which of 2 files" in capsys.readouterr().err
    assert made.reidentify(str(output), *given, chosen=("--token", buyers[2])) == 3
    rejected = pq.read_table(f"{output}.rejected.parquet").to_pylist()
    assert [(one["row"], one["field"]) for one in rejected] == [(3, "buyer")]
    assert (tmp_path / "some.parquet.rejected.csv").read_text("utf-8-sig").count("\n") == 2


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ((), "say --all"),
        (("--all", "--row", "1"), "Leave --all out"),
        (("--where", "mobil=x"), "there is no column mobil"),
        (("--where", "13800000000"), "this is no condition"),
        (("--tokens-from", "nothing.txt"), "the tokens cannot be read"),
    ],
)
def test_mistakes_are_told_before_anything_is_recorded(made, back, tmp_path, capsys, chosen, said):
    assert back(*chosen) == (2, None)
    told = capsys.readouterr().err
    assert said in told
    assert "13800000000" not in told
    assert not (tmp_path / "record").exists()
