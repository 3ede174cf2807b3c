"""A merchant's journey: a file of a back office is profiled, its draft decided, planned and run to two releases.

Nothing of a draft is edited but its TODOs. Each journey prints its commands and how long they took: ``pytest -s`` shows them.
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from ..kit.exports import write_export, write_workbook
from ..kit.outputs import labels

ROWS = 3_000


@pytest.fixture
def merchant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Calls a command in a folder of its own, prints it with its time, and returns what it said on stdout."""
    monkeypatch.chdir(tmp_path)

    def called(*words: str) -> str:
        begun = time.perf_counter()
        code = call([*words])
        seconds = time.perf_counter() - begun
        said = capsys.readouterr()
        assert code == 0, said.err
        with capsys.disabled():
            sys.stdout.write(f"\n$ beam-deid {' '.join(words)}  # {seconds:.1f} s")
        return said.out

    return called


def decided(draft: str) -> str:
    """The draft with its TODOs decided: as it proposes, and nothing of the release for others unless it is anonymized."""
    kept = "\n".join(line for line in draft.splitlines() if "# TODO: decide" not in line)
    asked, expects = re.subn(r"(?m)^    # expect: anonymized.*$", "    expect: anonymized", kept)
    assert expects == 1
    return asked + "\n"


def released(folder: Path) -> pa.Table:
    return pq.read_table(sorted(map(str, folder.glob("part-*.parquet"))))


def travels(merchant: Callable[..., str], file: str) -> tuple[dict, dict]:
    """From a file to its releases; the labels of the two."""
    draft = merchant("profile", "--input", file)
    Path("policy.schema.json").write_text(merchant("schema"), "utf-8")
    Path("policy.yaml").write_text(decided(draft), "utf-8")
    assert "crm: at best still_personal" in merchant("plan", "policy.yaml", "--input", file)
    merchant("run", "policy.yaml", "--input", file, "--output", "out", "--workers", "1")
    merchant("verify", "out")
    found = labels(Path("out"))
    assert set(found) == {"analytics", "crm"}
    return found["analytics"], found["crm"]


def is_worth_having(label: dict, folder: Path, fields: set[str]) -> None:
    """A release that is anonymized, has nearly all records, and says something in two of its fields at least."""
    assert label["label"] == "anonymized"
    assert {test["name"] for test in label["tests"] if not test["passed"]} == set()
    records = label["records"]
    assert records["rejected"] == 0
    assert records["released"] >= 0.9 * records["read"] >= 0.9 * ROWS
    table = released(folder)
    assert set(table.column_names) == fields
    assert sum(len(set(column.to_pylist())) > 1 for column in table.columns) >= 2


@pytest.mark.slow("profiles, plans and runs thousands of orders")
def test_an_export_of_taobao_in_gb18030(merchant: Callable[..., str], tmp_path: Path) -> None:
    write_export(tmp_path, "taobao", ROWS)
    analytics, crm = travels(merchant, "taobao.csv")
    is_worth_having(analytics, tmp_path / "out" / "analytics", {"收货地址", "总金额", "订单创建时间"})
    assert (crm["label"], crm["records"]["released"]) == ("still_personal", ROWS)
    served = released(tmp_path / "out" / "crm")
    assert set(served.column_names) == {"订单编号", "收货人姓名", "联系手机", "总金额", "订单创建时间"}
    assert len(set(served.column("订单编号").to_pylist())) == ROWS
    assert all(re.fullmatch(r".\*\*", name) for name in set(served.column("收货人姓名").to_pylist()))


@pytest.mark.slow("profiles, plans and runs thousands of orders")
def test_a_workbook_of_pinduoduo(merchant: Callable[..., str], tmp_path: Path) -> None:
    write_workbook(tmp_path, "pinduoduo", ROWS)
    analytics, crm = travels(merchant, "pinduoduo.xlsx")
    is_worth_having(analytics, tmp_path / "out" / "analytics", {"市", "商品总价(元)", "支付时间"})
    assert (crm["label"], crm["records"]["released"]) == ("still_personal", ROWS)
    served = released(tmp_path / "out" / "crm")
    assert len(set(served.column("订单号").to_pylist())) == ROWS
    assert "手机" in served.column_names


@pytest.mark.slow("profiles, plans and runs thousands of orders")
def test_an_export_of_shopify(merchant: Callable[..., str], tmp_path: Path) -> None:
    write_export(tmp_path, "shopify", ROWS)
    analytics, crm = travels(merchant, "shopify.csv")
    is_worth_having(analytics, tmp_path / "out" / "analytics", {"Subtotal", "Created at", "Billing City"})
    assert released(tmp_path / "out" / "analytics").column("Billing City").null_count == 0
    assert (crm["label"], crm["records"]["released"]) == ("still_personal", crm["records"]["read"])
    served = released(tmp_path / "out" / "crm")
    assert len(set(served.column("Name").to_pylist())) == ROWS
    assert served.column("Billing Name").null_count == 0


@pytest.mark.slow("re-identifies what a journey released")
def test_the_shop_turns_its_tokens_back(merchant: Callable[..., str], tmp_path: Path) -> None:
    write_export(tmp_path, "jd", ROWS)
    travels(merchant, "jd.csv")
    asked = ("--policy", "policy.yaml", "--release", "crm", "--fields", "下单帐号", "--all", "--reason", "a return")
    merchant("reidentify", *asked, "--input", "out/crm", "--output", "back.parquet")
    back = set(pq.read_table("back.parquet").column("下单帐号").to_pylist())
    assert all(re.fullmatch(r"jd_[0-9a-f]{13}", name) for name in back)
    assert not back & set(released(tmp_path / "out" / "crm").column("下单帐号").to_pylist())
