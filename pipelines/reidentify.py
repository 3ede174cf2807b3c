"""``beam-deid reidentify``: tokens and format-preserving ciphertexts back to the values they were made of."""

from typing import TYPE_CHECKING

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.policy.nearest import instead

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.reidentify.request import Outcome, Request

_SHOWN = 10  # rejected rows that the message names; the file names all


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid reidentify --policy policy.yaml --release crm --fields buyer_open_uid,receiver_mobile \\
      --input 'out/crm/*.parquet' --output reidentified.parquet --reason 'complaint of a buyer, ticket 4711'

Exit codes: 0 all rows re-identified, 2 usage or key, 3 some rows could not be re-identified (the others are written).""",
)
@click.option("--policy", required=True, metavar="FILE", type=click.Path(dir_okay=False), help="The release's policy.")
@click.option("--release", required=True, metavar="NAME", help="The release.")
@click.option("--fields", required=True, metavar="F,F", help="The fields to re-identify, and no more than are needed.")
@options.input_option(required=True)
@click.option(
    "--output", "-o", "target", required=True, metavar="FILE", help="The file to write: .parquet, .csv or .jsonl."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the record.")
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
    reason: str,
    record: str | None,
    label: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Turn FIELDS of a release back into the values they were made of, for whoever holds the key.

    Works for tokenize, fpe and encrypt. Who, when, why and how many rows is written to the record before the first
    value is. Rows that cannot be re-identified (wrong key, tampered token, foreign domain) are left out and named with the
    reason in OUTPUT.rejected.parquet.
    """
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.reidentify.files import reidentify as reidentify_files
    from beam_deid.transforms.reidentify.request import Request

    read = read_policy(policy)
    wanted = _wanted(read, release, fields)
    request = Request(release, wanted, inputs, target, reason, record or _beside(policy), label, overwrite)
    outcome = reidentify_files(read, request)
    output.console(as_json).print(
        f"{outcome.written:,} of {outcome.read:,} rows re-identified into {target}; recorded in {request.record}",
        markup=False,
    )
    if as_json:
        output.emit(_document(request, outcome))
    if outcome.rejects:
        raise _incomplete(request, outcome)


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
        "restored": outcome.written,
        "rejected": outcome.rejected,
        "output": request.output,
        "record": request.record,
        "rejects": request.rejected if outcome.rejects else None,
    }


def _incomplete(request: "Request", outcome: "Outcome") -> InputError:
    """The error that names the first rows which are not in the output."""
    lines = [f"  {path}: row {row}: {name}: {why}" for path, row, name, why, _ in outcome.rejects[:_SHOWN]]
    more = ["  …"] if len(outcome.rejects) > _SHOWN else []
    rows = "1 row" if outcome.rejected == 1 else f"{outcome.rejected} rows"
    what = "\n".join([f"{rows} could not be re-identified", *lines, *more])
    return InputError(what, "reidentify", f"\nAll are named in {request.rejected}")
