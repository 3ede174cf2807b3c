"""Values as merchants' files have them, through the whole product: read as they are meant, or refused with what to do.

Each test says what version 0.3.0 made of the shape.
"""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call

from ..kit.policies import policy, release

DIRECT = {"role": "direct_identifier"}
QUASI = {"role": "quasi_identifier"}


def of(kind, role="quasi_identifier", **more):
    return {"role": role, "kind": kind, **more}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run over one file: rows that are released, reasons of rejects by row, and the label."""
    monkeypatch.chdir(tmp_path)

    def made(name, content, fields, actions, rejects="1", options=None, **top):
        if isinstance(content, pa.Table):
            pq.write_table(content, name)
        else:
            Path(name).write_text(content, "utf-8", newline="")
        told = {"subject": "each_record", **top, **({"input": options} if options else {})}
        written = policy(fields, top=told, a=release("enclave", "", actions))
        Path("policy.yaml").write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
        arguments = ["run", "policy.yaml", "-i", name, "-o", "out", "--overwrite", "--workers", "1"]
        assert call([*arguments, "--max-rejects", rejects]) == 0
        rows = [row for part in sorted(Path("out/a").glob("*.parquet")) for row in pq.read_table(part).to_pylist()]
        reasons = {one["row"]: one["reason"] for one in pq.read_table("out/rejected.parquet").to_pylist()}
        return rows, reasons, json.loads(Path("out/a/label.json").read_text("utf-8"))

    return made


SHOP = {"order_id": DIRECT, "phone": DIRECT, "zip": QUASI, "qty": of("integer"), "refund": of("decimal")}
TOKENS = {"order_id": {"tokenize": {"domain": "order"}}, "phone": {"tokenize": {"domain": "customer"}}}
KEPT = dict.fromkeys(("zip", "qty", "refund"), "keep")


def test_armoured_cells_are_what_the_api_says(run):
    """0.3.0: `'-1.50` rejected all rows, and `'+1555…` kept its apostrophe, so that no token joined the API's."""
    csv = (
        "order_id,phone,zip,qty,refund\n"
        "'100000000000000001,'+15550100,'02108,'-1,'-1.50\n"
        '\t100000000000000002,\'+15550101,="00501",2,3.00\n'
    )
    api = [
        ("100000000000000001", "+15550100", "02108", -1, "-1.50"),
        ("100000000000000002", "+15550101", "00501", 2, "3.00"),
    ]
    lines = "".join(json.dumps(dict(zip(SHOP, row, strict=True))) + "\n" for row in api)
    ours, rejected, _ = run("woo.csv", csv, SHOP, TOKENS | KEPT)
    theirs, _, _ = run("api.jsonl", lines, SHOP, TOKENS | KEPT)
    assert (ours, rejected) == (theirs, {})
    assert [row["zip"] for row in ours] == ["02108", "00501"]


def test_padded_cells_are_one_city(run):
    """0.3.0: `Leeds`, `Leeds ` and `Leeds　` were three cities."""
    cells = ["Leeds", "Leeds ", " Leeds", "Leeds　", "Leeds\t"]
    csv = "city,amount\n" + "".join(f"{cell},1\n" for cell in cells)
    fields = {"city": QUASI, "amount": of("integer")}
    rows, _, _ = run("pad.csv", csv, fields, {"city": "keep"})
    assert [row["city"] for row in rows] == ["Leeds"] * 5
    rows, _, _ = run("pad.csv", csv, fields, {"city": "keep"}, options={"trim": False, "text_escapes": False})
    assert [row["city"] for row in rows] == cells
    table = pa.table({"city": cells})
    rows, _, _ = run("pad.parquet", table, {"city": QUASI}, {"city": "keep"})
    assert [row["city"] for row in rows] == cells
    rows, _, _ = run("pad.parquet", table, {"city": QUASI}, {"city": "keep"}, options={"trim": True})
    assert [row["city"] for row in rows] == [*["Leeds"] * 4, "Leeds\t"]


def test_null_words_of_databases_are_null(run):
    """0.3.0: `NULL` was a city, and `\\N` and zero dates rejected 40 % of the rows; there was no option."""
    csv = "city,amount,paid\nNULL,\\N,0000-00-00 00:00:00\nLeeds,1.50,2026-01-02 10:00:00\n"
    fields = {"city": QUASI, "amount": of("decimal"), "paid": of("timestamp")}
    nulls = {"nulls": ["NULL", "\\N", "0000-00-00 00:00:00"]}
    rows, rejected, _ = run("m.csv", csv, fields, dict.fromkeys(fields, "keep"), options=nulls)
    nothing, sound = ([None if row[name] is None else str(row[name]) for name in fields] for row in rows)
    assert (nothing, sound, rejected) == ([None] * 3, ["Leeds", "1.50", "2026-01-02 10:00:00"], {})


def test_a_time_of_two_readings_is_refused_with_the_option_that_says_which(run, capsys):
    """0.3.0: all of M/D/Y, D.M.Y, AM/PM, 时分秒, UTC, +08 and RFC 2822 were faults without a hint, and nothing could be said."""
    csv = "paid\n03/04/2026 21:05\n03/05/2026 21:05\n"
    with pytest.raises(AssertionError):
        run("us.csv", csv, {"paid": of("timestamp")}, {"paid": "keep"}, rejects="0")
    told = capsys.readouterr().err
    assert "paid: ambiguous_time, 2 records" in told
    assert "03/04" not in told
    rows, _, _ = run("us.csv", csv, {"paid": of("timestamp", format="%m/%d/%Y %H:%M")}, {"paid": "keep"})
    assert [str(row["paid"]) for row in rows] == ["2026-03-04 21:05:00", "2026-03-05 21:05:00"]


def test_amounts_with_separators_are_read_where_it_is_said_how(run):
    """0.3.0: 27 of 31 spellings of a number were faults, without an option."""
    csv = 'total;vip\n"1.234,50";ja\n"12,50 €";是\n¥3,00;no\n1.5;yes\n'
    fields = {"total": of("decimal"), "vip": of("boolean")}
    options = {"delimiter": ";", "decimal": ",", "thousands": ".", "currency": ["€"]}
    rows, rejected, _ = run("m.csv", csv, fields, dict.fromkeys(fields, "keep"), options=options)
    assert [(str(row["total"]), row["vip"]) for row in rows] == [("12.50", True), ("3.00", False)]
    assert rejected == {2: "wrong_type", 5: "ambiguous_number"}


@pytest.mark.parametrize("options", [{"decimal": ","}, {"thousands": ","}])
def test_how_numbers_are_written_is_not_said_of_files_whose_numbers_are_no_text(run, options, capsys):
    """1.125 would be 1125, and nobody would see it."""
    with pytest.raises(AssertionError):
        run("in.jsonl", '{"total": 1.125}\n', {"total": of("decimal")}, {"total": "keep"}, options=options)
    assert "numbers are numbers in this file" in capsys.readouterr().err


def test_more_decimals_are_kept_where_it_is_said_how_many(run):
    """0.3.0: `0.525` beyond the sample was rejected, and `decimal` always had two places."""
    csv = "price\n0.525\n1.5\n"
    rows, rejected, _ = run("k.csv", csv, {"price": of("decimal")}, {"price": "keep"})
    assert (len(rows), rejected) == (1, {2: "too_many_decimals"})
    rows, rejected, _ = run("k.csv", csv, {"price": of("decimal", decimals=3)}, {"price": "keep"})
    assert ([str(row["price"]) for row in rows], rejected) == (["0.525", "1.500"], {})


def test_a_day_is_the_shop_s(run):
    """0.3.0: 2 March 00:30 in Shanghai was 1 March, always."""
    csv = "id,at\n1,2026-03-01 20:30:00 -0500\n2,2026-03-02 00:30:00\n3,1772382600\n"
    fields = {"id": of("integer", "insensitive"), "at": of("timestamp")}
    days = {"at": {"generalize": {"calendar": ["day", "month"], "level": "day"}}}
    rows, _, _ = run("t.csv", csv, fields, days, options={"timezone": "Asia/Shanghai"})
    assert [str(row["at"]) for row in rows] == ["2026-03-02"] * 3
    zoned = pa.array([1772382600 * 10**6], pa.timestamp("us", "Asia/Shanghai"))
    rows, _, _ = run("t.parquet", pa.table({"id": [1], "at": zoned}), fields, days)
    assert [str(row["at"]) for row in rows] == ["2026-03-01"]
    fields["at"] |= {"timezone": "Asia/Shanghai"}
    rows, _, _ = run("t.parquet", pa.table({"id": [1], "at": zoned}), fields, days)
    assert [str(row["at"]) for row in rows] == ["2026-03-02"]


def test_an_order_number_that_excel_damaged_is_rejected_with_the_reason(run, capsys):
    """0.3.0: forty orders had one token, for all of them were 2.02E+18."""
    csv = "order_id,city\n2.02E+18,Leeds\n2020000000000000001,Leeds\n"
    fields = {"order_id": DIRECT, "city": QUASI}
    actions = {"order_id": {"tokenize": {}}, "city": "keep"}
    rows, rejected, _ = run("x.csv", csv, fields, actions)
    assert (len(rows), rejected) == (1, {2: "damaged_by_excel"})
    with pytest.raises(AssertionError):
        run("x.csv", csv, fields, actions, rejects="0")
    assert "export again with the column as text" in " ".join(capsys.readouterr().err.split())


def test_spellings_of_one_mobile_have_one_token_and_the_label_says_so(run):
    """0.3.0: one number in 11 spellings had 11 tokens, and `fpe` rejected the spaced ones."""
    spellings = [
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "008613800138000",
        "１３８００１３８０００",
        "+852 9123 4567",
    ]
    csv = "m\n" + "\n".join(spellings) + "\n"
    fields = {"m": of("mobile", "direct_identifier")}
    rows, _, label = run("p.csv", csv, fields, {"m": {"tokenize": {}}})
    assert len({row["m"] for row in rows[:5]}) == 1
    assert len({row["m"] for row in rows}) == 2
    assert label["fields"]["m"]["normalized"] == "without separators and China's code, in ASCII digits"
    rows, rejected, _ = run("p.csv", csv, fields, {"m": "fpe"})
    assert (len(rows), len({row["m"] for row in rows}), rejected) == (5, 1, {7: "outside_format"})
    fields["m"]["normalize"] = False
    rows, _, label = run("p.csv", csv, fields, {"m": {"tokenize": {}}})
    assert len({row["m"] for row in rows}) == 6
    assert "normalized" not in label["fields"]["m"]


def test_a_firm_in_many_spellings_is_one_subject(run):
    """Its spellings were one token and several persons, so that one firm passed for a crowd."""
    code = "91310000MA1K3XYZ0X"
    spellings = [f"{code[:place]}{sign}{code[place:]}" for sign in "-·. ()" for place in range(1, len(code))]
    csv = "firm,city\n" + "".join(f"{spelling},Leeds\n" for spelling in spellings)
    fields = {"firm": of("credit_code", "direct_identifier"), "city": QUASI}
    rows, _, label = run("f.csv", csv, fields, {"firm": {"tokenize": {}}, "city": "keep"}, subject="firm")
    assert len({row["firm"] for row in rows}) == 1
    persons = next(test for test in label["tests"] if test["name"] == "k")
    assert persons["measured"] == 1


def test_a_zero_of_pandas_makes_no_other_identifier(run):
    """`6222020200112233.0` had the token of 62220202001122330, another person's card, and `13800138000.0` one of its own."""
    fields = {"card": of("bank_card", "direct_identifier"), "mobile": of("mobile", "direct_identifier")}
    csv = (
        "card,mobile\n6222020200112233,13800138000\n6222020200112233.0,13800138000.0\n62220202001122330,1380013800.0\n"
    )
    rows, _, _ = run("c.csv", csv, fields, {name: {"tokenize": {}} for name in fields})
    assert rows[0] == rows[1]
    assert not {*rows[0].values()} & {*rows[2].values()}


def test_keys_of_several_tables_join(run):
    """0.3.0: `17850.0` from pandas and e-mail addresses in capitals or with a space had tokens of their own."""
    fields = {"customer": DIRECT, "email": of("email", "direct_identifier")}
    actions = {name: {"tokenize": {"domain": name}} for name in fields}
    rows, _, _ = run("a.csv", "customer,email\n17850,C1@Example.com\n17850.0,c1@example.com \n", fields, actions)
    assert rows[0] == rows[1]
    table = pa.table({"customer": [17850.0], "email": ["c1@example.COM"]})
    assert run("a.parquet", table, fields, actions)[0] == rows[:1]


def test_what_is_turned_back_from_other_formats_is_what_was_there(run):
    """0.3.0 had this right: awkward texts of a Parquet file come back byte by byte, for nothing but a point is normalized."""
    spaced = ["", "  lead", "trail ", "a\nb", "\t tab"]
    texts = [None, *spaced, "0", "00012", 'q"uote', "N/A", "NULL", "'123", "=1+1", "1e5", "é", "Ａ１"]
    table = pa.table({"k": [f"K{number}" for number in range(len(texts))], "v": texts})
    fields = {"k": DIRECT, "v": DIRECT}
    run("v.parquet", table, fields, {"k": {"tokenize": {}}, "v": {"tokenize": {}}})
    given = ["reidentify", "--policy", "policy.yaml", "--release", "a", "--fields", "k,v", "--reason", "test", "--all"]
    assert call([*given, "--input", "out/a/*.parquet", "--output", "back.parquet"]) == 0
    back = {row["k"]: row["v"] for row in pq.read_table("back.parquet").to_pylist()}
    assert [back[f"K{number}"] for number in range(len(texts))] == texts


def test_sensitive_spellings_of_one_identifier_are_one_value(run):
    """A token stands for all spellings of an account, so that a group of such spellings has one sensitive value, not two."""
    csv = "city,account\n" + "".join(f"Leeds,{account}\n" for account in ["17850", "17850.0"] * 6)
    fields = {"city": QUASI, "account": of("platform_id", "sensitive")}
    actions = {"city": "keep", "account": {"tokenize": {}}}
    rows, _, label = run("s.csv", csv, fields, actions)
    assert len({row["account"] for row in rows}) == 1
    distinct = next(test for test in label["tests"] if test["name"].startswith("l"))
    assert distinct["measured"] == 1


WRONG = [
    ({"input": {"timezone": "Mars/Olympus"}}, "no such time zone"),
    ({"input": {"decimal": ",", "thousands": ","}}, "thousands and decimal are the same"),
    ({"input": {"currency": ["5"]}}, "a currency is a sign or a word"),
    ({"fields": {"at": of("timestamp", format="%d/%m")}}, "the format has no year"),
    ({"fields": {"at": of("timestamp", format=["%Y-%m-%d", "%q"])}}, "%q is no directive"),
    ({"fields": {"at": of("decimal", format="excel")}}, "format is for dates and times"),
    ({"fields": {"at": of("decimal", timezone="UTC")}}, "timezone is for dates and times"),
    ({"fields": {"at": of("timestamp", decimals=3)}}, "decimals is for decimals"),
    ({"fields": {"at": of("decimal", decimals=10)}}, "9"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG)
def test_what_cannot_be_meant_is_told_by_the_plan(wrong, told, tmp_path, capsys):
    written = policy({"at": of("timestamp")}, top={"subject": "each_record"}, a=release("enclave", "at")) | wrong
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
    assert call(["plan", str(tmp_path / "policy.yaml")]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_the_plan_says_what_is_normalized(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    written = policy(
        {"buyer": of("mobile", "direct_identifier")}, a=release("enclave", "", {"buyer": {"tokenize": {}}})
    )
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(written), "utf-8")
    assert call(["plan", str(tmp_path / "policy.yaml"), "-v"]) == 0
    assert "taken without separators and China's code" in " ".join(capsys.readouterr().out.split())
