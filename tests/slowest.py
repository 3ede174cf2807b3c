"""Writes the slowest twenty tests into `tests/README.md`, and the slowest files into `tests/longest.txt`.

Both come from what ``pytest --durations=0`` printed. A file goes to one worker as a whole, so the suite takes the longest ones
first: whoever got one last would be waited for.

.venv/bin/python -m pytest … --durations=0 | tee LOG
.venv/bin/python -m tests.slowest LOG
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "tests" / "README.md"
BEGIN, END = "<!-- slowest -->\n", "<!-- end of slowest -->\n"
MANY = 20
LONGEST = ROOT / "tests" / "longest.txt"
LONG = 10
"""Seconds from which on it matters when a file comes."""
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


def longest(log: str) -> str:
    """The files whose tests take long together, each in a line with its seconds, the longest first."""
    found: Counter[str] = Counter()
    for (path, _), seconds in seconds_of(log).items():
        found[path] += seconds  # type: ignore[assignment]
    return "".join(f"{seconds:.0f} {path}\n" for path, seconds in found.most_common() if seconds >= LONG)


def longest_first(paths: Iterable[str]) -> list[str]:
    """Files in the order in which workers take them.

    Args:
        paths: The file of each test.

    Returns:
        Each file once: those of `longest.txt` as they stand there, and behind them the others, those of most tests first.
    """
    tests = Counter(paths)
    told = [line.split(maxsplit=1)[1] for line in LONGEST.read_text("utf-8").splitlines()]
    return [*(path for path in told if path in tests), *(path for path, _ in tests.most_common() if path not in told)]


def main(log: str) -> None:
    """Put the tables of a log where they belong."""
    text = Path(log).read_text("utf-8")
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + table(text) + END + after, "utf-8")
    LONGEST.write_text(longest(text), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
