"""What a proof of a release against its source found."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.views.cells import mark


def show_proof(out: Console, document: dict[str, Any]) -> None:
    """Show what is proved, what is not, and what is wrong.

    Args:
        out: Where it is shown.
        document: What ``beam-deid assess --source --json`` prints.
    """
    columns = document["columns"]
    out.print(f"{escape(document['release'])}, labelled {document['label']}, beside its source")
    for problem in document["problems"]:
        out.print(f"{mark(False)} {escape(problem)}")
    _show_rows(out, document)
    _show_figures(out, document["figures"])
    for name, why in columns["not_proved"].items():
        out.print(f"  not proved: {escape(name)}: {escape(why)}")
    _show_linked(out, document["linked"])
    for name in document["other_ledgers"]:
        out.print(
            f"  The ledger of consent of {escape(name)} is another than the run's, as its sha256 in run.json tells: take the one "
            "of then"
        )
    if not document["same_files"]:
        out.print("  The source's files have other names or sizes than those of the run, as far as run.json tells")


def _show_rows(out: Console, document: dict[str, Any]) -> None:
    rows = document["rows"]
    whole = rows["given"] == rows["released"] > 0
    on = ", ".join(document["columns"]["proved"])
    out.print(
        f"{mark(whole)} {rows['given']:,} of {rows['released']:,} released rows are what the source gives: {escape(on)}"
    )


def _show_figures(out: Console, figures: dict[str, Any]) -> None:
    if figures["not_proved"]:
        out.print(f"  not proved: the label's figures: {escape(figures['not_proved'])}")
        return
    proved = len(figures["proved"])
    every = proved + len(figures["differing"])
    out.print(
        f"{mark(proved == every)} {proved} of {every} figures of the label follow from the source and the released rows"
    )


def _show_linked(out: Console, linked: dict[str, Any]) -> None:
    for columns, on in (("all", "all of these columns"), ("rest", "those that are not sensitive alone")):
        found = linked[columns]
        share = f"{found['share']:.1%}"
        told = f"{found['linked']:,} of {found['subjects']:,} persons of the source are linked to exactly one"
        out.print(f"  {told} ({share}) on {on}")
