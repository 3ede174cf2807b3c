"""Records corrected in what was published: their rows are what the corrected source gives, all others are as they were."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from ..kit.reports import made_again, reports_in
from .equal_rows import Equal
from .shop import PERSONAL, Shop, rows_of, table
from .test_erasing import label_of, state_of

AT = (4, 57)
"""Which orders are corrected."""


def corrected(shop: Shop) -> pa.Table:
    """All orders, of which some have another price and another thing."""
    rows = table().to_pylist()
    for at in AT:
        rows[at] |= {"paid": 99.5, "item": "corrected", "city": "温州市"}
    return pa.Table.from_pylist(rows, table().schema)


def listed(shop: Shop) -> str:
    """The corrected orders, as a file."""
    path = shop.folder / "corrected.parquet"
    pq.write_table(corrected(shop).take(list(AT)), path)
    return str(path)


def correct(shop: Shop, subjects: str, *more: str) -> int:
    return call(["correct", shop.policy, str(shop.out), "--subjects", subjects, "--reason", "request 18", *more])


@pytest.fixture(scope="module")
def corrected_shop(opened_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    from beam_deid.transforms.crypto.keys import forget

    from ..kit.keys import KEK

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        forget()
        shop = opened_shop.copied(tmp_path_factory.mktemp("corrected-shop") / "shop")
        assert correct(shop, listed(shop), "--input", shop.orders) == 0
    return shop


def test_rows_are_those_of_the_corrected_source_and_the_others_stay_in_their_order(opened_shop, corrected_shop):
    for release in PERSONAL:
        before = rows_of(opened_shop.out, release)
        after = rows_of(corrected_shop.out, release)
        old = [before[at] for at in AT]
        new = after[len(after) - len(AT) :]
        assert len(after) == len(before)
        assert all("99.5" in map(str, row) and "温州市" in row for row in new)
        left = after[: len(after) - len(AT)]
        assert sorted(map(repr, [*left, *old])) == sorted(map(repr, before))
        if release != "bare":  # there, which of several equal rows went is not to be seen
            assert left == [row for at, row in enumerate(before) if at not in AT]
            assert [row[:2] for row in new] == [row[:2] for row in old]


def test_what_was_corrected_is_verified_and_told(corrected_shop):
    assert call(["verify", str(corrected_shop.out)]) == 0
    label = label_of(corrected_shop, "crm")
    assert label["amendments"][-1]["corrected"] == len(AT)
    assert label["records"] == {**label["records"], "withheld": 0}
    run = json.loads((corrected_shop.out / "run.json").read_text("utf-8"))
    assert run["amendments"][-1]["corrected"] == dict.fromkeys(PERSONAL, len(AT))
    assert reports_in(corrected_shop.out) == made_again(corrected_shop.out)


def test_where_rows_are_equal_a_second_correction_touches_nobody_elses(capsys, corrected_shop, tmp_path):
    shop = corrected_shop.copied(tmp_path / "shop")
    before = state_of(shop.folder)
    assert correct(shop, listed(shop), "--input", shop.orders) == 2
    assert "which to correct is not known" in capsys.readouterr().err
    assert state_of(shop.folder) == before


def test_a_later_run_withholds_what_is_not_corrected_and_takes_what_is(corrected_shop, tmp_path):
    shop = corrected_shop.copied(tmp_path / "shop")
    again = Shop(shop.folder, shop.folder / "again")
    assert again.run("--release", "crm") == 0
    assert label_of(again, "crm")["records"]["withheld_by"] == {"corrected": len(AT)}
    pq.write_table(corrected(shop), Path(shop.orders))
    mended = Shop(shop.folder, shop.folder / "mended")
    assert mended.run("--release", "crm") == 0
    assert label_of(mended, "crm")["records"]["withheld"] == 0


def test_without_the_source_a_release_without_numbers_stops_the_correction(capsys, shop):
    before = state_of(shop.out)
    assert correct(shop, listed(shop)) == 2
    assert "shows which record a row is" in capsys.readouterr().err
    assert state_of(shop.out) == before


def test_by_the_number_that_a_release_holds_rows_are_found_without_the_source(capsys, shop):
    text = (shop.folder / "policy.yaml").read_text("utf-8")
    with_numbers = text.replace("{buyer: {tokenize", "{number: {hash: {}}, buyer: {tokenize")
    (shop.folder / "policy.yaml").write_text(with_numbers, "utf-8")
    releases = ("--release", "crm", "--release", "text")
    assert shop.run("--overwrite", *releases) == 0
    before = rows_of(shop.out, "text")
    for changed in (True, False):
        assert correct(shop, listed(shop)) == 0
        after = rows_of(shop.out, "text")
        assert after[: -len(AT)] == [row for at, row in enumerate(before) if at not in AT]
        assert [row[0] for row in after[-len(AT) :]] == [before[at][0] for at in AT]
        assert ("none of these records is in it as it was" in capsys.readouterr().out) != changed
    assert call(["verify", str(shop.out)]) == 0


def test_a_record_that_cannot_be_treated_stops_the_correction(capsys, shop):
    path = shop.folder / "corrected.parquet"
    rows = corrected(shop).take(list(AT)).to_pylist()
    rows[0]["mobile"] = "12"
    pq.write_table(pa.Table.from_pylist(rows, table().schema), path)
    before = state_of(shop.out)
    assert correct(shop, str(path), "--input", shop.orders) == 3
    assert "row " in capsys.readouterr().err
    assert state_of(shop.out) == before


def test_a_correction_that_another_followed_counts_no_more(tmp_path):
    shop = Equal(tmp_path, ["numbered"])
    shop.write()
    assert shop.run() == 0
    asked = ("成都市", "重庆市", "成都市")
    for before, city in zip(("北京市", *asked[:-1]), asked, strict=True):
        assert shop.correct({"1001": ("甲", city, "是")}) == 0
        assert shop.cities("numbered")[city] == 1
        for source, rows in ((city, 6), (before, 5))[: 2 if city == "重庆市" else 1]:
            shop.orders["1001"] = ("甲", source, "是")
            shop.source()
            assert shop.run("--overwrite", output="later") == 0
            assert sum(shop.cities("numbered", "later").values()) == rows


def test_a_policy_with_another_column_says_why_corrected_records_are_withheld(capsys, tmp_path):
    shop = Equal(tmp_path, ["numbered"])
    shop.write()
    assert shop.run() == 0
    shop.orders["1001"] = ("甲", "成都市", "是")
    assert shop.correct({"1001": shop.orders["1001"]}) == 0
    more = "  remark: {role: insensitive}\n"
    shop.write(more)
    shop.file("orders.csv", "number,buyer,city,agrees,remark", "1001,甲,成都市,是,急", "1002,乙,北京市,是,")
    capsys.readouterr()
    assert shop.run(output="later") == 0
    told = " ".join("".join(capsys.readouterr()).split())
    assert "corrected when the policy had other columns (remark) are withheld wherever they are met (1)" in told
    assert "beam-deid correct" in told
    assert shop.cities("numbered", "later") == {"北京市": 1}


def run_corrected(shop: Shop, file: str, *more: str) -> tuple[Shop, int]:
    """A later run that takes corrected records from a file."""
    again = Shop(shop.folder, shop.folder / "taken")
    command = ["run", shop.policy, "-i", shop.orders, "-o", str(again.out), "--release", "crm", "--corrections", file]
    return again, call([*command, *more])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_later_run_takes_corrected_records_in_place_of_the_sources(corrected_shop, tmp_path, workers):
    shop = corrected_shop.copied(tmp_path / "shop")
    again, code = run_corrected(shop, listed(shop), "--workers", workers)
    assert code == 0
    pq.write_table(corrected(shop), Path(shop.orders))
    mended = Shop(shop.folder, shop.folder / "mended")
    assert mended.run("--release", "crm") == 0
    assert rows_of(again.out, "crm") == rows_of(mended.out, "crm")
    assert label_of(again, "crm")["records"] == label_of(mended, "crm")["records"]
    assert label_of(again, "crm")["risk"] == label_of(mended, "crm")["risk"]
    run = json.loads((again.out / "run.json").read_text("utf-8"))
    assert run["corrections"]["used"] == len(AT)
    assert run["corrections"]["name"] == "corrected.parquet"
    assert "corrected.parquet" in [one["name"] for one in run["inputs"]]
    assert call(["verify", str(again.out)]) == 0


def test_records_that_are_as_corrected_already_or_that_the_input_lacks_change_nothing(corrected_shop, tmp_path):
    shop = corrected_shop.copied(tmp_path / "shop")
    rows = corrected(shop)
    pq.write_table(rows.take([at for at in range(len(rows)) if at != AT[1]]), Path(shop.orders))
    again, code = run_corrected(shop, listed(shop))
    assert code == 0
    assert json.loads((again.out / "run.json").read_text("utf-8"))["corrections"]["used"] == 0
    assert label_of(again, "crm")["records"]["released"] == len(rows) - 1


def test_of_corrected_records_that_the_file_lacks_none_is_released(corrected_shop, tmp_path):
    shop = corrected_shop.copied(tmp_path / "shop")
    path = shop.folder / "one.parquet"
    pq.write_table(corrected(shop).take([AT[0]]), path)
    again, code = run_corrected(shop, str(path))
    assert code == 0
    assert label_of(again, "crm")["records"]["withheld_by"] == {"corrected": 1}
    assert json.loads((again.out / "run.json").read_text("utf-8"))["corrections"]["used"] == 1


def _otherwise(rows: pa.Table) -> pa.Table:
    return rows.set_column(5, "paid", [[98.0] * len(rows)])


def _text(rows: pa.Table) -> pa.Table:
    return rows.set_column(5, "paid", [["99.5"] * len(rows)])


def _without(rows: pa.Table) -> pa.Table:
    return rows.drop_columns(["city"])


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (_otherwise, 2, "2 of 2 records are not what the register remembers that they were corrected to"),
        (_text, 2, "a corrected value would be another one"),
        (_without, 2, "city"),
        (lambda rows: pa.concat_tables([rows, rows]), 3, "a record has no number, or another one's"),
    ],
)
def test_what_the_register_does_not_remember_is_not_taken(capsys, corrected_shop, tmp_path, change, code, said):
    shop = corrected_shop.copied(tmp_path / "shop")
    path = shop.folder / "changed.parquet"
    pq.write_table(change(corrected(shop).take(list(AT))), path)
    before = state_of(shop.folder)
    for more in ((), ("--dry-run",)):
        _, found = run_corrected(shop, str(path), *more)
        assert found == code
        assert said in " ".join(capsys.readouterr().err.split())
    assert state_of(shop.folder) == before


def test_without_a_correction_in_the_register_no_file_is_taken(capsys, shop):
    _, code = run_corrected(shop, listed(shop))
    assert code == 2
    assert "no register remembers a corrected record" in capsys.readouterr().err


def test_a_number_that_two_records_have_stops_the_run(capsys, corrected_shop, tmp_path):
    shop = corrected_shop.copied(tmp_path / "shop")
    rows = table()
    pq.write_table(pa.concat_tables([rows, rows.take([AT[0]])]), Path(shop.orders))
    again, code = run_corrected(shop, listed(shop))
    assert code == 3
    assert "several records with the number of a corrected one (1)" in " ".join(capsys.readouterr().err.split())
    assert not again.out.exists()
