"""Random datasets under random policies: whatever is labelled `anonymized` must stand up to the attacker."""

import json
import tempfile
from collections import Counter
from pathlib import Path

import yaml
from hypothesis import HealthCheck, Phase, given

from beam_deid.transforms.errors import InputError, PolicyError

from ..kit.examples import examples
from ..kit.without_engine import decided_on, write
from .datasets import Case, cases
from .oracle import attack


def run(case: Case, folder: Path) -> str:
    """How a run over a case ends, whose files stand in ``folder``: without an engine, which has tests of its own."""
    try:
        prepared, decision = decided_on(case.table, case.policy, folder, rejects=0.001)
        if decision.refused:
            return "rejects"
        write(prepared, decision, folder / "out")
    except (PolicyError, InputError) as error:
        return type(error).__name__
    return "published"


def test_nobody_is_found_in_what_is_called_anonymized() -> None:
    tally: Counter[str] = Counter()

    # Without shrinking: the seed makes a case again.
    @examples(
        4,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def one(case: Case) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            tally["tried"] += 1
            tally[run(case, folder)] += 1
            labels = [json.loads(path.read_text("utf-8"))["label"] for path in folder.glob("out/*/label.json")]
            tally["anonymized"] += "anonymized" in labels
            tally["releases anonymized"] += labels.count("anonymized")
            tally["several releases, one anonymized"] += len(labels) > 1 and "anonymized" in labels
            if "anonymized" in labels:
                found = attack(case.table, case.policy, folder / "out")
                assert not found, "\n".join([f"seed {case.seed}", *map(str, found), yaml.safe_dump(case.policy)])

    one()
    print(f"random datasets: {dict(sorted(tally.items()))}")  # noqa: T201
    assert tally["anonymized"] * 4 >= tally["tried"]
