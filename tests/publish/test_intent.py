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
WRITTEN = {
    "path": "/data/orders.register",
    "register": "0123456789abcdef",
    "key": {"id": 7, "check": "ab"},
    "dataset": "orders",
    "entries": ["analytics.1"],
    "output": "/data/out",
    "replaced": "superseded",
    "told": {
        "analytics": {"recipient": "an agency", "k": 5, "levels": {"city": "province"}, "declared": {}},
        "crm": {"recipient": None, "k": 3, "levels": {}, "declared": {}},
    },
}


def test_an_intent_is_written_as_objects_with_names_and_read_again():
    document = json.loads(to_bytes(plain(INTENT)))
    assert document == WRITTEN
    assert Intent.from_document(document) == INTENT


def test_what_a_run_of_0_6_0_left_is_read_although_it_names_no_levels():
    told = {name: {"recipient": facts["recipient"], "k": facts["k"]} for name, facts in WRITTEN["told"].items()}
    read = Intent.from_document({**WRITTEN, "told": told})
    assert read.told == {"analytics": PolicyFacts("an agency", 5, {}), "crm": PolicyFacts(None, 3, {})}
