"""What a run leaves for whoever registers it in its place goes through JSON unchanged."""

import json

from beam_deid.transforms.label.documents import plain, to_bytes
from beam_deid.transforms.publish.register_entries import Intent, PolicyFacts

INTENT = Intent(
    path="/data/orders.register",
    register="0123456789abcdef",
    key={"id": 7, "check": "ab"},
    dataset="orders",
    entries=("analytics.1",),
    output="/data/out",
    replaced="superseded",
    told={"analytics": PolicyFacts("an agency", 5, {"city": "province"}), "crm": PolicyFacts(None, 3, {})},
)
LEFT_BY_0_6_0 = """{
  "path": "/data/orders.register",
  "register": "0123456789abcdef",
  "key": {
    "id": 7,
    "check": "ab"
  },
  "dataset": "orders",
  "entries": [
    "analytics.1"
  ],
  "output": "/data/out",
  "replaced": "superseded",
  "told": {
    "analytics": {
      "recipient": "an agency",
      "k": 5,
      "levels": {
        "city": "province"
      }
    },
    "crm": {
      "recipient": null,
      "k": 3,
      "levels": {}
    }
  }
}
"""


def test_an_intent_is_written_as_0_6_0_wrote_it():
    assert to_bytes(plain(INTENT)).decode() == LEFT_BY_0_6_0


def test_an_intent_that_0_6_0_left_is_read():
    assert Intent.from_document(json.loads(LEFT_BY_0_6_0)) == INTENT
