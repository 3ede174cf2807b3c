"""`assess`: what ``beam-deid assess`` does, as a function, for files and for tables in memory."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from beam_deid.pipelines.api.paths import Path, text_of, texts_of
from beam_deid.pipelines.api.results import Assessment

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy

WHERE = "assess"


def assess(
    data: Any,
    policy: "Policy | Path | Mapping[str, Any] | None" = None,
    *,
    quasi: Sequence[str] = (),
    sensitive: Sequence[str] = (),
    subject: str | None = None,
    sharing: str = "controlled",
    k: int | None = None,
    population: int | None = None,
    max_combination: int = 4,
    history: Sequence[str] = (),
    wildcard: bool = False,
    mobiles: Sequence[str] = (),
    frequencies: Mapping[str, Path] | None = None,
    joins: Sequence[str] = (),
) -> Assessment:
    """Measure what a dataset discloses as it is, whoever made it, and say which label it would get and why.

    Args:
        data: A ``pyarrow.Table``, ``RecordBatch`` or ``RecordBatchReader``, a ``DataFrame`` of pandas or polars, or globs of files.
        policy: A policy, which says the roles and how files are written, where nothing else is said; or None.
        quasi: The quasi-identifiers.
        sensitive: The sensitive fields.
        subject: The column that says whom a record is about; without one each record counts as one person.
        sharing: The sharing model that it is judged by: ``public``, ``controlled`` or ``enclave``.
        k: Required class size, if above the sharing model's own.
        population: People in the population that it is drawn from.
        max_combination: Most attributes of a combination; 0 for none.
        history: What makes a point of a subject's history; all that is counted if not given.
        wildcard: Whether it is told, too, how many people a record may be if nulls fit any value.
        mobiles: How mobiles begin, where that is known: digests of these are tried.
        frequencies: Tables of how often values occur in the population, by the column of tokens that is matched to it.
        joins: Attackers' tables, each as ``--join`` of the command takes it, ``NAME=GLOB:on=F,F``; of files alone.

    Returns:
        What was measured, and the label.

    Raises:
        UsageError: No quasi-identifier is named, a column is not there, or what is asked does not go together.
        PolicyError: The policy is wrong.
        InputError: A column or a file cannot be read, or there is no row.
    """
    from beam_deid.pipelines.assessing import Roles, question_of, roles_of
    from beam_deid.transforms.run.workers import guarded

    read = None if policy is None else _policy_of(policy)
    given = {"quasi": quasi, "sensitive": sensitive, "history": history, "mobiles": mobiles, "joins": joins}
    several = {name: texts_of(texts, f"{WHERE}({name}=…)") for name, texts in given.items()}
    roles = roles_of(Roles(several["quasi"], several["sensitive"], (), subject), read, WHERE)
    tables = {name: text_of(path, f"{WHERE}(frequencies=…)") for name, path in (frequencies or {}).items()}
    question = question_of(
        roles,
        sharing=sharing,
        k=k,
        most=max_combination,
        population=population,
        history=several["history"],
        wildcard=wildcard,
        mobiles=several["mobiles"],
        frequencies=tables,
    )
    return Assessment(guarded(WHERE, _assessed, data, roles, question, several["joins"]))


def _policy_of(policy: "Policy | Path | Mapping[str, Any]") -> "Policy":
    from beam_deid.transforms.publish.embedded_job import policy_of

    return policy_of(policy, key_given=True)


def _assessed(data: Any, roles: Any, question: Any, joins: tuple[str, ...]) -> dict[str, Any]:
    from beam_deid.pipelines.assessing import assess_files
    from beam_deid.transforms.errors import UsageError
    from beam_deid.transforms.frames.assessing import assess_table
    from beam_deid.transforms.frames.kinds import kind_of

    if is_paths(data):
        return assess_files(texts_of(data, "assess(data=…)"), roles.read_as, roles, question, joins)
    if joins:
        raise UsageError("a table in memory is joined with no other", WHERE, "Write it to a file, and assess that")
    kind = kind_of(data, WHERE)
    return assess_table(kind.to_arrow(data), roles.read_as, question).to_document()


def is_paths(data: Any) -> bool:
    """Whether something is a glob, or several."""
    import os

    one = data[0] if isinstance(data, list | tuple) and data else data
    return isinstance(one, str | os.PathLike)
