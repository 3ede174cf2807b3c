"""`run`: what ``beam-deid run`` does, as a function."""

import datetime
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from beam_deid.pipelines.api.counts import checked_count
from beam_deid.pipelines.api.paths import Path, Paths, text_of, texts_of
from beam_deid.pipelines.api.results import Result
from beam_deid.pipelines.running import MAX_REJECTS, Asked, Tell, prepared_run, prepared_run_on_tables
from beam_deid.transforms.errors import ExpectationUnmet, UsageError

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.policy.tables import TablesPolicy

WHERE = "run"
INPUTS = "run(inputs=…)"


def run(
    policy: "Policy | Path | Mapping[str, Any]",
    inputs: Paths | Mapping[str, Paths],
    output: Path,
    *,
    release: str | Sequence[str] | None = None,
    overwrite: bool = False,
    unreleased: bool = False,
    new_register: bool = False,
    dry_run: bool = False,
    as_of: str | datetime.datetime | None = None,
    corrections: Path | None = None,
    max_rejects: float = MAX_REJECTS,
    operator: str | None = None,
    workers: int | None = None,
    runner: str | None = None,
    beam_options: Sequence[str] = (),
) -> Result:
    """Treat every field of files as a policy says, test the result, and publish it with its label.

    It is ``beam-deid run``, with the same checks and the same bytes. One run is under way in a process at a time.

    Args:
        policy: The policy: a path, a mapping as its YAML would be, or a `Policy`.
        inputs: Globs of the files to read; of a policy with tables those of each table, by its name.
        output: Where to publish: a folder that is not there, or empty; a path or a URI.
        release: The release or releases to make; all if not given.
        overwrite: Whether an earlier run in ``output`` may be replaced once the new one is whole.
        unreleased: With ``overwrite``: nobody was ever given what is replaced, so it is not tested with.
        new_register: Whether a new register may be begun where one is gone.
        dry_run: Whether it only says what would be published, and writes nothing.
        as_of: Time at which consent must be valid, with its offset; the policy's, or now, if not given.
        corrections: A file of corrected records, which stand in place of what the input says of them.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        operator: Who answers for it, beside the login.
        workers: Processes of this machine. If not given, one in a script, and else as many as there is use for: to start others, a
            script must be one that can be imported, with ``if __name__ == "__main__":`` around what it does.
        runner: Beam engine; the one of this process if not given.
        beam_options: Its options, as on a command line.

    Returns:
        Where everything is, the label of each release, and what became of the records.

    Raises:
        ExpectationUnmet: A release did not reach the label that it expects, and is not published; all others are. A dry run says
            so in the labels instead.
        DeidError: Something else is wrong, and nothing is published: see `beam_deid.transforms.errors`.
    """
    from beam_deid.transforms.decide.refusing import share_of_rejects
    from beam_deid.transforms.run.workers import guarded
    from beam_deid.transforms.storage.stopping import STOPPING

    share_of_rejects(max_rejects)
    STOPPING.begin()
    read, text, by = _policy_of(policy, operator)
    folder = text_of(output, "run(output=…)")
    asked = Asked(
        texts_of(release, "run(release=…)"),
        overwrite,
        unreleased,
        new_register,
        max_rejects,
        _workers(checked_count(workers, "workers", WHERE)),
        None if runner is None else text_of(runner, "run(runner=…)"),
        texts_of(beam_options, "run(beam_options=…)"),
        dry_run,
        by,
        _moment(as_of),
        text,
        None if corrections is None else text_of(corrections, "run(corrections=…)"),
    )
    notes: list[str] = []
    outcome = guarded(WHERE, _carried_out, read, inputs, folder, asked, lambda *told: notes.extend(_all(told)))
    told = (*notes, *outcome.run.get("notes", ()), *outcome.rejects, *outcome.notes)
    result = Result.of(folder, outcome.run, outcome.labels, told, dry_run)
    if outcome.unmet and not dry_run:
        raise _unmet(result, outcome.unmet)
    return result


def _unmet(result: Result, names: Sequence[str]) -> ExpectationUnmet:
    """The error for releases that are not published, with what became of all."""
    from beam_deid.transforms.publish.unmet import all_unmet_told

    entries = result.document["releases"]
    published = [name for name, release in result.releases.items() if release.is_published]
    others = f"Published as expected: {', '.join(published)}" if published else "No release is published"
    return ExpectationUnmet(
        all_unmet_told({name: entries[name] for name in names}),
        WHERE,
        f"{others}. Fix what is not published, or expect the label that it has",
        failing={name: result.releases[name].label.failing for name in names},
        result=result,
    )


def _carried_out(
    policy: "Policy | TablesPolicy", inputs: Paths | Mapping[str, Paths], folder: str, asked: Asked, tell: Tell
) -> Any:
    from beam_deid.transforms.policy.tables import TablesPolicy

    of_tables = isinstance(inputs, Mapping)
    if isinstance(policy, TablesPolicy):
        named = _by_table(inputs) if isinstance(inputs, Mapping) else texts_of(inputs, INPUTS)
        return prepared_run_on_tables(policy, named, folder, asked, tell).carry_out()
    if of_tables:
        raise UsageError("the inputs are those of tables, and the policy has none", WHERE, "Give the globs alone")
    return prepared_run(policy, texts_of(inputs, INPUTS), folder, asked, tell).carry_out()  # type: ignore[arg-type]


def _by_table(inputs: Mapping[str, Paths]) -> tuple[str, ...]:
    return tuple(f"{table}={glob}" for table, globs in inputs.items() for glob in texts_of(globs, INPUTS))


def _policy_of(
    policy: "Policy | Path | Mapping[str, Any]", operator: str | None
) -> "tuple[Policy | TablesPolicy, bytes | None, dict[str, Any]]":
    """The policy, the bytes of its file, and what ``run.json`` says of who runs it."""
    from beam_deid.pipelines.recording import operator_of
    from beam_deid.transforms.policy.key_sources import key_sources
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.policy.reader import any_policy_from_mapping, read_policy_file
    from beam_deid.transforms.policy.tables import TablesPolicy
    from beam_deid.transforms.storage.paths import absolute, shown

    operator = None if operator is None else text_of(operator, "run(operator=…)")
    read: Policy | TablesPolicy
    path = None
    text = None
    if isinstance(policy, str | os.PathLike):
        path = text_of(policy, "run(policy=…)")
        read, text = read_policy_file(path)
    elif isinstance(policy, Policy | TablesPolicy):
        read = policy
    else:
        read = any_policy_from_mapping(policy)
    by: dict[str, Any] = {"operator": operator_of(operator, () if operator is None else key_sources(read))._asdict()}
    if path is not None and text is not None:
        by["policy"] = {"path": shown(absolute(path)), "sha256": hashlib.sha256(text).hexdigest()}
    return read, text, by


def _workers(asked: int | None) -> int | None:
    """How many processes are asked for; one where others would run the caller's script again."""
    from beam_deid.transforms.run.workers import starts_alone

    return asked if asked is not None or starts_alone() else 1


def _moment(given: str | datetime.datetime | None) -> int | None:
    from beam_deid.transforms.clock import moment_of

    if given is None:
        return None
    found = moment_of(given.isoformat() if isinstance(given, datetime.datetime) else str(given))
    if found is None:
        raise UsageError("it is no time with an offset", "as_of", "Write it as 2026-11-27T08:00:00+08:00")
    return found


def _all(told: tuple[Any, ...]) -> list[str]:
    return [sentence for some in told for sentence in some]
