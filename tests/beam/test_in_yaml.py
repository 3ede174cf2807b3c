"""Beam YAML: the pipeline that is shipped, named outputs, and ``error_handling``."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import apache_beam as beam
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.transforms import yaml_providers
from beam_deid.transforms.beam import in_yaml
from beam_deid.transforms.errors import UsageError

from .test_deidentify import POLICY, RELEASED, ROWS
from .test_files_both_ways import CSV, published

pytest.importorskip("docstring_parser", reason="Beam YAML needs apache-beam[yaml]")

PIPELINE = Path(yaml_providers()).with_name("orders.yaml")


@pytest.fixture
def policy(tmp_path):
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(POLICY), "utf-8")
    return str(tmp_path / "policy.yaml")


def run(text):
    """Run a Beam YAML pipeline."""
    from apache_beam.yaml.yaml_transform import YamlTransform

    spec = yaml.safe_load(text)
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        transform = YamlTransform(yaml.safe_dump(spec["pipeline"]), providers=_providers())
        _ = pipeline | transform


def _providers():
    from apache_beam.yaml import yaml_provider

    listed = [{"include": yaml_providers()}]
    return yaml_provider.merge_providers(yaml_provider.parse_providers("", listed), yaml_provider.standard_providers())


@pytest.mark.slow("starts Beam's own program")
def test_the_pipeline_that_is_shipped_makes_a_release_and_says_what_was_rejected(policy, tmp_path):
    (tmp_path / "orders.csv").write_text(CSV.replace("p39,B,29", "p39,B,SECRET"), "utf-8")
    given = {"policy": policy, "release": "out", "input": str(tmp_path / "*.csv"), "output": str(tmp_path / "out")}
    command = [
        *(sys.executable, "-m", "apache_beam.yaml.main", "--runner=FnApiRunner"),
        f"--yaml_pipeline_file={PIPELINE}",
        f"--jinja_variables={json.dumps(given)}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0  # one of forty is too much
    assert "[InputError]" in done.stderr
    assert "SECRET" not in done.stderr
    (tmp_path / "orders.csv").write_text(CSV + "".join(CSV.splitlines(True)[1:]) * 3, "utf-8")
    text = (tmp_path / "orders.csv").read_text("utf-8")
    (tmp_path / "orders.csv").write_text(text.replace("p39,B,29", "p39,B,SECRET", 1), "utf-8")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    _, rows = published(tmp_path / "out" / "out")
    assert len(rows) == 159
    (rejected,) = (tmp_path / "out").glob("rejected*")
    assert [(row["field"], row["reason"]) for row in pq.read_table(rejected).to_pylist()] == [("age", "wrong_type")]


def test_outputs_have_names_and_a_schema(policy, tmp_path):
    run(f"""
pipeline:
  type: composite
  transforms:
  - {{type: Create, name: Orders, config: {{elements: {json.dumps(ROWS)}}}}}
  - {{type: Deidentify, input: Orders, config: {{policy: {policy}}}}}
  - {{type: AssessReidentification, input: Orders, config: {{quasi: [city, age], subject: who, sharing: enclave}}}}
  - {{type: WriteToParquet, name: R, input: Deidentify.released, config: {{path: {tmp_path}/released}}}}
  - {{type: WriteToParquet, name: L, input: Deidentify.label, config: {{path: {tmp_path}/label}}}}
  - {{type: WriteToParquet, name: A, input: AssessReidentification, config: {{path: {tmp_path}/evidence}}}}
""")

    def rows(name):
        return [row for path in tmp_path.glob(f"{name}-*") for row in pq.read_table(path).to_pylist()]

    def alike(records):
        return sorted(json.dumps(record, sort_keys=True) for record in records)

    assert alike(rows("released")) == alike(RELEASED)
    (label,) = rows("label")
    assert (label["label"], label["released"]) == ("anonymized", 40)
    assert json.loads(label["document"])["release"] == "out"
    (evidence,) = rows("evidence")
    assert (evidence["records"], evidence["k"]) == (40, 4)


def test_without_error_handling_nothing_may_be_rejected():
    with pytest.raises(UsageError, match="error_handling"):
        in_yaml.Deidentify(POLICY, max_rejects=0.1)


@pytest.mark.parametrize("wrong", [{}, {"output": ""}, {"output": "label"}, {"output": "bad", "more": "x"}], ids=str)
def test_error_handling_names_an_output_of_its_own(wrong):
    with pytest.raises(UsageError, match="error_handling"):
        in_yaml.Deidentify(POLICY, error_handling=wrong)


def test_a_sharing_model_that_is_none_is_refused_with_those_that_are():
    with pytest.raises(UsageError, match="enclave"):
        in_yaml.AssessReidentification(["city"], sharing="closed")


MISSPELT = {
    "Deidentify": ("{policy: x, max_reject: 0.1}", "no option max_reject.*Did you mean max_rejects"),
    "AssessReidentification": ("{quasi: [city], sensitiv: [what]}", "no option sensitiv.*Did you mean sensitive"),
    "ReadOrders": ("{policy: x, input: a.csv}", "no option input.*Did you mean inputs"),
    "WriteRelease": ("{output: x, compression: zip}", "no option compression.*It has: output, overwrite"),
}


@pytest.mark.parametrize("name", MISSPELT)
def test_an_option_that_there_is_not_is_refused_with_the_one_that_there_is(name):
    config, told = MISSPELT[name]
    input_ = "" if name == "ReadOrders" else "input: Orders, "
    with pytest.raises(ValueError, match=rf"{name}.*{told}"):
        run(f"""
pipeline:
  type: composite
  transforms:
  - {{type: Create, name: Orders, config: {{elements: [{{city: A}}]}}}}
  - {{type: {name}, {input_}config: {config}}}
""")


@pytest.mark.parametrize("name", MISSPELT)
def test_beam_sees_the_options_of_each_transform(name):
    schema = _provider_of(name).config_schema(name)
    options = [*inspect.signature(getattr(in_yaml, name).__init__).parameters][1:]
    assert {field.name for field in schema.fields} == {*options}


def _provider_of(name):
    return next(one for one in _providers()[name] if name in one.provided_transforms())
