import pytest
import yaml

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.settling import settled

TEXT = """# kept
version: 1
releases:
  out:  # kept, too
    purpose: test
    require: {suppression: 0.05}
    fields:
      city: {generalize: {hierarchy: cn_divisions}}   # and this
      age:
        generalize:
          ranges: [5, 10]
          levels: [by 5, by 10]
      paid: {generalize: {bins: [50, 100], levels: [[100]], level: 0}}
  other: {purpose: test, fields: {city: {generalize: {hierarchy: cn_divisions, level: city}}}}
"""


def test_levels_and_k_are_written_and_all_else_stays():
    text = settled(TEXT, "out", {"city": "province", "age": "by 10", "paid": "*"}, 7)
    expected = TEXT.replace("{suppression: 0.05}", "{k: 7, suppression: 0.05}").replace("level: 0", 'level: "*"')
    expected = expected.replace("levels: [by 5, by 10]", 'level: "by 10"')
    assert text == expected.replace("{hierarchy: cn_divisions}}", "{level: province, hierarchy: cn_divisions}}")
    assert yaml.safe_load(text)["releases"]["other"] == yaml.safe_load(TEXT)["releases"]["other"]


def test_choosing_again_changes_what_was_chosen():
    once = settled(TEXT, "out", {"city": "province"}, 7)
    again = settled(once, "out", {"city": "region"}, 9)
    assert again == once.replace("province", "region").replace("k: 7", "k: 9")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{purpose: p, fields: FIELDS}", "{require: {k: 3}, purpose: p, fields: FIELDS}"),
        ("{purpose: p, require: {}, fields: FIELDS}", "{purpose: p, require: {k: 3}, fields: FIELDS}"),
        ("{purpose: p, require: {k: 20}, fields: FIELDS}", "{purpose: p, require: {k: 3}, fields: FIELDS}"),
    ],
)
def test_k_is_written_wherever_it_belongs(before, after):
    given, expected = (f"releases: {{out: {text}}}".replace("FIELDS", "{a: keep}") for text in (before, after))
    assert settled(given, "out", {}, 3) == expected


def test_what_is_written_once_for_two_fields_cannot_be_given_two_levels():
    text = "releases: {out: {fields: {a: &x {generalize: {ranges: [5]}}, b: *x}}}"
    assert "level: one" in settled(text, "out", {"a": "one", "b": "one"})
    with pytest.raises(PolicyError, match="several places"):
        settled(text, "out", {"a": "one", "b": "two"})


BLOCK = """releases:
  out:
    require:
      k:
    fields:
      age:
        generalize:
          ranges: [5, 10]
          levels:
            - by 5
            - by 10   # widest

      # the city
      city: {generalize: {hierarchy: cn_divisions, level: }}
"""


def test_blocks_end_where_their_last_value_does():
    text = settled(BLOCK, "out", {"age": "by 10", "city": "region"}, 4)
    expected = BLOCK.replace("levels:\n            - by 5\n            - by 10 ", 'level: "by 10" ').replace(
        "k:", "k: 4"
    )
    assert text == expected.replace("level: }}", "level: region }}")
    assert yaml.safe_load(text)["releases"]["out"]["fields"]["age"]["generalize"]["level"] == "by 10"
