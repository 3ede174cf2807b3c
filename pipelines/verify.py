"""``beam-deid verify``: is what was published what its label says?"""

from dataclasses import asdict

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.completing import complete_folder
from beam_deid.transforms.errors import VerificationError

VERIFYING = "verifying"
"""What it does, as `PROGRESS` is told of it."""


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid verify out
  beam-deid verify out --key signing.pub
  beam-deid verify released        # what WriteRelease of a pipeline wrote""",
)
@click.argument("folder", metavar="DIR", shell_complete=complete_folder)
@click.option(
    "--key", metavar="FILE|BASE64", help="The public key that must have signed it: base64, or a file that holds it."
)
@options.json_option
def verify(folder: str, key: str | None, as_json: bool) -> None:
    """Check every release in DIR against its label: files, hashes, row counts, schema metadata, signatures.

    DIR is what a run published, or where WriteRelease of your own pipeline writes: each window there has its release and label.

    Without --key this shows integrity: that nothing was changed since the label was written, not who wrote it. With the
    public key of whoever published it (`beam-deid keys list` shows it there) it shows origin as well. Get that key another
    way than DIR.
    """
    from beam_deid.transforms.crypto.signing import read_public
    from beam_deid.transforms.label.verify import verify as check
    from beam_deid.transforms.label.verify_release import PROVED, UNPROVEN
    from beam_deid.transforms.run.progress import PROGRESS

    public = None if key is None else read_public(key)
    with output.progress((VERIFYING,)):
        PROGRESS.start(VERIFYING)
        results = check(folder, public, PROGRESS.add)
    problems = sum(len(result.problems) for result in results)
    proved = all(result.origin == PROVED for result in results)
    signers = sorted({result.signed_by for result in results if result.signed_by})
    from beam_deid.pipelines.views.verification import show_origin, show_results

    out = output.console(as_json)
    show_results(out, results)
    if not problems:
        show_origin(out, proved, signers)
    if as_json:
        found = [asdict(result) for result in results]
        origin = PROVED if proved else UNPROVEN
        output.emit({"verified": not problems, "origin": origin, "signed_by": signers, "results": found})
    if problems:
        said = "1 problem" if problems == 1 else f"{problems} problems"
        raise VerificationError(said, folder, "Do not use this output; run again")
