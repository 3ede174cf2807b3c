"""The same orders as a shop's CSV export and as an API's nested JSON: one policy, the same published rows."""

import json

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.synthetic.orders import order_batches

from ..kit.outputs import labels

POLICY = """
version: 1
dataset: shop
subject: buyer
input:
  records: data.order_list
  items: item_list
  fields:
    order_id: order_id
    buyer: buyer_info.open_id
    mobile: receiver.mobile
    province: receiver.area.province
    city: receiver.area.city
    district: receiver.area.district
    item_no: item_list.item_id
    category: item_list.category
    price: item_list.price
  combine:
    division: [province, city, district]
fields:
  order_id: {role: direct_identifier, kind: order_number}
  buyer: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  province: {role: quasi_identifier, kind: division}
  city: {role: quasi_identifier, kind: division}
  district: {role: quasi_identifier, kind: division}
  division: {role: quasi_identifier, kind: division}
  address: {role: direct_identifier, kind: address}
  created: {role: quasi_identifier, kind: timestamp}
  item_no: {role: direct_identifier, kind: order_number}
  category: {role: sensitive}
  price: {role: quasi_identifier, kind: decimal}
releases:
  out:
    purpose: test
    sharing: enclave
    require: {k: 3, suppression: 0.3}
    environment: {controls: high, motive: low, prevalence: 0, acquaintances: 0, security: high}
    fields:
      division: {generalize: {hierarchy: cn_districts, level: province}}
      created: {generalize: {calendar: [year], level: year}}
      category: keep
      price: {generalize: {bins: [50, 200], level: 0}}
  inside:
    purpose: test
    sharing: enclave
    fields:
      order_id: keep
      item_no: keep
      mobile: {mask: {preset: mobile}}
      division: {generalize: {hierarchy: cn_districts, level: district}}
      address: {mask: {preset: address, division: district}}
      price: keep
"""
COLUMNS = [
    "order_id",
    "buyer",
    "mobile",
    "province",
    "city",
    "district",
    "address",
    "created",
    "item_no",
    "category",
    "price",
]


@pytest.fixture(scope="module")
def orders():
    """Orders of two items each, but every seventh of none."""
    batch = next(iter(order_batches(700, 11)))
    rows = batch.to_pylist()
    made = []
    for number, row in enumerate(rows):
        items = [
            {
                "item_id": f"{6917529027641081857 + number * 10 + i}",
                "category": rows[number - i]["category"],
                "price": str(rows[number - i]["payment"]),
            }
            for i in range(2)
        ]
        made.append(
            {
                "order_id": row["tid"],
                "buyer": row["buyer_open_uid"],
                "mobile": row["receiver_mobile"],
                "province": row["receiver_state"],
                "city": row["receiver_city"],
                "district": row["receiver_district"],
                "address": f"{row['receiver_city']}{row['receiver_district']}{row['receiver_address']}",
                "created": f"{row['created']:%Y-%m-%d %H:%M:%S}",
                "items": items if number % 7 else [],
            }
        )
    return made


def write_csv(path, orders):
    """GB18030, with long numbers armoured against spreadsheets; a row for each item."""
    armour = {"order_id", "mobile", "item_no"}
    lines = [",".join(COLUMNS)]
    for order in orders:
        for item in order["items"] or [{}]:
            row = {
                **order,
                "item_no": item.get("item_id"),
                "category": item.get("category"),
                "price": item.get("price"),
            }
            cells = (f'="{row[name]}"' if name in armour and row[name] else row[name] or "" for name in COLUMNS)
            lines.append(",".join(cells))
    path.write_bytes("\r\n".join(lines).encode("gb18030"))


def nested(order):
    return {
        # Numbers that a float would not hold.
        "order_id": int(order["order_id"]),
        "created": order["created"],
        "address": order["address"],
        "buyer_info": {"open_id": order["buyer"]},
        "receiver": {
            "mobile": order["mobile"],
            "area": {name: order[name] for name in ("province", "city", "district")},
        },
        "item_list": [
            {"item_id": int(one["item_id"]), "category": one["category"], "price": one["price"]}
            for one in order["items"]
        ],
    }


def answer(orders, **more):
    return {"code": 0, "data": {"total": len(orders), "order_list": [nested(order) for order in orders]}, **more}


def run(policy, source, out, *more):
    return call(["run", str(policy), "-i", str(source), "-o", str(out), "--workers", "1", *more])


@pytest.fixture(scope="module")
def published(orders, tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    (folder / "policy.yaml").write_text(POLICY)
    write_csv(folder / "orders.csv", orders)
    (folder / "orders.json").write_text(json.dumps(answer(orders), ensure_ascii=False, indent=2))
    pages = [answer(orders[start : start + 100], page=start) for start in range(0, 800, 100)]
    (folder / "pages.jsonl").write_text("".join(json.dumps(page) + "\n" for page in pages))
    for form in ("orders.csv", "orders.json", "pages.jsonl"):
        assert run(folder / "policy.yaml", folder / form, folder / form.partition(".")[2]) == 0
    return folder


def released(folder, release):
    table = pq.read_table([str(path) for path in sorted((folder / release).glob("*.parquet"))])
    return table.sort_by([(name, "ascending") for name in table.column_names])


@pytest.mark.parametrize("release", ["out", "inside"])
def test_csv_and_nested_json_of_the_same_orders_are_published_as_the_same_rows(published, release):
    csv, document, lines = (released(published / form, release) for form in ("csv", "json", "jsonl"))
    assert csv.num_rows > 500
    assert csv.equals(document)
    assert csv.equals(lines)


def test_a_record_is_a_row_and_all_of_them_are_counted(published, orders):
    rows = sum(len(order["items"]) or 1 for order in orders)
    for form in ("csv", "json", "jsonl"):
        counts = labels(published / form)["out"]["records"]
        assert counts["read"] == rows == 1300
        assert counts["read"] == sum(counts[part] for part in ("released", "suppressed", "withheld", "rejected"))
    assert labels(published / "csv")["out"]["risk"] == labels(published / "json")["out"]["risk"]


def test_long_numbers_keep_their_digits_and_addresses_their_district(published, orders):
    inside = released(published / "json", "inside").to_pylist()
    assert {row["order_id"] for row in inside} == {order["order_id"] for order in orders}
    assert {row["item_no"] for row in inside} - {None} == {
        item["item_id"] for order in orders for item in order["items"]
    }
    assert all(row["division"] == row["address"] for row in inside)


def test_plan_and_assess_read_the_input_as_run_does(published, capsys):
    policy = str(published / "policy.yaml")
    for form in ("orders.csv", "orders.json", "pages.jsonl"):
        assert call(["plan", policy, "--input", str(published / form)]) == 0
        capsys.readouterr()
        assert call(["assess", policy, "--input", str(published / form), "--quasi", "division,category", "--json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["records"], document["subjects"]) == (
            1300,
            len({one["buyer_info"]["open_id"] for one in _all(published)}),
        )


def _all(folder):
    return json.loads((folder / "orders.json").read_text())["data"]["order_list"]


def test_a_new_field_and_a_list_that_nobody_declared_stop_the_run_and_say_where(published, orders, tmp_path, capsys):
    changed = answer(orders[:20])
    changed["data"]["order_list"][3]["receiver"]["area"]["street"] = "SECRET"
    changed["data"]["order_list"][4]["logistics_info"] = [{"tracking_no": "SECRET"}]
    (tmp_path / "orders.json").write_text(json.dumps(changed))
    assert run(published / "policy.yaml", tmp_path / "orders.json", tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert "column 'receiver.area.street' is not in the policy" in told
    assert "column 'logistics_info' is not in the policy; it is a list: name it in input.items" in told
    assert "SECRET" not in told
    assert not (tmp_path / "out").exists()


def test_a_record_that_cannot_be_flattened_is_rejected_with_its_reason(published, orders, tmp_path):
    pages = [nested(order) for order in orders]
    pages[40]["receiver"] = "SECRET"
    pages[50]["item_list"] = "SECRET"
    pages[60] = ["SECRET"]
    text = "".join(json.dumps({"data": {"order_list": [page]}}) + "\n" for page in pages) + '{"error": "SECRET"}\n'
    (tmp_path / "pages.jsonl").write_text(text)
    assert run(published / "policy.yaml", tmp_path / "pages.jsonl", tmp_path / "out", "--max-rejects", "0.01") == 0
    rejected = pq.read_table(tmp_path / "out" / "rejected.parquet")
    assert sorted(rejected["reason"].to_pylist()) == [
        "no_records",
        "not_an_object",
        "wrong_type",
        "wrong_type",
        "wrong_type",
    ]
    assert "SECRET" not in str(rejected.to_pylist())
    counts = labels(tmp_path / "out")["out"]["records"]
    # Of the order whose receiver is no object each item is a record of its own.
    assert counts["rejected"] == 5
    assert counts["read"] == sum(counts[part] for part in ("released", "suppressed", "withheld", "rejected"))


def test_a_path_that_no_field_bears_is_said_at_its_line(tmp_path, capsys):
    wrong = POLICY.replace("    mobile: receiver.mobile", "    mobil: receiver.mobile").replace(
        "[province, city,", "[province, town,"
    )
    (tmp_path / "policy.yaml").write_text(wrong)
    assert call(["plan", str(tmp_path / "policy.yaml")]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "input.fields.mobil: no field is called 'mobil'; did you mean 'mobile'?" in told
    assert "input.combine.division[1]: no field is called 'town'" in told
