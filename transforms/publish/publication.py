"""What was written and proved becomes what is published: by the driver of the run, or later by another process."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keyring_file import signing_key
from beam_deid.transforms.crypto.signing import SigningKey
from beam_deid.transforms.errors import DeidError, InputError, OutputError, UsageError
from beam_deid.transforms.label.documents import to_bytes
from beam_deid.transforms.publish.manifests import Papers, about, make_papers
from beam_deid.transforms.publish.register_opening import resume
from beam_deid.transforms.publish.registering import Registering, intent_of
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.storage.files import advice, is_file, read_all, reason, write_all
from beam_deid.transforms.storage.hidden import hidden_folder, is_own, output_of, place_of
from beam_deid.transforms.storage.journal import Journal, failed, published
from beam_deid.transforms.storage.lease import is_abandoned
from beam_deid.transforms.storage.owners import owner_part
from beam_deid.transforms.storage.paths import absolute, is_local, join, options_of, shown, with_options
from beam_deid.transforms.storage.staging import Staging
from beam_deid.transforms.storage.sweeping import OUTCOME, destroy_keys, sweep_now, waiting
from beam_deid.transforms.terms import LabelName

STATE = "state.json"
"""What another process needs to know to publish a run whose driver died."""

_FORMAT = 1


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        run: The content of ``run.json``.
        labels: The content of each release's ``label.json``, also of those that were not published.
        notes: What was made beside it, a sentence each for a person.
    """

    run: dict[str, Any]
    labels: dict[str, dict[str, Any]]
    notes: tuple[str, ...] = ()

    @property
    def unmet(self) -> tuple[str, ...]:
        """Releases that did not reach the label they expect."""
        return tuple(name for name, release in self.run["releases"].items() if not release["published"])


def write_state(
    staging: str,
    job: Job,
    output: str,
    overwrite: bool,
    facts: Mapping[str, Any],
    registering: Registering | None = None,
) -> None:
    """Write down what publishing a run takes, before it begins.

    Args:
        staging: The staging folder.
        job: The run.
        output: The output folder.
        overwrite: Whether an earlier run's output may be replaced.
        facts: Engine, start and input, for ``run.json``.
        registering: The register of the run, if it keeps one.

    Raises:
        OutputError: It cannot be written.
    """
    state = {
        "format": _FORMAT,
        "output": place_of(output),
        "overwrite": overwrite,
        "replaces": _published(place_of(output)),
        "about": about(job),
        "facts": dict(facts),
        "register": intent_of(registering),
    }
    try:
        write_all(join(staging, STATE), to_bytes(state))
    except OSError as error:
        raise OutputError(f"cannot write here ({reason(error)})", shown(staging), "Free space there") from None


def publish(
    staging: Staging, key: SigningKey | None, facts: Mapping[str, Any], registering: Registering | None = None
) -> Outcome:
    """Publish what meets its expectation, and tell the register before and after.

    Args:
        staging: The staging folder, with the outcome of the run in it.
        key: What signs the papers.
        facts: What of ``run.json`` was not known when the run began.
        registering: The register of the run, if it keeps one.

    Raises:
        InputError: Too many records were rejected.
        UsageError: Something was registered meanwhile that the run was not tested with.
        OutputError: A file is not what was written, or the store fails.
    """
    state, outcome = (_left(staging.path, name) for name in (STATE, OUTCOME))
    try:
        refused = outcome["refused"]
        made = None if refused else make_papers(state["about"], outcome, {**state["facts"], **facts}, key)
    except (AttributeError, LookupError, TypeError, ValueError):
        raise _damaged(staging.path) from None
    if made is None:
        raise InputError(
            "\n".join(["too many records were rejected", *refused]),
            "input",
            "Mend the input or the policy's kinds, or raise --max-rejects",
        )
    PROGRESS.start("publishing")
    if made.publishes and registering is None:
        staging.publish(made.files, made.papers)
    elif made.publishes and registering is not None:
        registering.announce(staging.path, made.run, made.labels, outcome)
        _publish_announced(staging, made, registering)
    return Outcome(made.run, made.labels, registering.notes if registering else _not_remembered(made.labels))


def _not_remembered(labels: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What a person is told of releases that nothing remembers."""
    missing = {label["register"]["missing"] for label in labels.values() if label["label"] == LabelName.ANONYMIZED}
    return tuple(f"nothing remembers what was given out: {reason}" for reason in sorted(missing - {""}))


def _publish_announced(staging: Staging, made: Papers, registering: Registering) -> None:
    try:
        staging.publish(made.files, made.papers)
    except DeidError:
        if not staging.is_begun:  # else the next command on the output finishes it, or puts the earlier one back
            with contextlib.suppress(DeidError):  # then it stands there as pending, and counts
                registering.withdraw()
        raise
    registering.confirm()


def publish_left(path: str) -> tuple[Outcome | None, str]:
    """Publish what a driver left that died before it could.

    Args:
        path: The staging folder, or the output that it is for.

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
    state = _state(folder)
    # The store is reached as this call says, for the driver may have reached it in another way.
    output = state["output"] if is_local(folder) else with_options(state["output"], options_of(folder))
    claim = hidden_folder(output, owner_part(folder))
    if not is_abandoned(claim):
        raise UsageError("the run is still under way", shown(folder), "Wait until it is done")
    if _is_begun(claim):
        return _finished(claim, output)
    if not is_file(join(folder, OUTCOME)):
        raise UsageError("the run did not come to its end, so there is nothing to publish", shown(folder), "Run again")
    if _published(output) not in (None, state["replaces"]):
        raise UsageError(
            "the output was published anew since this run began", shown(output), "Run again, or move that output away"
        )
    keyring = state["about"]["keyring"]
    key = signing_key(keyring["path"]) if state["about"]["signed"] and keyring else None
    staging = Staging(output, state["overwrite"], work=folder)
    registering = None
    try:
        registering = resume(state["register"]) if state["register"] else None
        try:
            destroy_keys(folder)  # a label says that they are gone
        except OSError as error:
            raise OutputError(
                f"the run's own key cannot be destroyed ({reason(error)})", folder, "Remove it by hand"
            ) from None
        return publish(staging, key, {"finished_at": now(), "seconds": None}, registering), output
    finally:
        staging.discard()
        if registering is not None:
            registering.close()


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


def _published(output: str) -> str | None:
    try:
        return published(output)
    except OSError as error:
        raise failed(error, output) from None


def _left(folder: str, name: str) -> Any:
    try:
        return json.loads(read_all(join(folder, name)))
    except InputError as error:
        raise OutputError(error.what, error.where, error.next_step) from None
    except ValueError:
        raise _damaged(join(folder, name)) from None


def _damaged(path: str) -> OutputError:
    return OutputError("what the run left was changed, so it cannot be published", shown(path), "Run again")


def _is_begun(folder: str) -> bool:
    try:
        return Journal.read(folder) is not None
    except OSError as error:
        raise failed(error, folder) from None


def _finished(folder: str, output: str) -> tuple[None, str]:
    """Finish the publication that was written down in a hidden folder."""
    if not is_abandoned(folder):
        raise UsageError("the run is still under way", shown(folder), "Wait until it is done")
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


def _state(folder: str) -> dict[str, Any]:
    path = join(folder, STATE)
    try:
        state = json.loads(read_all(path) if is_file(path) else b"{}")
        told = state["about"]
        sound = state["format"] == _FORMAT and isinstance(state["output"], str) and isinstance(state["overwrite"], bool)
        sound = sound and isinstance(state["facts"], dict) and isinstance(told["signed"], bool) and "replaces" in state
        sound = sound and (told["keyring"] is None or isinstance(told["keyring"]["path"], str))
        if not (sound and absolute(state["output"]) == state["output"] and is_own(folder)):
            raise ValueError
    except (LookupError, RecursionError, TypeError, UsageError, ValueError):
        raise UsageError(
            "no run of this version left anything to publish here",
            shown(folder),
            "Name the hidden folder beside or in the output, .NAME.beam-deid-…",
        ) from None
    return dict(state)
