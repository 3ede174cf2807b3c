"""A run whose releases are handed over: to an agency under a contract, abroad, and to the public."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.report.evidence import Evidence

from ..kit.crowds import crowd, grid, turn
from ..kit.policies import policy, release

CANARY = "QZX7canary"
"""What stands in every value of a text column."""
GOODS = ("medicine", "dress", "toy", "lamp")
FIELDS: dict[str, Any] = {
    "buyer": {"role": "direct_identifier", "category": "online_identifier"},
    "phone": {"role": "direct_identifier", "kind": "mobile"},
    "note": {"role": "direct_identifier", "kind": "free_text"},
    "city": {"role": "quasi_identifier", "category": "location"},
    "age": {"role": "quasi_identifier", "category": "basic"},
    "goods": {"role": "sensitive"},
}
AGENCY = {
    "name": "First Service Agency | Ltd. <b>",
    "role": "entrusted_processor",
    "contract": "2026-017",
    "from": "2026-01-01",
    "until": "2099-12-31",
    "has_keys": "none",
    "sub_processing": False,
    "inspections": [{"at": "2026-03-01", "shown_by": "report 7"}],
}
BRANCH = {"name": "Branch Abroad", "role": "abroad", "has_keys": "none"}
READERS = {"name": "readers", "role": "other_processor", "has_keys": "none"}


def orders() -> pa.Table:
    """Orders of 240 persons in six groups, with a canary in every text."""
    return crowd(
        grid(city=[f"{CANARY} north", f"{CANARY} south"], age=[21, 41, 61]),
        40,
        1,
        phone=lambda who: f"139{who.number:08d}",
        note=lambda who: f"{CANARY} {who.number}",
        goods=lambda who: f"{turn(GOODS, who.person)}",
    )


def asked(register: Path) -> dict[str, Any]:
    """The policy of the run."""
    tokens = {"buyer": {"tokenize": {"domain": "customer"}}, "phone": {"mask": {"keep_first": 3}}}
    return policy(
        FIELDS,
        top={
            "recipients": {"agency": AGENCY, "branch": BRANCH, "readers": READERS},
            "register": str(register),
        },
        service=release(
            "controlled",
            "city goods",
            tokens,
            recipient="agency",
            expect="still_personal",
            retain="180 days",
            basis="contract with the buyer",
            approver={"name": "head of data protection", "at": "2026-11-01", "reference": "decision 31"},
        ),
        branch=release(
            "enclave",
            "city age",
            recipient="branch",
            expect="still_personal",
            fields={"phone": {"mask": {"keep_first": 3}}},
        ),
        figures=release("public", "age", recipient="readers", expect="anonymized"),
    )


def made(folder: Path) -> Path:
    """Run it, and give the folder of its output."""
    pq.write_table(orders(), folder / "orders.parquet")
    (folder / "policy.yaml").write_text(
        yaml.safe_dump(asked(folder / "t.register"), allow_unicode=True, sort_keys=False), "utf-8"
    )
    out = folder / "out"
    given = ["-i", str(folder / "orders.parquet"), "-o", str(out), "--workers", "1", "--operator", "Data Office"]
    assert call(["run", str(folder / "policy.yaml"), *given]) == 0
    return out


def evidence_of(out: Path, policy_text: str | None) -> list[Evidence]:
    """What is known of each release of a run."""
    run = json.loads((out / "run.json").read_text("utf-8"))
    return [
        Evidence(json.loads((out / name / "label.json").read_text("utf-8")), run, policy_text)
        for name in run["releases"]
    ]
