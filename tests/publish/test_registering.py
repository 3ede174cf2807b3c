"""Runs that keep a register, from outside: where it is, what it is told, what a later run is tested with, and what is refused."""

import base64
import hashlib
import json
import os
import shutil
import stat

import jsonschema
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keyring_file import opened
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.label.schema import label_schema
from beam_deid.transforms.publish.register_session import RegisterSession
from beam_deid.transforms.register.document import FORMAT
from beam_deid.transforms.register.folder import hold
from beam_deid.transforms.register.names import revision_path

from ..kit.keys import KEK
from ..kit.sampling import quick_for
from ..kit.trade import CITIES, FROM_ENVIRONMENT, GOODS, KEYED, POLICY, Trade, files, rows
from ..register.kit import edited

MAY = range(120)
JUNE = range(121)
"""Orders of May, and the same with one more: whoever has both releases knows that one's."""

OTHER_KEY = "another-key-9876543210-9876543210-9876543210"


@pytest.fixture
def trade(tmp_path, monkeypatch):
    """A trade with a keyring."""
    monkeypatch.setenv("SHOP_KEK", KEK)
    return Trade(tmp_path / "trade")


@pytest.fixture
def plain(tmp_path):
    """A trade whose one key is in the environment, with one release."""
    return Trade(tmp_path / "trade", POLICY.partition("  crm:")[0].replace(KEYED, FROM_ENVIRONMENT))


def said(capsys, words, code):
    """What a command that ends so says, all on one line."""
    capsys.readouterr()
    assert call(words) == code
    out, err = capsys.readouterr()
    return " ".join(f"{out} {err}".split())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_first_run_makes_a_register_beside_the_output_and_a_key_and_says_so(trade, capsys):
    before = {key.name for key in opened(str(trade.ring)).keys}
    told = said(capsys, trade.words(trade.orders("may", MAY), "out"), 0)
    assert before == {"main"}
    assert {key.name for key in opened(str(trade.ring)).keys} == {"main", "register"}
    assert f"the keyring has a key for it now, called register: {trade.ring}" in told
    assert f"a new register of what is given out: {trade.register}" in told
    assert trade.states() == {"analytics.1": "published", "crm.1": "published"}


def test_the_register_is_for_its_owner_alone(trade):
    before = os.umask(0)
    try:
        assert trade.run(trade.orders("may", MAY), "out") == 0
    finally:
        os.umask(before)
    found = [trade.register, *trade.register.rglob("*")]
    assert {mode(path) for path in found if path.is_dir()} == {0o700}
    assert {mode(path) for path in found if path.is_file()} == {0o600}
    assert len([path for path in found if path.is_file()]) >= 3


def test_a_key_of_that_name_is_taken_as_it_is(trade, capsys):
    """Several datasets may have one keyring."""
    assert call(["keys", "create", str(trade.ring), "--name", "register"]) == 0
    ring = trade.ring.read_bytes()
    told = said(capsys, trade.words(trade.orders("may", MAY), "out"), 0)
    assert trade.ring.read_bytes() == ring
    assert "called register" not in told
    assert "a new register of what is given out" in told
    assert trade.known().key["id"] == opened(str(trade.ring)).primary("register").id


def test_a_register_that_fails_after_publication_is_not_told_as_nothing_published(trade, capsys, monkeypatch):
    """The releases stand in the output, and in the register as pending."""

    def confirm(session):
        raise OutputError("the register cannot be written (Input/output error)", session.intent.path, "Check the disk")

    monkeypatch.setattr(RegisterSession, "confirm", confirm)
    told = said(capsys, trade.words(trade.orders("may", MAY), "out"), 1)
    assert call(["verify", str(trade.folder / "out")]) == 0
    assert told.endswith(f"Check the disk. {trade.folder / 'out'} is published, and whole")
    assert "Nothing was published" not in told


def test_a_second_run_takes_the_register_and_says_nothing_of_a_new_one(trade, capsys):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    ring = trade.ring.read_bytes()
    told = said(capsys, trade.words(source, "again"), 0)
    assert "a new register" not in told
    assert "called register" not in told
    assert f"analytics is registered as analytics.2 in {trade.register}; tested with analytics.1" in told
    assert trade.ring.read_bytes() == ring
    assert trade.known().entry("analytics.2").together == ("analytics.1", "crm.2")
    assert trade.label("again")["register"]["tested"] == ["analytics.1"]


def test_a_key_that_was_rotated_since_stays_the_registers(trade):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    before = trade.known().key
    assert call(["keys", "rotate", str(trade.ring), "--name", "register"]) == 0
    assert trade.run(source, "again") == 0
    assert trade.known().key == before != opened(str(trade.ring)).primary("register").id
    assert trade.label("again")["register"]["tested"] == ["analytics.1"]


def test_one_more_order_is_found_by_whoever_has_both(trade, capsys):
    assert trade.run(trade.orders("may", MAY), "out") == 0
    told = said(capsys, trade.words(trade.orders("june", JUNE), "june"), 4)
    assert "composition:analytics.1" in told
    assert trade.states() == {"analytics.1": "published", "crm.1": "published", "crm.2": "published"}
    assert not (trade.folder / "june" / "analytics").exists()


def test_orders_of_other_people_are_not_tested_with_those(trade):
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert trade.run(trade.orders("june", range(1000, 1120)), "june") == 0
    register = trade.label("june")["register"]
    assert (register["tested"], register["disjoint"]) == ([], 1)
    assert trade.known().entry("analytics.2").together == ("crm.2",)


# --- where the register and its key are


@pytest.mark.parametrize(
    "key", quick_for(["", ", key: 'env:REGISTER_KEY'", ", key: 'file:secret/register.key'", ", key: 'keyring:main'"], 2)
)
def test_a_policy_says_where_the_register_and_its_key_are_from_where_it_is(trade, monkeypatch, key, tmp_path):
    monkeypatch.setenv("REGISTER_KEY", OTHER_KEY)
    secret = trade.folder / "secret" / "register.key"
    secret.parent.mkdir()
    secret.touch(mode=0o600)
    secret.write_text(OTHER_KEY)
    trade.change("subject: buyer", f"register: {{path: kept/orders{key}}}\nsubject: buyer")
    monkeypatch.chdir(tmp_path)
    source = trade.orders("may", MAY)
    register = trade.folder / "kept" / "orders"
    assert trade.run(source, "out") == 0
    assert trade.states(register) == {"analytics.1": "published", "crm.1": "published"}
    assert not trade.register.exists()
    assert {one.name for one in opened(str(trade.ring)).keys} == ({"main", "register"} if not key else {"main"})
    assert trade.run(source, "again") == 0
    assert trade.label("again")["register"]["tested"] == ["analytics.1"]


def test_a_key_that_the_keyring_has_not_is_not_made_where_the_policy_names_it(trade, capsys):
    trade.change("subject: buyer", "register: {path: kept, key: 'keyring:mine'}\nsubject: buyer")
    ring = trade.ring.read_bytes()
    told = said(capsys, trade.words(trade.orders("may", MAY), "out"), 2)
    assert "the keyring has no key of that name. It has: main" in told
    assert trade.ring.read_bytes() == ring
    assert not (trade.folder / "out").exists()
    assert not (trade.folder / "kept").exists()


def test_a_folder_alone_is_a_place_too(plain):
    plain.change("subject: buyer", "register: kept\nsubject: buyer")
    assert plain.run(plain.orders("may", MAY), "out") == 0
    assert plain.states(plain.folder / "kept") == {"analytics.1": "published"}


def test_without_a_register_nothing_is_made_and_the_label_tells(trade, capsys):
    trade.change("subject: buyer", "register: none\nsubject: buyer")
    ring = trade.ring.read_bytes()
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert not trade.register.exists()
    assert trade.ring.read_bytes() == ring
    assert trade.manifest("out")["register"] is None
    label = trade.label("out")
    assert label["label"] == "anonymized"
    assert label["register"] == {
        "kept": False,
        "missing": "the policy says register: none",
        "new": False,
        "record": None,
        "tested": [],
        "untested": [],
        "disjoint": 0,
        "in_common": {},
    }
    assert label["condition"] == "only if this is the only release of these records"
    assert call(["verify", str(trade.folder / "out")]) == 0


KEYLESS = POLICY.partition("  crm:")[0].replace(KEYED, "")


@pytest.mark.parametrize("sharing", ["controlled", "public"])
def test_a_policy_without_a_key_has_no_register_which_public_sharing_wants(tmp_path, capsys, sharing):
    policy = KEYLESS.replace("controlled", sharing).replace("    expect: anonymized\n", "")
    trade = Trade(tmp_path / "trade", policy.replace("fields: {city: keep, goods: keep}", "fields: {city: keep}"))
    plan = said(capsys, ["plan", str(trade.policy)], 0)
    assert "Nothing is remembered of what is given out: the policy names no key for a register" in plan
    told = said(capsys, trade.words(trade.orders("may", MAY), "out"), 0)
    label = trade.label("out")
    failing = [test["name"] for test in label["tests"] if not test["passed"]]
    # The last line asks that rows are shuffled, and they are only where all other lines hold.
    expected = ("anonymized", []) if sharing == "controlled" else ("still_personal", ["register", "order"])
    assert (label["label"], failing) == expected
    assert "the policy names no key for a register" in label["register"]["missing"]
    # In public it is the test that says so, elsewhere a note.
    assert "nothing remembers what was given out: the policy names no key for a register" in told
    assert ("note: nothing remembers what was given out" in told) == (sharing == "controlled")
    assert not trade.register.exists()
    assert call(["verify", str(trade.folder / "out")]) == 0


# --- keys that are other ones, or gone


def unchanged(trade, out="out"):
    """What must be the same before and after a run that is refused."""
    return files(trade.register), files(trade.folder / out)


def test_another_key_of_the_environment_is_refused_before_anything_is_read(plain, monkeypatch, capsys):
    source = plain.orders("may", MAY)
    assert plain.run(source, "out") == 0
    before = unchanged(plain)
    monkeypatch.setenv("BEAM_DEID_KEY", OTHER_KEY)
    source.write_text("no,orders\n1,2\n3\n", "utf-8")
    plain_words = plain.words(plain.orders("june", JUNE), "out", "--overwrite")
    told = said(capsys, plain_words, 2)
    assert "this is not the key that the register was made with" in told
    assert "measuring" not in told
    assert unchanged(plain) == before
    assert said(capsys, plain.words(plain.orders("june", JUNE), "other"), 2)
    assert not (plain.folder / "other").exists()
    assert unchanged(plain) == before


def test_a_destroyed_key_is_refused_and_named(trade, capsys):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    identity = str(trade.known().key["id"])
    assert call(["keys", "rotate", str(trade.ring), "--name", "register"]) == 0
    assert call(["keys", "destroy", str(trade.ring), "--id", identity, "--yes"]) == 0
    before = unchanged(trade)
    told = said(capsys, trade.words(source, "again"), 2)
    assert "destroyed" in told
    assert identity in told
    assert unchanged(trade) == before
    assert not (trade.folder / "again").exists()


# --- registers that cannot be used


def refused(trade, capsys, out="out"):
    """A run over an output that is refused for its register before anything is read; what it says."""
    before = files(trade.folder / "out")
    told = said(capsys, trade.words(trade.orders("june", JUNE), out, *(["--overwrite"] if out == "out" else [])), 2)
    assert "measuring" not in told
    assert files(trade.folder / "out") == before
    assert out == "out" or not (trade.folder / out).exists()
    return told


def newest(trade):
    return trade.register / os.path.basename(revision_path(str(trade.register), trade.known().revision))


@pytest.fixture
def run(plain):
    """A trade that has given May's orders out."""
    assert plain.run(plain.orders("may", MAY), "out") == 0
    return plain


def test_the_register_of_another_dataset_is_refused(run, capsys):
    run.change("dataset: trade", "dataset: shop\nregister: trade.register")
    assert "the register is of the dataset trade, and the policy's is shop" in refused(run, capsys)
    assert "the register is of the dataset trade, and the policy's is shop" in refused(run, capsys, "other")


def test_a_register_that_is_gone_is_missed_by_the_run_that_it_knew(run, capsys):
    shutil.rmtree(run.register)
    for out in ("out", "other"):
        told = refused(run, capsys, out)
        assert f"the run in {run.folder / 'out'} was registered, and its register is gone" in told
        assert str(run.register) in told
        assert not run.register.exists()


def test_a_register_in_the_place_of_one_that_is_gone_is_no_substitute(run, capsys):
    shutil.rmtree(run.register)
    (run.folder / "out").rename(run.folder.parent / "away")  # beside it none can be made
    assert run.run(run.orders("others", range(1000, 1120)), "elsewhere") == 0
    (run.folder.parent / "away").rename(run.folder / "out")
    register = files(run.register)
    told = refused(run, capsys)
    assert (
        f"the run in the output is in the register {run.manifest('out')['register']['id']}, which was at {run.register}"
        in told
    )
    assert f"and this is {run.known().register}" in told
    assert files(run.register) == register


@pytest.mark.parametrize("damage", quick_for(["cut", "changed", "no json", "all gone"], 2))
def test_a_damaged_register_is_refused(run, capsys, damage):
    path = newest(run)
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "changed":
        path.write_bytes(data.replace(b'"published"', b'"forgotten"'))
    elif damage == "no json":
        path.write_bytes(b"\0" * len(data))
    else:
        for one in run.register.glob("revision-*.json"):
            one.unlink()
    left = files(run.register)
    for out in ("out", "other"):
        told = refused(run, capsys, out)
        assert "register" in told
        assert "restore it from a backup" in told.lower()
    assert files(run.register) == left


def test_a_newest_revision_that_is_gone_takes_no_release_with_it(run, capsys):
    newest(run).unlink()  # the one that says that all was published; the one before says that it was about to be
    assert run.states() == {"analytics.1": "pending"}
    assert "composition:analytics.1" in said(capsys, run.words(run.orders("june", JUNE), "other"), 4)
    assert run.states() == {"analytics.1": "published"}


@pytest.mark.parametrize("damage", quick_for(["cut", "changed", "gone"], 1))
def test_where_fingerprints_are_damaged_nothing_is_anonymized_that_they_would_be_tested_with(run, capsys, damage):
    path = run.register / "tables" / run.known().entry("analytics.1").table.file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data if damage == "changed" else data[:-100])
    told = said(capsys, run.words(run.orders("others", range(1000, 1120)), "other"), 4)
    assert "composition:analytics.1" in told
    assert list(run.states()) == ["analytics.1"]


def test_a_register_of_a_newer_version_is_refused(run, capsys):
    edited(newest(run), format=FORMAT + 1)
    left = files(run.register)
    assert "the register was written by a newer beam-deid" in refused(run, capsys)
    assert files(run.register) == left


def test_a_register_that_another_uses_is_refused_and_says_who(run, capsys):
    before = files(run.folder / "out")
    with hold(str(run.register)):
        told = refused(run, capsys)
        assert "another run is using this register" in told
        assert f"process {os.getpid()}" in told
    assert files(run.folder / "out") == before
    assert run.run(run.orders("may", MAY), "again") == 0


def test_a_file_in_the_place_of_a_register_is_refused(run, capsys):
    shutil.rmtree(run.register)
    run.register.write_text("no folder")
    assert str(run.register) in refused(run, capsys, "other")


# --- what becomes of what a run replaces


def test_what_is_replaced_counts_still(trade, capsys):
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert trade.run(trade.orders("june", JUNE), "out", "--overwrite") == 4
    assert trade.states() == {"analytics.1": "superseded", "crm.1": "superseded", "crm.2": "published"}
    (event,) = trade.known().entry("analytics.1").events
    assert (event.state, event.run) == ("superseded", trade.manifest("out")["run"])
    told = said(capsys, trade.words(trade.orders("june", JUNE), "third"), 4)
    assert "composition:analytics.1" in told


def test_what_was_never_given_out_does_not(trade):
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert trade.run(trade.orders("june", JUNE), "out", "--overwrite", "--unreleased") == 0
    assert trade.states() == {
        "analytics.1": "unreleased",
        "crm.1": "unreleased",
        "analytics.2": "published",
        "crm.2": "published",
    }
    assert trade.label("out")["register"]["tested"] == []
    assert trade.run(trade.orders("june", JUNE), "third") == 0
    assert trade.label("third")["register"]["tested"] == ["analytics.2"]


def test_what_was_replaced_before_is_not_taken_out_with_what_is_replaced_now(trade, capsys):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    assert trade.run(source, "out", "--overwrite") == 0
    told = said(capsys, trade.words(trade.orders("june", JUNE), "out", "--overwrite", "--unreleased"), 4)
    assert "composition:analytics.1" in told
    assert trade.states()["analytics.1"] == "superseded"


def test_what_was_moved_away_is_not_taken_out_by_what_comes_into_its_place(trade, capsys):
    assert trade.run(trade.orders("may", MAY), "out") == 0
    (trade.folder / "out").rename(trade.folder / "given to the agency")
    told = said(capsys, trade.words(trade.orders("june", JUNE), "out", "--overwrite", "--unreleased"), 4)
    assert "composition:analytics.1" in told
    assert trade.states()["analytics.1"] != "unreleased"
    assert "composition:analytics.1" in said(capsys, trade.words(trade.orders("june", JUNE), "third"), 4)


def test_unreleased_alone_is_refused(trade, capsys):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    before = unchanged(trade)
    told = said(capsys, trade.words(source, "other", "--unreleased"), 2)
    assert "nothing is replaced, so nothing can be unreleased" in told
    assert unchanged(trade) == before
    assert not (trade.folder / "other").exists()


def test_a_run_that_is_refused_for_its_output_registers_nothing(trade):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    before = unchanged(trade)
    assert trade.run(source, "out") == 2
    assert unchanged(trade) == before


def test_a_run_whose_releases_are_all_withheld_leaves_no_register(plain, capsys):
    assert said(capsys, plain.words(plain.orders("few", range(3)), "out"), 4)
    assert not (plain.folder / "out").exists()
    assert not plain.register.exists()


def test_a_run_with_too_many_rejects_leaves_no_register(plain):
    plain.change("city: {role: quasi_identifier}", "city: {role: quasi_identifier, kind: integer}")
    assert plain.run(plain.orders("may", MAY), "out") == 3
    assert not plain.register.exists()


# --- what the register is told


def test_the_register_is_told_of_all_that_is_published(trade):
    source = trade.orders("may", MAY)
    assert trade.run(source, "out") == 0
    given = source.read_bytes()
    document = trade.known()
    manifest = trade.manifest("out")
    assert manifest["register"] == {"id": document.register, "path": str(trade.register)}
    for name, recipient in (("analytics", "an agency"), ("crm", None)):
        entry = document.entry(f"{name}.1")
        label = trade.label("out", name)
        data = (trade.folder / "out" / name / "label.json").read_bytes()
        assert entry.recipient == recipient
        assert entry.inputs == ({"name": "may.csv", "size": len(given), "sha256": hashlib.sha256(given).hexdigest()},)
        assert entry.label_sha256 == hashlib.sha256(data).hexdigest() == manifest["releases"][name]["label_sha256"]
        assert entry.label == label["label"]
        assert entry.made_at == manifest["started_at"]
        assert list(entry.files) == label["files"]
        assert entry.records.to_document() == label["records"]
        assert entry.output == str(trade.folder / "out")
        assert {field: list(roles) for field, roles in entry.roles.items()} == {
            field: facts["role"] for field, facts in label["fields"].items()
        }
    analytics, crm = document.releases
    assert (analytics.record, analytics.k, analytics.l) == ("field:tid as order_number", 5, {"goods": 2})
    assert analytics.identities[0] == "buyer"
    assert {*analytics.identities} == {"buyer", "tid", "mobile"}
    assert crm.table is None
    (run,) = document.runs
    assert run.run == manifest["run"]
    assert pq.read_metadata(trade.register / "tables" / run.persons.file).num_rows == 3 * len(MAY) == run.persons.rows
    assert analytics.table.rows == len(MAY)


def test_several_files_are_told_by_name(trade):
    trade.orders("may", MAY)
    trade.orders("june", range(120, 240))
    assert trade.run(trade.folder / "*.csv", "out") == 0
    assert sorted(one["name"] for one in trade.known().entry("analytics.1").inputs) == ["june.csv", "may.csv"]


def test_a_label_tells_no_name_of_file_or_place_and_verifies(trade):
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert trade.run(trade.orders("again", MAY), "again") == 0
    label = trade.label("again")
    assert label["register"] == {
        "kept": True,
        "missing": "",
        "new": False,
        "record": "tid",
        "tested": ["analytics.1"],
        "untested": [],
        "disjoint": 0,
        "in_common": {"analytics.1": len(MAY)},
    }
    assert label["condition"] == "as far as its register knows what else was given out of these records"
    tests = {test["name"]: test for test in label["tests"]}
    assert tests["composition:analytics.1"]["passed"]
    jsonschema.validate(label, label_schema())
    assert call(["verify", str(trade.folder / "again")]) == 0
    for path, data in files(trade.folder / "again").items():
        if path not in ("run.json", "policy.yaml", "report.html"):  # which stay with whoever made the run
            for word in (str(trade.folder), "trade.register", "again.csv", "may.csv", "an agency"):
                assert word.encode() not in data, (path, word)


def forged(trade, out, change):
    """Change a label as somebody would who puts the hashes right."""
    path = trade.folder / out / "analytics" / "label.json"
    label = json.loads(path.read_text("utf-8"))
    change(label)
    path.write_text(json.dumps(label, ensure_ascii=False), "utf-8")


FORGERIES = {
    "kept": lambda label: label["register"].update(kept=False),
    "missing": lambda label: label["register"].update(missing="the policy says register: none"),
    "tested": lambda label: label["register"].update(tested=[]),
    "tested with one that was not": lambda label: label["register"].update(tested=["analytics.1", "analytics.7"]),
    "untested": lambda label: label["register"].update(untested=["analytics.7"]),
    "condition": lambda label: label.update(condition="only if this is the only release of these records"),
    "sibling": lambda label: label["asked"]["siblings"].pop("analytics.1"),
    "test": lambda label: label.update(
        tests=[one for one in label["tests"] if one["name"] != "composition:analytics.1"]
    ),
    "register": lambda label: label["asked"].update(register="the policy says register: none"),
    "k": lambda label: label["asked"]["siblings"]["analytics.1"].update(k=1),
}


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """The same orders given out twice, the second time tested with the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", OTHER_KEY)
        trade = Trade(tmp_path_factory.mktemp("twice"), POLICY.partition("  crm:")[0].replace(KEYED, FROM_ENVIRONMENT))
        source = trade.orders("may", MAY)
        assert trade.run(source, "out") == 0
        assert trade.run(source, "again") == 0
    return trade


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_label_does_not_verify(twice, capsys, forgery):
    path = twice.folder / "again" / "analytics" / "label.json"
    whole = path.read_bytes()
    assert call(["verify", str(twice.folder / "again")]) == 0
    try:
        forged(twice, "again", FORGERIES[forgery])
        assert path.read_bytes() != whole
        assert call(["verify", str(twice.folder / "again")]) != 0
        decided = said(capsys, ["verify", "--json", str(twice.folder / "again")], 1)
        assert decided
    finally:
        path.write_bytes(whole)


# --- what a plan says


def test_a_plan_tells_which_releases_a_run_is_tested_with(trade, capsys):
    out = ["--output", str(trade.folder / "next")]
    assert "Nothing is registered yet" in said(capsys, ["plan", str(trade.policy), *out], 0)
    assert not trade.register.exists()
    assert trade.run(trade.orders("may", MAY), "out") == 0
    told = said(capsys, ["plan", str(trade.policy), *out], 0)
    assert "a run is tested together with" in told
    assert "analytics.1" in told
    capsys.readouterr()
    assert call(["plan", str(trade.policy), *out, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (earlier,) = document["earlier"]
    made = trade.manifest("out")["started_at"]
    assert earlier == {"name": "analytics.1", "made_at": made, "sharing": "controlled", "records": 120}
    assert document["register"] == ""


def test_a_plan_that_does_not_know_the_output_says_how_to_tell_it(trade, capsys):
    assert "with --output DIR, plan lists the releases" in said(capsys, ["plan", str(trade.policy)], 0)
    capsys.readouterr()
    assert call(["plan", str(trade.policy), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["earlier"] is None


def test_a_plan_without_a_register_says_why(trade, capsys):
    trade.change("subject: buyer", "register: none\nsubject: buyer")
    assert "Nothing is remembered of what is given out: the policy says register: none" in said(
        capsys, ["plan", str(trade.policy)], 0
    )


# --- what stands in no file


def written(secret):
    """How somebody might write a key, or a value."""
    standard = base64.b64encode(secret).rstrip(b"=")
    safe = base64.urlsafe_b64encode(secret).rstrip(b"=")
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), standard[:-1], safe[:-1], secret[::-1]}


def test_neither_a_value_nor_a_key_stands_in_the_register_or_what_is_published(trade):
    assert trade.run(trade.orders("may", MAY), "out") == 0
    assert trade.run(trade.orders("again", MAY), "again") == 0
    secrets = trade.secrets()
    assert set(secrets) == {"main", "register", "of fingerprints"}
    keys = [form for secret in secrets.values() for form in written(secret)]
    hidden = {str(value) for row in rows(MAY) for name, value in row.items() if name in ("tid", "buyer", "mobile")}
    released = {*CITIES, *GOODS}
    manifests = {
        **files(trade.folder / "out"),
        **{f"again/{path}": data for path, data in files(trade.folder / "again").items()},
    }
    register = files(trade.register)
    assert sorted(path.partition("-")[0] for path in register) == [
        "revision",
        "revision",
        "revision",
        "tables/analytics.1",
        "tables/analytics.2",
        "tables/persons",
        "tables/persons",
        "tables/special",
        "tables/special",
    ]
    seen = {path: data + b"".join(columns_of(trade.register / path)) for path, data in register.items()}
    for path, data in {**manifests, **seen}.items():
        assert [form for form in keys if form in data] == [], path
        assert [value for value in hidden if value.encode() in data] == [], path
    for path, data in seen.items():
        assert [value for value in released if value.encode() in data or value.encode("utf-16-le") in data] == [], path
        digests = {digest(value.encode()) for value in hidden | released for digest in (sha256, md5)}
        assert [one for one in digests if one in data or one[:8] in data] == [], path


def sha256(data):
    return hashlib.sha256(data).digest()


def md5(data):
    return hashlib.md5(data, usedforsecurity=False).digest()


def columns_of(path):
    """The values of a table's columns, as they are in memory."""
    if path.suffix != ".parquet":
        return []
    return [column.combine_chunks().to_numpy(zero_copy_only=False).tobytes() for column in pq.read_table(path).columns]
