"""Orders and a policy with two releases that are counted each by itself, and what a run on them publishes."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from beam_deid.pipelines.cli import call
from beam_deid.transforms.synthetic import write_orders

ROWS = 4_000
FILES = 3
POLICY = """\
version: 1
dataset: aside
subject: buyer_open_uid
register: none
keys: {key: env:BEAM_DEID_KEY}
fields:
  tid: {role: direct_identifier, kind: order_number}
  buyer_open_uid: {role: direct_identifier}
  buyer_nick: {role: direct_identifier}
  receiver_name: {role: direct_identifier, kind: person_name}
  receiver_mobile: {role: direct_identifier, kind: mobile}
  receiver_state: {role: quasi_identifier}
  receiver_city: {role: quasi_identifier, kind: division}
  receiver_district: {role: quasi_identifier}
  receiver_address: {role: direct_identifier, kind: address}
  birth_year: {role: quasi_identifier, kind: integer}
  created: {role: quasi_identifier, kind: timestamp}
  pay_time: {role: quasi_identifier, kind: timestamp}
  payment: {role: quasi_identifier}
  num: {role: insensitive}
  category: {role: sensitive}
  title: {role: sensitive}
  buyer_message: {role: direct_identifier, kind: free_text}
  oaid: {role: direct_identifier}
releases:
  crm:
    purpose: test
    sharing: enclave
    expect: still_personal
    combinations: 2
    fields:
      buyer_open_uid: {tokenize: {domain: customer}}
      receiver_name: {mask: {keep_first: 1}}
      receiver_city: {generalize: {hierarchy: cn_divisions, level: 1}}
      payment: {generalize: {bins: [100, 500], level: 0}}
      category: keep
  market:
    purpose: test
    sharing: controlled
    require: {k: 5, suppression: 0.2, risk: 0.05}
    environment: {controls: high, motive: medium, prevalence: 0.001, acquaintances: 150, security: medium}
    attackers: {courier: {knows: [birth_year]}}
    search: {rounds: 2}
    fields:
      birth_year: {generalize: {ranges: [5, 20]}}
      payment: {generalize: {bins: [100, 500], level: 0}}
      category: keep
"""
OF_A_RUN = ("run", "decided_at", "assessed_at", "files")


def write_all(folder: Path) -> Path:
    """The policy, and files of orders."""
    for number in range(FILES):
        write_orders(str(folder / f"in-{number}.parquet"), ROWS, number + 1)
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    return folder


def published(
    orders: Path, out: Path, *options: str, policy: str = "policy.yaml", files: str = "in-*.parquet"
) -> dict[str, object]:
    """Every part of a run as bytes, and every label as `comparable`."""
    given = ["run", str(orders / policy), "-i", str(orders / files), "-o", str(out)]
    assert call([*given, "--max-rejects", "0.5", *options]) == 0
    found: dict[str, object] = {}
    for path in sorted(out.rglob("*")):
        if path.suffix == ".parquet":
            found[str(path.relative_to(out))] = path.read_bytes()
        if path.name == "label.json":
            found[str(path.relative_to(out))] = comparable(json.loads(path.read_text("utf-8")))
    return found


def comparable(label: Mapping[str, Any]) -> dict[str, Any]:
    """A label without what names its run, and without what is told otherwise where records are counted in buckets."""
    told = json.loads(json.dumps(label), parse_float=lambda number: round(float(number), 9))
    told["changes"] = [[change["test"], change["suppress"]] for change in told["changes"]]
    # Which points of a history are drawn follows from the run's secret.
    told["history"] = told["history"][:1]
    told["search"].pop("method")
    return {name: value for name, value in told.items() if name not in OF_A_RUN}


def unlike(whole: Mapping[str, Any], apart: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """What is published otherwise, by file and by what a label says."""
    for name, told in apart.items():
        if isinstance(told, dict):
            yield from ((name, key, told[key], whole[name][key]) for key in told if told[key] != whole[name][key])
        elif told != whole[name]:
            yield (name,)
