"""All messages of the code as templates: an f-string's placeholders become names, all else stays as it is written.

Whatever reads like words is a message, so that none is missed; what is none is listed in `exempt`.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from beam_deid.pipelines.language.catalogue import COMMENT

from .exempt import is_no_message, is_of_no_message, of_tables, says_nothing

ROOT = Path(__file__).parents[2]

_WORD = re.compile(r"(?<![\w./:{$\\-])[A-Za-z][a-z']+(?![\w/{}\\])")
_EXPLAINED = re.compile(r"^[A-Z].*:$|\S {3,}\S|# [a-z]")
"""A line of examples that is more than a command."""
_WRAPPERS = {
    "escape",
    "printable",
    "shown",
    "str",
    "repr",
    "len",
    "sorted",
    "list",
    "tuple",
    "map",
    "set",
    "max",
    "min",
    "sum",
}
"""Functions whose first argument says better what a placeholder stands for."""
_SINGLE = {
    *("word", "words", "table", "add_column", "section", "start", "doing", "where", "WHERE"),
    *("ASSEMBLING", "ASSESSING", "COUNTING", "DECIDING", "DRAFTING", "JOINING", "MEASURING", "MEASURING_SOURCE"),
    *("PROVING", "PUBLISHING", "READING_RELEASE", "REIDENTIFYING", "RELEASING", "SAMPLING", "VERIFYING"),
}
"""Functions and constants that name what is shown even if it is a single word: headings, and steps of a run."""

_REPORT = "pipelines/report/"
_HEADING = re.compile(r"[A-Z][a-z]{2,}(?:-[a-z]+)*")
"""A single word that is shown in a report: a heading, or a fact's name."""


def messages() -> dict[str, list[str]]:
    """Every message of the code and of the platforms' files, with the files that say it, in their order."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "configs" / "platforms").glob("*.yaml")):
        platform = yaml.safe_load(path.read_text("utf-8"))
        name = path.relative_to(ROOT).as_posix()
        for says in sorted({one["says"] for one in platform["fields"].values()}):
            found.setdefault(f"named {{name}}: {_escaped(says)}", []).append(name)
        for term in platform.get("terms", []):
            found.setdefault(_escaped(term["says"]), []).append(name)
    for folder in ("transforms", "pipelines"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            source = path.read_text("utf-8")
            for template in _activities(source) if says_nothing(name) else of_source(source, name):
                files = found.setdefault(template, [])
                if name not in files:
                    files.append(name)
    return found


def _activities(source: str) -> Iterator[str]:
    """What a module says that it is doing, where it says nothing else."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Attribute(attr="doing"), args=[ast.Constant(value=str() as activity)]):
                yield activity


def of_source(source: str, file: str = "") -> Iterator[str]:
    """The messages of a module."""
    tree = ast.parse(source)
    skipped = _skipped(tree, file)
    singles = _singles(tree, file)
    yield from _documents(tree)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            yield from _kept(_template(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = _escaped(node.value)
            if id(node) in singles and text.strip():
                yield text.strip()
            elif text.startswith("\b"):
                yield from _of_epilog(text)
            else:
                yield from _kept(text)


def _of_epilog(text: str) -> Iterator[str]:
    """What stands below a help page: lines of examples that say something, and paragraphs."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b"):
            yield from (line.strip().removeprefix(COMMENT) for line in paragraph.split("\n") if _EXPLAINED.search(line))
        else:
            yield " ".join(paragraph.split())


def _kept(template: str) -> Iterator[str]:
    text = template.strip().removeprefix(COMMENT)
    if text and not is_no_message(text) and _reads_like_words(text):
        yield text


def _reads_like_words(text: str) -> bool:
    """Whether a text has two words, or one beside a placeholder."""
    literal = re.sub(r"\{\w*\}", " {} ", re.sub(r"\[/?[a-z {}_]*\]", " ", text.removeprefix("beam-deid: ")))
    words = _WORD.findall(literal)
    if len(words) == 1:
        return "{}" in literal or text.endswith(".") or text[0].isdigit() or text[0].isupper()
    return len(words) > 1


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _template(node: ast.JoinedStr) -> str:
    """The template of an f-string, each placeholder by a name of its own."""
    names: dict[str, str] = {}
    return "".join(
        _escaped(str(one.value)) if isinstance(one, ast.Constant) else f"{{{_placeholder(one, names)}}}"
        for one in node.values
    )


def _placeholder(node: ast.expr, names: dict[str, str]) -> str:
    assert isinstance(node, ast.FormattedValue)
    text = ast.unparse(node)
    if text not in names:
        name = _name(node.value)
        taken = sum(re.fullmatch(rf"{name}\d*", one) is not None for one in names.values())
        names[text] = f"{name}{taken + 1}" if taken else name
    return names[text]


def _name(node: ast.expr) -> str:
    """What a placeholder stands for, in one word of the code."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower() or "value"
        case ast.Subscript(slice=ast.Constant(value=str() as name)) if name.isidentifier():
            return name
        case ast.Subscript(value=value):
            return _name(value)
        case ast.Call(func=ast.Attribute(value=ast.Constant()), args=[one, *_]):  # ", ".join(names)
            return _name(one)
        case ast.Call(func=ast.Name(id=name), args=[one, *_]) if name.strip("_") in _WRAPPERS:
            return _name(one if name != "map" else node.args[1])
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.strip("_").lower()
        case ast.GeneratorExp(generators=[one, *_]) | ast.ListComp(generators=[one, *_]):
            return _name(one.iter)
        case ast.BinOp(left=left):
            return _name(left)
        case ast.IfExp(body=ast.Constant()):
            return "word"
        case ast.IfExp(body=one) | ast.BoolOp(values=[one, *_]) | ast.Starred(value=one):
            return _name(one)
    return "value"


def _documents(tree: ast.Module) -> Iterator[str]:
    """The help texts of commands: docstrings, whole and their first sentences, which lists of commands show."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(map(_makes_command, node.decorator_list)):
            help_text = inspect.cleandoc(ast.get_docstring(node) or "")
            for paragraph in help_text.split("\n\n"):
                yield _escaped(" ".join(paragraph.split()))
            yield _escaped(" ".join(help_text.split("\n\n")[0].split()).partition(". ")[0].rstrip("."))


def _makes_command(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    return isinstance(called, ast.Attribute) and called.attr in ("command", "group")


def _skipped(tree: ast.Module, file: str) -> set[int]:
    """Nodes that say nothing to a user: docstrings, parts of f-strings, and arguments of calls that show nothing."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            skipped |= {id(one) for one in node.values if isinstance(one, ast.Constant)}
            skipped |= {id(one.format_spec) for one in node.values if isinstance(one, ast.FormattedValue)}
        elif isinstance(node, ast.FunctionDef) and node.returns is not None:
            skipped |= {id(one) for one in ast.walk(node.returns)}
        elif is_of_no_message(node, file):
            skipped |= {id(one) for one in ast.walk(node)}
        elif isinstance(node, ast.ClassDef):
            skipped |= {id(one) for attribute in of_tables(node) for one in ast.walk(attribute)}
    return skipped


def _singles(tree: ast.Module, file: str) -> set[int]:
    """Texts that are shown though they may be one word only."""
    found: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=shown) if name in _SINGLE:
                found |= {id(one) for one in shown}
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.strip("_") in _SINGLE:
                found.add(id(value))
            case ast.Yield(value=ast.Tuple(elts=[first, *_])) if file.startswith("pipelines/views/"):
                found.add(id(first))
            case ast.AnnAssign(target=ast.Name(id="LINES"), value=ast.Dict(values=values)):
                found |= {id(one) for one in values}
            case ast.AnnAssign(target=ast.Name(id="phase"), value=ast.Constant() as value):
                found.add(id(value))
            case ast.Constant(value=str() as text) if file.startswith(_REPORT) and _HEADING.fullmatch(text):
                found.add(id(node))
    return found
