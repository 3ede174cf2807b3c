import importlib.resources
from pathlib import Path

import pytest
import yaml

from beam_deid.transforms.drafting.ready import ready_policy

from ..kit.exports import EXPORTS, names_of

POLICIES = Path(str(importlib.resources.files("beam_deid.configs").joinpath("policies")))
READY = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(POLICIES.glob("*.yaml"))}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_has_the_policy_that_is_named_after_it(name):
    ready = ready_policy(names_of(EXPORTS[name](1, 1)))
    assert ready.path.stem.rpartition("_")[0] == name
    assert ready.lacking == ()
    assert ready.path.is_file()


@pytest.mark.parametrize("name", READY)
def test_the_columns_of_a_ready_policy_have_a_policy_that_takes_them(name):
    columns = set(READY[name]["fields"]) - set(READY[name].get("input", {}).get("combine", {}))
    ready = ready_policy(list(columns))
    assert ready.lacking == ()
    assert set(READY[ready.path.stem]["fields"]) >= columns


def test_a_file_may_lack_what_is_optional_but_have_no_column_of_its_own():
    fields = READY["shopify_export"]["fields"]
    needed = [name for name, spec in fields.items() if not spec.get("optional")]
    assert ready_policy(needed).path.stem == "shopify_export"
    assert ready_policy([*fields, "my own"]) is None


def test_what_a_policy_puts_together_is_no_column_of_the_file():
    columns = names_of(EXPORTS["pinduoduo"](1, 1))
    assert ready_policy(columns).path.stem == "pinduoduo_export"
    assert ready_policy([*columns, "所在地"]) is None


def test_what_a_policy_needs_and_the_file_lacks_is_named_and_most_must_be_there():
    fields = READY["shopify_export"]["fields"]
    assert ready_policy([name for name in fields if name != "Billing Phone"]).lacking == ("Billing Phone",)
    optional = [name for name, spec in fields.items() if spec.get("optional")]
    assert ready_policy(optional) is None


@pytest.mark.parametrize("columns", [[], ["city"], ["order_id", "city", "amount"]])
def test_any_other_file_has_none(columns):
    assert ready_policy(columns) is None
