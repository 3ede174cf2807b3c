"""Persons erased whose rows are equal to others': theirs go, whatever happened before, and of others only what is told."""

import json
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call

from .equal_rows import AGREED, Equal

_WITHDRAWN = "甲,marketing,false,2025-06-01T00:00:00+08:00"


def published(folder: Path, *releases: str, more: str = "") -> Equal:
    made = Equal(folder, releases, more)
    made.write()
    assert made.run() == 0
    return made


@pytest.mark.parametrize("ledger", [(_WITHDRAWN, *AGREED[1:]), (*AGREED, _WITHDRAWN)])
def test_who_withdraws_in_the_ledger_is_found_by_what_was_released(tmp_path, ledger):
    shop = published(tmp_path, "asked")
    shop.ledger(*ledger)
    assert shop.erase("甲") == 0
    assert shop.cities("asked") == {"北京市": 3, "上海市": 2}
    assert call(["verify", str(tmp_path / "out")]) == 0
    assert shop.erase("甲") == 0
    assert shop.cities("asked") == {"北京市": 3, "上海市": 2}


def test_where_a_row_may_be_anothers_it_goes_and_that_is_told(capsys, tmp_path):
    shop = Equal(tmp_path, ["asked"])
    shop.write()
    shop.ledger(*AGREED[:-1])
    assert shop.run() == 0
    assert shop.cities("asked")["北京市"] == 3
    assert shop.erase("甲") == 0
    assert "1 of them may be rows of others that are equal in every column" in capsys.readouterr().out
    assert shop.erase("甲") == 0
    assert shop.cities("asked")["北京市"] == 2


def test_of_persons_with_equal_rows_each_loses_one_and_a_second_request_none(tmp_path):
    shop = published(tmp_path, "plain", "some", "token")
    for gone, buyers in enumerate((("甲",), ("乙",), ("甲", "己")), 1):
        for _ in range(2):
            assert shop.erase(*buyers) == 0
            assert shop.cities("plain") == {"北京市": 4 - gone, "上海市": 2}
            assert shop.cities("some").get("北京市", 0) == 3 - gone
            assert shop.cities("token")["北京市"] == 4 - gone
    label = json.loads((tmp_path / "out" / "plain" / "label.json").read_text("utf-8"))
    assert label["records"]["withheld_by"] == {"erased": 3}
    assert label["amendments"][-1]["measured"] == "beside its source"


def test_who_was_left_out_by_the_run_has_no_row_that_could_be_taken(monkeypatch, tmp_path):
    shop = published(tmp_path, "plain")
    monkeypatch.setattr("beam_deid.transforms.later.remembering.now", lambda: "2025-01-01T00:00:00+00:00")
    assert shop.erase("甲") == 0
    assert shop.run("--overwrite") == 0
    assert shop.erase("乙") == 0
    assert shop.cities("plain")["北京市"] == 2


def test_without_a_register_whose_rows_went_before_is_not_known(capsys, tmp_path):
    shop = published(tmp_path, "plain", more="register: none\n")
    assert shop.erase("甲") == 0
    assert shop.erase("丙") == 0
    before = shop.cities("plain")
    for buyer in ("乙", "甲"):
        assert shop.erase(buyer) == 2
        assert "no register tells whose they were" in capsys.readouterr().err
    assert shop.cities("plain") == before == {"北京市": 3, "上海市": 1}


def test_rows_that_were_corrected_are_not_looked_for_in_their_old_source(capsys, tmp_path):
    shop = published(tmp_path, "plain", "some")
    assert (
        shop.correct(
            {
                number: (buyer, "成都市", agrees)
                for number, (buyer, city, agrees) in shop.orders.items()
                if city == "北京市"
            }
        )
        == 0
    )
    before = [shop.cities(release) for release in shop.releases]
    assert shop.erase("甲") == 2
    assert "rows of the release plain were corrected" in capsys.readouterr().err
    assert [shop.cities(release) for release in shop.releases] == before


def test_rows_that_the_source_does_not_give_stop_it(capsys, tmp_path):
    shop = published(tmp_path, "plain")
    shop.orders |= {"1003": ("丙", "天津市", "是"), "1004": ("丁", "天津市", "是")}
    shop.source()
    assert shop.erase("甲") == 1
    assert "2 released rows are none that the source gives" in capsys.readouterr().err
    assert shop.cities("plain")["北京市"] == 4


def test_a_corrected_row_with_a_token_is_found_by_it(tmp_path):
    shop = published(tmp_path, "token")
    assert shop.correct({"1001": ("甲", "成都市", "是")}) == 0
    assert shop.cities("token") == {"北京市": 3, "上海市": 2, "成都市": 1}
    assert shop.erase("甲") == 0
    assert sum(shop.cities("token").values()) == 5
    assert shop.cities("token").get("成都市", 0) == 0
