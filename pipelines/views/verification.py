"""What was found when published releases were checked."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.views.cells import mark
from beam_deid.transforms.label.verify_release import Verified


def show_results(out: Console, results: Sequence[Verified]) -> None:
    """Show each release and the run as a whole, with what is wrong."""
    for result in results:
        name = escape(result.release or "run.json")
        for problem in result.problems:
            out.print(f"{mark(False)} {name}: {escape(problem)}")
        if not result.problems:
            files = "1 file" if result.files == 1 else f"{result.files} files"
            said = f"{result.label}, {files}" if result.release else "as published"
            out.print(f"{mark(True)} {name}: {said}")
        for past in result.overdue:
            out.print(f"[yellow]![/yellow] {name}: {escape(past)}")


def show_origin(out: Console, proved: bool, signers: Sequence[str]) -> None:
    """Show what the signatures prove of whoever made it, where nothing is wrong.

    Args:
        out: Where it is shown.
        proved: Whether the key that was given signed all of it.
        signers: The public keys whose signatures it bears.
    """
    out.print(_origin(proved, signers))


def _origin(proved: bool, signers: Sequence[str]) -> str:
    if proved:
        return f"Origin proved: all of it was signed by {signers[0]}."
    told = "This is no proof of origin: it shows that nothing was changed since, not who made it"
    if signers:
        return f"{told}; with --key and the publisher's public key it shows that, too. Signed by {', '.join(signers)}."
    return f"{told}. Nothing here is signed: set sign: keyring in the policy to sign releases, and check them with verify --key."
