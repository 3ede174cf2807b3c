"""Cases of the label rule, black box: small tables of made-up people, a policy, `beam-deid run`, and the lines that must fail.

A case is written as data. `run` carries it out in this process and `judge` compares what came out with what the case says:

    Case(
        "all-sensitive", "Every column is called sensitive, and every row is unique on three of them.",
        lambda: crowd(grid(city=["A", "B"]), 100, category=lambda who: turn("abcd", who.person)),
        policy(roles(direct="buyer", quasi="city", sensitive="category"), a=release("public", "city category")),
        fails=(3,),
    )
"""

import contextlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import yaml

from beam_deid.pipelines.cli import call

from ...kit.crowds import Content, write


@dataclass(frozen=True)
class Case:
    """A release, or several of one run, and its verdict.

    Attributes:
        name: Of the case.
        says: What is wrong with it, or why nothing is, in a sentence.
        data: Makes the input, or all files that stand beside the policy, by name; `in.parquet` is the input.
        policy: As a policy file has it.
        fails: Lines of the label rule that must fail, in one release at least; of an inner tuple, one of these. Empty: every
            release is rightly anonymized.
        refused: Patterns of what the message must say where the policy itself is wrong (exit code 2); None if it is not.
        releases: The releases that are judged; all if none is named.
        inputs: Names of the input files, or a glob.
        commands: What is run in the case's folder, one after the other, `--overwrite` and all; one `run` into `out` if not given.
        outputs: Where the commands put what is judged.
    """

    name: str
    says: str
    data: Callable[[], pa.Table | Mapping[str, Content]]
    policy: Mapping[str, Any]
    fails: tuple[int | tuple[int, ...], ...] = ()
    refused: tuple[str, ...] | None = None
    releases: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ("in.parquet",)
    commands: tuple[tuple[str, ...], ...] = ()
    outputs: tuple[str, ...] = ("out",)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Outcome:
    """What a case came to: the exit code of its last command, all that was said, and the labels that stand, by release."""

    code: int
    said: str
    labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def failing(self, name: str) -> dict[int, list[str]]:
        """The tests of a release that do not hold, by line."""
        lines: dict[int, list[str]] = {}
        for test in self.labels[name]["tests"]:
            if test["passed"] is not True:
                words = f"{test['name']}: {test['measured']} against {test['limit']} ({test['detail']})"
                lines.setdefault(test["line"], []).append(words)
        return lines


def run(case: Case, folder: Path) -> Outcome:
    """Write a case's files into a folder, run it there, and read what came out."""
    made = case.data()
    for name, content in (made if isinstance(made, Mapping) else {"in.parquet": made}).items():
        write(folder / name, content)
    (folder / "policy.yaml").write_text(yaml.safe_dump(dict(case.policy), allow_unicode=True, sort_keys=False))
    inputs = [word for name in case.inputs for word in ("--input", name)]
    return carry_out(folder, case.commands or (("run", "policy.yaml", *inputs, "--output", "out"),), case.outputs)


def carry_out(folder: Path, commands: Sequence[Sequence[str]], outputs: Sequence[str]) -> Outcome:
    """Run commands in a folder, and read the labels of all releases below `outputs`: `RELEASE`, or `OUTPUT/RELEASE` of several."""
    said = io.StringIO()
    code = 0
    with _inside(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for command in commands:
            one_process = ["--workers", "1"] if command[0] == "run" else []
            code = call([*command, *one_process])
    labels = {
        path.parent.name if len(outputs) == 1 else f"{output}/{path.parent.name}": json.loads(path.read_text())
        for output in outputs
        for path in sorted((folder / output).glob("*/label.json"))
    }
    return Outcome(code, said.getvalue().replace(str(folder), "."), labels)


def judge(
    outcome: Outcome,
    fails: Sequence[int | tuple[int, ...]] = (),
    refused: Sequence[str] | None = None,
    releases: Sequence[str] = (),
) -> None:
    """Compare what came out with what must.

    Raises:
        AssertionError: A release is anonymized that must not be, or is not that must, or the wrong line is named.
    """
    if refused is not None:
        assert outcome.code == 2, f"exit code {outcome.code}, a policy error was expected: {outcome.said}"
        assert not outcome.labels, "something was published"
        missing = [pattern for pattern in refused if not re.search(pattern, outcome.said)]
        assert not missing, f"the message does not say {missing}: {outcome.said}"
        return
    assert outcome.code == 0, f"exit code {outcome.code}: {outcome.said}"
    judged = list(releases or outcome.labels)
    assert judged, f"nothing came out: {outcome.said}"
    failing = {name: outcome.failing(name) for name in judged}
    words = {name: outcome.labels[name]["label"] for name in judged}
    if not fails:
        assert not any(failing.values()), f"lines fail that hold: {failing}"
        assert set(words.values()) == {"anonymized"}, words
        return
    assert set(words.values()) == {"still_personal"}, f"{words}; a line must fail: {fails}"
    for line in fails:
        either = line if isinstance(line, tuple) else (line,)
        assert any(one in lines for lines in failing.values() for one in either), (
            f"line {line} holds; these fail: {failing}"
        )


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
