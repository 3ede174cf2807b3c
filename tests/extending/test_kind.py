"""A new kind of field is one file and one entry: policies, drafts, the label's first line, masks and schemas know it then."""

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .counted import one_file
from .kit import Package, copied

NEW = "transforms/recognisers/kinds/device.py"
LISTING = "transforms/recognisers/kinds/__init__.py"
FILE = '''\
"""MAC addresses of devices."""

from beam_deid.transforms.recognisers import mac_address
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind

DEVICE = Kind(
    "device",
    category="device",
    identifies=True,
    grouped=True,
    recogniser=mac_address.MAC_ADDRESS,
    mask="passport",
    column=ColumnName("router", "路由器", "a router of a household"),
)
'''
POLICY = """\
version: 1
dataset: shop
subject: each_record
fields:
  city: {role: quasi_identifier}
  router: {role: insensitive, kind: device}
releases:
  clear: {purpose: test, sharing: controlled, fields: {city: keep, router: keep}}
  masked: {purpose: test, sharing: controlled, fields: {city: keep, router: mask}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    changed = copied(tmp_path_factory.mktemp("package"))
    changed.add(NEW, FILE)
    imported = "from beam_deid.transforms.recognisers.kinds.device import DEVICE"
    changed.enter(LISTING, "    DEVICE,", before="    DIVISION,\n", imports=imported)
    routers = [f"a0:b1:c2:00:00:{number:02x}" for number in range(40)]
    pq.write_table(pa.table({"city": ["A"] * 40, "router": routers}), changed.folder / "orders.parquet")
    (changed.folder / "policy.yaml").write_text(POLICY, "utf-8")
    return changed


def test_it_is_one_file_and_one_line(package: Package) -> None:
    one_file(package, NEW, LISTING)


def test_the_schemas_of_policy_and_label_have_it(package: Package) -> None:
    assert "device" in package.document("schema")["$defs"]["Kind"]["enum"]
    fields = package.document("schema", "--label")["properties"]["fields"]["additionalProperties"]
    assert "device" in fields["properties"]["kind"]["enum"]


def test_a_mistake_in_its_name_is_told(package: Package) -> None:
    (package.folder / "wrong.yaml").write_text(POLICY.replace("kind: device", "kind: devise"), "utf-8")
    assert "device" in package.command("plan", "wrong.yaml", code=2)


def test_a_draft_finds_it_by_values_and_by_name(package: Package) -> None:
    drafted = package.document("profile", "-i", "orders.parquet", "--json")["fields"]["router"]
    assert (drafted["role"], drafted["kind"]) == (["direct_identifier"], "device")
    assert drafted["reasons"][:2] == ["100.0% of the values are mac address", "named like a router of a household"]


def test_it_names_people_whatever_role_a_policy_gives_it(package: Package) -> None:
    releases = package.document("plan", "policy.yaml", "--json")["releases"]
    assert {one["field"]: one["kind"] for one in releases["clear"]["fields"]} == {"city": None, "router": "device"}
    assert [releases[name]["best_label"] for name in ("clear", "masked")] == ["still_personal"] * 2
    assert "of kind device, which names a person" in releases["clear"]["reasons"][0]["what"]
    assert releases["clear"]["identities"] == ["router"]


def test_a_run_masks_it_by_its_own_preset_and_labels_it(package: Package) -> None:
    run = ("run", "policy.yaml", "-i", "orders.parquet", "-o", "out", "--workers", "1", "--json")
    labels = package.document(*run)["labels"]
    schema = package.document("schema", "--label")
    for label in labels.values():
        jsonschema.validate(label, schema)
        assert label["fields"]["router"]["kind"] == "device"
        (test,) = (test for test in label["tests"] if test["name"] == "direct_identifiers")
        assert (test["measured"], test["passed"]) == (1, False)
        assert label["fields"]["router"]["category"] == "device"
    assert "is masked as a passport" in labels["masked"]["fields"]["router"]["sentence"]
    (part,) = (package.folder / "out" / "masked").glob("part-*.parquet")
    assert set(pq.read_table(part).column("router").to_pylist()) == {"*" * 17}
