"""What the benchmarks of a run read: files of generated orders, made once, and policies of these orders."""

import os
from dataclasses import dataclass
from pathlib import Path
from string import Template

from beam_deid.transforms.synthetic import write_orders

KEY = "BEAM_DEID_BENCH_KEY"
"""The variable of the environment with the key of the policies."""

_FIELDS = Template("""
version: 1
dataset: benchmark
subject: buyer_open_uid
keys: {key: env:BEAM_DEID_BENCH_KEY}
fields:
  tid: {role: direct_identifier, kind: order_number}
  buyer_open_uid: {role: direct_identifier}
  buyer_nick: {role: direct_identifier}
  receiver_name: {role: direct_identifier, kind: person_name}
  receiver_mobile: {role: direct_identifier, kind: mobile}
  receiver_state: {role: quasi_identifier}
  receiver_city: {role: quasi_identifier, kind: division}
  receiver_district: {role: $district}
  receiver_address: {role: direct_identifier, kind: address}
  birth_year: {role: quasi_identifier, kind: integer}
  created: {role: quasi_identifier, kind: timestamp}
  pay_time: {role: quasi_identifier, kind: timestamp}
  payment: {role: $payment}
  num: {role: $num}
  category: {role: sensitive}
  title: {role: sensitive}
  buyer_message: {role: direct_identifier, kind: free_text}
  oaid: {role: direct_identifier}
releases:
""")

_CRM = Template("""
  $name:
    purpose: benchmark
    sharing: enclave
    require: {suppression: 0.05}
    fields:
      buyer_open_uid: {tokenize: {domain: customer}}
      receiver_mobile: {fpe: {domain: mobile}}
      receiver_name: {mask: {keep_first: 1}}
      receiver_city: {generalize: {hierarchy: cn_divisions, level: 1}}
      birth_year: $birth_year
      created: $created
      payment: {generalize: {bins: $payment, level: 0}}
      num: keep
      category: keep
      title: keep
      receiver_state: keep
""")

_SKEWED = Template("""
  $name:
    purpose: benchmark
    sharing: enclave
    require: {suppression: 0.05}
    fields:
      $fields
""")

_MARKET = """
  market:
    purpose: benchmark
    sharing: controlled
    expect: anonymized
    fields:
      receiver_state: keep
      receiver_city: {generalize: {hierarchy: cn_divisions}}
      birth_year: {generalize: {ranges: [5, 10, 20]}}
      created: {generalize: {calendar: [week, month, quarter, year]}}
      payment: {generalize: {bins: [50, 100, 200, 500, 1000], levels: [[100, 200, 500], [200]]}}
      num: {generalize: {ranges: [2, 4]}}
      category: keep
    require: {k: 5, l: {category: 2}, suppression: 0.05, risk: 0.05}
    environment: {controls: high, motive: medium, prevalence: 0.001, acquaintances: 150, security: medium}
    attackers:
      courier: {knows: [receiver_city, created]}
"""


def _fields(num: str, district: str = "quasi_identifier", payment: str = "quasi_identifier") -> str:
    """The head of a policy, in which some fields have roles of its own."""
    return _FIELDS.substitute(num=num, district=district, payment=payment)


@dataclass(frozen=True)
class Levels:
    """How fine the quasi-identifiers of a personal release are; as it stands, what the benchmark of a run asks."""

    birth_year: str = "{generalize: {ranges: [10], level: 0}}"
    created: str = "{generalize: {calendar: [month], level: month}}"
    payment: str = "[50, 100, 200, 500, 1000]"


def crm(levels: Levels = Levels(), releases: int = 1) -> str:
    """A policy with so many equal releases of 11 columns, with tokens, encrypted mobiles and masks: personal."""
    named = ["crm", *(f"crm{at}" for at in range(2, releases + 1))]
    return _fields(num="insensitive") + "".join(_CRM.substitute(vars(levels), name=name) for name in named)


CRM_COLUMNS = (
    "buyer_open_uid",
    "receiver_mobile",
    "receiver_name",
    "receiver_city",
    "birth_year",
    "created",
    "payment",
    "num",
    "category",
    "title",
    "receiver_state",
)
MARKET = _fields(num="quasi_identifier") + _MARKET
"""One release of 7 columns whose levels are searched, and which becomes anonymized."""

_SENSITIVE = {"district": "sensitive", "payment": "sensitive", "num": "quasi_identifier"}
SKEWED = {
    "heavy": ("num: keep", "category: keep", "title: keep"),
    "sensitive": ("category: keep", "title: keep", "receiver_district: keep", "payment: keep"),
    "values": ("receiver_state: keep", "birth_year: {generalize: {ranges: [10], level: 0}}", "payment: keep"),
}
"""Personal releases whose groups are uneven, by what they show.

heavy: One group has 80 % of the orders. sensitive: No column divides the orders, and all of them are sensitive. values: A sensitive
column has more than 5,000 values.
"""


def skewed(name: str) -> str:
    """A policy with one of `SKEWED`."""
    return _fields(**_SENSITIVE) + _SKEWED.substitute(name=name, fields="\n      ".join(SKEWED[name]))


def orders_file(folder: Path, rows: int) -> Path:
    """A file of so many orders in the folder; it is made if it is not there."""
    path = folder / f"orders-{rows}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_orders(f"{path}.part.parquet", rows, 1)
        os.rename(f"{path}.part.parquet", path)
    return path


def policy_file(folder: Path, name: str, text: str) -> Path:
    """A policy as a file in the folder."""
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path
