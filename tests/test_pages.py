"""The pages: their commands work when pasted, their policies are policies, and their links lead somewhere."""

import re
import shutil

import pytest
import yaml

from beam_deid.pipelines.cli import cli
from beam_deid.transforms.policy.reader import policy_from_mapping

from .kit.pages import PAGES, README, ROOT, blocks, name_of, needs_pages, paste

pytestmark = needs_pages

INSTALL = "python3 -m venv .venv && .venv/bin/python -m pip install -q . && "
EMBEDDING = ROOT / "transforms" / "beam" / "README.md"
PASTED = [page for page in PAGES if blocks(page, "bash")]
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


def is_shown(line, said):
    """Whether a line of a page, which may be cut short by `…`, stands in what commands said or wrote."""
    return line.rstrip("…").rstrip(" ,_") in said


def with_pieces(policy, pieces):
    """A policy with the pieces of a page: those that are indented belong to a release, others to the policy."""
    policy = {**policy, "fields": policy["fields"] | {name: {"role": role} for name, role in MORE_FIELDS.items()}}
    release = policy["releases"]["analytics"]
    for piece in pieces:
        said = yaml.safe_load(piece)
        if piece.startswith(" "):
            said["fields"] = release["fields"] | said.get("fields", {})
            release = {**release, **said}
        else:
            said["fields"] = policy["fields"] | said.get("fields", {})
            for name, one in said.pop("releases", {}).items():
                policy["releases"][name] = policy["releases"][name] | one
            policy |= said
    policy["releases"]["analytics"] = release
    return policy


def test_the_first_page_is_short():
    assert len(README.read_text("utf-8").splitlines()) <= 170


@of_pages(PAGES)
def test_links_lead_to_files_and_headings(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def linked(page):
    """The pages that a page links to, and those that these link to, and so on."""
    found, waiting = set(), [page]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            paths = re.findall(r"\]\(([^)#\s]+\.md)[^)\s]*\)", one.read_text("utf-8"))
            waiting += [(one.parent / path).resolve() for path in paths if not path.startswith("https://")]
    return found


def test_every_page_is_found_from_the_first_one():
    assert set(PAGES) <= linked(README)


@of_pages(WITH_POLICIES)
def test_policies_and_pieces_of_policies_are_valid(page):
    (example,) = (yaml.safe_load(block) for block in blocks(README, "yaml"))
    assert set(policy_from_mapping(example).releases) == {"analytics", "crm"}
    for piece in blocks(page, "yaml") if page != README else []:
        policy_from_mapping(with_pieces(yaml.safe_load(blocks(README, "yaml")[0]), [piece]))


def test_the_commands_of_the_pages_exist():
    pasted = "".join(block for page in PASTED for mark in ("", "demo", "s3") for block in blocks(page, "bash", mark))
    named = set(re.findall(r"beam-deid ([a-z]+) ", pasted))
    assert named == set(cli.list_commands(None)) - {"publish"}  # which needs a run that died


def test_the_example_of_embedding_runs_and_is_short(tmp_path, monkeypatch, capsys):
    (example,) = blocks(EMBEDDING, "python")
    assert len(example.splitlines()) <= 20
    monkeypatch.chdir(tmp_path)
    exec(compile(example, EMBEDDING, "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert said.count("{'city': '杭州市', 'age': '30-39', 'item': '茶'}") == 100
    assert "still_personal" in said


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
@of_pages(PASTED)
def test_the_commands_of_a_page_work_when_pasted_after_the_demo(page, demo, tmp_path):
    folder, said = demo
    shutil.copytree(folder, tmp_path / "demo")
    script = "\n".join(block for block in blocks(page, "bash") if "pytest" not in block)
    done = paste(script, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    drafts = "".join(draft.read_text("utf-8") for draft in (tmp_path / "demo").rglob("*.yaml"))
    shown = [line for block in blocks(page, "text") for line in block.splitlines() if line and line != "…"]
    missing = [line for line in shown if not is_shown(line, said + done.stdout + drafts)]
    assert not missing
