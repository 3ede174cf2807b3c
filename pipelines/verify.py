"""``beam-deid verify``: is what was published what its label says?"""

from dataclasses import asdict

import click
from rich.markup import escape

from beam_deid.pipelines import options, output
from beam_deid.transforms.errors import VerificationError


@click.command(
    epilog="""\b
Examples:
  beam-deid verify out
  beam-deid verify out --key signing.pub"""
)
@click.argument("folder", metavar="DIR")
@click.option(
    "--key", metavar="FILE|BASE64", help="The public key that must have signed it: base64, or a file that holds it."
)
@options.json_option
def verify(folder: str, key: str | None, as_json: bool) -> None:
    """Check every release in DIR against its label: files, hashes, row counts, schema metadata, signatures.

    Without --key this shows integrity: that nothing was changed since the label was written, not who wrote it. With the
    public key of whoever published it (`beam-deid keys list` shows it there) it shows origin as well. Get that key another
    way than DIR.
    """
    from beam_deid.transforms.crypto.signing import read_public
    from beam_deid.transforms.label.verify import PROVED, UNPROVEN
    from beam_deid.transforms.label.verify import verify as check

    results = check(folder, None if key is None else read_public(key))
    out = output.console(as_json)
    for result in results:
        name = escape(result.release or "run.json")
        if result.problems:
            for problem in result.problems:
                out.print(f"[red]✗[/red] {name}: {escape(problem)}")
        else:
            said = f"{result.label}, {result.files} files" if result.release else "as published"
            out.print(f"[green]✓[/green] {name}: {said}")
    wrong = [result for result in results if result.problems]
    proved = all(result.origin == PROVED for result in results)
    signers = sorted({result.signed_by for result in results if result.signed_by})
    if not wrong:
        out.print(_origin(proved, signers))
    if as_json:
        output.emit(
            {
                "verified": not wrong,
                "origin": PROVED if proved else UNPROVEN,
                "signed_by": signers,
                "results": [asdict(result) for result in results],
            }
        )
    if wrong:
        count = sum(len(result.problems) for result in wrong)
        said = "1 problem" if count == 1 else f"{count} problems"
        raise VerificationError(said, folder, "Do not use this output; run again")


def _origin(proved: bool, signers: list[str]) -> str:
    """What the result says of whoever made it."""
    if proved:
        return f"Origin proved: all of it was signed by {signers[0]}."
    shown = "This is no proof of origin: it shows that nothing was changed since, not who made it"
    if signers:
        return f"{shown}; with --key and the publisher's public key it shows that, too. Signed by {', '.join(signers)}."
    return f"{shown}; with --key it would show that, had the policy said sign: keyring. Nothing here is signed."
