"""Writes the slowest twenty tests into `tests/README.md`, from what ``pytest --durations=0`` printed.

.venv/bin/python -m pytest … --durations=0 | tee LOG
.venv/bin/python -m tests.slowest LOG
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "tests" / "README.md"
BEGIN, END = "<!-- slowest -->\n", "<!-- end of slowest -->\n"
MANY = 20
_LINE = re.compile(r"^([0-9.]+)s (?:call|setup|teardown) +(\S+?\.py)::(\w+)", re.MULTILINE)


def seconds_of(log: str) -> Counter[tuple[str, str]]:
    """The seconds of each test function, by its file and name: all its cases, with what was made ready for them."""
    found: Counter[tuple[str, str]] = Counter()
    for seconds, path, name in _LINE.findall(log):
        found[path, name] += float(seconds)  # type: ignore[assignment]
    return found


def reason_of(path: str, name: str) -> str:
    """Why a test takes long: what its mark says, or else what its file is about."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            for reason in _reasons(node):
                return reason
    return (ast.get_docstring(tree) or "").partition("\n")[0] or "no reason is said"


def _reasons(node: ast.FunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        for call in ast.walk(decorator):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.slow":
                yield ast.literal_eval(call.args[0])


def table(log: str) -> str:
    """The slowest tests as a table of Markdown."""
    lines = ["| seconds | test | why |", "|---:|---|---|"]
    for (path, name), seconds in seconds_of(log).most_common(MANY):
        lines.append(f"| {seconds:.0f} | `{path.removeprefix('tests/')}` `{name}` | {reason_of(path, name)} |")
    return "\n".join(lines) + "\n"


def main(log: str) -> None:
    """Put the table of a log into the page."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + table(Path(log).read_text("utf-8")) + END + after, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
