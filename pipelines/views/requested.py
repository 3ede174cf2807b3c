"""What became of releases from which persons were erased, or in which records were corrected."""

from rich.console import Console
from rich.markup import escape

from beam_deid.pipelines.requested import Done
from beam_deid.transforms.later.republishing import ToldRelease, ToldRun
from beam_deid.transforms.register.document import RequestKind
from beam_deid.transforms.storage.paths import shown


def show_done(out: Console, done: Done) -> None:
    """Show what became of each release of each output."""
    for run in done.runs:
        out.print(f"[bold]{escape(shown(run.output))}[/bold]")
        for release in run.releases:
            if release.untouched:
                out.print(f"  {release.release}: {release.label}, not changed: {release.untouched}")
            elif done.kind is RequestKind.ERASED:
                _show_erased(out, release)
            else:
                _show_corrected(out, release)
        _show_signature(out, run)
    if done.not_found:
        out.print(_not_found(done.subjects, done.not_found))
    if done.secrets is not None:
        out.print(_secrets(done.secrets))


def _not_found(listed: int, missing: int) -> str:
    what = "The person of the list was" if listed == 1 else f"{missing:,} of the {listed:,} persons of the list were"
    return f"{what} found in no release that was looked at: see that they are written as the source has them"


def _secrets(destroyed: int) -> str:
    if not destroyed:
        return "No secret of these persons was there to be destroyed"
    if destroyed == 1:
        return "1 secret of these persons destroyed: nobody can turn tokens under it back or make them again"
    return (
        f"{destroyed:,} secrets of these persons destroyed: nobody can turn tokens under them back or make them again"
    )


def _show_erased(out: Console, one: ToldRelease) -> None:
    if not one.rows:
        out.print(f"  {one.release}: none of these persons is in it (looked for {one.by})")
        _show_secretless(out, one)
        return
    out.print(f"  {one.release}: {_rows(one)} erased, found {one.by}; {one.left:,} left")
    if one.unsure:
        out.print(
            f"    {one.unsure:,} of them may be rows of others that are equal in every column: which is whose is not known"
        )
    _show_secretless(out, one)
    _show_not_measured(out, one)


def _show_secretless(out: Console, one: ToldRelease) -> None:
    if one.secretless:
        out.print(
            f"    {one.secretless:,} of the persons without a secret: were one destroyed before, nobody could tell its tokens"
        )


def _show_corrected(out: Console, one: ToldRelease) -> None:
    if not one.rows:
        out.print(f"  {one.release}: none of these records is in it as it was (looked for {one.by})")
        return
    out.print(f"  {one.release}: {_rows(one)} corrected, found {one.by}")
    _show_not_measured(out, one)


def _rows(one: ToldRelease) -> str:
    return "1 row" if one.rows == 1 else f"{one.rows:,} rows"


def _show_not_measured(out: Console, one: ToldRelease) -> None:
    if one.not_measured:
        out.print(f"    not measured again: {escape(one.not_measured)}")


def _show_signature(out: Console, run: ToldRun) -> None:
    if run.signature == "renewed":
        out.print("  Signed anew.")
    elif run.signature == "dropped":
        out.print(f"  [yellow]The signature was dropped[/yellow], for what it signed has changed: {escape(run.reason)}")
