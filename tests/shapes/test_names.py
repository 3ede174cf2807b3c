"""Names of columns and folders are shown as they are, whatever a terminal's markup would make of them."""

import pytest

from beam_deid.pipelines.cli import call

NAMES = ["weight[kg]", "[/kg]", "price [/usd]", "items[0]", "[bold]x", "[red]", "a\\[b]"]


def export(folder, name):
    """Orders with a column of that name."""
    path = folder / "m.csv"
    rows = [f"A{row},b{row % 60},{row % 3},{row % 4}" for row in range(240)]
    path.write_text("\n".join([f'order_id,buyer,"{name}",age', *rows, ""]), "utf-8")
    return str(path)


def policy(folder, name, action="keep"):
    """A policy that releases the column."""
    path = folder / "p.yaml"
    quoted = name.replace("\\", "\\\\")
    path.write_text(
        "version: 1\ndataset: d\nsubject: buyer\nfields:\n"
        "  order_id: {role: direct_identifier}\n  buyer: {role: direct_identifier}\n"
        f'  "{quoted}": {{role: quasi_identifier, kind: integer}}\n  age: {{role: quasi_identifier, kind: integer}}\n'
        f"releases:\n  r:\n    purpose: p\n    sharing: controlled\n    fields:\n"
        f'      "{quoted}": {action}\n      age: {{generalize: {{ranges: [2, 4]}}}}\n',
        "utf-8",
    )
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_plan_run_and_assess_show_a_name_in_brackets(tmp_path, capsys, name):
    """``weight[kg]`` was shown as ``weight``, and after ``price [/usd]`` a run that had published ended with a MarkupError."""
    data = export(tmp_path, name)
    path = policy(tmp_path, name)
    assert call(["plan", path, "-i", data]) == 0
    assert name in capsys.readouterr().out
    assert call(["run", path, "-i", data, "-o", str(tmp_path / "out"), "--workers", "1"]) == 0
    assert "r: " in capsys.readouterr().out
    assert call(["assess", "-i", data, "--quasi", f"{name},age", "--subject", "buyer"]) == 0
    assert name in capsys.readouterr().out
    assert call(["profile", "-i", data]) == 0
    assert name.replace("\\", "\\\\") in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES[:3])
def test_search_shows_a_name_in_brackets(tmp_path, capsys, name):
    """The same of a search."""
    data = export(tmp_path, name)
    path = policy(tmp_path, name, "{generalize: {ranges: [2, 4]}}")
    assert call(["search", path, "-i", data, "--choose", "5", "--to", str(tmp_path / "q.yaml")]) == 0
    assert f"{name} at" in capsys.readouterr().out


def test_a_folder_in_brackets_is_shown_as_it_is(tmp_path, capsys):
    """The same of the folder that a demo is in."""
    folder = tmp_path / "demo[kg]"
    assert call(["demo", "--platform", "jd", "--rows", "20", "--folder", str(folder)]) == 0
    assert "demo[kg]" in capsys.readouterr().out.replace("\n", "")
