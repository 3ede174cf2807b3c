import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.policy.reader import read_policy

from ..kit.shared import ADULT, needs_adult
from ..risk.adult import QUASI
from ..risk.test_distances import hierarchy


def adult_policy(folder, require, release=None, fields=QUASI, sensitive=()):
    document = {
        "version": 1,
        "dataset": "adult",
        "input": {"delimiter": ";"},
        "fields": {name: {"role": "sensitive" if name in sensitive else "quasi_identifier"} for name in QUASI},
        "releases": {
            "out": {
                "purpose": "test",
                "sharing": "enclave",
                "require": require,
                "fields": {
                    name: "keep"
                    if name in sensitive
                    else {"generalize": {"hierarchy": str(ADULT / f"hierarchy_{name}.csv")}}
                    for name in (*fields, *sensitive)
                },
                **(release or {}),
            }
        },
    }
    path = folder / "adult.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    return str(path)


def searched(capsys, *arguments, exit_code=0):
    capsys.readouterr()
    assert call(["search", *arguments, "--json", "--workers", "1"]) == exit_code
    return json.loads(capsys.readouterr().out)


ADULT_CSV = str(ADULT / "adult.csv")


@pytest.mark.slow(
    "searches a lattice of 12,960 nodes in a process of its own; tests/search does so without the command"
)
@needs_adult
@pytest.mark.parametrize(
    ("suppression", "levels", "expected"),
    [
        (0, (0, 4, 1, 1, 3, 2, 2, 1, 0), (0.6355438467, 0, 24, 69, 3951)),
        (0.02, (0, 3, 0, 2, 2, 1, 1, 2, 0), (0.3574824899, 506, 222, 5, 3218)),
    ],
)
def test_the_command_finds_the_optimum_of_arx(tmp_path, capsys, suppression, levels, expected):
    found = searched(
        capsys, adult_policy(tmp_path, {"k": 5, "suppression": suppression}), "-i", ADULT_CSV, "--most-k", "0"
    )
    assert found["levels"] == dict(zip(QUASI, levels, strict=True))
    assert found["loss"] == pytest.approx(expected[0], abs=1e-9)
    assert (found["suppressed"], found["classes"], found["smallest"], found["largest"]) == expected[1:]
    assert (found["nodes"], found["method"], found["frontier"]) == (12_960, "optimum", [])
    assert sum(found["losses"].values()) / len(QUASI) == pytest.approx(found["loss"], abs=1e-12)


@needs_adult
def test_a_diverse_field_and_another_objective(tmp_path, capsys):
    fields = [name for name in QUASI if name != "occupation"]
    policy = adult_policy(
        tmp_path, {"k": 5, "l": {"occupation": {"entropy": 5}}}, fields=fields, sensitive=["occupation"]
    )
    found = searched(capsys, policy, "-i", ADULT_CSV, "--most-k", "0", "--objective", "non_uniform_entropy")
    assert list(found["levels"].values()) == [1, 1, 1, 1, 3, 2, 2, 1]
    assert found["loss"] == pytest.approx(324620.5269918692, abs=1e-6)
    assert found["objectives"]["non_uniform_entropy"] == pytest.approx(found["loss"])


@needs_adult
def test_the_frontier_rises_and_a_choice_is_written_into_the_policy(tmp_path, capsys):
    policy = adult_policy(tmp_path, {"suppression": 0.02}, fields=QUASI[:5])
    chosen = str(tmp_path / "chosen.yaml")
    found = searched(capsys, policy, "-i", ADULT_CSV, "--most-k", "12", "--choose", "7", "--to", chosen)
    losses = [point["loss"] for point in found["frontier"]]
    assert [point["k"] for point in found["frontier"]] == list(range(2, 13))
    assert losses == sorted(losses)
    point = found["frontier"][5]
    assert (point["k"], point["levels"], point["loss"]) == (7, found["levels"], pytest.approx(found["loss"]))
    spec = read_policy(chosen).releases["out"]
    assert spec.require.k == 7
    assert {name: spec.fields[name].fixed_level() for name in QUASI[:5]} == found["levels"]
    assert "Leave level out of a field's generalize" in failing(capsys, "search", chosen, "-i", ADULT_CSV)


def failing(capsys, *arguments, exit_code=2):
    capsys.readouterr()
    assert call(list(arguments)) == exit_code
    return capsys.readouterr().err


@needs_adult
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_frontier_is_drawn_and_the_same_each_time(tmp_path, capsys, ending):
    policy = adult_policy(tmp_path, {"k": 5}, fields=QUASI[:3])
    pictures = []
    for number in range(2):
        picture = tmp_path / f"{number}.{ending}"
        searched(capsys, policy, "-i", ADULT_CSV, "--most-k", "5", "--plot", str(picture))
        pictures.append(picture.read_bytes())
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(b"\x89PNG" if ending == "png" else b"<svg")
    assert "must end in" in failing(capsys, "search", policy, "-i", ADULT_CSV, "--plot", "frontier.pdf")


@needs_adult
def test_what_cannot_be_met_is_explained_and_nothing_is_published(tmp_path, capsys):
    limited = {
        name: {"generalize": {"hierarchy": str(ADULT / f"hierarchy_{name}.csv"), "levels": [0, 1]}}
        for name in ("age", "education")
    }
    policy = adult_policy(
        tmp_path, {"k": 60, "suppression": 0.01}, {"expect": "anonymized", "fields": {**limited, "sex": "keep"}}
    )
    found = searched(capsys, policy, "-i", ADULT_CSV, exit_code=4)
    assert not found["satisfied"]
    why = found["blocked"]
    assert set(why["by"]) == {"k", "suppression"}
    # Counted by hand at the coarsest levels: the greatest k, and the least suppression.
    names = {name: hierarchy(name) for name in limited}
    with open(ADULT_CSV) as stream:
        rows = [(row["sex"], *(names[n][row[n]][1] for n in limited)) for row in csv.DictReader(stream, delimiter=";")]
    sizes = Counter(rows).values()
    suppressed = [sum(size for size in sizes if size < k) for k in (why["k"], why["k"] + 1, 60)]
    assert suppressed[0] <= 0.01 * len(rows) < suppressed[1]
    assert suppressed[2] / len(rows) <= why["suppression"] < suppressed[2] / len(rows) + 0.0001
    without = [Counter(row[:place] + row[place + 1 :] for row in rows).values() for place in range(3)]
    enough = [sum(size for size in sizes if size < 60) <= 0.01 * len(rows) for sizes in without]
    assert list(why["fields"]) == [name for name, can in zip(("sex", *limited), enough, strict=True) if can]
    assert all(0 < loss < 1 for loss in why["fields"].values())
    out = tmp_path / "out"
    capsys.readouterr()
    assert call(["run", policy, "-i", ADULT_CSV, "-o", str(out)]) == 4
    said = capsys.readouterr().out
    assert not out.exists() or not any(out.iterdir())
    assert f"the greatest k that can be met with all else as it is: {why['k']}" in said


def test_the_shipped_policy_is_searched(orders, tmall_policy, tmp_path, capsys):
    found = searched(capsys, tmall_policy, "-i", str(orders / "*.parquet"), "--most-k", "6")
    assert found["release"] == "analytics"
    assert found["satisfied"]
    assert found["label"]["satisfied"]
    assert found["label"]["loss"] >= found["loss"]
    if found["local"]:
        assert found["local"]["suppressed"] <= found["local"]["full_domain"]["suppressed"]


def test_a_run_takes_the_levels_that_the_search_tells_for_the_label(orders, tmall_policy, published, capsys):
    label = json.loads((published / "analytics" / "label.json").read_text())
    found = searched(capsys, tmall_policy, "-i", str(orders / "*.parquet"), "--most-k", "0")
    assert label["search"]["levels"] == found["label"]["names"]
    assert label["search"]["suppressed"] == found["label"]["suppressed"]
    assert label["search"]["loss"] == pytest.approx(found["label"]["loss"])


def recoded(policy, rounds, folder, **require):
    document = yaml.safe_load(Path(policy).read_text("utf-8"))
    release = document["releases"]["analytics"]
    release["search"] = {"rounds": rounds}
    release["require"] |= require
    release.pop("attackers")
    document["releases"] = {"analytics": release}
    document["register"] = "none"  # each run by itself
    path = folder / f"rounds-{rounds}.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True))
    return str(path)


@pytest.mark.slow("searches and recodes thousands of orders")
def test_local_recoding_loses_fewer_records_and_every_class_still_has_k_people(orders, tmall_policy, tmp_path, capsys):
    labels = {}
    for rounds in (0, 3):
        policy = recoded(tmall_policy, rounds, tmp_path, t={"category": 0.5})
        out = tmp_path / f"out-{rounds}"
        assert call(["run", policy, "-i", str(orders / "*.parquet"), "-o", str(out), "--workers", "1"]) == 0
        labels[rounds] = json.loads((out / "analytics" / "label.json").read_text())
        assert call(["verify", str(out)]) == 0
    full = labels[0]
    local = labels[3]
    assert local["label"] == "anonymized"
    assert 0 < local["records"]["suppressed"] < full["records"]["suppressed"]
    assert local["search"]["full_domain"]["suppressed"] == full["records"]["suppressed"]
    assert local["search"]["local_loss"] < local["search"]["full_domain"]["loss"]
    assert len(local["search"]["rounds"]) > 1
    assert local["records"]["released"] + local["records"]["suppressed"] == local["records"]["read"]
    table = pq.read_table(sorted((tmp_path / "out-3" / "analytics").glob("*.parquet")))
    fields = ", ".join(name for name in table.schema.names if name != "category")
    sql = f"SELECT min(n), min(d), sum(n) FROM (SELECT count(*) n, count(DISTINCT category) d FROM t GROUP BY {fields})"
    with duckdb.connect() as connection:
        connection.register("t", table)
        ((smallest, diverse, rows),) = connection.execute(sql).fetchall()
    assert smallest >= 5
    assert diverse >= 2
    assert rows == local["records"]["released"]


@pytest.mark.slow("starts processes that import the package")
def test_local_recoding_gives_the_same_bytes_with_more_workers(orders, tmall_policy, tmp_path):
    policy = recoded(tmall_policy, 2, tmp_path)
    hashes = []
    for workers in ("1", "2"):
        out = tmp_path / f"by-{workers}"
        assert call(["run", policy, "-i", str(orders / "*.parquet"), "-o", str(out), "--workers", workers]) == 0
        hashes.append([file["sha256"] for file in json.loads((out / "analytics" / "label.json").read_text())["files"]])
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--objective", "fun"], "There are: loss"),
        (["--release", "no"], "no release no"),
        (["--to", "x.yaml"], "--choose"),
        (["--in-place"], "--choose"),
        (["--in-place", "--to", "x.yaml", "--choose", "8"], "to one file"),
        (["--release", "crm"], "nothing to search"),
    ],
)
def test_mistakes_are_told(orders, tmall_policy, capsys, arguments, said):
    assert said in failing(capsys, "search", tmall_policy, "-i", str(orders / "*.parquet"), *arguments)


def test_the_choice_may_be_written_into_the_policy_itself(orders, tmall_policy, tmp_path, capsys):
    policy = str(tmp_path / "policy.yaml")
    shutil.copy(tmall_policy, policy)
    arguments = [policy, "-i", str(orders / "*.parquet"), "--most-k", "0", "--choose", "8"]
    before = Path(policy).read_bytes()
    assert call(["search", *arguments]) == 0
    assert f"not written; add --to FILE, or --in-place to change {policy} itself" in capsys.readouterr().out
    assert Path(policy).read_bytes() == before
    found = searched(capsys, *arguments, "--in-place")
    text = Path(policy).read_text("utf-8")
    assert "# Leaves the shop" in text
    assert "k: 8" in text
    fields = read_policy(policy).releases["analytics"].fields
    assert {name: fields[name].fixed_level() for name in found["levels"]} == found["levels"]
