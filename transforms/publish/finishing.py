"""A run whose driver died before it could publish is published by another process: ``beam-deid publish``."""

from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring_file import signing_key
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import InputError, OutputError, UsageError
from beam_deid.transforms.label.reports import Reports, no_reports
from beam_deid.transforms.publish.about_run import AboutRun
from beam_deid.transforms.publish.publication import Outcome, publish
from beam_deid.transforms.publish.register_opening import resume
from beam_deid.transforms.publish.run_state import damaged, published_run, read_state
from beam_deid.transforms.storage.files import advice, is_file, reason
from beam_deid.transforms.storage.hidden import hidden_folder, output_of, place_of
from beam_deid.transforms.storage.journal import Journal, failed, published
from beam_deid.transforms.storage.lease import is_abandoned
from beam_deid.transforms.storage.owners import owner_part
from beam_deid.transforms.storage.paths import absolute, is_local, join, options_of, shown, with_options
from beam_deid.transforms.storage.staging import Staging
from beam_deid.transforms.storage.sweeping import OUTCOME, destroy_keys, sweep_now, waiting


def publish_left(path: str, reports: Reports = no_reports) -> tuple[Outcome | None, str]:
    """Publish what a driver left that died before it could.

    Args:
        path: The staging folder, or the output that it is for.
        reports: Makes the reports.

    Returns:
        What the run came to, None where only the end of its publication was missing; and the output.

    Raises:
        UsageError: This is no staging folder, its run is under way, or it did not come to its end.
        OutputError: A file is not what was written, or the store fails.
        KeyFault: The policy has the label signed, and the key cannot be had.
    """
    folder = _staging_of(absolute(path))
    begun = output_of(folder)
    if begun is not None and _is_begun(folder):
        return _finished(folder, begun)
    state = read_state(folder)
    # The store is reached as this call says, for the driver may have reached it in another way.
    output = state["output"] if is_local(folder) else with_options(state["output"], options_of(folder))
    claim = hidden_folder(output, owner_part(folder))
    _check_abandoned(claim, folder)
    if _is_begun(claim):
        return _finished(claim, output)
    _check_finished(folder)
    if published_run(output) not in (None, state["replaces"]):
        what = "the output was published anew since this run began"
        raise UsageError(what, shown(output), "Run again, or move that output away")
    return _published(folder, output, state, _signer(folder, state), reports), output


def _signer(folder: str, state: dict[str, Any]) -> SigningKey | None:
    try:
        about = AboutRun.from_document(state["about"])
    except (LookupError, TypeError):
        raise damaged(folder) from None
    return signing_key(about.keyring.path) if about.signed and about.keyring else None


def _check_abandoned(claim: str, folder: str) -> None:
    if not is_abandoned(claim):
        raise UsageError("the run is still under way", shown(folder), "Wait until it is done")


def _check_finished(folder: str) -> None:
    if not is_file(join(folder, OUTCOME)):
        raise UsageError("the run did not come to its end, so there is nothing to publish", shown(folder), "Run again")


def _published(folder: str, output: str, state: dict[str, Any], signer: SigningKey | None, reports: Reports) -> Outcome:
    """Publish a whole run from its staging folder."""
    staging = Staging(output, state["overwrite"], work=folder)
    session = None
    try:
        session = resume(state["register"]) if state["register"] else None
        _destroy_keys(folder)
        return publish(staging, signer, {"finished_at": now(), "seconds": None}, session, reports)
    finally:
        staging.discard()
        if session is not None:
            session.close()


def _destroy_keys(folder: str) -> None:
    """Destroy the run's own keys: a label says that they are gone."""
    try:
        destroy_keys(folder)
    except OSError as error:
        what = f"the run's own key cannot be destroyed ({reason(error)})"
        raise OutputError(what, folder, "Remove it by hand") from None


def _staging_of(path: str) -> str:
    """The staging folder that is meant by itself or by the output that it is for."""
    if output_of(path) is not None:
        return path
    try:
        found = waiting(place_of(path))
    except OSError as error:
        said = reason(error)
        raise InputError(
            f"the folder cannot be listed ({said})", shown(path), advice(said, "Check its permissions")
        ) from None
    if len(found) > 1:
        raise UsageError(
            "several runs wait to be published here", shown(path), f"Name one: {', '.join(map(shown, found))}"
        )
    return found[0] if found else path


def _is_begun(folder: str) -> bool:
    try:
        return Journal.read(folder) is not None
    except OSError as error:
        raise failed(error, folder) from None


def _finished(folder: str, output: str) -> tuple[None, str]:
    """Finish the publication that was written down in a hidden folder."""
    _check_abandoned(folder, folder)
    try:
        journal = Journal.read(folder)
        sweep_now(output)
        there = published(place_of(output))
    except OSError as error:
        raise failed(error, output) from None
    if journal is not None and there not in journal.runs:
        raise UsageError(
            "another run was published here meanwhile, so nothing of this one was", shown(output), "Run again"
        )
    return None, output
