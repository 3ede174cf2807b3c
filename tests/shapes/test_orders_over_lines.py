"""Orders over several lines, of which only the first says what holds for the order: Shopify's export, and others like it.

Before, what was blank on the other lines was null: 392 of 792 rows were one group without region and date, and nobody was told.
"""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call

FIELDS = {
    "Name": {"role": "direct_identifier", "kind": "order_number"},
    "Email": {"role": "direct_identifier", "kind": "email"},
    "Created at": {"role": "quasi_identifier", "kind": "timestamp"},
    "Shipping City": {"role": "quasi_identifier"},
    "Lineitem name": {"role": "sensitive"},
    "Notes": {"role": "insensitive"},
}
ORDERS = 150
CITIES = ("Austin", "Boston", "Denver")


def rows(blank=("Created at", "Shipping City"), mark=""):
    """One row for each line of each order; blank on all lines but an order's first."""
    made = []
    for order in range(ORDERS):
        for line in range(1 + order % 3):
            row = {
                "Name": f"#{1001 + order}",
                "Email": f"c{order % 40}@example.com",
                "Created at": f"2024-0{1 + order % 9}-11 10:00:00",
                "Shipping City": CITIES[order % 3],
                "Lineitem name": f"Tee {'SML'[(order + line) % 3]}",
                "Notes": "gift" if order % 9 == 0 else "",
            }
            made.append({name: mark if line and name in blank else value for name, value in row.items()})
    return made


def csv(made):
    """The rows as text."""
    return "\n".join([",".join(FIELDS), *(",".join(row.values()) for row in made), ""])


@pytest.fixture
def shop(tmp_path):
    """Runs a policy on text, and tells what came out."""

    class Shop:
        out = tmp_path / "out"

        def write(self, text, name="orders.csv"):
            (tmp_path / name).write_text(text, "utf-8")

        def run(self, *options, fields=FIELDS, record=None, command="run", **given):
            released = ("Created at", "Shipping City", "Lineitem name", "Notes")
            policy = {
                "version": 1,
                "dataset": "t",
                "subject": "Email",
                "register": "none",
                "fields": fields,
                "input": given,
                "releases": {"a": {"purpose": "t", "sharing": "enclave", "fields": dict.fromkeys(released, "keep")}},
            }
            if record is not None:
                policy["record"] = record
            (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
            out = ["-o", str(self.out), "--overwrite"] if command == "run" else []
            return call([command, str(tmp_path / "policy.yaml"), "-i", str(tmp_path / "orders*"), *out, *options])

        def released(self):
            return pa.concat_tables(pq.read_table(path) for path in sorted((self.out / "a").glob("*.parquet")))

        def label(self):
            label = json.loads((self.out / "a" / "label.json").read_text("utf-8"))
            return {
                name: value
                for name, value in label.items()
                if name not in ("run", "decided_at", "assessed_at", "files", "policy_sha256")
            }

        @property
        def notes(self):
            return json.loads((self.out / "run.json").read_text("utf-8")).get("notes", [])

    return Shop()


FILLED = {"by": "Name", "fields": ["Email", "Created at", "Shipping City"]}


@pytest.mark.parametrize("mark", ["", '""', '" "'], ids=["nothing", "an empty text", "a space"])
def test_an_orders_cells_hold_for_all_its_lines(shop, mark):
    """01: they were null on all lines but the first. Released rows and label are those of a file with every cell filled."""
    shop.write(csv(rows(blank=())))
    assert shop.run() == 0
    whole = (shop.released(), shop.label())
    shop.write(csv(rows(blank=("Email", "Created at", "Shipping City"), mark=mark)))
    assert shop.run(fill_down=FILLED) == 0
    assert (shop.released(), shop.label()) == whole
    assert shop.released()["Shipping City"].null_count == 0


def test_a_blank_order_number_is_that_of_the_row_above_if_numbers_are_filled_as_well(shop):
    """01: other exports leave the number blank, too."""
    shop.write(csv(rows(blank=())))
    assert shop.run() == 0
    whole = (shop.released(), shop.label())
    blank = ("Name", "Email", "Created at", "Shipping City")
    shop.write(csv(rows(blank=blank)))
    assert shop.run(fill_down={"by": "Name", "fields": list(blank)}) == 0
    assert (shop.released(), shop.label()) == whole


def test_filling_ends_with_its_file(shop):
    """01: the next file may begin with any order."""
    made = rows(blank=("Email", "Shipping City"))
    shop.write(csv(made), "orders-1.csv")
    last = made[-1] | {"Shipping City": ""}
    shop.write(
        csv([last | {"Email": f"x{row}@example.com", "Name": last["Name"]} for row in range(30)]), "orders-2.csv"
    )
    assert shop.run(fill_down=FILLED) == 0
    assert shop.released()["Shipping City"].null_count == 30


@pytest.mark.parametrize("workers", ["1", "2"])
def test_filling_is_the_same_on_any_number_of_processes(shop, workers):
    """01: a file that is filled is one shard."""
    for number in range(3):
        shop.write(csv(rows(blank=("Email", "Created at", "Shipping City"))), f"orders-{number}.csv")
    assert shop.run("--workers", workers, fill_down=FILLED) == 0
    assert len(shop.released()) == 3 * len(rows())
    assert shop.released()["Shipping City"].null_count == 0


def test_blank_cells_of_further_lines_are_told_where_they_are_not_filled(shop, capsys):
    """01: the run said `anonymized`, and not a word of the blank rows."""
    shop.write(csv(rows()))
    assert shop.run() == 0
    told = capsys.readouterr().err
    repeats = len(rows()) - ORDERS
    assert f"warning: Name is that of the row above in {repeats} rows, in which" in told
    assert "fill_down: {by: Name, fields: ['Created at', 'Shipping City']}" in told
    assert "Notes" not in told  # blank on most first lines as well
    assert len(shop.notes) == 1
    assert shop.run(fill_down=FILLED) == 0
    assert shop.notes == []


def test_an_order_number_is_found_without_a_kind(shop):
    """01: a draft calls it a direct identifier, without a kind."""
    shop.write(csv(rows()))
    assert shop.run(fields={**FIELDS, "Name": {"role": "direct_identifier"}}) == 0
    assert "Name is that of the row above" in shop.notes[0]


def test_a_buyer_of_several_orders_in_a_row_is_no_order_over_several_lines(shop):
    """The warning is for what is blank again and again, not for a cell that is empty now and then."""
    made = rows(blank=())
    for number, row in enumerate(made):
        if number % 4 == 0:
            row["Shipping City"] = ""
    shop.write(csv(made))
    assert shop.run() == 0
    assert shop.notes == []


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"by": "Number", "fields": ["Email"]}, "no field is called 'Number'"),
        ({"by": "Name", "fields": ["Email", "Town"]}, "no field is called 'Town'"),
        ({"by": "Name", "fields": ["both"]}, "name the columns that it is made of"),
        ({"by": "Name", "fields": ["Email", "Email"]}, "names Email twice"),
        ({"by": "Name", "fields": []}, "fields"),
        ({"by": "Name"}, "fields"),
    ],
)
def test_what_cannot_be_filled_is_a_problem_of_the_policy(shop, filled, told, capsys):
    """01: there was no such option."""
    shop.write(csv(rows()))
    fields = {**FIELDS, "both": {"role": "insensitive"}}
    assert shop.run(fields=fields, fill_down=filled, combine={"both": ["Name", "Notes"]}) == 2
    assert told in capsys.readouterr().err
