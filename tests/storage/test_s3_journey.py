"""Everything lies in a bucket: input, policy, what the policy names, and the output. It is as with files of this machine."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEK
from ..kit.outputs import parts
from ..kit.s3.bucket import assert_nothing_hidden, assert_published
from ..kit.stored_shop import POLICY, ROWS, fill, upload, without_earlier


class Journey:
    """A shop in a folder and in a bucket, with runs over both."""

    def __init__(self, folder, bucket):
        self.folder = folder
        self.bucket = bucket
        self.uri = f"{bucket.uri}/shop"

    def reidentify(self, target, *more):
        return call(
            [
                "reidentify",
                "--policy",
                f"{self.uri}/policy.yaml",
                "--release",
                "crm",
                "--fields",
                "buyer,mobile",
                "--all",
                "--reason",
                "a test",
                "-i",
                f"{self.uri}/out/crm/part-*",
                "-o",
                str(target),
                *more,
            ]
        )


pytestmark = pytest.mark.slow("every command, on a disk and in a bucket")


def run(place, policy, pattern, out):
    more = ["--new-register"] if policy == "earlier" else []  # one in each place, and the keyring has its key already
    return call(
        ["run", f"{place}/{policy}.yaml", "-i", f"{place}/{pattern}", "-o", f"{place}/{out}", "--workers", "1", *more]
    )


@pytest.fixture(scope="module")
def journey(shared_bucket, tmp_path_factory):
    """The same two runs here and there; the second knows the first as an attacker's archive, and from the register."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        fill(folder)
        (folder / "earlier.yaml").write_text(without_earlier(POLICY), "utf-8")
        (folder / "policy.yaml").write_text(POLICY.replace("EARLIER", "earlier"), "utf-8")
        upload(folder, shared_bucket, "shop")
        for place in (str(folder), f"{shared_bucket.uri}/shop"):
            for name, out, pattern in (("earlier", "earlier", "orders/*.parquet"), ("policy", "out", "orders/**")):
                assert run(place, name, pattern, out) == 0
        # What files bear names the policy, whose paths are part of it: the same policy with the same paths, and local files.
        (folder / "remote").mkdir()
        for name in ("earlier", "policy"):
            text = (folder / f"{name}.yaml").read_text("utf-8")
            for there in ("keys/", "known/", "earlier/report"):
                text = text.replace(there, f"{shared_bucket.uri}/shop/{there}")
            (folder / "remote" / f"{name}.yaml").write_text(text, "utf-8")
            assert (
                run(folder / "remote", name, "../orders/**" if name == "policy" else "../orders/*.parquet", name) == 0
            )
        yield Journey(folder, shared_bucket)


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


def asked(capsys, *words):
    """The JSON that a command answers."""
    capsys.readouterr()
    assert call([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_parts_are_those_of_a_run_over_local_files(journey):
    for policy, out in (("earlier", "earlier"), ("policy", "out")):
        assert journey.bucket.hashes(f"shop/{out}") == parts(journey.folder / "remote" / policy)
        assert_published(journey.bucket, f"shop/{out}")
    assert set(journey.bucket.hashes("shop/out")) >= {"crm/part-00000.parquet", "report/part-00000.parquet"}
    assert_nothing_hidden(journey.bucket)


def test_rows_are_those_of_a_run_with_nothing_in_a_bucket(journey):
    for path in parts(journey.folder / "out"):
        there = pq.read_table(pa.BufferReader(journey.bucket.get(f"shop/out/{path}")))
        assert there.equals(pq.read_table(journey.folder / "out" / path))


def test_labels_measure_what_those_of_the_local_run_do(journey):
    for release in ("crm", "report"):
        theirs = json.loads((journey.folder / "out" / release / "label.json").read_text("utf-8"))
        ours = journey.bucket.manifest(f"shop/out/{release}/label.json")
        assert (ours["tests"], ours["risk"], ours["records"]) == (theirs["tests"], theirs["risk"], theirs["records"])
    report = journey.bucket.manifest("shop/out/report/label.json")
    assert "composition:report.1" in {one["name"] for one in report["tests"]}  # the register in the bucket knew of it
    assert {one["name"] for one in report["attacks"]} >= {"attacker:neighbour", "attacker:archive"}
    crm = journey.bucket.manifest("shop/out/crm/label.json")
    assert [one["attack"] for one in crm["recoveries"]] == ["frequency"]


def test_manifests_say_nothing_of_where_the_bucket_is(journey, s3):
    for out in ("earlier", "out"):
        for path in ("run.json", "crm/label.json", "report/label.json"):
            assert s3.address.encode() not in journey.bucket.get(f"shop/{out}/{path}")


def test_wildcards_never_match_what_is_hidden_or_of_a_run_under_way(journey, capsys):
    inside = ["shop/orders/.beam-deid-0-1-2-3/piece.parquet", "shop/orders/deep/.hidden.parquet"]
    try:
        for key in inside:
            journey.bucket.put(key, b"no table")
        policy = f"{journey.uri}/policy.yaml"
        for pattern in ("orders", "orders/**", "orders/**/*.parquet", "orders/*.parquet"):
            found = asked(
                capsys, "assess", "-i", f"{journey.uri}/{pattern}", "--quasi", "city,age", "--subject", "buyer"
            )
            assert found["records"] == (1 if pattern == "orders/*.parquet" else 2) * ROWS
            asked(capsys, "plan", policy, "-i", f"{journey.uri}/{pattern}")
    finally:
        for key in inside:
            journey.bucket.clear(key)


def test_verify_finds_nothing_wrong(journey, capsys):
    assert call(["verify", f"{journey.uri}/out"]) == 0
    assert call(["verify", f"{journey.uri}/out/"]) == 0
    capsys.readouterr()


def test_plan_compares_the_columns_of_the_input(journey, capsys):
    assert set(asked(capsys, "plan", f"{journey.uri}/policy.yaml", "-i", f"{journey.uri}/orders/**")["releases"]) == {
        "crm",
        "report",
    }
    assert call(["plan", f"{journey.uri}/policy.yaml", "-i", f"{journey.uri}/known/neighbours.parquet"]) in (2, 3)
    assert "mobile" in capsys.readouterr().err


def test_profile_drafts_the_policy_that_it_drafts_of_local_files(journey, capsys):
    drafts = []
    for place in (str(journey.folder), journey.uri):
        capsys.readouterr()
        assert call(["profile", "-i", f"{place}/orders/*.parquet"]) == 0
        drafts.append(capsys.readouterr().out.replace(place, ""))
    assert drafts[0] == drafts[1]
    assert "buyer" in drafts[1]


def test_assess_measures_what_it_measures_of_local_files(journey, capsys):
    def assessed(place):
        return asked(
            capsys,
            "assess",
            "-i",
            f"{place}/orders/*.parquet",
            "--subject",
            "buyer",
            "--quasi",
            "city,age",
            "--sensitive",
            "item",
            "--join",
            f"neighbour={place}/known/*.parquet:on=city,age",
        )

    ours = assessed(journey.uri)
    assert ours == assessed(str(journey.folder))
    assert [one["name"] for one in ours["attacks"]] == ["neighbour"]


def test_search_finds_what_it_finds_of_local_files(journey, capsys):
    def searched(place):
        found = asked(capsys, "search", f"{place}/policy.yaml", "-i", f"{place}/orders/**", "--release", "report")
        return {name: value for name, value in found.items() if name != "seconds"}

    ours = searched(journey.uri)
    assert ours == searched(str(journey.folder))


def test_tokens_of_parts_in_a_bucket_become_values_again(journey, tmp_path):
    assert journey.reidentify(tmp_path / "restored.parquet", "--record", str(tmp_path / "record.jsonl")) == 0
    restored = pq.read_table(tmp_path / "restored.parquet")
    source = pq.read_table(journey.folder / "orders")
    pairs = zip(*(restored.column(name).to_pylist() for name in ("buyer", "mobile")), strict=True)
    known = zip(*(source.column(name).to_pylist() for name in ("buyer", "mobile")), strict=True)
    assert sorted(pairs) == sorted(known)
    assert str(journey.uri) in (tmp_path / "record.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    "more", [[], ["--record", "s3://shared/record.jsonl?region=eu-west-1"]], ids=["default", "named"]
)
def test_reidentifications_are_recorded_on_a_local_disk_only(journey, tmp_path, monkeypatch, capsys, more):
    monkeypatch.chdir(tmp_path)
    before = journey.bucket.versions()
    assert journey.reidentify(tmp_path / "restored.parquet", *more) == 2
    said = capsys.readouterr().err
    assert "--record" in said
    assert "?" not in said
    assert list(tmp_path.iterdir()) == []
    assert journey.bucket.versions() == before


def test_reidentified_values_are_written_to_a_local_disk_only(journey, tmp_path, capsys):
    before = journey.bucket.versions()
    assert journey.reidentify(f"{journey.uri}/restored.parquet", "--record", str(tmp_path / "record.jsonl")) == 2
    assert "local --output" in capsys.readouterr().err
    assert journey.bucket.versions() == before


def test_a_keyring_is_not_changed_in_a_bucket(journey, capsys):
    before = journey.bucket.versions("shop/keys/")
    for words in (
        ["create", "--kek", "env:SHOP_KEK", "--name", "more"],
        ["rotate"],
        ["destroy", "--name", "main", "--yes"],
    ):
        assert call(["keys", words[0], f"{journey.uri}/keys/orders.keyring", *words[1:]]) == 2
        said = capsys.readouterr().err
        assert "local disk" in said
        assert "Traceback" not in said
    assert journey.bucket.versions("shop/keys/") == before
    assert asked(capsys, "keys", "list", f"{journey.uri}/keys/orders.keyring")


def test_a_key_is_destroyed_and_labels_in_a_bucket_say_so(journey, tmp_path, capsys):
    ring = journey.folder / "keys" / "orders.keyring"
    kept = Path(shutil.copy(ring, tmp_path / "kept.keyring"))
    try:
        said = asked(capsys, "keys", "destroy", str(ring), "--name", "main", "--output", f"{journey.uri}/out", "--yes")
        assert f"{journey.uri}/out" in json.dumps(said)
        journey.bucket.put("shop/keys/orders.keyring", ring)
        done = asked(capsys, "label", "--again", f"{journey.uri}/out")
        assert [one["release"] for one in done["changed"]] == ["crm"]
        label = journey.bucket.manifest("shop/out/crm/label.json")
        assert {label["fields"][name]["recoverability"] for name in ("buyer", "mobile", "city")} == {"key_destroyed"}
        assert call(["verify", f"{journey.uri}/out"]) == 0
        assert journey.bucket.hashes("shop/out") == parts(journey.folder / "remote" / "policy")
        assert_published(journey.bucket, "shop/out")
        assert_nothing_hidden(journey.bucket)
        assert asked(capsys, "label", "--again", f"{journey.uri}/out")["changed"] == []
    finally:
        shutil.copy(kept, ring)
