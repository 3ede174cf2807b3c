"""What ``plan`` prints: the label and what is missing first; with -v every test below its line of the label rule."""

import importlib.resources
import json
import math
from pathlib import Path

import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.lines import LINES

from ..policy.policies import ORDERS

READY = sorted(Path(str(importlib.resources.files("beam_deid.configs").joinpath("policies"))).glob("*.yaml"))
WIDTH = 80


def planned(capsys: pytest.CaptureFixture[str], policy: Path, *more: str) -> list[str]:
    assert call(["plan", str(policy), *more]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_a_ready_policy_is_planned_on_one_screen(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.delenv("BEAM_DEID_KEY", raising=False)
    lines = planned(capsys, path)
    releases = sum(": at best " in line for line in lines)
    longest = max(map(len, yaml.safe_load(path.read_text("utf-8"))["fields"]))
    screens = 20 * max(2, releases)
    # Paths into nested records, of which one alone fills a line, may take a few lines more.
    most = screens if longest < WIDTH // 2 else screens + 10
    assert sum(max(1, math.ceil(len(line.rstrip()) / WIDTH)) for line in lines) <= most
    assert ": at best " in lines[0]


def test_the_label_stands_first_then_what_is_missing_then_fields_by_what_is_done_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    policy = tmp_path / "policy.yaml"
    fields = {
        "buyer": {"role": "direct_identifier"},
        "tid": {"role": "direct_identifier", "kind": "order_number"},
        "city": {"role": "quasi_identifier"},
        "day": {"role": "quasi_identifier", "kind": "date"},
    }
    days = {"generalize": {"calendar": ["month", "year"]}}
    made = {
        "version": 1,
        "dataset": "shop",
        "subject": "buyer",
        "record": "tid",
        "fields": fields,
        "keys": {"key": "env:SHOP_KEY"},
        "releases": {
            "out": {"purpose": "test", "sharing": "controlled", "fields": {"city": "keep", "day": days}},
            "own": {
                "purpose": "test",
                "sharing": "enclave",
                "fields": {"buyer": {"tokenize": {}}, "tid": {"tokenize": {}}, "city": "keep", "day": "keep"},
            },
        },
    }
    policy.write_text(yaml.safe_dump(made, sort_keys=False), "utf-8")
    monkeypatch.delenv("SHOP_KEY", raising=False)
    lines = [line.rstrip() for line in planned(capsys, policy)]
    out = lines[: lines.index("")]
    assert [line.split()[0] for line in out] == [
        "out:",
        "if",
        "missing",
        "keep",
        "generalize",
        "left",
        "counted",
        "tested",
    ]
    assert "environment: of the recipient nothing is said" in out[2]
    assert out[4].endswith("day (the search chooses the level)")
    own = lines[len(out) + 1 :]
    assert own[0].startswith("own: at best still_personal  (")
    assert own[1].endswith("line 1, Identifiers: buyer (tokenize), tid (tokenize)")
    assert own[2].endswith("line 2, Restorable: buyer (tokenize), tid (tokenize)")
    assert own[3].endswith("drop or generalize these fields, or expect still_personal")
    assert own[4].endswith("the environment variable SHOP_KEY, which holds a key, is not set here")
    assert own[5].endswith("buyer, tid (keyed)")
    monkeypatch.setenv("SHOP_KEY", "0" * 64)
    assert not any("SHOP_KEY" in line for line in planned(capsys, policy))


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"key": "file:{folder}/none.key"}, "the key file {folder}/none.key is not there"),
        ({"keyring": "{folder}/none.keyring"}, "the keyring {folder}/none.keyring is not there"),
    ],
)
def test_a_key_that_is_not_there_is_told_before_a_run(keys, told, tmp_path, capsys) -> None:
    places = {name: place.format(folder=tmp_path) for name, place in keys.items()}
    policy = tmp_path / "policy.yaml"
    made = yaml.safe_load(ORDERS)
    policy.write_text(yaml.safe_dump({**made, "keys": places}, sort_keys=False), "utf-8")
    assert call(["plan", str(policy), "--json"]) == 0
    releases = json.loads(capsys.readouterr().out)["releases"]
    assert any(told.format(folder=tmp_path) in said for one in releases.values() for said in one["absent_keys"])


def test_every_test_stands_below_its_line_with_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "policy.yaml").write_text(ORDERS, "utf-8")
    assert call(["plan", str(tmp_path / "policy.yaml"), "-v", "--json"]) == 0
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
