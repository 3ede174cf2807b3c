"""The policies for orders of platforms and shops: labels as expected, whatever form the orders come in."""

import importlib.resources
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.recognisers.platforms.catalogue import platform, platforms
from beam_deid.transforms.synthetic import platform_records, write_platform_orders
from beam_deid.transforms.terms import LabelName

from ..kit.keys import KEY
from ..kit.outputs import labels
from ..kit.sampling import quick_for
from .shops import olist_orders, shopify_orders
from .test_examples import failing, useful

POLICIES = Path(str(importlib.resources.files("beam_deid.configs").joinpath("policies")))
ROWS = 2_000
FORMS = ("parquet", "platform_csv", "jsonl")

Runs = Callable[[str, str], Path]


def policy_for(name: str, form: str) -> str:
    """The policy of a platform for a form of its orders."""
    return f"{name}_api" if form == "jsonl" and platform(name).lists else f"{name}_orders"


def text_of(policy: str) -> str:
    return (POLICIES / f"{policy}.yaml").read_text("utf-8")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """The same generated orders in each form, a row for each article."""
    folder = tmp_path_factory.mktemp("platform-orders")

    @cache
    def made(name: str, form: str) -> Path:
        path = folder / f"{name}.{'csv' if form == 'platform_csv' else form}"
        if name == "shopify":
            path.write_text("".join(json.dumps(order) + "\n" for order in shopify_orders(ROWS)))
        elif name == "olist":
            pq.write_table(olist_orders(ROWS), path)
        else:
            write_platform_orders(str(path), name, ROWS, 1, form, articles=True)
        return path

    return made


@pytest.fixture(scope="session")
def runs(files: Callable[[str, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """What a platform's policy leaves behind, run over its orders in a form; each is run once."""
    folder = tmp_path_factory.mktemp("platform-runs")

    @cache
    def ran(name: str, form: str) -> Path:
        policy = f"{name}_orders" if name in ("shopify", "olist") else policy_for(name, form)
        out = folder / f"{name}-{form}" / "out"  # each beside a register of its own
        command = [
            "run",
            str(POLICIES / f"{policy}.yaml"),
            "-i",
            str(files(name, form)),
            "-o",
            str(out),
            "--workers",
            "1",
        ]
        assert call(command) == 0
        return out

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        yield ran


CASES = [*((name, form) for name in platforms() for form in FORMS), ("shopify", "jsonl"), ("olist", "parquet")]
TABLE = pytest.mark.parametrize(("name", "form"), quick_for(CASES, 7, 2), ids=lambda one: one)


@TABLE
def test_both_releases_are_labelled_as_the_policy_expects(runs: Runs, name: str, form: str) -> None:
    out = runs(name, form)
    assert call(["verify", str(out)]) == 0
    found = labels(out)
    assert {release: label["label"] for release, label in found.items()} == {
        "analytics": "anonymized",
        "operations": "still_personal",
    }
    analytics = found["analytics"]
    operations = found["operations"]
    assert analytics["risk"]["k"] >= 5
    assert analytics["records"]["suppressed"] <= 0.05 * analytics["records"]["read"]
    assert failing(analytics) == set()
    assert "attacker:courier" in {test["name"] for test in analytics["tests"]}
    assert useful(out / "analytics", analytics)
    assert operations["records"]["released"] == operations["records"]["read"] >= ROWS
    assert analytics["records"]["rejected"] == operations["records"]["rejected"] == 0
    assert any(level != "*" for level in analytics["search"]["levels"].values())
    assert {"direct_identifiers", "restorable"} <= failing(operations)


@pytest.mark.parametrize("release", ["analytics", "operations"])
@pytest.mark.parametrize("name", quick_for(platforms(), 1))
def test_the_armoured_export_and_the_nested_records_end_in_the_same_rows(runs: Runs, name: str, release: str) -> None:
    csv, document, flat = (released(runs(name, form) / release) for form in ("platform_csv", "jsonl", "parquet"))
    assert csv.num_rows > 0.9 * ROWS
    assert csv.num_columns >= 3
    assert csv.equals(document)
    assert csv.equals(flat)


def released(folder: Path) -> pa.Table:
    """The rows, in an order of their own."""
    table = pq.read_table([str(path) for path in sorted(folder.glob("*.parquet"))]).replace_schema_metadata()
    return table.sort_by([(name, "ascending") for name in table.column_names])


@TABLE
def test_plan_knows_the_columns_and_the_best_labels(
    files: Callable[[str, str], Path], name: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = f"{name}_orders" if name in ("shopify", "olist") else policy_for(name, form)
    assert call(["plan", str(POLICIES / f"{policy}.yaml"), "--input", str(files(name, form)), "--json"]) == 0
    told = capsys.readouterr()
    assert "warning" not in told.err.lower()
    assert "analytics: at best anonymized" in told.err
    assert "operations: at best still_personal" in told.err
    assert set(json.loads(told.out)["releases"]) == {"analytics", "operations"}


@TABLE
def test_search_finds_levels(
    files: Callable[[str, str], Path], name: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = f"{name}_orders" if name in ("shopify", "olist") else policy_for(name, form)
    command = [
        "search",
        str(POLICIES / f"{policy}.yaml"),
        "-i",
        str(files(name, form)),
        "--release",
        "analytics",
        "--json",
    ]
    assert call(command) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["satisfied"]
    assert document["label"]["satisfied"]
    assert document["frontier"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", platforms())
def test_every_field_has_the_role_and_kind_that_is_known_of_it(name: str, form: str) -> None:
    policy = read_policy(str(POLICIES / f"{policy_for(name, form)}.yaml"))
    described = platform(name)
    listed = described.lists if form == "jsonl" else ()
    expected = {
        field: (one.role, one.kind)
        for field, one in described.fields.items()
        if not field.startswith(tuple(f"{one}." for one in listed))
    }
    given: Mapping[str, Any] = {field: (one.role, one.kind) for field, one in policy.fields.items()}
    assert {field: given[field] for field in expected} == expected
    assert set(given) - set(expected) == {"division", *listed}
    expects = {release: one.expect for release, one in policy.releases.items()}
    assert expects == {"analytics": LabelName.ANONYMIZED, "operations": LabelName.STILL_PERSONAL}


@pytest.mark.parametrize("name", [name for name, one in platforms().items() if one.lists])
def test_the_two_policies_of_a_platform_differ_in_its_lists_alone(name: str) -> None:
    flat, nested = (read_policy(str(POLICIES / f"{name}_{form}.yaml")) for form in ("orders", "api"))
    assert flat.releases == nested.releases
    assert flat.subject == nested.subject
    assert flat.input.combine == nested.input.combine
    lists = platform(name).lists
    assert set(nested.fields) - set(flat.fields) == set(lists)
    assert all(field.startswith(tuple(f"{one}." for one in lists)) for field in set(flat.fields) - set(nested.fields))


MASKED = {
    "pinduoduo": ("receiver_name_mask", "receiver_phone_mask"),
    "kuaishou": ("orderAddress.desensitiseConsignee", "orderAddress.desensitiseMobile"),
}


@pytest.mark.parametrize("name", quick_for(MASKED, 1))
def test_with_the_platforms_masks_kept_it_is_not_anonymized_whatever_role_they_have(
    files: Callable[[str, str], Path], tmp_path: Path, name: str
) -> None:
    policy = policy_for(name, "parquet")
    (person, mobile) = MASKED[name]
    text = text_of(policy).replace("    expect: anonymized", "    expect: still_personal")
    # As if the orders had been placed for it: else it would need consent.
    text = text.replace(": {} #", ": {collected_for: true, use: after_sales} #")
    for field in (person, mobile):
        text = text.replace(f"  {field}: {{role: direct_identifier", f"  {field}: {{role: quasi_identifier")
    text = text.replace("    fields:\n", f"    fields:\n      {person}: keep\n      {mobile}: keep\n", 1)
    (tmp_path / "p.yaml").write_text(text)
    command = [
        "run",
        str(tmp_path / "p.yaml"),
        "-i",
        str(files(name, "parquet")),
        "--workers",
        "1",
        "--release",
        "analytics",
    ]
    assert call([*command, "-o", str(tmp_path / "out")]) == 0
    (label,) = labels(tmp_path / "out").values()
    assert label["label"] == "still_personal"
    said = {test["name"]: test["detail"] for test in label["tests"] if not test["passed"]}
    for field in (person, mobile):
        assert f"{field} (keep: clear)" in said["direct_identifiers"]
    assert said["k"].startswith("persons in the smallest group")
    (tmp_path / "p.yaml").write_text(text.replace("    expect: still_personal", "    expect: anonymized", 1))
    assert call([*command, "-o", str(tmp_path / "strict")]) == 4
    assert not list((tmp_path / "strict").glob("analytics/*.parquet"))


@pytest.mark.parametrize("name", ["pinduoduo", "wechat"])
def test_answers_of_the_api_need_one_line_that_the_policy_shows(tmp_path: Path, name: str) -> None:
    text = text_of(policy_for(name, "jsonl"))
    line = next(line for line in text.splitlines() if "not their orders one by one: records: " in line)
    keys = line.rpartition(": ")[2].split(".")
    (tmp_path / "p.yaml").write_text(text.replace(line, f"  records: {'.'.join(keys)}"))
    with (tmp_path / "answers.jsonl").open("w", encoding="utf-8") as stream:
        orders = list(platform_records(name, 100, 1))
        for answer in orders if name == "wechat" else [orders]:
            for key in reversed(keys):
                answer = {key: answer}
            stream.write(json.dumps(answer) + "\n")
    command = ["run", str(tmp_path / "p.yaml"), "-i", str(tmp_path / "answers.jsonl"), "-o", str(tmp_path / "out")]
    assert call([*command, "--workers", "1", "--release", "operations"]) == 0
    counts = labels(tmp_path / "out")["operations"]["records"]
    assert counts["read"] == counts["released"] > 100


def test_a_release_that_is_to_be_personal_asks_for_no_levels(
    files: Callable[[str, str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["run", str(POLICIES / "jd_orders.yaml"), "-i", str(files("jd", "parquet")), "-o", str(tmp_path / "out")]
    assert call([*command, "--workers", "1", "--release", "operations"]) == 0
    assert "no levels satisfy" not in capsys.readouterr().out
