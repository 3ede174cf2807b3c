"""Labels as rows."""

from beam_deid.transforms.beam.told import ReleaseLabel

LABEL = ReleaseLabel(
    "out", "r", "anonymized", False, "", [], "2026-01-31T12:00:00Z", 1, 1, 0, 0, 0, '{"tests": [], "label": "x"}'
)


def test_a_label_is_found_by_place_by_name_and_by_the_keys_of_its_document():
    assert LABEL[2] == LABEL.label == "anonymized"
    assert LABEL["tests"] == []
    assert LABEL["label"] == "x"  # what the document says, and no value of the row
    assert tuple(LABEL)[:2] == LABEL[:2] == ("out", "r")
