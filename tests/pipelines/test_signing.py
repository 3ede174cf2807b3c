"""Labels signed by the keyring's key: who made them, and what becomes of a signature."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keyring_file import opened, signing_key
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.label.documents import document_sha256, signed, to_bytes

from .keyed import KEK, Shop, shop


def sign_policy(made):
    policy = Path(made.policy)
    policy.write_text(policy.read_text("utf-8").replace("dataset: shop", "dataset: shop\nsign: keyring"), "utf-8")


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A shop with a signing key, and a signed run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        made = shop(tmp_path_factory.mktemp("signed"))
        sign_policy(made)
        assert call(["keys", "create", made.ring, "--sign"]) == 0
        assert made.run() == 0
    return made


@pytest.fixture
def made(original, tmp_path):
    shutil.copytree(original.folder, tmp_path / "shop")
    copy = Shop(tmp_path / "shop")
    path = copy.out() / "run.json"
    # As if it had been made here: the copy's manifests name the copy's keyring.
    run = json.loads(path.read_text("utf-8"))
    run["keyring"]["path"] = copy.ring
    run["sha256"] = document_sha256(run)
    path.write_bytes(to_bytes(signed(run, signing_key(copy.ring))))
    return copy


def public(made):
    return opened(made.ring).primary("signing").public


def verified(made, capsys, *options):
    capsys.readouterr()
    code = call(["verify", str(made.out()), *options, "--json"])
    document = json.loads(capsys.readouterr().out)
    return code, document["origin"], [problem for one in document["results"] for problem in one["problems"]]


def forged(made, key, change=lambda label: None):
    """Manifests that fit each other, signed by ``key``, of somebody who can write the folder."""
    run = json.loads((made.out() / "run.json").read_text("utf-8"))
    for name, release in run["releases"].items():
        path = made.out() / name / "label.json"
        label = json.loads(path.read_text("utf-8"))
        change(label)
        path.write_bytes(to_bytes(signed(label, key)))
        release["label_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    run["sha256"] = document_sha256(run)
    (made.out() / "run.json").write_bytes(to_bytes(signed(run, key)))


def test_a_signed_run_proves_its_origin_with_the_key_and_says_what_it_shows_without(made, capsys, tmp_path):
    (tmp_path / "signing.pub").write_text(public(made) + "\n")
    for key in (public(made), str(tmp_path / "signing.pub")):
        assert verified(made, capsys, "--key", key) == (0, "proved", [])
    assert verified(made, capsys) == (0, "unproven", [])
    assert call(["verify", str(made.out())]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "nothing was changed since, not who made it; with --key" in said
    assert public(made) in said
    assert call(["verify", str(made.out()), "--key", public(made)]) == 0
    assert "Origin proved" in capsys.readouterr().out


def test_the_label_and_the_run_bear_the_public_key_and_no_part_holds_more(made):
    for manifest in ("run.json", "crm/label.json", "partner/label.json"):
        signature = json.loads((made.out() / manifest).read_text("utf-8"))["signature"]
        assert (signature["algorithm"], signature["key"]) == ("Ed25519", public(made))


def test_another_key_is_a_problem(made, capsys):
    code, origin, problems = verified(made, capsys, "--key", SigningKey(bytes(32)).public)
    assert (code, origin) == (1, "unproven")
    assert len(problems) == 3
    assert all("another key" in problem for problem in problems)


def test_manifests_that_fit_each_other_prove_nothing_without_the_publishers_signature(made, capsys):
    owner = public(made)
    for key, said in ((None, "no signature"), (SigningKey(bytes(32)), "another key")):
        forged(made, key, lambda label: label.update(purpose="another"))
        assert verified(made, capsys) == (0, "unproven", [])
        code, origin, problems = verified(made, capsys, "--key", owner)
        assert (code, origin) == (1, "unproven")
        assert all(said in problem for problem in problems)


def test_a_signature_of_something_else_is_a_problem_with_and_without_a_key(made, capsys):
    path = made.out() / "crm" / "label.json"
    signature = json.loads(path.read_text("utf-8"))["signature"]
    forged(made, None, lambda label: label.update(purpose="another"))
    label = json.loads(path.read_text("utf-8"))
    path.write_bytes(to_bytes({**label, "signature": signature}))
    for options in ((), ("--key", public(made))):
        code, origin, problems = verified(made, capsys, *options)
        assert (code, origin) == (1, "unproven")
        assert "label.json does not fit its signature" in problems


def test_one_release_without_its_signature_leaves_nothing_proved(made, capsys):
    path = made.out() / "crm" / "label.json"
    label = json.loads(path.read_text("utf-8"))
    path.write_bytes(to_bytes(signed(label, None)))
    code, origin, _ = verified(made, capsys, "--key", public(made))
    assert (code, origin) == (1, "unproven")


def test_a_run_without_signatures_has_no_origin_to_show(tmp_path, capsys):
    made = shop(tmp_path)
    assert made.run() == 0
    assert verified(made, capsys) == (0, "unproven", [])
    assert "signature" not in made.label()
    code, origin, problems = verified(made, capsys, "--key", SigningKey(bytes(32)).public)
    assert (code, origin, len(problems)) == (1, "unproven", 3)


def test_a_keyring_without_a_signing_key_is_told_with_how_to_make_it_before_anything_is_read(tmp_path, capsys):
    made = shop(tmp_path)
    sign_policy(made)
    assert made.run() == 2
    said = capsys.readouterr().err
    assert "no signing key" in said
    assert "keys create" in said
    assert "--sign" in said
    assert "measuring" not in said
    assert not made.out().exists()


@pytest.mark.parametrize(
    ("keys", "said"), [("keys: {{key: env:SHOP_KEK}}", "keys: {keyring: PATH}"), ("", "keys: {keyring: PATH}")]
)
def test_a_policy_that_signs_names_a_keyring(tmp_path, capsys, keys, said):
    made = shop(tmp_path)
    sign_policy(made)
    policy = Path(made.policy)
    policy.write_text(policy.read_text("utf-8").replace("keys: {keyring: keys/orders.keyring}", keys.format()), "utf-8")
    assert made.run() == 2
    told = capsys.readouterr().err
    assert said in told
    assert "--sign" in told


def test_a_signing_key_protects_no_data(made, capsys):
    policy = Path(made.policy)
    policy.write_text(policy.read_text("utf-8").replace("    format", "    key: keyring:signing\n    format"), "utf-8")
    assert made.run("other") == 2
    assert "protects no data" in capsys.readouterr().err


def test_labels_decided_again_are_signed_anew(made, capsys):
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(made.out())]) == 0
    assert "Signed anew" in capsys.readouterr().out
    assert verified(made, capsys, "--key", public(made)) == (0, "proved", [])


def test_after_a_rotation_they_are_signed_by_the_new_key_all_of_them(made, capsys):
    old = public(made)
    assert call(["keys", "rotate", made.ring, "--name", "signing"]) == 0
    assert verified(made, capsys, "--key", old) == (0, "proved", [])
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(made.out())]) == 0
    assert verified(made, capsys, "--key", public(made)) == (0, "proved", [])
    assert public(made) != old


def test_without_the_key_the_signature_is_dropped_and_said_so(made, capsys, monkeypatch):
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    monkeypatch.delenv("SHOP_KEK")
    capsys.readouterr()
    assert call(["label", "--again", str(made.out()), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["signature"] == "dropped"
    assert "not set" in done["reason"]
    assert "signature" not in made.label()
    assert verified(made, capsys) == (0, "unproven", [])


@pytest.mark.parametrize("key", [SigningKey(bytes(32)), None])
def test_what_somebody_else_put_there_is_not_signed_anew(made, capsys, key):
    forged(made, key, lambda label: label.update(purpose="another"))
    assert call(["keys", "destroy", made.ring, "--name", "main", "--yes"]) == 0
    assert call(["label", "--again", str(made.out())]) == 0
    assert "Signed anew" not in capsys.readouterr().out
    assert "signature" not in made.label()


def test_keys_shows_purpose_and_public_key_and_says_what_destruction_leaves(made, capsys):
    capsys.readouterr()
    assert call(["keys", "list", made.ring]) == 0
    assert public(made) in capsys.readouterr().out
    assert call(["keys", "list", made.ring, "--json"]) == 0
    data, sign, *_ = json.loads(capsys.readouterr().out)["keys"]
    assert (data["purpose"], data["public"]) == ("data", None)
    assert (sign["purpose"], sign["public"]) == ("sign", public(made))
    key = public(made)
    assert call(["keys", "destroy", made.ring, "--name", "signing", "--yes"]) == 0
    assert "checked with its public key" in " ".join(capsys.readouterr().out.split())
    assert verified(made, capsys, "--key", key) == (0, "proved", [])
    assert made.run("other") == 2
    assert "keys rotate" in capsys.readouterr().err


def test_a_keyring_may_be_made_with_a_signing_key_alone(tmp_path, capsys):
    ring = str(tmp_path / "signing.keyring")
    assert call(["keys", "create", ring, "--kek", "env:SHOP_KEK", "--sign", "--name", "orders"]) == 0
    said = capsys.readouterr().out
    assert "sign: keyring" in said
    assert signing_key(ring).public in said
    assert call(["keys", "create", ring, "--sign", "--name", "orders"]) == 2
    assert call(["verify", str(tmp_path), "--key", ring]) == 2
