"""``beam-deid search``: the levels with the least information loss, and what more protection would cost."""

from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.completing import complete_release
from beam_deid.pipelines.early import see_the_policy
from beam_deid.transforms.errors import ExpectationUnmet, UsageError

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid search policy.yaml --input 'orders/*.parquet'
  beam-deid search policy.yaml -i orders.csv --release analytics --plot frontier.svg
  beam-deid search policy.yaml -i orders.csv --choose 10                  shows what would be written, and writes nothing
  beam-deid search policy.yaml -i orders.csv --choose 10 --to chosen.yaml
  beam-deid search policy.yaml -i orders.csv --choose 10 --in-place

Exit codes: 0 found, 2 policy or usage, 3 input, 4 nothing satisfies what the policy requires (and what would).""",
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=True)
@click.option(
    "--release",
    metavar="NAME",
    help="The release; may be left out where only one has open levels.",
    shell_complete=complete_release,
)
@click.option(
    "--objective", metavar="NAME", help="The metric that is minimized, in place of the policy's search.objective."
)
@click.option(
    "--most-k",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="The frontier goes from k = 2 to this; 0 for none.",
)
@click.option("--plot", metavar="FILE", help="Draw the frontier into this .svg or .png.")
@click.option(
    "--choose",
    type=click.IntRange(1),
    metavar="K",
    help="Choose the levels that reach the label with this k; --to or --in-place writes them, and k itself, into a policy.",
)
@click.option("--to", metavar="FILE", help="With --choose: write POLICY with the choice to this file.")
@click.option(
    "--in-place",
    is_flag=True,
    help="With --choose: change POLICY itself. What was released by it before is proved by a copy of it as it was.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=None,
    help="Longest time to search a lattice of more than ten million nodes.",
)
@click.option(
    "--max-rejects",
    type=options.Portion(),
    default=0.001,
    show_default=True,
    metavar="SHARE",
    help="Greatest share of records that may be rejected.",
)
@options.workers_option
@options.json_option
def search(
    policy: str,
    inputs: tuple[str, ...],
    release: str | None,
    objective: str | None,
    most_k: int,
    plot: str | None,
    choose: int | None,
    to: str | None,
    in_place: bool,
    seconds: float | None,
    max_rejects: float,
    workers: int | None,
    as_json: bool,
) -> None:
    """Find the levels of generalization with the least information loss that meet what POLICY requires, and publish nothing.

    It tells the optimum, the levels that also reach the label (which `run` takes), what local recoding would save, and the
    frontier: the least loss for each k, so that a person can choose before anything is released.
    """
    see_the_policy(policy)
    from beam_deid.transforms.policy.reader import read_policy

    target = _target(policy, choose, to, in_place)
    if plot:
        from beam_deid.pipelines.plotting import check_picture

        check_picture(plot)
    read = read_policy(policy)
    release = release or _only(read)
    if choose is not None:
        _check_k(read, release, choose)
    changed = read.with_search(release, objective, choose)
    document = _searched(changed, inputs, release, workers, max_rejects, tuple(range(2, most_k + 1)), seconds)
    from beam_deid.pipelines.views.search import show_search

    out = output.console(as_json)
    show_search(out, document)
    if choose is not None and document["satisfied"]:
        said = _chosen(read, policy, target, release, document, choose)
        out.print(said, soft_wrap=True, markup=False)
    if plot and document["satisfied"]:
        from beam_deid.pipelines.plotting import draw

        draw(document, plot)
    if as_json:
        output.emit(document)
    if not document["satisfied"]:
        raise _unsatisfied(document, release)


def _target(policy: str, choose: int | None, to: str | None, in_place: bool) -> str | None:
    """The file that a choice is written to; None where nobody names one."""
    from beam_deid.transforms.storage.paths import is_local

    target = policy if in_place else to
    given = "--in-place" if in_place else "--to"
    if to and in_place:
        raise UsageError("a choice is written to one file", "--in-place", "Leave out --to, or --in-place")
    if target and choose is None:
        raise UsageError(f"{given} says where a choice is written, and nothing is chosen", given, "Add --choose K")
    if target and not (is_local(policy) and is_local(target)):
        raise UsageError("a choice is written into a policy on a local disk only", target, "Copy the policy here")
    return target


def _chosen(read: "Policy", policy: str, target: str | None, release: str, document: dict[str, Any], k: int) -> str:
    """Write what is chosen, if it is said where; what became of it, in one line."""
    from beam_deid.pipelines.choosing import chosen_levels, write_choice
    from beam_deid.pipelines.views.search import named_levels

    levels = chosen_levels(document)
    choice = f"k {k} and {named_levels(levels)}"
    if target is None:
        return f"{choice}: not written; add --to FILE, or --in-place to change {policy} itself"
    write_choice(read, policy, target, release, levels, k)
    return f"{choice}: written into {target}"


def _check_k(policy: "Policy", release: str, k: int) -> None:
    from beam_deid.transforms.label.requirements.persons import LEAST_K

    if release not in policy.releases:
        return  # as `Policy.with_search` says
    sharing = policy.releases[release].sharing
    if k < LEAST_K[sharing]:
        what = f"k {k} is below the least of {sharing} sharing"
        raise UsageError(what, "--choose", f"Choose {LEAST_K[sharing]} or more")


def _searched(
    policy: "Policy",
    inputs: tuple[str, ...],
    release: str,
    workers: int | None,
    max_rejects: float,
    frontier: tuple[int, ...],
    seconds: float | None,
) -> dict[str, Any]:
    """What the search found, as the document that ``--json`` prints."""
    from beam_deid.transforms.decide.search_files import STEPS, search_files
    from beam_deid.transforms.decide.search_release import Asked
    from beam_deid.transforms.run import workers as pool
    from beam_deid.transforms.run.shards import prepare

    prepared = prepare(policy, inputs, [release])
    count = options.worker_count(workers, len(prepared.shards))
    try:
        with output.progress(STEPS, prepared.rows, len(prepared.shards)):
            outcome = search_files(prepared, count, max_rejects, Asked(frontier, seconds))
    finally:
        pool.close()
    return outcome.to_document()


def _unsatisfied(document: dict[str, Any], release: str) -> ExpectationUnmet:
    from beam_deid.pipelines.views.changes import reasons

    first, *rest = reasons(document["blocked"])
    return ExpectationUnmet(first, f"release {release}", "; ".join(rest).capitalize())


def _only(policy: "Policy") -> str:
    from beam_deid.transforms.policy.roles import open_levels

    names = [name for name in policy.releases if open_levels(policy, name)]
    if not names:
        what = "no level is open in any release, so there is nothing to search"
        raise UsageError(what, "the policy", "Leave level out of a field's generalize")
    if len(names) > 1:
        raise UsageError("several releases have open levels", "--release", f"Name one of: {', '.join(names)}")
    return names[0]
