"""``beam-deid restore``: tokens and format-preserving ciphertexts back to values."""

import click

from beam_deid.pipelines import options, output
from beam_deid.transforms.errors import InputError

_SHOWN = 10


@click.command(
    epilog="""\b
Examples:
  beam-deid restore --policy policy.yaml --release crm --fields buyer_open_uid,receiver_mobile \\
      --input 'out/crm/*.parquet' --output restored.parquet --reason 'complaint of a buyer, ticket 4711'

Exit codes: 0 all rows restored, 2 usage or key, 3 some rows could not be restored (the others are written)."""
)
@click.option("--policy", required=True, metavar="FILE", type=click.Path(dir_okay=False), help="The release's policy.")
@click.option("--release", required=True, metavar="NAME", help="The release.")
@click.option("--fields", required=True, metavar="F,F", help="The fields to restore, and no more than are needed.")
@options.input_option(required=True)
@click.option(
    "--output", "-o", "target", required=True, metavar="FILE", help="The file to write: .parquet, .csv or .jsonl."
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the record.")
@click.option(
    "--record", metavar="FILE", help="The record of restorings. Default: beside the policy, POLICY.restored.jsonl."
)
@click.option(
    "--label", metavar="FILE", help="The release's label.json, for inputs that are not the release's own parts."
)
@click.option("--overwrite", is_flag=True, help="Replace the output if it exists.")
@options.json_option
def restore(
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
    """Turn FIELDS of a release back into the values they were made of, for who holds the key.

    Works for tokenize, fpe and encrypt. Who, when, why and how many rows is written to the record before the first
    value is. Rows that cannot be restored (wrong key, tampered token, foreign domain) are left out and named with the
    reason in OUTPUT.rejected.parquet.
    """
    from beam_deid.transforms.errors import UsageError
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.reidentify.files import Request, rejected_path
    from beam_deid.transforms.reidentify.files import restore as restore_release
    from beam_deid.transforms.storage.paths import absolute, shown

    read = read_policy(policy)
    if release not in read.releases:
        raise UsageError("the policy has no such release", "--release", f"It has: {', '.join(read.releases)}")
    wanted = tuple(dict.fromkeys(name.strip() for name in fields.split(",") if name.strip()))
    if not wanted:
        raise UsageError("no field is named", "--fields", "Write them like a,b")
    recorded = record or f"{absolute(shown(policy))}.restored.jsonl"
    request = Request(release, wanted, inputs, target, reason, recorded, label, overwrite)
    outcome = restore_release(read, request)
    out = output.console(as_json)
    out.print(f"{outcome.restored:,} of {outcome.read:,} rows restored into {target}; recorded in {recorded}")
    if as_json:
        output.emit(
            {
                "read": outcome.read,
                "restored": outcome.restored,
                "rejected": outcome.rejected,
                "output": target,
                "record": recorded,
                "rejects": rejected_path(target) if outcome.rejects else None,
            }
        )
    if outcome.rejects:
        lines = [f"  {path}: row {row}: {name}: {why}" for path, row, name, why, _ in outcome.rejects[:_SHOWN]]
        more = ["  …"] if len(outcome.rejects) > _SHOWN else []
        raise InputError(
            "\n".join([f"{outcome.rejected} rows could not be restored", *lines, *more]),
            "restore",
            f"\nAll are named in {rejected_path(target)}",
        )
