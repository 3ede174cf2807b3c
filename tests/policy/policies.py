"""Policies that the tests of this folder start from."""

from typing import Any

import yaml

ORDERS = """\
version: 1
dataset: orders
subject: buyer_id
fields:
  tid:        {role: direct_identifier, kind: order_number}
  buyer_id:   {role: direct_identifier}
  name:       {role: direct_identifier, kind: person_name}
  city:       {role: quasi_identifier}
  birth_year: {role: quasi_identifier}
  created:    {role: quasi_identifier, kind: timestamp}
  age_group:  {role: [quasi_identifier, sensitive]}
  category:   {role: sensitive}
  note:       {role: insensitive}
keys: {key: 'env:BEAM_DEID_KEY'}
releases:
  analytics:
    purpose: market analysis
    sharing: controlled
    expect: anonymized
    fields:
      city: keep
      birth_year: {generalize: {ranges: [5, 10, 20]}}
      created: {generalize: {calendar: [day, week, month]}}
      age_group: keep
      category: keep
      note: drop
    require: {k: 5, l: {category: 2}, t: {category: 0.4}, suppression: 0.05}
    attackers:
      courier: {knows: [city, created], table: waybills.parquet}
  crm:
    purpose: marketing to members
    sharing: enclave
    fields:
      buyer_id: {hash: {domain: customer}}
      name: {mask: {keep_first: 1}}
      city: keep
"""

DESIGN = """\
version: 1
dataset: tmall_orders
subject: buyer_open_uid              # whom a record is about
fields:                              # every input column must appear; a new, unknown column stops the run
  tid:             {role: direct_identifier, kind: order_number}
  buyer_open_uid:  {role: direct_identifier}
  buyer_nick:      {role: direct_identifier}
  receiver_name:   {role: direct_identifier, kind: person_name}
  receiver_mobile: {role: direct_identifier, kind: mobile}
  receiver_city:   {role: quasi_identifier,  kind: division}
  birth_year:      {role: quasi_identifier}
  created:         {role: quasi_identifier,  kind: timestamp}
  payment:         {role: quasi_identifier}
  category:        {role: sensitive}
  buyer_message:   {role: direct_identifier, kind: free_text}
keys: {keyring: keys/orders.keyring}  # never a key, only where it is
releases:
  analytics:
    purpose: market analysis
    sharing: controlled              # public | controlled | enclave: default k 20 | 5 | 3
    expect: anonymized               # otherwise nothing of this release is published, and the run exits 4
    fields:
      receiver_city: {generalize: {hierarchy: cn_divisions}}          # level chosen by the search
      birth_year:    {generalize: {ranges: [5, 10, 20]}}
      created:       {generalize: {calendar: [day, week, month, quarter, year]}}
      payment:       {generalize: {bins: [50, 100, 200, 500, 1000]}}
      category:      keep
    require: {k: 5, l: {category: 2}, t: {category: 0.4}, suppression: 0.05}
    attackers:
      courier: {knows: [receiver_city, created], table: waybills.parquet}
  crm:
    purpose: marketing to members
    sharing: enclave
    fields:
      buyer_open_uid:  {tokenize: {domain: customer}}
      receiver_mobile: {fpe: {domain: mobile}}
      receiver_name:   {mask: {keep_first: 1}}
      receiver_city:   keep
"""


def orders() -> dict[str, Any]:
    """`ORDERS` as a fresh mapping."""
    mapping: dict[str, Any] = yaml.safe_load(ORDERS)
    return mapping
