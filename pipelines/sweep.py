"""``beam-deid sweep``: what of published releases is past, listed and removed."""

import sys
from dataclasses import asdict

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.language.words import said
from beam_deid.pipelines.recording import operator_of, reason_of
from beam_deid.transforms.errors import UsageError


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid sweep orders.register
  beam-deid sweep orders.register --policy policy.yaml
  beam-deid sweep out/2026-01 out/2026-02 --delete --reason 'retention is over' --yes

Exit codes: 0 listed, or removed; 1 what lies there is not what was published; 2 usage.""",
)
@click.argument("places", metavar="PLACE...", nargs=-1, required=True)
@click.option(
    "--delete", "deletes", is_flag=True, help="Remove the releases whose retention is over, and what dead runs left."
)
@click.option("--policy", metavar="FILE", help="Policy that says which recipients returned or deleted what they had.")
@click.option("--reason", default="its retention is over", metavar="TEXT", help="Why, for run.json and the register.")
@click.option("--operator", "named", metavar="NAME", help="Who answers for it; the login if not given.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.json_option
def sweep(
    places: tuple[str, ...], deletes: bool, policy: str | None, reason: str, named: str | None, yes: bool, as_json: bool
) -> None:
    """List what is past: retention (retain: of the policy), review, statements, recipients' periods, and what dead runs left.

    PLACE is an output, or a register, whose outputs are all looked at. With --delete the parts of releases go whose retention is
    over, and the rejects with the last of them; run.json and the register keep their labels, when and why. No file goes that
    no run wrote. Asks before it acts. A recipient whose period is over is told until --policy says, under returned: or deleted:
    of the recipient of that name, what shows that it gave back or deleted what it had.
    """
    from beam_deid.pipelines.report.papers import reports
    from beam_deid.pipelines.views.swept import show_deleted, show_swept
    from beam_deid.transforms.clock import now
    from beam_deid.transforms.later.deleting import delete
    from beam_deid.transforms.later.sweeping import look
    from beam_deid.transforms.policy.reader import read_any_policy
    from beam_deid.transforms.storage.sweeping import sweep as clean

    why = reason_of(reason) or ""
    who = operator_of(named)
    out = output.console(as_json)
    found = look(places, now(), None if policy is None else read_any_policy(policy, key_given=True))
    show_swept(out, found)
    removed = []
    if deletes and (found.to_go or found.left):
        if not yes:
            _ask(as_json)
        for place in found.outputs:
            clean(place)
        removed = [delete(place, names, why, who, reports) for place, names in found.to_go.items()]
        show_deleted(out, removed)
        output.warn(one.note for one in removed if one.note)
    if as_json:
        output.emit({**asdict(found), "deleted": [asdict(one) for one in removed]})


def _ask(as_json: bool) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is here to be asked", "sweep", "Add --yes")
    click.confirm(said("Remove? This cannot be undone"), abort=True, err=as_json)
