"""``beam-deid verify``: is what was published what its label says?"""

from dataclasses import asdict

import click

from beam_deid.pipelines import options, output
from beam_deid.transforms.errors import VerificationError


@click.command(epilog="\b\nExample:\n  beam-deid verify out")
@click.argument("folder", metavar="DIR")
@options.json_option
def verify(folder: str, as_json: bool) -> None:
    """Check every release in DIR against its label: files, hashes, row counts, schema metadata."""
    from beam_deid.transforms.verify import verify as check

    results = check(folder)
    out = output.console(as_json)
    for result in results:
        name = result.release or "run.json"
        if result.problems:
            for problem in result.problems:
                out.print(f"[red]✗[/red] {name}: {problem}")
        else:
            said = f"{result.label}, {result.files} files" if result.release else "as published"
            out.print(f"[green]✓[/green] {name}: {said}")
    wrong = [result for result in results if result.problems]
    if as_json:
        output.emit({"verified": not wrong, "results": [asdict(result) for result in results]})
    if wrong:
        count = sum(len(result.problems) for result in wrong)
        said = "1 problem" if count == 1 else f"{count} problems"
        raise VerificationError(said, folder, "Do not use this output; run again")
