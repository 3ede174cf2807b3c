"""The pages: their commands work when pasted, their policies are policies, and their links lead somewhere."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from beam_deid.pipelines.cli import cli
from beam_deid.transforms import yaml_providers
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.policy.adversary import Environment
from beam_deid.transforms.policy.field_spec import FieldSpec
from beam_deid.transforms.policy.model import Policy, Release, Search
from beam_deid.transforms.policy.reader import policy_from_mapping

from .kit.pages import CHINESE, PAGES, README, ROOT, blocks, name_of, needs_pages, paste

pytestmark = needs_pages

INSTALL = "python3 -m venv .venv && .venv/bin/python -m pip install -q . && "
EMBEDDING = ROOT / "transforms" / "beam" / "README.md"
WITH_POLICIES = [page for page in PAGES if blocks(page, "yaml")]
MORE_FIELDS = {
    "mobile": "direct_identifier",
    "item_id": "sensitive",
    "division": "quasi_identifier",
    "province": "quasi_identifier",
    "city": "quasi_identifier",
    "district": "quasi_identifier",
    "postcode": "quasi_identifier",
    "Name": "direct_identifier",
    "Email": "direct_identifier",
    "Created at": "quasi_identifier",
    "Shipping City": "quasi_identifier",
}
"""Fields that pieces of policies on some page take for granted, and their roles."""


def of_pages(pages):
    return pytest.mark.parametrize("page", pages, ids=name_of)


def script_of(page):
    """The commands of a page, but for those that run these tests."""
    return "\n".join(block for block in blocks(page, "bash") if "pytest" not in block)


def prose(page):
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def links(page):
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page):
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def headings(page):
    """The levels of a page's headings, in order."""
    return re.findall(r"^#+(?= )", prose(page), re.MULTILINE)


def is_shown(line, said):
    """Whether a line of a page, which may be cut short by `…`, stands in what commands said or wrote."""
    return line.rstrip("…").rstrip(" ,_") in said


def with_piece(policy, piece):
    """A policy with a piece from a page: of its release `analytics` where it is indented, else of the policy."""
    policy["fields"] |= {name: {"role": role} for name, role in MORE_FIELDS.items()}
    said = yaml.safe_load(piece)
    if piece.startswith(" "):
        said = {"releases": {"analytics": said}}
    return merged(policy, said)


def merged(one, other):
    """A mapping with what another says, mapping by mapping."""
    both = {name: merged(one[name], value) for name, value in other.items() if isinstance(one.get(name), dict)}
    return {**one, **other, **both}


@of_pages([README, CHINESE])
def test_the_first_page_is_short(page):
    assert len(page.read_text("utf-8").splitlines()) <= 170


def test_the_first_page_says_the_same_in_both_languages():
    assert headings(README)[:-1] == headings(CHINESE)
    assert blocks(README, "bash", "demo") == blocks(CHINESE, "bash", "demo")
    assert set(links(CHINESE)) - set(links(README)) == {"README.md", "README.md#development"}
    assert set(links(README)) - set(links(CHINESE)) == {"README.zh-CN.md"}


@of_pages(PAGES)
def test_links_lead_to_files_and_headings(page):
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def linked(page):
    """The pages that a page links to, and those that these link to, and so on."""
    found, waiting = set(), [page]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            paths = {link.partition("#")[0] for link in links(one)}
            waiting += [(one.parent / path).resolve() for path in paths if path.endswith(".md")]
    return found


def test_every_page_is_found_from_the_first_one():
    assert set(PAGES) <= linked(README)


@of_pages(WITH_POLICIES)
def test_policies_and_pieces_of_policies_are_valid(page):
    (example,) = blocks(README, "yaml")
    for block in blocks(page, "yaml"):
        whole = block.startswith("version: ")
        policy = yaml.safe_load(block) if whole else with_piece(yaml.safe_load(example), block)
        assert set(policy_from_mapping(policy).releases) == {"analytics", "crm"}


@pytest.mark.parametrize(
    ("model", "page"),
    [
        (Policy, "configs"),
        (FieldSpec, "configs"),
        (Release, "configs"),
        (Environment, "configs"),
        (InputOptions, "transforms/formats"),
        (Search, "transforms/search"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_every_key_of_a_policy_stands_on_its_page(model, page):
    text = (ROOT / page / "README.md").read_text("utf-8")
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert [key for key in keys if not re.search(rf"[`{{ ]{key}[`:]", text)] == []


def test_the_commands_of_the_pages_exist():
    pasted = "".join(block for page in PAGES for mark in ("", "demo", "s3") for block in blocks(page, "bash", mark))
    named = set(re.findall(r"beam-deid ([a-z]+) ", pasted))
    assert named == set(cli.list_commands(None)) - {"publish"}  # which needs a run that died


def test_the_examples_of_embedding_run_one_after_the_other_and_are_short(tmp_path):
    examples = blocks(EMBEDDING, "python")
    assert max(len(example.splitlines()) for example in examples) <= 30
    (tmp_path / "examples.py").write_text("\n".join(examples), "utf-8")
    command = [sys.executable, "examples.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = done.stdout.splitlines()
    assert said.count("{'city': '杭州市', 'age': '30-39', 'item': '茶'}") == 100
    assert said.count("still_personal") == 1
    assert said.count("Rejected(row=0, field='age', reason='wrong_type')") == 1
    assert said.count("Bought(city='杭州市', age='30-39', item='茶')") == 39
    assert said.count("40 0 still_personal") == 1
    assert (tmp_path / "released" / "out" / "label.json").is_file()
    (label,) = (tmp_path / "hours").glob("*/out/label.json")
    assert json.loads(label.read_text("utf-8"))["register"]["kept"]


def test_the_example_of_beam_yaml_runs(tmp_path, monkeypatch):
    pytest.importorskip("docstring_parser", reason="Beam YAML needs apache-beam[yaml]")
    (example,) = blocks(EMBEDDING, "yaml", "beam")
    names: dict = {}
    exec(next(one for one in blocks(EMBEDDING, "python")).partition("with beam")[0], names)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(names["policy"], allow_unicode=True), "utf-8")
    rows = "".join(f"p{number},杭州市,30,茶\n" for number in range(40))
    (tmp_path / "orders.csv").write_text(f"who,city,age,item\n{rows}", "utf-8")
    shutil.copy(yaml_providers(), "providers.yaml")
    (tmp_path / "pipeline.yaml").write_text(example, "utf-8")
    command = [
        sys.executable,
        "-m",
        "apache_beam.yaml.main",
        "--runner=FnApiRunner",
        "--yaml_pipeline_file=pipeline.yaml",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "from_yaml" / "out" / "label.json").is_file()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder in which the first command of the first page was carried out, and what it said."""
    folder = tmp_path_factory.mktemp("demo")
    (first,) = blocks(README, "bash", "demo")
    assert first.startswith(INSTALL)
    done = paste(first.removeprefix(INSTALL), folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "demo", done.stdout


@pytest.mark.slow("carries out every command of a page one after the other")
@of_pages([page for page in PAGES if script_of(page)])
def test_the_commands_of_a_page_work_when_pasted_after_the_demo(page, demo, tmp_path):
    folder, said = demo
    shutil.copytree(folder, tmp_path / "demo")
    done = paste(script_of(page), tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    drafts = "".join(draft.read_text("utf-8") for draft in (tmp_path / "demo").rglob("*.yaml"))
    shown = [line for block in blocks(page, "text") for line in block.splitlines() if line and line != "…"]
    missing = [line for line in shown if not is_shown(line, said + done.stdout + drafts)]
    assert not missing
