"""Labels of every sort: a shop of persons who are alike by the hundred, and what may become of it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from beam_deid.pipelines.cli import call

ROWS = 240
EveryLabel = Callable[[str], dict[str, Any]]
"""The labels of the releases of a sort, by their names."""

POLICY: dict[str, Any] = {
    "version": 1,
    "dataset": "shop",
    "subject": "buyer",
    "fields": {
        "buyer": {"role": "direct_identifier"},
        "mobile": {"role": "direct_identifier", "kind": "mobile"},
        "city": {"role": "quasi_identifier"},
        "day": {"role": "quasi_identifier", "kind": "date"},
        "item": {"role": "sensitive"},
    },
    "keys": {"key": "env:BEAM_DEID_KEY"},
    "releases": {},
}


def release(fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"purpose": "test", "sharing": "controlled", "fields": fields} | more


PLAIN = {"city": "keep", "item": "keep"}
DAYS = {"city": "keep", "day": {"generalize": {"calendar": ["month", "year"]}}, "item": "keep"}
ASKED = {
    "k": 6,
    "l": {"item": {"distinct": 2, "entropy": 1.2, "recursive": [9, 2]}},
    "t": {"item": {"max": 1, "distance": "equal"}},
    "alpha": {"item": 0.9},
    "beta": {"item": {"max": 9, "kind": "enhanced"}},
    "delta": {"item": 9},
    "gain": 0.5,
    "dominance": 0.6,
    "risk": 0.05,
    "average_risk": 0.5,
    "history": 0.5,
    "suppression": 0.5,
}
SORTS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "anonymized": lambda folder: {"releases": {"out": release(PLAIN)}},
    "searched, with all that can be asked": lambda folder: {
        "releases": {
            "out": release(DAYS, require=ASKED, combinations=2, environment={"population": 100_000, "motive": "low"})
        }
    },
    "two that are tested together": lambda folder: {"releases": {"out": release(DAYS), "other": release(PLAIN)}},
    "personal": lambda folder: {
        "releases": {
            "out": release(
                {"buyer": "keep", "mobile": {"mask": {"keep_first": 3}}, "city": {"hash": {}}, "item": "keep"}
            )
        }
    },
    "a pseudonym without its key": lambda folder: {
        "releases": {"out": release({"buyer": {"hash": {}}, "city": "keep", "item": "keep"}, key="ephemeral")}
    },
    "no record released": lambda folder: {
        "fields": {**POLICY["fields"], "city": {"role": "quasi_identifier", "kind": "integer"}},
        "releases": {"out": release(PLAIN, sharing="public")},
    },
    "no subject": lambda folder: {"subject": None, "releases": {"out": release(PLAIN)}},
    "each record a person": lambda folder: {"subject": "each_record", "releases": {"out": release(PLAIN)}},
    "of some records": lambda folder: {
        "releases": {"out": release(PLAIN, where={"item": ["tea", "rice"]}, basis="PIPL Art. 13(1)(2)")}
    },
    "attackers": lambda folder: {
        "releases": {
            "out": release(
                DAYS,
                attackers={
                    "courier": {
                        "knows": ["city", "day"],
                        "table": str(folder / "orders.parquet"),
                        "within": {"day": "2d"},
                    },
                    "stranger": {"knows": ["city"], "table": str(folder / "strangers.parquet")},
                    "neighbour": {"knows": ["city"]},
                },
            )
        }
    },
}


def shop(folder: Path, sort: str) -> Path:
    """The output of a run over the shop's orders."""
    table = pa.table(
        {
            "buyer": [f"u{row // 2}" for row in range(ROWS)],
            "mobile": [f"138{row // 2:08d}" for row in range(ROWS)],
            "city": ["A" if row % 4 < 2 else "B" for row in range(ROWS)],
            "item": ["tea", "rice", "salt"] * (ROWS // 3),
            "day": [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}" for row in range(ROWS)],
        }
    )
    pq.write_table(table, folder / "orders.parquet")
    pq.write_table(pa.table({"city": ["C", "D"]}), folder / "strangers.parquet")
    policy = {
        name: value for name, value in {**copy.deepcopy(POLICY), **SORTS[sort](folder)}.items() if value is not None
    }
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True, sort_keys=False), "utf-8")
    out = folder / "out"
    command = [
        "run",
        str(folder / "policy.yaml"),
        "-i",
        str(folder / "orders.parquet"),
        "-o",
        str(out),
        "--workers",
        "1",
        "--max-rejects",
        "1",
    ]
    assert call(command) == 0
    return out


def labels_of(out: Path) -> dict[str, Any]:
    """The labels that a run left, by release."""
    return {path.parent.name: json.loads(path.read_text("utf-8")) for path in sorted(out.glob("*/label.json"))}
