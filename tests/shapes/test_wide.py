"""A table of very many columns."""

import csv

import yaml

from beam_deid.pipelines.cli import call

COLUMNS = 1_500


def test_fifteen_hundred_columns_are_drafted_planned_and_released(tmp_path, monkeypatch, capsys):
    """25: 0.3.0 had this right."""
    monkeypatch.chdir(tmp_path)
    names = ["order_id", "city", *(f"feature_{number}" for number in range(COLUMNS))]
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(names)
        rows.writerows([f"A{row:05}", "上海" if row % 2 else "北京", *([row % 7] * COLUMNS)] for row in range(40))
    assert call(["profile", "-i", "in.csv"]) == 0
    draft = yaml.safe_load(capsys.readouterr().out)
    assert list(draft["fields"]) == names
    policy = {
        "version": 1,
        "dataset": "wide",
        "subject": "each_record",
        "register": "none",
        "fields": {name: {"role": "insensitive"} for name in names} | {"order_id": {"role": "direct_identifier"}},
        "releases": {
            "a": {
                "purpose": "a",
                "sharing": "enclave",
                "fields": {"city": "keep", "feature_9": "keep"},
                "format": "csv",
            }
        },
    }
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy), "utf-8")
    assert call(["run", "policy.yaml", "-i", "in.csv", "-o", "out"]) == 0
    (part,) = (tmp_path / "out" / "a").glob("part-*.csv")
    with part.open(encoding="utf-8", newline="") as file:
        released = list(csv.DictReader(file))
    assert len(released) == 40
    assert sorted((row["city"], row["feature_9"]) for row in released) == sorted(
        ("上海" if row % 2 else "北京", str(row % 7)) for row in range(40)
    )
