"""Releases written by hand, right up to a limit and one step beyond it, and the faults of a product that would publish the latter.

Each pair of `PAIRS` is a source with what might be published of it: one that holds, and one as near to it as can be that a
product with a certain fault would call anonymized all the same. The attacker must be silent on the one and name the line on the
other.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .datasets import CALM

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class World:
    """A source and what was published of it.

    Attributes:
        rows: The records of the source.
        released: For each release the numbers of its records, in the order of the file; all of them, shuffled, if None.
        fields: Roles and kinds of the columns.
        columns: The columns of each release, each an action.
        sharing: Of all releases.
        more: Further parts of each release's policy.
        policy: Further parts of the policy.
        values: What stands in a release in place of a column's own values, by column.
    """

    rows: Rows
    released: dict[str, list[int] | None]
    fields: dict[str, dict[str, Any]]
    columns: dict[str, dict[str, Any]]
    sharing: str = "controlled"
    more: dict[str, Any] | None = None
    policy: dict[str, Any] | None = None
    values: dict[str, Callable[[Any], Any]] | None = None

    @property
    def source(self) -> pa.Table:
        """The records."""
        return pa.Table.from_pandas(pd.DataFrame(self.rows), preserve_index=False)

    @property
    def plain(self) -> bool:
        """Whether a product can be asked for just this: all records, columns as they are, no order of their own."""
        return not self.values and all(chosen is None for chosen in self.released.values())

    def written(self, suppression: float) -> dict[str, Any]:
        """The policy."""
        policy: dict[str, Any] = {"version": 1, "dataset": "planted", "subject": "buyer", "fields": self.fields}
        policy.update(self.policy or {})
        release: dict[str, Any] = {"purpose": "test", "sharing": self.sharing, "require": {"suppression": suppression}}
        if self.sharing != "public":
            release["environment"] = CALM
        policy["releases"] = {
            name: {**release, **(self.more or {}), "fields": columns} for name, columns in self.columns.items()
        }
        return policy

    def publish(self, out: Path) -> tuple[pa.Table, dict[str, Any]]:
        """Write the releases as a run leaves them, each called anonymized; gives the source and the policy."""
        source = self.source
        policy = self.written(1.0)
        for name, columns in self.columns.items():
            chosen = self.released[name]
            table = source.take(np.random.default_rng(1).permutation(len(self.rows)) if chosen is None else chosen)
            table = table.select(list(columns))
            for column, change in (self.values or {}).items():
                if column in columns and columns[column] != "keep":
                    changed = pa.array([change(value) for value in table.column(column).to_pylist()])
                    table = table.set_column(table.column_names.index(column), column, changed)
            (out / name).mkdir(parents=True)
            pq.write_table(table, out / name / "part-00000.parquet")
            label = {
                "label": "anonymized",
                "search": None,
                "fields": {
                    column: {"recoverability": "clear" if action == "keep" else "generalized"}
                    for column, action in columns.items()
                },
            }
            (out / name / "label.json").write_text(json.dumps(label))
        return source, policy


FIELDS: dict[str, dict[str, Any]] = {
    "buyer": {"role": "direct_identifier"},
    "mobile": {"role": "direct_identifier", "kind": "mobile"},
    "place": {"role": "quasi_identifier"},
    "ill": {"role": "sensitive"},
}


def people(place: str, ills: list[Any], start: int, **more: Any) -> Rows:
    """A record for each of some persons, with a mobile of its own."""
    return [
        {"buyer": f"u{start + number}", "mobile": f"138{start + number:08d}", "place": place, "ill": ill, **more}
        for number, ill in enumerate(ills)
    ]


def world(rows: Rows, **changes: Any) -> World:
    """One release of place and ill over these records."""
    made = World(rows, {"a": None}, FIELDS, {"a": {"place": "keep", "ill": "keep"}})
    return replace(made, **changes)


def crowd(count: int = 60) -> Rows:
    """Persons elsewhere, with whom every value is common: fifteen each of two values in two places."""
    return people("elsewhere", ["flu", "cold"] * (count // 4), 1_000) + people(
        "there", ["flu", "cold"] * (count // 4), 2_000
    )


def town(size: int, **more: Any) -> Rows:
    """A small group of persons with two values."""
    return people("here", (["flu", "cold"] * size)[:size], 0, **more)


def changed(rows: Rows, at: int, **values: Any) -> Rows:
    """The records with one of them changed."""
    return [{**row, **values} if number == at else row for number, row in enumerate(rows)]


def smallest_group() -> tuple[World, World]:
    return world(town(5) + crowd()), world(town(4) + crowd())


def rows_are_no_persons() -> tuple[World, World]:
    right = town(6)
    return world(changed(right, 5, buyer="u4", mobile=right[4]["mobile"]) + crowd()), world(
        changed(town(5), 4, buyer="u3", mobile=right[3]["mobile"]) + crowd()
    )


def the_other_identity_decides() -> tuple[World, World]:
    return world(changed(town(6), 5, mobile="13800000004") + crowd()), world(
        changed(town(5), 4, mobile="13800000003") + crowd()
    )


def a_kind_makes_an_identity() -> tuple[World, World]:
    fields = {**FIELDS, "mobile": {"role": "insensitive", "kind": "mobile"}}
    right, wrong = the_other_identity_decides()
    return replace(right, fields=fields), replace(wrong, fields=fields)


def spellings_are_one_identity() -> tuple[World, World]:
    return world(changed(town(6), 5, mobile="+86 138-0000-0004") + crowd()), world(
        changed(town(5), 4, mobile="１３８００００００03") + crowd()
    )


def the_subjects_spellings_are_one() -> tuple[World, World]:
    return world(changed(town(6), 5, buyer=" U4 ") + crowd()), world(changed(town(5), 4, buyer="Ｕ3") + crowd())


def a_null_counts_nobody() -> tuple[World, World]:
    return world(changed(town(6), 5, buyer=None, mobile=None) + crowd()), world(
        changed(town(5), 4, buyer=None) + crowd()
    )


def a_masked_mobile_is_its_subject() -> tuple[World, World]:
    masked = [{**row, "mobile": "138****0000"} for row in town(5)]
    return world(masked + crowd()), world(masked[:4] + crowd())


def a_null_takes_the_subjects_only_value() -> tuple[World, World]:
    # Two buyers with one mobile elsewhere; here it is missing.
    both = [{**row, "mobile": "13899999999"} for row in people("elsewhere", ["flu", "cold"], 0)]
    silent = changed(changed(town(6), 0, mobile=None), 1, mobile=None)
    return world(silent + both + crowd()), world(silent[:5] + both + crowd())


def a_shops_telephone_names_nobody() -> tuple[World, World]:
    def shop(more: int) -> World:
        many = crowd(200) + people("there", ["flu", "cold"] * (more // 2), 5_000)
        return world([{**row, "mobile": "13900000000"} for row in town(5) + many])

    return shop(0), world([{**row, "mobile": "13900000000"} for row in town(5) + crowd(80)])


def all_columns_in_public() -> tuple[World, World]:
    def public(flu: int) -> World:
        return world(people("here", ["flu"] * flu + ["cold"] * 20, 0) + crowd(160), sharing="public")

    return public(20), public(19)


def all_but_one_sensitive_column() -> tuple[World, World]:
    fields = {**FIELDS, "pay": {"role": "sensitive"}}
    columns = {"a": {"place": "keep", "ill": "keep", "pay": "keep"}}
    many = [{**row, "pay": pay} for row, pay in zip(crowd(160), ["low", "low", "high", "high"] * 40, strict=False)]

    def paid(least: int) -> World:
        here = [{**row, "pay": "low"} for row in town(10)] + people("here", ["flu", "cold"] * 5, 100, pay="high")
        rare = people("here", ["flu"] * least, 200, pay="none") + people("here", ["cold"] * 5, 300, pay="none")
        wide = people("there", ["flu", "cold"] * 20, 6_000, pay="none")
        del here[0]
        return world(here + rare + wide + many, fields=fields, columns=columns)

    # Whoever knows the place and the pay meets 10 or 9; only pay and ill together are rarer, and both are never known.
    few = [{**row, "pay": "top"} for row in people("here", ["flu"] * 2 + ["cold"] * 2, 7_000)]
    elsewhere = people("elsewhere", ["flu", "cold"] * 10, 8_000, pay="top")
    one_more = people("here", ["flu"], 7_500, pay="top")
    base = paid(5)
    return replace(base, rows=base.rows + few + one_more + elsewhere), replace(base, rows=base.rows + few + elsewhere)


def a_rare_value() -> tuple[World, World]:
    def rare(count: int) -> World:
        return world(
            [{**row, "ill": "rare"} if number < count else row for number, row in enumerate(town(20))] + crowd()
        )

    return rare(5), rare(4)


def a_column_left_out_of_the_group() -> tuple[World, World]:
    fields = {**FIELDS, "device": {"role": "insensitive"}}
    columns = {"a": {"place": "keep", "ill": "keep", "device": "keep"}}

    def with_devices(first: int) -> World:
        ten = [{**row, "device": "one" if number < first else "two"} for number, row in enumerate(town(11))]
        return world(ten + [{**row, "device": "one"} for row in crowd()], fields=fields, columns=columns)

    return with_devices(6), with_devices(4)


def minus_zero_is_no_zero() -> tuple[World, World]:
    fields = {**FIELDS, "place": {"role": "quasi_identifier", "kind": "number"}}

    def zeros(minus: int) -> World:
        rows = [{**row, "place": -0.0 if number < minus else 0.0} for number, row in enumerate(crowd())]
        return world(rows, fields=fields)

    return zeros(6), zeros(4)


def a_null_is_no_second_value() -> tuple[World, World]:
    return world(people("here", ["flu"] * 6 + ["cold"], 0) + crowd()), world(
        people("here", ["flu"] * 6 + [None], 0) + crowd()
    )


def a_spelling_is_no_second_value() -> tuple[World, World]:
    wide = crowd() + people("there", ["FLU ", "ＦＬＵ", "grippe"] * 20, 4_000)
    return world(people("here", ["flu"] * 6 + ["cold"], 0) + wide), world(
        people("here", ["flu"] * 6 + ["FLU "], 0) + wide
    )


def what_means_the_same_is_no_second_value() -> tuple[World, World]:
    same = {"same": {"ill": {"flu": ["grippe"]}}}
    wide = crowd() + people("there", ["grippe"] * 20, 4_000)
    rows = people("here", ["flu"] * 4 + ["grippe"] * 3, 0) + wide
    return world(rows), world(rows, policy=same)


def gains(sharing: str, size: int, others: Rows) -> tuple[World, World]:
    """A group in which as many have a value as may, and one more."""
    limit = {"public": 0.5, "controlled": 0.75, "enclave": 0.9}[sharing]

    def gain(many: int) -> float:
        total = len(others) + size
        base = (many + sum(row["ill"] == "rare" for row in others)) / total
        return (many / size - base) / (1 - base)

    most = max(many for many in range(size) if gain(many) <= limit)

    def has(many: int) -> World:
        return world(people("here", ["rare"] * many + ["flu"] * (size - many), 0) + others, sharing=sharing)

    return has(most), has(most + 1)


def gain_in_public() -> tuple[World, World]:
    return gains("public", 80, crowd(800) + people("there", ["rare"] * 40, 9_000))


def gain_in_controlled() -> tuple[World, World]:
    return gains("controlled", 60, crowd(400) + people("there", ["rare"] * 20, 9_000))


def gain_in_an_enclave() -> tuple[World, World]:
    return gains("enclave", 60, crowd(400) + people("there", ["rare"] * 20, 9_000))


def gain_counts_persons_not_rows() -> tuple[World, World]:
    here = people("here", ["flu", "cold"] * 10, 0)
    wide = crowd(400) + people("there", ["rare"] * 8, 9_000)
    # Each person has the rare value in one of two records: half of the rows, and everybody.
    everybody = [{**row, "ill": "rare"} for row in here]
    return world(here + everybody[:12] + wide), world(here + everybody + wide)


def nulls_do_not_dilute_a_gain() -> tuple[World, World]:
    # A null is a person of the group, and no value.
    others = crowd(400) + people("there", ["rare"] * 8, 9_000)

    def holders(rare: int) -> World:
        return world(people("here", ["rare"] * rare + ["flu"] + [None] * (19 - rare), 0) + others)

    return holders(14), holders(18)


def suppressed_rows_are_no_base() -> tuple[World, World]:
    # Those who were suppressed had the value: with them it would be common, without them it is a gain.
    here = people("here", ["rare"] * 17 + ["flu"] * 3, 0)
    others = crowd(400) + people("there", ["rare"] * 8, 9_000)
    gone = people("gone", ["rare"] * 600, 10_000)
    whole = world(here + others + gone + people("gone", ["flu", "cold"] * 100, 20_000))
    kept = [number for number, row in enumerate(whole.rows) if row["place"] != "gone"]
    return whole, replace(whole, released={"a": np.random.default_rng(2).permutation(kept).tolist()})


def heavy(sharing: str, own: int, rest: int) -> World:
    """A group in which one person has several records, half of each value."""
    others = town(rest)
    first = [{**others[number % 2], "buyer": "heavy", "mobile": "13777777777"} for number in range(own)]
    return world(first + others + crowd(160), sharing=sharing)


def dominance_in_public() -> tuple[World, World]:
    return heavy("public", 40, 40), heavy("public", 41, 40)


def dominance_in_controlled() -> tuple[World, World]:
    return heavy("controlled", 14, 6), heavy("controlled", 15, 6)


def dominance_in_an_enclave() -> tuple[World, World]:
    return heavy("enclave", 34, 6), heavy("enclave", 35, 6)


def suppressed_rows_do_not_dilute_dominance() -> tuple[World, World]:
    rows = (
        heavy("controlled", 14, 6).rows + people("here", ["gone"] * 20, 30_000) + people("there", ["gone"] * 80, 40_000)
    )
    whole = world([*rows, rows[0]])
    kept = [number for number, row in enumerate(whole.rows) if row["ill"] != "gone"]
    return whole, replace(whole, released={"a": np.random.default_rng(3).permutation(kept).tolist()})


def known_by_an_attacker() -> tuple[World, World]:
    more = {"attackers": {"doctor": {"knows": ["place", "ill"]}}}
    return world(people("here", ["flu"] * 5 + ["cold"] * 5, 0) + crowd(), more=more), world(
        people("here", ["flu"] * 4 + ["cold"] * 5, 0) + crowd(), more=more
    )


def joined(cross: int) -> World:
    """Two releases that coarsen one of two columns each; in both together a group is what the two exact ones leave."""
    fields = {**FIELDS, "age": {"role": "quasi_identifier", "kind": "integer"}}
    rows: Rows = []
    for place, age, many in (("p1", 1, 20), ("p1", 2, cross), ("p2", 1, 20), ("p2", 2, 20)):
        rows += people(place, (["flu", "cold"] * many)[:many], 100 * len(rows), age=age)
    up = {"generalize": {"ranges": [10], "level": "*"}}
    wide = {"generalize": {"prefix": [1], "level": 0}}
    return World(
        rows,
        {"a": None, "b": None},
        fields,
        {"a": {"place": "keep", "age": up, "ill": "keep"}, "b": {"place": wide, "age": "keep", "ill": "keep"}},
        values={"age": lambda _: "*", "place": lambda place: place[:1]},
    )


def joint_groups() -> tuple[World, World]:
    return joined(10), joined(9)  # of nine persons four have a cold


def presence_in_the_other_release() -> tuple[World, World]:
    base = replace(joined(20), released={"a": None, "b": None})
    order = np.random.default_rng(4).permutation(len(base.rows)).tolist()

    def without(many: int) -> World:
        gone = [
            number
            for number, row in enumerate(base.rows)
            if (row["place"], row["age"]) == ("p1", 1) and row["ill"] == "flu"
        ]
        # All of one combination at the levels of b, or nobody could tell who is gone: p1 and p2 are one there.
        rows = [{**row, "age": 3} if number in gone[:many] else row for number, row in enumerate(base.rows)]
        return replace(
            base, rows=rows, released={"a": order, "b": [number for number in order if number not in gone[:many]]}
        )

    return without(5), without(4)


def values_in_common() -> tuple[World, World]:
    def ill(one: str, two: str) -> World:
        base = joined(20)
        kinds = {("p1", 1): (one, two), ("p1", 2): ("c", "d"), ("p2", 1): ("e", "f"), ("p2", 2): ("g", "h")}
        rows = [{**row, "ill": kinds[row["place"], row["age"]][number % 2]} for number, row in enumerate(base.rows)]
        return replace(base, rows=rows)

    # Those of p1 and 1 have in a what p1 has, in b what 1 has; in both only what is theirs.
    return ill("a", "b"), ill("a", "a")


def in_the_order_of_the_source() -> tuple[World, World]:
    rows = np.random.default_rng(5).permutation(np.array(town(12) + crowd(), dtype=object)).tolist()
    return world(rows), world(rows, released={"a": list(range(len(rows)))})


def a_direct_identifier() -> tuple[World, World]:
    made = world(people("13800000000", ["flu", "cold"] * 10, 0) + crowd())
    plain = world(people("1380000", ["flu", "cold"] * 10, 0) + crowd())
    return plain, made


def a_kind_that_names_a_person() -> tuple[World, World]:
    rows = town(10) + crowd()
    return world(rows), world(rows, fields={**FIELDS, "place": {"role": "insensitive", "kind": "address"}})


def rows_of_nobody() -> tuple[World, World]:
    right = world(town(10) + crowd())
    return right, replace(right, released={"a": [*range(len(right.rows)), 0]})


def more_suppressed_than_allowed() -> tuple[World, World]:
    rows = town(10) + crowd()
    more = {"require": {"suppression": 0.25}}
    whole = world(rows, more=more)
    order = np.random.default_rng(6).permutation(len(rows)).tolist()
    kept = [number for number in order if rows[number]["place"] != "here"]
    return replace(whole, released={"a": kept}), replace(
        whole, more={"require": {"suppression": 0.1}}, released={"a": kept}
    )


PAIRS: dict[str, tuple[Callable[[], tuple[World, World]], int, str]] = {
    "smallest group, off by one": (smallest_group, 3, "k"),
    "rows counted for persons": (rows_are_no_persons, 3, "k"),
    "only the subject counted": (the_other_identity_decides, 3, "k"),
    "identities by their role alone": (a_kind_makes_an_identity, 3, "k"),
    "spellings of an identity counted": (spellings_are_one_identity, 3, "k"),
    "spellings of the subject counted": (the_subjects_spellings_are_one, 3, "k"),
    "null counted as a person": (a_null_counts_nobody, 3, "k"),
    "masked identity": (a_masked_mobile_is_its_subject, 3, "k"),
    "null that the subject's other records fill": (a_null_takes_the_subjects_only_value, 3, "k"),
    "a value of a hundred subjects": (a_shops_telephone_names_nobody, 3, "k"),
    "all columns, off by one": (all_columns_in_public, 3, "k_all"),
    "all but one sensitive column, off by one": (all_but_one_sensitive_column, 3, "k_without:ill"),
    "rare value, off by one": (a_rare_value, 3, "k_values:ill"),
    "a column left out": (a_column_left_out_of_the_group, 3, "k"),
    "equal by value, not by bytes": (minus_zero_is_no_zero, 3, "k"),
    "null counted as a value": (a_null_is_no_second_value, 4, "l:ill"),
    "spellings counted as values": (a_spelling_is_no_second_value, 4, "l:ill"),
    "synonyms counted as values": (what_means_the_same_is_no_second_value, 4, "l:ill"),
    "gain, off by one, public": (gain_in_public, 4, "gain:ill"),
    "gain, off by one, controlled": (gain_in_controlled, 4, "gain:ill"),
    "gain, off by one, enclave": (gain_in_an_enclave, 4, "gain:ill"),
    "gain over rows": (gain_counts_persons_not_rows, 4, "gain:ill"),
    "gain with nulls": (nulls_do_not_dilute_a_gain, 4, "gain:ill"),
    "suppressed rows in the base of a gain": (suppressed_rows_are_no_base, 4, "gain:ill"),
    "dominance, off by one, public": (dominance_in_public, 5, "dominance"),
    "dominance, off by one, controlled": (dominance_in_controlled, 5, "dominance"),
    "dominance, off by one, enclave": (dominance_in_an_enclave, 5, "dominance"),
    "suppressed rows in the base of dominance": (suppressed_rows_do_not_dilute_dominance, 5, "dominance"),
    "attacker, off by one": (known_by_an_attacker, 7, "attacker:doctor"),
    "joint group, off by one": (joint_groups, 8, "composition:b"),
    "presence left out of joint groups": (presence_in_the_other_release, 8, "composition:b"),
    "values in common": (values_in_common, 8, "common_values:b:ill"),
    "rows as in the source": (in_the_order_of_the_source, 9, "order"),
    "identifier among values": (a_direct_identifier, 1, "value_scan"),
    "kind that overrides a role": (a_kind_that_names_a_person, 1, "direct_identifiers"),
    "rows of nobody": (rows_of_nobody, 0, "rows"),
    "more suppressed than allowed": (more_suppressed_than_allowed, 0, "suppression"),
}
"""By the fault of a product: its pair, and the line and test that must be named."""
