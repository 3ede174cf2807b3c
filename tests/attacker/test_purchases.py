"""What a shipped policy publishes of a million and a half real purchases: as its comments say, and attacked."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ..kit.keys import KEY
from ..policies.test_examples import failing, run, useful
from .test_shipped import check, journey, shipped

__all__ = ["journey"]

POLICY = "completejourney_transactions"
SUPPRESSED = {"trading": 0.0508, "assortment": 0.1037, "open_data": 0.0215}
"""The releases that are anonymized, and the share of records that each loses."""
PURCHASES = 1_469_307


@pytest.fixture(scope="module")
def made(journey: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The output of all releases, and their labels."""
    out = tmp_path_factory.mktemp("purchases") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        return out, run(POLICY, journey / "transactions.parquet", out)


@pytest.mark.slow("runs a policy over a million and a half real purchases")
def test_real_transactions_without_numbers_are_still_personal(made: tuple[Path, dict[str, Any]]) -> None:
    out, found = made
    personal = ("nameless", "loyalty")
    expected = dict.fromkeys(SUPPRESSED, "anonymized") | dict.fromkeys(personal, "still_personal")
    assert {name: label["label"] for name, label in found.items()} == expected
    for release, share in SUPPRESSED.items():
        assert found[release]["records"]["suppressed"] / PURCHASES == pytest.approx(share, abs=0.001)
        assert useful(out / release, found[release])
    tests = {test["name"] for test in found["trading"]["tests"]}
    assert {"composition:assortment", "composition:open_data", "composition:*"} <= tests
    assert failing(found["nameless"]) >= {"k", "dominance", "overall_risk"}
    assert failing(found["loyalty"]) >= {"direct_identifiers", "restorable", "k_composite"}


@pytest.mark.slow("attacks what a policy publishes of a million and a half real purchases")
def test_whoever_holds_real_transactions_finds_nobody(journey: Path, made: tuple[Path, dict[str, Any]]) -> None:
    out, _ = made
    check(pq.read_table(journey / "transactions.parquet"), shipped(POLICY), out, *SUPPRESSED)


@pytest.mark.slow("runs a policy over a million and a half real purchases")
def test_real_transactions_by_store_and_week_are_anonymized(journey: Path, tmp_path: Path) -> None:
    found = run(POLICY, journey / "transactions.parquet", tmp_path / "out", "--release", "trading")["trading"]
    assert found["label"] == "anonymized"
    assert found["search"]["levels"]["transaction_timestamp"] == "week"
    assert found["records"]["read"] == PURCHASES
    assert found["records"]["suppressed"] / PURCHASES == pytest.approx(0.0422, abs=0.001)
    assert useful(tmp_path / "out" / "trading", found)
