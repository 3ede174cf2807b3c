"""A policy with tables becomes a policy of each table, and what is wrong in it is told where it was written."""

import itertools
import pickle
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from beam_deid.transforms.errors import PolicyError, UsageError
from beam_deid.transforms.policy.checks.names import RELEASE_NAME
from beam_deid.transforms.policy.reader import policy_from_mapping, read_policy, read_tables_policy
from beam_deid.transforms.policy.schema import policy_schema
from beam_deid.transforms.policy.scoping import identities, scope_of
from beam_deid.transforms.policy.table_policy import table_of
from beam_deid.transforms.policy.tables import TablesPolicy, part_name, table_in

from ..kit.tables import AGENCY, POLICY, TRADING

SHOP = Path(__file__).parents[2] / "configs" / "policies" / "tables" / "shop.yaml"


def read(folder: Path, text: str = POLICY) -> TablesPolicy:
    (folder / "policy.yaml").write_text(text, "utf-8")
    return read_tables_policy(str(folder / "policy.yaml"))


def problems(folder: Path, *changes: tuple[str, str]) -> list[str]:
    text = POLICY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(PolicyError) as raised:
        read(folder, text)
    assert all(re.match(rf"{folder}/policy.yaml:[0-9]+: ", line) for line in raised.value.problems)
    return [line.partition(": ")[2] for line in raised.value.problems]


def test_each_table_has_a_policy_of_its_own(tmp_path: Path) -> None:
    made = read(tmp_path)
    assert list(made.tables) == ["customers", "orders", "items"]
    items = made.tables["items"]
    assert items.policy.subject == "customers.buyer"
    assert list(items.policy.fields) == ["tid", "line", "category", "customers.buyer", "customers.mobile"]
    assert list(items.own.fields) == ["tid", "line", "category"]
    assert identities(items.policy) == ("customers.buyer", "tid", "customers.mobile")
    assert items.policy.record is None
    assert made.tables["orders"].policy.record == "tid"
    assert list(items.policy.releases) == ["crm.items"]


def test_a_table_comes_after_those_that_it_refers_to_wherever_it_is_written(tmp_path: Path) -> None:
    document = yaml.safe_load(POLICY)
    document["tables"] = dict(reversed(document["tables"].items()))
    assert list(read(tmp_path, yaml.safe_dump(document, sort_keys=False)).tables) == ["customers", "orders", "items"]


def test_what_refers_and_what_is_referred_to_have_one_domain_and_all_else_its_own(tmp_path: Path) -> None:
    made = read(tmp_path, POLICY + AGENCY)
    domains = {
        (release, field): action.key_domain(table.policy.target(release, field))  # type: ignore[attr-defined]
        for table in made.tables.values()
        for release, spec in table.policy.releases.items()
        for field, action in spec.fields.items()
        if action.name == "tokenize"
    }
    customer = domains["crm.customers", "buyer"]
    assert customer == domains["crm.orders", "buyer"] == domains["crm.items", "customers.buyer"]
    assert domains["crm.orders", "tid"] == domains["crm.items", "tid"] != customer
    assert domains["agency.orders", "buyer"] not in {customer, domains["crm.orders", "tid"]}


def test_a_policy_of_a_table_survives_pickling_and_copies(tmp_path: Path) -> None:
    policy = read(tmp_path).tables["items"].policy
    for other in (pickle.loads(pickle.dumps(policy)), policy.without_register(), policy.model_copy()):
        assert table_of(other) == "items"
        assert other.facts == policy.facts


def test_a_release_that_may_be_anonymized_knows_those_of_other_tables(tmp_path: Path) -> None:
    trading = TRADING.replace("EXPECT", "") + "      customers: {fields: {city: keep}}\n"
    made = read(tmp_path, POLICY + trading)
    orders = made.tables["orders"].policy
    assert scope_of(orders, "trading.orders", tuple(orders.releases)).apart == ("trading.customers",)
    assert scope_of(orders, "crm.orders", tuple(orders.releases)).apart == ()


def test_whoever_has_one_part_of_a_release_has_the_others_whatever_these_expect(tmp_path: Path) -> None:
    other = "      customers: {expect: still_personal, fields: {city: keep}}\n"
    made = read(tmp_path, POLICY + TRADING.replace("EXPECT", "expect: anonymized") + other)
    orders = made.tables["orders"].policy
    assert scope_of(orders, "trading.orders", tuple(orders.releases)).apart == ("trading.customers",)


def test_a_table_may_be_there_only_for_its_persons(tmp_path: Path) -> None:
    made = read(tmp_path, POLICY.replace("      customers: {fields: {buyer: tokenize, city: keep}}\n", ""))
    assert not made.tables["customers"].policy.releases
    assert made.tables["items"].policy.subject == "customers.buyer"


def test_a_table_may_name_its_subject_itself(tmp_path: Path) -> None:
    """Then a row that refers to nobody has its subject all the same; the other table lends what else names a person."""
    own = POLICY.replace("    joins: {buyer: customers}", "    subject: buyer\n    joins: {buyer: customers}")
    orders = read(tmp_path, own).tables["orders"].policy
    assert orders.subject == "buyer"
    assert identities(orders) == ("buyer", "tid", "customers.buyer", "customers.mobile")


def test_the_hash_is_that_of_all_tables(tmp_path: Path) -> None:
    made = read(tmp_path)
    assert read(tmp_path, "# again\n" + POLICY).sha256 == made.sha256
    for old, new in (
        ("line: keep", "line: drop"),
        ("city: {role", "city: {optional: true, role"),
        ("key: tid", "record: tid\n    key: tid"),
    ):
        changed = read(tmp_path, POLICY.replace(old, new, 1))
        assert (changed.sha256 == made.sha256) == (old == "key: tid")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("    joins: {tid: orders}\n", ""),
            "tables.items: it refers to no other table, so that nobody sees which of its persons are one person in customers: "
            "what names them there would not count here; add joins: {tid: orders}, the field that refers to the key there",
        ),
        (
            ("    joins: {buyer: customers}\n", "    subject: buyer\n"),
            "tables.orders: it refers to no other table, so that nobody sees which of its persons are one person in customers: "
            "what names them there would not count here; add joins: {buyer: customers}, the field that refers to the key there",
        ),
        (
            ("    subject: buyer\n", ""),
            "tables.customers: nobody can say whom its records are about: it names no subject, and refers to no table that does; "
            "add subject: FIELD",
        ),
        (
            ("{tid: orders}", "{tid: order}"),
            "tables.items.joins.tid: there is no table 'order'; did you mean 'orders'? valid: customers, orders, items",
        ),
        (
            ("{tid: orders}", "{tdi: orders}"),
            "tables.items.joins.tdi: no field of items is called 'tdi'; did you mean 'tid'? valid: tid, line, category",
        ),
        (
            ("    key: tid\n", ""),
            "tables.items.joins.tid: the table orders says no key; add key: FIELD there, the field that this one refers to",
        ),
        (("{tid: orders}", "{tid: items}"), "tables.items.joins.tid: a table cannot refer to itself"),
        (
            ("    subject: buyer\n", "    joins: {city: orders}\n"),
            "tables.customers.joins: tables refer to each other in a circle: customers, orders, items; leave one of the joins out",
        ),
        (
            ("    subject: buyer\n", "    subject: each_record\n"),
            "tables.customers.subject: records of several tables are of the same persons, so that a field must say whose they "
            "are; name it",
        ),
        (
            ("    key: buyer\n", "    kee: buyer\n"),
            "tables.customers.kee: a table has no such key; did you mean 'key'? valid: subject, record, key, joins, fields, "
            "input, same",
        ),
        (
            ("dataset: shop", "dataset: shop\nsubject: buyer"),
            "subject: where there are tables each has its own; move subject to the table that it is about",
        ),
        (
            ("{fields: {tid: tokenize, buyer: tokenize, month: keep}}", "{fields: {tid: tokenise}}"),
            "releases.crm.tables.orders.fields.tid: no action is called 'tokenise'; did you mean 'tokenize'?",
        ),
        (
            ("      orders: {fields: {tid", "      order: {fields: {tid"),
            "releases.crm.tables.order: there is no table 'order'; did you mean 'orders'? valid: customers, orders, items",
        ),
        (
            ("line: {role: insensitive", "customers.buyer: {role: insensitive"),
            "tables.items.joins.tid: it brings 'customers.buyer', and so is a field of the table called; rename that",
        ),
        (
            ("    sharing: enclave\n", "    sharing: enclave\n    key: ephemeral\n"),
            "releases.crm.key: a key that is made for one run is made for one table, so that its tokens join nothing; give each "
            "table a release of its own, or name a key in a keyring",
        ),
        (
            ("    sharing: enclave\n", "    sharing: enclave\n    fields: {city: keep}\n"),
            "releases.crm.fields: where there are tables each has its fields; write tables: {TABLE: {fields: {…}}}",
        ),
    ],
    ids=lambda value: value[1].strip() if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_told_where_it_stands(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    found = problems(tmp_path, change)
    assert any(line.startswith(said) for line in found), found


def test_all_that_is_wrong_in_any_table_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        ("city: {role: quasi_identifier}", "city: {role: quasi}"),
        ("month: {role: quasi_identifier, kind: integer}", "month: {role: quasi_identifier, kind: number_}"),
        ("sharing: enclave", "sharing: enclav"),
    )
    keys = [line.split(": ")[0] for line in found]
    assert "tables.customers.fields.city.role" in keys
    assert "releases.crm.sharing" in keys


def without_joins(document: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        document["tables"][name].pop("joins")
        document["tables"][name]["subject"] = next(iter(document["tables"][name]["fields"]))
    return document


@pytest.mark.parametrize("order", list(itertools.permutations(("customers", "orders", "items"))))
def test_tables_that_are_not_joined_are_told_the_joins_in_whatever_order_they_stand(
    order: tuple[str, ...], tmp_path: Path
) -> None:
    """Items lead to orders, and these would lead to customers, so that all would lead to customers."""
    document = without_joins(yaml.safe_load(POLICY), "orders", "items")
    document["tables"] = {name: document["tables"][name] for name in order}
    with pytest.raises(PolicyError) as raised:
        read(tmp_path, yaml.safe_dump(document, sort_keys=False))
    told = {line.split(": ")[1]: line for line in raised.value.problems}
    assert set(told) == {"tables.orders", "tables.items"}
    assert "add joins: {buyer: customers}," in told["tables.orders"]


def test_a_table_that_two_others_have_in_common_does_not_connect_these(tmp_path: Path) -> None:
    """Visits refer to both orders and customers; still orders are measured without the customers' mobiles."""
    document = without_joins(yaml.safe_load(POLICY), "orders")
    items = document["tables"]["items"]
    items["fields"]["buyer"] = {"role": "direct_identifier"}
    items["joins"]["buyer"] = "customers"
    with pytest.raises(PolicyError) as raised:
        read(tmp_path, yaml.safe_dump(document, sort_keys=False))
    assert len(raised.value.problems) == 1
    assert "tables.orders: it refers to no other table" in raised.value.problems[0]
    assert "add joins: {buyer: customers}," in raised.value.problems[0]


def test_where_nothing_tells_the_field_the_advice_leaves_it_open(tmp_path: Path) -> None:
    """No field of customers is called as the key of orders, nor the other way round."""
    document = without_joins(
        yaml.safe_load(
            POLICY.replace(
                "buyer: {role: direct_identifier}\n      month", "who: {role: direct_identifier}\n      month"
            )
        ),
        "orders",
    )
    with pytest.raises(PolicyError) as raised:
        read(tmp_path, yaml.safe_dump(document, sort_keys=False))
    assert [line.split(": ")[1] for line in raised.value.problems] == ["tables.customers"]
    assert "add joins: {FIELD: orders}," in raised.value.problems[0]
    for name in ("customers", "orders"):
        document["tables"][name].pop("key")
    without_joins(document, "items")
    with pytest.raises(PolicyError, match=r"add key: FIELD to customers, and joins: \{FIELD: customers\} here"):
        read(tmp_path, yaml.safe_dump(document, sort_keys=False))


def test_two_ways_to_a_person_are_refused(tmp_path: Path) -> None:
    both = ("    joins: {tid: orders}\n", "    joins: {tid: orders, buyer: customers}\n")
    column = (
        "      line: {role: insensitive, kind: integer}\n",
        "      buyer: {role: direct_identifier}\n      line: {role: insensitive}\n",
    )
    assert problems(tmp_path, both, column) == [
        "tables.items.joins.buyer: it brings 'customers.buyer', as tid does, and a record is about one person; leave one of "
        "the two out",
        "tables.items.joins.buyer: it brings 'customers.mobile', as tid does, and a record is about one person; leave one of "
        "the two out",
    ]


def test_whoever_takes_one_table_refuses_several(tmp_path: Path) -> None:
    made = read(tmp_path)
    with pytest.raises(PolicyError, match="the policy has several tables"):
        read_policy(str(tmp_path / "policy.yaml"))
    with pytest.raises(PolicyError, match="the policy has several tables"):
        policy_from_mapping(yaml.safe_load(POLICY))
    with pytest.raises(UsageError, match=r"no release crm\.itms"):
        made.of_part("crm.itms")
    (tmp_path / "one.yaml").write_text("version: 1\n", "utf-8")
    with pytest.raises(PolicyError):
        read_tables_policy(str(tmp_path / "one.yaml"))


def test_the_schema_knows_tables() -> None:
    validator = jsonschema.Draft202012Validator(policy_schema())

    def wrong(text: str) -> list[str]:
        return [error.message for error in validator.iter_errors(yaml.safe_load(text))]

    assert wrong(SHOP.read_text("utf-8")) == []
    assert wrong(POLICY + AGENCY) == []
    assert wrong(POLICY.replace("joins: {tid: orders}", "joined: {tid: orders}"))
    assert wrong(POLICY.replace("      items: {fields", "      items: {felds"))
    document: dict[str, Any] = yaml.safe_load(POLICY)
    document["fields"] = document["tables"]["items"]["fields"]
    assert wrong(yaml.safe_dump(document))


def test_the_name_of_a_part_is_no_name_of_a_release() -> None:
    assert re.fullmatch(RELEASE_NAME, "crm")
    assert not re.fullmatch(RELEASE_NAME, part_name("crm", "orders"))
    assert table_in(part_name("crm", "orders")) == "orders"
    assert table_in("crm") == ""


def test_what_the_law_calls_sensitive_is_so_in_a_table_as_well(tmp_path: Path) -> None:
    text = POLICY.replace("line: {role: insensitive, kind: integer}", "line: {role: insensitive, category: health}")
    assert [str(role) for role in read(tmp_path, text).tables["items"].policy.fields["line"].role] == [
        "quasi_identifier",
        "sensitive",
    ]
