import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keyring_file import create
from beam_deid.transforms.crypto.keys import forget

from ..kit.keys import KEK
from ..kit.shop import shop


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


@pytest.fixture
def made(tmp_path):
    return shop(tmp_path)


def listed(ring, capsys):
    capsys.readouterr()
    assert call(["keys", "list", ring, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["keys"]


def test_a_keyring_is_made_for_its_owner_alone_and_holds_no_key_in_clear(made):
    assert os.stat(made.ring).st_mode & 0o777 == 0o600
    assert KEK not in Path(made.ring).read_text()


def test_rotation_keeps_old_tokens_restorable_and_marks_new_ones(made, capsys):
    assert made.run("before") == 0
    assert call(["keys", "rotate", made.ring]) == 0
    assert made.run("after") == 0
    old, _, new = listed(made.ring, capsys)  # and between them the register's
    assert (old["state"], new["state"]) == ("retired", "primary")
    before = made.label(name="before")
    after = made.label(name="after")
    assert before["fields"]["buyer"]["key"]["id"] == old["id"]
    assert after["fields"]["buyer"]["key"]["id"] == new["id"]
    for column in ("buyer", "mobile", "note"):
        one, other = (made.released(name=name).column(column).drop_null() for name in ("before", "after"))
        assert not set(one.to_pylist()) & set(other.to_pylist()) - {""}
    for name in ("before", "after"):
        assert made.reidentify(f"{name}.parquet", name=name) == 0


def test_destroyed_keys_are_told_of_by_release_and_their_labels_decided_again(made, capsys):
    assert made.run() == 0
    key, _ = listed(made.ring, capsys)  # and the register's
    capsys.readouterr()
    assert (
        call(["keys", "destroy", made.ring, "--id", str(key["id"]), "--output", str(made.out()), "--yes", "--json"])
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert [(one["release"], one["fields"]) for one in said["releases"]] == [
        ("crm", ["buyer", "mobile", "note", "age"]),
        ("partner", ["buyer"]),
    ]
    gone, _ = listed(made.ring, capsys)
    assert (gone["id"], gone["state"]) == (key["id"], "destroyed")
    assert gone["destroyed"]
    assert call(["label", "--again", str(made.out()), "--json"]) == 0
    changed = json.loads(capsys.readouterr().out)["changed"]
    assert [one["release"] for one in changed] == ["crm", "partner"]
    label = made.label()
    assert {facts["recoverability"] for name, facts in label["fields"].items() if name != "item"} == {"key_destroyed"}
    tests = {test["name"]: test["passed"] for test in label["tests"]}
    assert label["label"] == "still_personal"
    assert tests["restorable"]  # no key is left, and what is left are pseudonyms on which no attack was made
    assert not any(tests[f"keyless:{name}"] for name in ("buyer", "mobile", "note", "age"))
    assert not tests["order"]  # the rows stand as they stood
    assert label["amendments"][0]["fields"]["buyer"] == "keyed"
    assert set(changed[0]["failing"]) == {name for name, passed in tests.items() if not passed}
    assert call(["verify", str(made.out())]) == 0
    assert call(["label", "--again", str(made.out())]) == 0  # nothing more changes
    assert len(made.label()["amendments"]) == 1


def test_destroying_a_key_never_makes_a_published_release_anonymized(made, capsys):
    policy = Path(made.policy)
    text = policy.read_text("utf-8")
    # A release that would be anonymized but for one token of a constant.
    text = text.replace("  item: {role: insensitive}", "  item: {role: insensitive}\n  shop: {role: quasi_identifier}")
    text = (
        text[: text.index("releases:")]
        + """releases:
  crm:
    purpose: x
    sharing: enclave
    fields: {shop: {tokenize: {}}}
"""
    )
    policy.write_text(text, "utf-8")
    table = pq.read_table(made.source)
    pq.write_table(table.append_column("shop", pa.array(["shop"] * len(table))), made.source)
    assert made.run() == 0
    assert made.label()["label"] == "still_personal"
    assert call(["keys", "destroy", made.ring, "--name", "main", "--output", str(made.out()), "--yes"]) == 0
    assert "never makes a published release anonymized" in " ".join(capsys.readouterr().out.split())
    assert call(["label", "--again", str(made.out())]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "still_personal → still_personal" in said
    label = made.label()
    assert (label["label"], label["condition"]) == ("still_personal", "")
    tests = {test["name"]: test for test in label["tests"]}
    assert not tests["keyless:shop"]["passed"]
    assert "only a new run can" in tests["keyless:shop"]["detail"]
    assert not tests["order"]["passed"]
    assert call(["verify", str(made.out())]) == 0


def test_nothing_can_be_reidentified_once_the_key_is_destroyed(made, capsys):
    assert made.run() == 0
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    assert made.reidentify("restored.parquet") == 2
    assert "destroyed" in capsys.readouterr().err
    assert made.reidentify("restored.parquet", fields="buyer") == 3
    assert "no_such_key" in capsys.readouterr().err
    assert made.run("again") == 2
    assert "keys rotate" in capsys.readouterr().err
    assert call(["keys", "rotate", made.ring]) == 0
    assert made.run("again") == 0


def test_destroying_asks_and_does_nothing_where_nobody_answers(made, capsys):
    arguments = ["keys", "destroy", made.ring, "--name", "main"]
    command = [sys.executable, "-c", "from beam_deid.pipelines.cli import main; main()", *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert listed(made.ring, capsys)[0]["state"] == "primary"


def test_a_key_of_another_name_is_kept_apart(made, capsys):
    assert call(["keys", "create", made.ring, "--name", "marketing"]) == 0
    policy = Path(made.policy)
    text = policy.read_text("utf-8").replace("    format", "    key: keyring:marketing\n    format")
    policy.write_text(text, "utf-8")
    assert made.run() == 0
    ids = {key["name"]: key["id"] for key in listed(made.ring, capsys)}
    assert made.label("crm")["fields"]["buyer"]["key"]["id"] == ids["marketing"]
    assert made.label("partner")["fields"]["buyer"]["key"]["id"] == ids["main"]
    assert call(["keys", "destroy", made.ring, "--name", "marketing", "--yes"]) == 0
    assert call(["label", "--again", str(made.out())]) == 0
    assert made.label("crm")["fields"]["buyer"]["recoverability"] == "key_destroyed"
    assert made.label("partner")["fields"]["buyer"]["recoverability"] == "keyed"


def test_two_releases_share_tokens_only_where_their_policy_says_the_same_domain(tmp_path):
    for folder, partner, shared in (("a", "{}", False), ("b", "{domain: customer}", True)):
        (tmp_path / folder).mkdir()
        made = shop(tmp_path / folder, partner=partner)
        assert made.run() == 0
        crm, other = (set(made.released(release).column("buyer").to_pylist()) for release in ("crm", "partner"))
        assert len(crm) == len(other) == 20
        assert (crm == other) is shared
        assert shared or not crm & other


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["keys", "create", "RING", "--kek", "env:SHOP_KEK"], "exists"),
        (["keys", "create", "NEW"], "--kek"),
        (["keys", "create", "NEW", "--kek", "c2VjcmV0LWtleS1wYXN0ZWQ"], "--kek"),
        (["keys", "create", "NEW", "--kek", "env:NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE"),
        (["keys", "create", "RING", "--name", "main"], "name"),
        (["keys", "rotate", "RING", "--name", "other"], "main"),
        (["keys", "list", "NEW"], "keys create"),
        (["keys", "destroy", "RING", "--yes"], "--id"),
        (["keys", "destroy", "RING", "--id", "1", "--yes"], "keys list"),
        (["keys", "destroy", "RING", "--name", "main", "--output", "NOWHERE", "--yes"], "run"),
    ],
)
def test_mistakes_are_told_with_what_to_do_and_change_nothing(made, tmp_path, capsys, command, said):
    before = Path(made.ring).read_bytes()
    places = {"RING": made.ring, "NEW": str(tmp_path / "new.keyring"), "NOWHERE": str(tmp_path / "nowhere")}
    capsys.readouterr()
    assert call([places.get(word, word) for word in command]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "c2VjcmV0" not in told
    assert Path(made.ring).read_bytes() == before
    assert not (tmp_path / "new.keyring").exists()


def test_a_world_readable_keyring_is_refused(made, capsys):
    os.chmod(made.ring, 0o644)
    assert made.run() == 2
    assert "chmod 600" in capsys.readouterr().err
    assert not made.out().exists()


def test_another_key_encryption_key_is_refused(made, capsys, monkeypatch):
    monkeypatch.setenv("SHOP_KEK", "another-key-encryption-key-for-tests-012345")
    assert made.run() == 2
    assert "key-encryption key" in capsys.readouterr().err


def test_labels_are_not_decided_again_where_something_was_changed(made, capsys):
    assert made.run() == 0
    path = made.out() / "crm" / "label.json"
    path.write_text(path.read_text("utf-8").replace("still_personal", "anonymized"), "utf-8")
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(made.out())]) == 1
    assert "not what was published" in capsys.readouterr().err


def test_a_keyring_that_has_moved_is_named(made, tmp_path):
    assert made.run() == 0
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    moved = tmp_path / "moved.keyring"
    os.rename(made.ring, moved)
    assert call(["label", "--again", str(made.out())]) == 2
    assert call(["label", "--again", str(made.out()), "--keyring", str(moved)]) == 0
    assert made.label()["fields"]["buyer"]["recoverability"] == "key_destroyed"


def test_a_key_that_the_keyring_has_not_is_told_before_anything_is_read(made, capsys):
    policy = Path(made.policy)
    policy.write_text(policy.read_text("utf-8").replace("    format", "    key: keyring:none\n    format"), "utf-8")
    assert made.run() == 2
    said = capsys.readouterr().err
    assert "no key of that name. It has: main" in said
    assert "measuring" not in said


def test_equal_values_have_equal_tokens_and_unequal_ciphertexts(made):
    assert made.run() == 0
    table = made.released()
    assert pc.count_distinct(table.column("buyer")).as_py() == 20
    assert pc.count_distinct(table.column("note")).as_py() == len(table)


def test_a_link_to_a_keyring_is_followed(made, tmp_path, capsys):
    link = tmp_path / "link.keyring"
    link.symlink_to(made.ring)
    (key,) = listed(made.ring, capsys)
    assert call(["keys", "rotate", str(link)]) == 0
    assert call(["keys", "destroy", str(link), "--id", str(key["id"]), "--yes"]) == 0
    assert link.is_symlink()
    assert [one["state"] for one in listed(made.ring, capsys)] == ["destroyed", "primary"]


def test_a_keyring_with_a_second_name_is_not_changed(made, tmp_path, capsys):
    os.link(made.ring, tmp_path / "second.keyring")
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 2
    assert "hard link" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["[/x]", "", "a b", "x" * 101, "\x1b[31m"])
def test_a_name_that_nothing_can_use_is_refused(made, capsys, name):
    assert call(["keys", "create", made.ring, "--name", name]) == 2
    assert "no name for a key" in capsys.readouterr().err
    assert len(listed(made.ring, capsys)) == 1


def test_a_copy_of_the_keyring_proves_nothing_while_the_runs_own_is_there(made, tmp_path, capsys):
    assert made.run() == 0
    copy = tmp_path / "copy.keyring"
    copy.touch(mode=0o600)
    copy.write_bytes(Path(made.ring).read_bytes())
    assert call(["keys", "destroy", str(copy), "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(made.out()), "--keyring", str(copy)]) == 2
    assert "own keyring" in capsys.readouterr().err
    assert made.label()["fields"]["buyer"]["recoverability"] == "keyed"


@pytest.mark.parametrize("after", range(3))
def test_deciding_again_that_was_killed_is_finished_by_the_next_call(made, monkeypatch, after):
    assert made.run() == 0
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    replace = os.replace
    done = []

    def killed(source, target):
        if len(done) == after:
            raise SystemExit(9)
        done.append(target)
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("beam_deid.transforms.label.rewrite_labels.os.replace", killed)
        with pytest.raises(SystemExit):
            call(["label", "--again", str(made.out())])
    assert call(["label", "--again", str(made.out())]) == 0
    assert call(["verify", str(made.out())]) == 0
    assert made.label()["fields"]["buyer"]["recoverability"] == "key_destroyed"
    assert not list(made.out().rglob(".*.new"))


def test_datasets_with_one_keyring_share_no_tokens(made, tmp_path):
    policy = Path(made.policy)
    assert made.run("one") == 0
    policy.write_text(policy.read_text("utf-8").replace("dataset: shop", "dataset: another"), "utf-8")
    assert made.run("two") == 0
    one, two = (set(made.released(name=name).column("age").to_pylist()) for name in ("one", "two"))
    assert not one & two


def test_a_key_encryption_key_is_asked_for_once_however_much_is_read(tmp_path):
    counted = tmp_path / "asked"
    command = f"{sys.executable} -c \"open('{counted}', 'a').write('x'); print('{KEK}')\""
    (tmp_path / "shop").mkdir()
    made = shop(tmp_path / "shop")
    os.remove(made.ring)
    assert call(["keys", "create", made.ring, "--kek", f"command:{command}"]) == 0
    counted.write_text("")
    forget()
    assert made.run("out", *("-i", made.source) * 3) == 0
    assert len(counted.read_text()) == 1


def _record(made, capsys, code=0, *options):
    capsys.readouterr()
    assert call(["keys", "record", made.ring, "--json", *options]) == code
    return json.loads(capsys.readouterr().out)


def test_what_is_done_with_keys_is_recorded_with_whoever_did_it_and_why_and_no_byte_of_a_key(made, capsys):
    wrapped = {key["wrapped"] for key in json.loads(Path(made.ring).read_text())["keys"]}
    assert call(["keys", "rotate", made.ring, "--reason", "yearly rotation", "--operator", "Li Na"]) == 0
    assert call(["keys", "create", made.ring, "--name", "marketing"]) == 0
    old, new = (key["id"] for key in listed(made.ring, capsys) if key["name"] == "main")
    assert call(["keys", "destroy", made.ring, "--id", str(old), "--yes", "--reason", "end of contract"]) == 0
    found = _record(made, capsys)
    assert found["fits"]
    lines = [line for line in found["lines"] if line["event"] == "begun"][-3:]
    assert [(line["act"], line["why"]) for line in lines] == [
        ("rotate", "yearly rotation"),
        ("create", None),
        ("destroy", "end of contract"),
    ]
    assert lines[0]["operator"] == "Li Na"
    assert [line["keys"][0]["id"] for line in (lines[0], lines[2])] == [new, old]
    assert {line["event"] for line in found["lines"]} == {"begun", "done"}
    record = Path(found["record"])
    assert record.stat().st_mode & 0o777 == 0o600
    wrapped |= {key["wrapped"] for key in json.loads(Path(made.ring).read_text())["keys"] if key["wrapped"]}
    text = record.read_text("utf-8")
    assert not any(one in text for one in wrapped)
    assert KEK not in text


@pytest.mark.parametrize(
    "told",
    [
        ("--reason", KEK),
        ("--reason", f"BEAM_DEID_KEY={'0f' * 32}"),
        ("--operator", KEK),
        ("--reason", "手机13800000001"),
        ("--operator", "13800000001"),
    ],
)
def test_neither_a_key_nor_a_persons_number_gets_into_the_record(made, capsys, told):
    before = (Path(made.ring).read_bytes(), Path(_record(made, capsys)["record"]).read_bytes())
    for command in (["rotate", made.ring], ["destroy", made.ring, "--name", "main", "--yes"]):
        assert call(["keys", *command, *told]) == 2
        said = capsys.readouterr().err
        assert f"{told[0]}: this holds what" in said
        assert told[1] not in said
    ring = made.ring.replace("keyring", "second.keyring")
    assert call(["keys", "create", ring, "--kek", "env:SHOP_KEK", *told]) == 2
    assert not Path(ring).exists()
    assert (Path(made.ring).read_bytes(), Path(_record(made, capsys)["record"]).read_bytes()) == before


def test_a_run_and_a_reidentification_keep_no_key_and_no_persons_number(made, tmp_path, capsys):
    for told in (KEK, "13800000001"):
        assert made.run("out", "--operator", told) == 2
        assert "--operator: this holds what" in capsys.readouterr().err
    assert not made.out().exists()
    given = ["--policy", made.policy, "--release", "crm", "--fields", "buyer", "--all"]
    files = ["--input", made.source, "--output", str(tmp_path / "back.csv")]
    assert call(["reidentify", *given, *files, "--reason", f"it was {KEK}"]) == 2
    assert "--reason: this holds what looks like a key" in capsys.readouterr().err


def test_a_run_that_makes_the_key_of_a_register_records_it(made, capsys):
    assert made.run() == 0
    last = _record(made, capsys)["lines"][-2]
    assert (last["act"], last["keys"][0]["name"]) == ("create", "register")
    assert "register" in last["why"]


def test_a_record_that_was_changed_is_found_by_its_first_line_that_does_not_fit(made, capsys):
    assert call(["keys", "rotate", made.ring, "--reason", "one"]) == 0
    assert call(["keys", "rotate", made.ring, "--reason", "two"]) == 0
    whole = _record(made, capsys)
    record = Path(whole["record"])
    assert call(["keys", "record", made.ring, "--holds", whole["head"]]) == 0
    lines = record.read_text("utf-8").splitlines(keepends=True)
    record.write_text("".join(lines[:-1]), "utf-8")
    assert call(["keys", "record", made.ring]) == 0  # nothing in it shows that its last line is gone
    assert call(["keys", "record", made.ring, "--holds", whole["head"]]) == 1
    assert "lines at its end are gone" in capsys.readouterr().err
    place = next(number for number, line in enumerate(lines) if '"one"' in line)
    record.write_text("".join(lines).replace('"one"', '"own"'), "utf-8")
    broken = _record(made, capsys, 1)
    assert (broken["fits"], broken["broken"]) == (False, place + 2)
    assert call(["keys", "record", made.ring]) == 1
    assert f"line {place + 2} of the record does not fit" in capsys.readouterr().err


def test_a_record_that_was_deleted_and_begun_anew_is_found_by_the_keyring(made, capsys):
    ring = made.ring.replace("keyring", "fresh.keyring")
    record = Path(f"{ring}.record.jsonl")
    assert call(["keys", "create", ring, "--kek", "env:SHOP_KEK"]) == 0
    assert call(["keys", "rotate", ring]) == 0
    first, second = (key["id"] for key in listed(ring, capsys))
    assert call(["keys", "record", ring]) == 0
    whole = record.read_bytes()
    record.unlink()
    assert call(["keys", "record", ring]) == 1
    assert "the keyring's record is gone" in capsys.readouterr().err
    assert call(["keys", "rotate", ring]) == 0
    for named in (ring, str(record)):
        capsys.readouterr()
        assert call(["keys", "record", named, "--json"]) == 1
        told = capsys.readouterr()
        assert (json.loads(told.out)["fits"], json.loads(told.out)["unrecorded"]) == (True, [first, second])
        assert f"no line of what was done with these keys of the keyring: {first}, {second}" in told.err
    record.write_bytes(whole)  # a destruction leaves no gap in the keys, and is missed all the same
    assert call(["keys", "destroy", ring, "--id", str(first), "--yes"]) == 0
    record.write_bytes(whole)
    capsys.readouterr()
    assert call(["keys", "record", ring, "--json"]) == 1
    assert first in json.loads(capsys.readouterr().out)["unrecorded"]


def test_keys_that_are_older_than_the_record_are_noted(tmp_path, capsys):
    ring = create(str(tmp_path / "old.keyring"), "env:SHOP_KEK")
    assert call(["keys", "record", ring.path]) == 2
    assert "the keyring has no record" in capsys.readouterr().err
    assert call(["keys", "rotate", ring.path]) == 0
    capsys.readouterr()
    assert call(["keys", "record", ring.path, "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["untold"] == [ring.keys[0].id]
    assert f"older than the record, or recorded elsewhere: {ring.keys[0].id}" in told.err
    Path(f"{ring.path}.record.jsonl").unlink()
    assert call(["keys", "rotate", ring.path]) == 0
    assert call(["keys", "record", ring.path]) == 1


def test_nothing_is_done_with_keys_where_it_cannot_be_recorded(made, tmp_path, capsys):
    (tmp_path / "elsewhere").write_text("")
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    before = Path(made.ring).read_bytes()
    for command in (["rotate", made.ring], ["destroy", made.ring, "--name", "main", "--yes"]):
        assert call(["keys", *command, "--record", str(tmp_path / "link.jsonl")]) == 1
        assert "Nothing is done with a key without it" in capsys.readouterr().err
    assert Path(made.ring).read_bytes() == before
    ring = tmp_path / "new.keyring"
    assert call(["keys", "create", str(ring), "--kek", "env:SHOP_KEK", "--record", str(tmp_path / "link.jsonl")]) == 1
    assert not ring.exists()


def test_one_record_may_hold_what_is_done_with_keys_and_what_is_reidentified(made, tmp_path, capsys):
    assert made.run() == 0
    record = str(tmp_path / "all.jsonl")
    assert call(["keys", "rotate", made.ring, "--record", record]) == 0
    given = ["--policy", made.policy, "--release", "crm", "--fields", "buyer", "--all", "--reason", "a test"]
    files = ["--input", str(made.out() / "crm"), "--output", str(tmp_path / "back.csv"), "--record", record]
    assert call(["reidentify", *given, *files, "--operator", "Li Na"]) == 0
    capsys.readouterr()
    assert call(["keys", "record", record]) == 0
    said = capsys.readouterr().out
    assert "Li Na" in said
    assert "4 lines" in said
