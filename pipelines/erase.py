"""``beam-deid erase``: persons taken out of what was published, and kept out of later runs."""

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid erase policy.yaml out --subjects withdrawn.csv --reason 'request 2026-0117'
  beam-deid erase policy.yaml out/2026-0* --subjects withdrawn.csv --input 'orders/*.csv' --reason 'request 2026-0117'

Exit codes: 0 erased, or nobody of them was there; 1 what lies there is not what was published; 2 policy or usage;
3 a file that cannot be read.""",
)
@click.argument("policy", type=click.Path(dir_okay=False))
@click.argument("outputs", metavar="OUT...", nargs=-1, required=True)
@click.option(
    "--subjects",
    required=True,
    metavar="FILE",
    help="Who: a file of any format whose columns are fields of POLICY by which persons are known, with the source's values.",
)
@click.option(
    "--input",
    "-i",
    "sources",
    multiple=True,
    metavar="GLOB",
    help="The files that OUT was made of: by them rows are found that no token shows, and what is left is measured; repeatable.",
)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the register.")
@click.option("--operator", "named", metavar="NAME", help="Who answers for it; the login if not given.")
@options.workers_option
@options.json_option
def erase(
    policy: str,
    outputs: tuple[str, ...],
    subjects: str,
    sources: tuple[str, ...],
    reason: str,
    named: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Take persons out of the still_personal releases in each OUT, and remember in the register that later runs leave them out.

    A row is found by what POLICY makes of a person's identities, such as tokens, and with --input by the source's records. Each OUT
    is changed whole or not at all; its other rows stay as they are. Labels are decided again and never get better. Releases
    that are anonymized stay as they are, for nobody can be found in them.

    Where POLICY has tables, rows go from all of them, and each --input says of which its files are: --input orders='orders/*.csv'.
    """
    from beam_deid.pipelines.requested import Asked, erase_all
    from beam_deid.pipelines.views.requested import show_done

    done = erase_all(Asked(policy, outputs, subjects, sources, reason, named, workers))
    show_done(output.console(as_json), done)
    output.warn(done.notes)
    if as_json:
        output.emit(done.to_document())
