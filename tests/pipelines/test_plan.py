"""What ``plan`` prints: every test below its line of the label rule, within 80 columns."""

import json
from pathlib import Path

import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.lines import LINES

from ..policy.policies import ORDERS


def test_every_test_stands_below_its_line_with_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "policy.yaml").write_text(ORDERS, "utf-8")
    assert call(["plan", str(tmp_path / "policy.yaml"), "--json"]) == 0
    said = capsys.readouterr()
    tests = json.loads(said.out)["releases"]["analytics"]["tests"]
    shown = said.err[said.err.index("analytics: at best") : said.err.index("crm: at best")].splitlines()
    table = shown[next(at for at, line in enumerate(shown) if "by line of the label rule" in line) + 1 :]
    assert max(map(len, table)) <= 80
    heads = [line.split()[0] for line in table if line[:1].isdigit()]
    assert heads == [str(line) for line in sorted({test["line"] for test in tests})]
    assert all(f"{line}  {LINES[line]}" in "\n".join(table) for line in map(int, heads))
    rows = [line.split() for line in table]
    for test in tests:
        limit = f"{test['limit']:g}"
        sign = {"at_least": ["≥"], "at_most": ["≤"] if test["limit"] else []}[test["compare"]]
        assert any(row[: 2 + len(sign)] == [test["name"], *sign, limit] for row in rows), test["name"]


def test_with_files_it_says_that_their_columns_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy.yaml").write_text(ORDERS, "utf-8")
    fields = yaml.safe_load(ORDERS)["fields"]
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(",".join(fields) + "\n", "utf-8")
    assert call(["plan", str(tmp_path / "policy.yaml"), "--input", str(tmp_path / "*.csv")]) == 0
    assert "✓ the columns of 2 files are those of the policy" in capsys.readouterr().out
    assert call(["plan", str(tmp_path / "policy.yaml")]) == 0
    assert "✓" not in capsys.readouterr().out
