"""Random datasets under random policies: whatever is labelled `anonymized` must stand up to the attacker."""

import contextlib
import io
import json
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from beam_deid.pipelines.cli import call

from .datasets import Case, cases
from .oracle import attack

REFUSED, REJECTS, UNEXPECTED = 2, 3, 4


def run(case: Case, folder: Path) -> int:
    """The exit code of a run over a case, whose files stand in ``folder``."""
    pq.write_table(case.table, folder / "in.parquet")
    (folder / "policy.yaml").write_text(yaml.safe_dump(case.policy, allow_unicode=True), "utf-8")
    told = io.StringIO()
    command = ["run", str(folder / "policy.yaml"), "-i", str(folder / "in.parquet"), "-o", str(folder / "out"), "--workers", "1"]
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        code = call(command)
    assert code in (0, REFUSED, REJECTS, UNEXPECTED), told.getvalue()
    return code


@pytest.mark.parametrize("examples", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_nobody_is_found_in_what_is_called_anonymized(examples: int) -> None:
    tally: Counter[str] = Counter()

    # Without shrinking: a run takes half a second, and the seed makes a case again.
    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(cases())
    def one(case: Case) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            code = run(case, folder)
            labels = [json.loads(path.read_text("utf-8"))["label"] for path in folder.glob("out/*/label.json")]
            tally[f"exit {code}"] += 1
            tally["anonymized"] += "anonymized" in labels
            tally["releases anonymized"] += labels.count("anonymized")
            tally["several releases, one anonymized"] += len(labels) > 1 and "anonymized" in labels
            if "anonymized" in labels:
                found = attack(case.table, case.policy, folder / "out")
                assert not found, "\n".join([f"seed {case.seed}", *map(str, found), yaml.safe_dump(case.policy)])

    one()
    print(f"{examples} random datasets: {dict(sorted(tally.items()))}")  # noqa: T201
    assert tally["anonymized"] * 4 >= examples
