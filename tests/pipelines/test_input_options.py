"""The options of ``input:`` on the command line: every field of it has one, and a draft says again what was given."""

import json

import pytest
import yaml

from beam_deid.pipelines.assess import assess
from beam_deid.pipelines.cli import call
from beam_deid.pipelines.input_options import input_options, written_as
from beam_deid.pipelines.profiling import profile
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.input_options import InputOptions

from ..kit.outputs import labels

HEADER = "会员;城市;金额"
ROWS = [f"m{row % 40};{'杭州市' if row % 2 else '成都市'};{row % 7}" for row in range(200)]


@pytest.fixture
def export(tmp_path):
    """An export whose name says nothing of how it is written."""
    path = tmp_path / "export.txt"
    path.write_bytes("\n".join([HEADER, *ROWS, ""]).encode("gb18030"))
    return path


GIVEN = ["--format", "csv", "--delimiter", ";", "--encoding", "gb18030"]


def test_every_field_that_is_no_mapping_has_an_option():
    fields = InputOptions.model_json_schema()["properties"]
    mappings = {name for name, one in fields.items() if one.get("type") == "object"}
    assert {"fields", "combine"} <= mappings
    assert {"format", "delimiter", "encoding"} <= {option.name for option in input_options()} <= set(fields) - mappings


@pytest.mark.parametrize("command", [profile, assess])
def test_no_option_of_a_command_has_the_name_of_one_of_inputs(command):
    assert not {one.name for one in command.params} & {option.name for option in input_options()}


def test_a_draft_says_what_was_given_and_a_run_reads_alike(export, tmp_path, capsys):
    assert call(["profile", "-i", str(export), *GIVEN]) == 0
    text = capsys.readouterr().out
    draft = yaml.safe_load(text)
    assert draft["input"] == {"format": "csv", "delimiter": ";", "encoding": "gb18030"}
    assert list(draft["fields"]) == HEADER.split(";")
    (tmp_path / "draft.yaml").write_text(text, "utf-8")
    command = ["run", str(tmp_path / "draft.yaml"), "-i", str(export), "-o", str(tmp_path / "out"), "--workers", "1"]
    assert call([*command, "--release", "analytics"]) == 0
    records = labels(tmp_path / "out")["analytics"]["records"]
    assert (records["read"], records["rejected"]) == (len(ROWS), 0)


def test_assess_reads_a_file_as_it_is_told_to(export, capsys):
    assert call(["assess", "-i", str(export), *GIVEN, "--quasi", "城市", "--subject", "会员", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["records"], found["subjects"], found["k"]) == (200, 40, 20)


def test_what_is_given_goes_before_what_a_policy_says(export, tmp_path, capsys):
    (tmp_path / "p.yaml").write_text(
        "version: 1\ndataset: d\nsubject: 会员\ninput: {format: csv, delimiter: ',', encoding: gb18030}\nfields:\n"
        "  会员: {role: direct_identifier}\n  城市: {role: quasi_identifier}\n  金额: {role: sensitive}\n"
        "releases: {r: {purpose: p, sharing: enclave, fields: {城市: keep}}}\n",
        "utf-8",
    )
    assert call(["assess", str(tmp_path / "p.yaml"), "-i", str(export), "--json"]) == 2
    assert "there is no column" in capsys.readouterr().err
    assert call(["assess", str(tmp_path / "p.yaml"), "-i", str(export), "--delimiter", ";", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["k"] == 20


def test_a_tab_is_written_as_shells_can_write_it(tmp_path, capsys):
    path = tmp_path / "export.xls"
    path.write_text("\n".join([HEADER, *ROWS, ""]).replace(";", "\t"), "utf-8")
    assert call(["profile", "-i", str(path), "--format", "csv", "--delimiter", r"\t"]) == 0
    draft = yaml.safe_load(capsys.readouterr().out)
    assert draft["input"]["delimiter"] == "\t"
    assert list(draft["fields"]) == HEADER.split(";")


@pytest.mark.parametrize("given", [["--records", "a", "--format", "csv"], ["--records", "a..b"]])
def test_a_value_that_input_does_not_take_is_a_usage_error(export, given, capsys):
    assert call(["profile", "-i", str(export), *given]) == 2
    assert "--records" in capsys.readouterr().err


def test_a_draft_keeps_the_records_that_were_named(tmp_path, capsys):
    orders = [{"id": f"o{row}", "who": f"w{row % 5}", "lines": [{"sku": "a"}]} for row in range(20)]
    (tmp_path / "a.json").write_text(json.dumps({"extra": [{"x": 1}], "found": {"orders": orders}}), "utf-8")
    assert call(["profile", "-i", str(tmp_path / "a.json"), "--records", "found.orders"]) == 0
    draft = yaml.safe_load(capsys.readouterr().out)
    assert draft["input"]["records"] == "found.orders"
    assert draft["input"]["items"] == "lines"
    assert "id" in draft["fields"]


def test_a_policys_own_options_stay_where_nothing_is_given():
    before = InputOptions(delimiter=";", combine={"place": ("a", "b")})
    assert written_as({"encoding": "gb18030"}, before).model_dump(exclude_unset=True) == {
        "delimiter": ";",
        "encoding": "gb18030",
        "combine": {"place": ("a", "b")},
    }
    with pytest.raises(UsageError, match="--encoding"):
        written_as({"encoding": 3}, before)
