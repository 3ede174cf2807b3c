import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.policy.reader import policy_from_mapping

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"

pytestmark = pytest.mark.skipif(not README.exists(), reason="README.md is not here: this is no checkout")


def blocks(language):
    # What needs a bucket has a mark, and tests/storage pastes it.
    text = re.sub(r"^<!-- s3 -->\n```.*?^```$", "", README.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def paste(script, folder):
    """Run commands in a folder that has README's `.venv/bin/beam-deid`."""
    shim = folder / ".venv" / "bin" / "beam-deid"
    shim.parent.mkdir(parents=True)
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m beam_deid.pipelines "$@"\n')
    shim.chmod(0o700)
    (folder / "configs").symlink_to(ROOT / "configs")
    # PYTHONPATH is made absolute: the commands run in another folder.
    path = os.pathsep.join(
        str(Path(one).resolve()) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one
    )
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_of_embedding_runs_and_is_short(tmp_path, monkeypatch, capsys):
    (example,) = blocks("python")
    assert len(example.splitlines()) <= 20
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert said.count("{'city': '杭州市', 'age': '30-39', 'item': '茶'}") == 100
    assert "still_personal" in said


def test_the_policy_of_the_readme_is_a_policy():
    example, book, differing, nested, attackers, search = (yaml.safe_load(block) for block in blocks("yaml"))
    assert InputOptions.model_validate(book["input"]).sheet == "Orders"
    assert InputOptions.model_validate(differing["input"]).fill_down is not None
    assert set(policy_from_mapping(example).releases) == {"analytics", "crm"}
    names = ("mobile", "item_id", "division", "province", "city", "district")
    fields = example["fields"] | {name: {"role": "direct_identifier"} for name in names}
    assert policy_from_mapping({**example, "fields": fields, **nested}).input.items == "item_list"
    example["releases"]["analytics"] |= attackers
    assert set(policy_from_mapping(example).releases["analytics"].attackers) == {"courier", "archive"}
    example["fields"]["postcode"] = {"role": "quasi_identifier"}
    search["fields"] |= {"category": "keep"}
    example["releases"]["analytics"] |= search
    assert policy_from_mapping(example).releases["analytics"].search.rounds == 3


def test_the_commands_of_the_readme_exist():
    from beam_deid.pipelines.cli import cli

    named = set(re.findall(r"beam-deid ([a-z]+) ", "".join(blocks("bash"))))
    assert named
    assert named <= set(cli.list_commands(None))


@pytest.mark.slow("carries out every command of README one after the other")
def test_the_commands_of_the_readme_work_when_pasted_one_after_the_other(tmp_path):
    pasted = [block for block in blocks("bash") if "pytest" not in block]
    assert len(pasted) >= 7
    script = "\n".join(pasted).replace("python3 -m venv .venv && .venv/bin/python -m pip install -q . && ", "")
    assert "pip install" not in script
    done = paste(script, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    shown = re.search(r"^```\n(analytics: anonymized.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert shown
    for line in shown[1].splitlines():
        if line and line != "…":
            assert line.rstrip("…").rstrip(" ,_") in done.stdout
    assert "Origin proved" in done.stdout
    drafted = (tmp_path / "demo" / "wechat" / "policy.yaml").read_text("utf-8")
    draft = re.search(r"^```\n(# Platform: .*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert draft
    for line in draft[1].splitlines():
        assert line.removesuffix(" …").strip() in drafted
