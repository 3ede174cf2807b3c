"""``beam-deid reidentify``: tokens and format-preserving ciphertexts back to the values they were made of."""

from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.completing import complete_release
from beam_deid.pipelines.input_options import InputCommand, written_as
from beam_deid.pipelines.recording import operator_of, operator_option, reason_of
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.policy.nearest import instead
from beam_deid.transforms.terms import Reason

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.reidentify.request import Outcome, Request

_SHOWN = 10  # rejected rows that the message names; the file names all


@click.command(
    cls=InputCommand,
    epilog="""\b
Examples:
  beam-deid reidentify --policy policy.yaml --release crm --fields buyer_open_uid,receiver_mobile \\
      --input 'out/crm/*.parquet' --output buyer.csv --reason 'complaint of a buyer, ticket 4711' --tokens-from -
  beam-deid reidentify --policy policy.yaml --release crm --fields receiver_mobile \\
      -i out/crm/part-00000.csv -o row.csv --reason 'recall, ticket 4712' --row 17
  beam-deid reidentify --policy policy.yaml --release crm --fields receiver_mobile \\
      -i out/crm -o recalled.csv --reason 'recall, ticket 4712' --where receiver_city=杭州市 --where category=茶
  beam-deid reidentify --policy policy.yaml --release crm --fields receiver_mobile \\
      -i out/crm -o all.parquet --reason 'move to another system, ticket 4713' --all

Exit codes: 0 all rows that were asked for are re-identified, 2 usage or key, 3 some are not there or could not be (the others
are written).""",
)
@click.option("--policy", required=True, metavar="FILE", type=click.Path(dir_okay=False), help="The release's policy.")
@click.option("--release", required=True, metavar="NAME", help="The release.", shell_complete=complete_release)
@click.option("--fields", required=True, metavar="F,F", help="The fields to re-identify, and no more than are needed.")
@options.input_option(required=True)
@click.option(
    "--output", "-o", "target", required=True, metavar="FILE", help="The file to write: .parquet, .csv or .jsonl."
)
@click.option(
    "--token",
    "tokens",
    multiple=True,
    metavar="VALUE",
    help="Only rows with this value in one of FIELDS, as the release has it; repeatable. It stays in the shell's history: "
    "see --tokens-from.",
)
@click.option("--tokens-from", metavar="FILE", help="The same for each line of a file; - for standard input.")
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Only rows of which a column of the release is this; repeatable: all must hold.",
)
@click.option(
    "--row",
    "rows",
    type=click.IntRange(1),
    multiple=True,
    metavar="N",
    help="Only this row of the one file that is read, the header being row 1; repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="All rows: the values of everybody in the release.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the record.")
@operator_option
@click.option(
    "--record",
    metavar="FILE",
    help="The record of re-identifications. Default: beside the policy, POLICY.restored.jsonl.",
)
@click.option(
    "--label", metavar="FILE", help="The release's label.json, for inputs that are not the release's own parts."
)
@click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
@options.json_option
def reidentify(
    policy: str,
    release: str,
    fields: str,
    inputs: tuple[str, ...],
    target: str,
    tokens: tuple[str, ...],
    tokens_from: str | None,
    conditions: tuple[str, ...],
    rows: tuple[int, ...],
    everything: bool,
    reason: str,
    operator: str | None,
    record: str | None,
    label: str | None,
    overwrite: bool,
    as_json: bool,
    written: dict[str, Any],
) -> None:
    """Turn FIELDS of a release back into the values they were made of, for whoever holds the key.

    Works for tokenize, fpe and encrypt. Say of which rows: by token, by a condition, by number, or --all of them; where several
    are given all must hold. Who, when, why and how many rows is written to the record before the first value is. Rows that
    cannot be re-identified (wrong key, tampered token, foreign domain) are left out and named with the reason in
    OUTPUT.rejected.csv and OUTPUT.rejected.parquet.
    """
    from beam_deid.transforms.policy.key_sources import key_sources
    from beam_deid.transforms.policy.reader import read_any_policy
    from beam_deid.transforms.policy.tables import TablesPolicy
    from beam_deid.transforms.reidentify.files import STEPS
    from beam_deid.transforms.reidentify.files import reidentify as reidentify_files
    from beam_deid.transforms.reidentify.request import Request
    from beam_deid.transforms.reidentify.selection import Selection

    given = read_any_policy(policy)
    read = given.of_part(release) if isinstance(given, TablesPolicy) else given
    wanted = _wanted(read, release, fields)
    named = (*tokens, *(_lines(tokens_from) if tokens_from is not None else ()))
    selection = Selection(everything, named, tuple(map(_condition, conditions)), rows)
    kept = record or _beside(policy)
    sources = key_sources(read)
    why = str(reason_of(reason, sources))
    who = operator_of(operator, sources)
    how = written_as(written)
    request = Request(release, wanted, inputs, target, why, kept, selection, label, overwrite, who, how)
    with output.progress(STEPS):
        outcome = reidentify_files(read, request)
    output.console(as_json).print(_said(outcome, target, request.record), markup=False)
    if as_json:
        output.emit(_document(request, outcome))
    if outcome.rejects or outcome.missed:
        raise _incomplete(request, outcome)


def _said(outcome: "Outcome", target: str, record: str) -> str:
    """What was done, in a sentence."""
    from beam_deid.pipelines.views.cells import count

    if not outcome.written:
        return f"no row was re-identified, and {target} is not written; recorded in {record}"
    rows = f"{outcome.written:,} of {count(outcome.selected, 'row')} re-identified into {target}"
    if outcome.selected == outcome.read:
        return f"{rows}; recorded in {record}"
    return f"{rows}, chosen from {outcome.read:,}; recorded in {record}"


def _lines(path: str) -> tuple[str, ...]:
    """The tokens in a file, a line each."""
    try:
        with click.open_file(path, encoding="utf-8-sig") as stream:
            lines = stream.read().splitlines()
    except (OSError, UnicodeDecodeError):
        what = "the tokens cannot be read"
        raise UsageError(what, path, "Name a file of text in UTF-8 with a token a line, or -") from None
    found = tuple(line.strip() for line in lines if line.strip())
    if not found:
        raise UsageError("there is no token in it", path, "Write a token a line")
    return found


def _condition(text: str) -> tuple[str, str]:
    """A column and the value that it must have."""
    column, equals, value = text.partition("=")
    if not equals or not column.strip():
        # The text is not shown: it may be a value.
        raise UsageError("this is no condition", "--where", 'Write it like --where "city=杭州市"')
    return column.strip(), value


def _wanted(policy: "Policy", release: str, fields: str) -> tuple[str, ...]:
    """The fields that are asked for, each once."""
    if release not in policy.releases:
        raise UsageError(f"the policy has no release {release}", "--release", instead(release, policy.releases))
    wanted = options.names(fields)
    if not wanted:
        raise UsageError("no field is named", "--fields", "Write them like a,b")
    return wanted


def _beside(policy: str) -> str:
    """The record's place by default. Its name is that of earlier versions: one record goes on, and no second one begins."""
    from beam_deid.transforms.storage.paths import absolute, shown

    return f"{absolute(shown(policy))}.restored.jsonl"


def _document(request: "Request", outcome: "Outcome") -> dict[str, object]:
    return {
        "read": outcome.read,
        "selected": outcome.selected,
        "restored": outcome.written,
        "rejected": outcome.rejected,
        "secrets_destroyed": outcome.secrets_destroyed,
        "output": request.output,
        "record": request.record,
        "missed": list(outcome.missed),
        "rejects": request.rejected["parquet"] if outcome.rejects else None,
    }


def _incomplete(request: "Request", outcome: "Outcome") -> InputError:
    """The error that names the first rows which are not in the output and says why, and what was not found."""
    if not outcome.rejects:
        return InputError("; ".join(outcome.missed), "reidentify", "What was found is written")
    lines = [f"  {path}: row {row}: {name}: {why}" for path, row, name, why, _ in outcome.rejects[:_SHOWN]]
    more = ["  …"] if len(outcome.rejects) > _SHOWN else []
    rows = "1 row" if outcome.rejected == 1 else f"{outcome.rejected} rows"
    codes = dict.fromkeys(why for *_, why, _ in outcome.rejects)
    whys = [f"{code}: {Reason[code.upper()].meaning}. {Reason[code.upper()].advice}" for code in codes]
    what = "\n".join(
        [f"{rows} could not be re-identified", *lines, *more, *whys, *_destroyed(outcome), *outcome.missed]
    )
    return InputError(what, "reidentify", f"\nAll are named in {request.rejected['csv']}")


def _destroyed(outcome: "Outcome") -> list[str]:
    """How many tokens ended with the secret of their person."""
    lost = outcome.secrets_destroyed
    if not lost:
        return []
    if lost == 1:
        return ["1 token cannot be turned back, for the secret of its person was destroyed"]
    return [f"{lost:,} tokens cannot be turned back, for the secrets of their persons were destroyed"]
