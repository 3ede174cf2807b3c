"""A new kind of key-encryption key is one file and one entry: `keys` makes, rotates and opens keyrings under it then."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "transforms/crypto/keks/halves.py"
LISTING = "transforms/crypto/keks/__init__.py"
FILE = '''\
"""halves:A+B: the key-encryption key is in two environment variables, for two people."""

from typing import ClassVar

from beam_deid.transforms.crypto.keks.kek import LocalKek
from beam_deid.transforms.crypto.read_secret import checked, read_variable


class HalvesKek(LocalKek):
    """The texts of two environment variables, one after the other; 32 bytes at least."""

    scheme: ClassVar[str] = "halves"
    form: ClassVar[str] = "halves:NAME+NAME (of environment variables)"

    def material(self) -> bytes:
        """See `LocalKek.material`."""
        halves = (read_variable(name, self.where) for name in self.place.split("+"))
        return checked(b"".join(halves), self.where)
'''
SOURCE = "halves:FIRST_HALF+SECOND_HALF"
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
keys: {keyring: shop.keyring}
releases:
  out: {purpose: test, sharing: controlled, fields: {city: {tokenize: {}}}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    imported = "from beam_deid.transforms.crypto.keks.halves import HalvesKek"
    changed.enter(LISTING, "HalvesKek, ", before="FileKek, PassphraseKek", imports=imported)
    pq.write_table(pa.table({"city": ["A"] * 40}), changed.folder / "orders.parquet")
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


@pytest.fixture(autouse=True)
def _halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST_HALF", "a" * 20)
    monkeypatch.setenv("SECOND_HALF", "b" * 20)


def test_it_is_one_file_and_one_line(package: Package) -> None:
    one_file(package, NEW, LISTING)


def test_help_and_messages_name_its_form(package: Package) -> None:
    assert "halves:NAME+NAME" in " ".join(package.command("keys", "create", "--help").split())
    assert "halves:NAME+NAME" in package.command("keys", "create", "other.keyring", "--kek", "nothing:here", code=2)


@pytest.mark.slow("four processes that import a copy of the package")
def test_a_run_takes_keys_of_a_ring_under_it(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    package.command("keys", "create", "shop.keyring", "--kek", SOURCE)
    package.command("keys", "rotate", "shop.keyring")
    assert len(package.document("keys", "list", "shop.keyring", "--json")["keys"]) == 2
    run = ("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")
    assert package.document(*run)["labels"]["out"]["fields"]["city"]["recoverability"] == "keyed"
    (part,) = Path(package.folder, "out", "out").glob("part-*.parquet")
    assert len(set(pq.read_table(part).column("city").to_pylist())) == 1
    monkeypatch.setenv("SECOND_HALF", "c" * 20)
    assert "does not open the keyring" in package.command(*run, "--overwrite", code=2)
