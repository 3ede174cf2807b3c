"""``beam-deid search``: the levels that lose least, and what more protection would cost."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from beam_deid.pipelines import options, output
from beam_deid.transforms.errors import ExpectationUnmet, OutputError, PolicyError, UsageError
from beam_deid.transforms.label.requirements.persons import LEAST_K
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.storage.paths import is_local

_TOLD = (2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50)


@click.command(
    epilog="""\b
Examples:
  beam-deid search policy.yaml --input 'orders/*.parquet'
  beam-deid search policy.yaml -i orders.csv --release analytics --plot frontier.svg
  beam-deid search policy.yaml -i orders.csv --choose 10           writes level: … and k: 10 into policy.yaml
  beam-deid search policy.yaml -i orders.csv --choose 10 --to chosen.yaml

Exit codes: 0 found, 2 policy or usage, 3 input, 4 nothing satisfies what the policy requires (and what would)."""
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=True)
@click.option("--release", metavar="NAME", help="The release; may be left out where only one has open levels.")
@click.option("--objective", metavar="NAME", help="What is made least, in place of the policy's search.objective.")
@click.option(
    "--most-k",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="The frontier goes from k = 2 to this; 0 for none.",
)
@click.option("--plot", metavar="FILE", help="Draw the frontier into this .svg or .png (needs beam-deid[plot]).")
@click.option(
    "--choose",
    type=click.IntRange(1),
    metavar="K",
    help="Write the levels that reach the label with this k, and k itself, into POLICY.",
)
@click.option("--to", metavar="FILE", help="With --choose: write to this file, and leave POLICY as it is.")
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
    seconds: float | None,
    max_rejects: float,
    workers: int | None,
    as_json: bool,
) -> None:
    """Find the levels of generalization that lose least of all that meet what POLICY requires, and publish nothing.

    Told are the optimum, the levels that also reach the label (which `run` takes), what local recoding would save, and the
    frontier: the least loss for each k, so that a person can choose before anything is released.
    """
    from beam_deid.transforms.decide.search_files import search_files
    from beam_deid.transforms.decide.search_release import Asked
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.run import workers as pool
    from beam_deid.transforms.run.shards import prepare

    if to and choose is None:
        raise UsageError("--to says where a choice is written, and nothing is chosen", "--to", "Add --choose K")
    if choose is not None and not (is_local(policy) and is_local(to or policy)):
        raise UsageError("a choice is written into a policy on a local disk only", to or policy, "Copy the policy here")
    if plot:
        from beam_deid.pipelines.plotting import check_picture

        check_picture(plot)
    read = read_policy(policy)
    release = release or _only(read)
    floor = LEAST_K[read.releases[release].sharing] if release in read.releases else 0
    if choose is not None and choose < floor:
        raise UsageError(
            f"k {choose} is below the least of {read.releases[release].sharing} sharing",
            "--choose",
            f"Choose {floor} or more",
        )
    changed = read.with_search(release, objective, choose)
    prepared = prepare(changed, inputs, [release])
    count = options.worker_count(workers, len(prepared.shards))
    try:
        with output.progress(prepared.rows):
            outcome = search_files(prepared, count, max_rejects, Asked(tuple(range(2, most_k + 1)), seconds))
    finally:
        pool.close()
    document = outcome.to_document()
    out = output.console(as_json)
    show(out, document)
    if choose is not None and document["satisfied"]:
        chosen = chosen_names(document)
        _write(read, policy, to or policy, release, chosen, choose)
        levels = ", ".join(f"{name} at {level}" for name, level in chosen.items())
        out.print(f"k {choose} and {levels}: written into {to or policy}", soft_wrap=True)
    if plot and document["satisfied"]:
        from beam_deid.pipelines.plotting import draw

        draw(document, plot)
    if as_json:
        output.emit(document)
    if not document["satisfied"]:
        first, *rest = output.reasons(document["blocked"])
        raise ExpectationUnmet(first, f"release {release}", "; ".join(rest).capitalize())


def chosen_names(document: dict[str, Any]) -> dict[str, str]:
    """The levels that a choice takes: those that reach the label, where there are any."""
    found = document["label"] if document["label"]["satisfied"] else document
    names: dict[str, str] = found["names"]
    return names


def _only(policy: Policy) -> str:
    from beam_deid.transforms.policy.roles import open_levels

    names = [name for name in policy.releases if open_levels(policy, name)]
    if not names:
        what = "no level is open in any release, so there is nothing to search"
        raise UsageError(what, "the policy", "Leave level out of a field's generalize")
    if len(names) > 1:
        raise UsageError("several releases have open levels", "--release", f"Name one of: {', '.join(names)}")
    return names[0]


def _write(read: Policy, policy: str, target: str, release: str, names: dict[str, str], k: int) -> None:
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.policy.settling import settled, settled_policy
    from beam_deid.transforms.storage.files import read_all
    from beam_deid.transforms.storage.paths import absolute

    text = settled(read_all(policy).decode(), release, names, k)
    there = os.path.dirname(absolute(policy))
    try:
        # Beside the policy, so that its relative paths mean the same, and then in one step.
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=there, suffix=".yaml", delete=False
        ) as stream:
            stream.write(text)
    except OSError as error:
        raise OutputError(f"it cannot be written: {error.strerror}", policy, "Make its folder writable") from None
    try:
        if _read_or_none(read_policy, stream.name) != settled_policy(read, release, names, k):
            raise PolicyError(
                "the choice cannot be written without changing something else",
                policy,
                "Write the levels by hand: " + ", ".join(f"{name}: {level}" for name, level in names.items()),
            )
        shutil.copymode(target if os.path.exists(target) else policy, stream.name)
        shutil.move(stream.name, target)
    except OSError as error:
        raise OutputError(f"it cannot be written: {error.strerror}", target, "Name another file with --to") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(stream.name)


def _read_or_none(read: Callable[[str], Policy], path: str) -> Policy | None:
    try:
        return read(path)
    except PolicyError:
        return None


def show(out: Console, document: dict[str, Any]) -> None:
    """Say what was found."""
    out.print(
        f"[bold]{document['release']}[/bold]: {document['method']} ({document['evaluated']:,} of {document['nodes']:,} "
        f"nodes counted, {document['seconds']:.2f} s)"
    )
    if not document["satisfied"]:
        output.show_changes(out, document["changes"], document["blocked"])
        return
    losses = ", ".join(f"{name} {loss:.3f}" for name, loss in document["losses"].items())
    levels = ", ".join(f"{name} at {level}" for name, level in document["names"].items())
    out.print(f"  {levels}")
    out.print(
        f"  {document['objective']} {document['loss']:.4g}; {document['suppressed']:,} records suppressed; "
        f"{document['classes']:,} classes of {document['smallest']:,} to {document['largest']:,}"
    )
    out.print(f"  lost by field: {losses}")
    label = document["label"]
    if not label["satisfied"]:
        out.print("  [yellow]note[/yellow]: at no levels does every line of the label hold as well")
        output.show_changes(out, document["changes"], None)
    elif label["levels"] != document["levels"] or label["suppressed"] != document["suppressed"]:
        levels = ", ".join(f"{name} at {level}" for name, level in label["names"].items())
        out.print(
            f"  for the label, and so in a run: {levels}; loss {label['loss']:.4g}, "
            f"{label['suppressed']:,} records suppressed"
        )
    local = document["local"]
    if local and len(local["rounds"]) > 1:
        full = local["full_domain"]
        out.print(
            f"  with search: {{rounds: {len(local['rounds']) - 1}}} {local['suppressed']:,} records would be suppressed, "
            f"not {full['suppressed']:,}; loss {local['loss']:.4f}, not {full['loss']:.4f}"
        )
    _show_frontier(out, document["frontier"])


def _show_frontier(out: Console, points: list[dict[str, Any]]) -> None:
    told = [point for point in points if point["k"] in _TOLD]
    if not told:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("k", "loss", "suppressed", "classes", "levels"):
        table.add_column(heading, overflow="fold")
    for point in told:
        if point["loss"] is None:
            table.add_row(str(point["k"]), "–", "–", "–", "cannot be met")
        else:
            levels = ", ".join(f"{name} at {level}" for name, level in point["names"].items())
            table.add_row(
                str(point["k"]), f"{point['loss']:.4g}", f"{point['suppressed']:,}", f"{point['classes']:,}", levels
            )
    out.print(table)
