"""What another process needs to know to publish a run whose driver died: written into staging, and read from it again."""

import json
from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.errors import InputError, OutputError, UsageError
from beam_deid.transforms.label.documents import plain, to_bytes
from beam_deid.transforms.publish.about_run import AboutRun
from beam_deid.transforms.publish.register_session import RegisterSession, intent_document
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import is_file, read_all, unwritable, write_all
from beam_deid.transforms.storage.hidden import is_own, place_of
from beam_deid.transforms.storage.journal import failed, published
from beam_deid.transforms.storage.paths import absolute, join, shown

STATE = "state.json"

_FORMAT = 1


def write_state(
    staging: str,
    job: Job,
    output: str,
    overwrite: bool,
    facts: Mapping[str, Any],
    session: RegisterSession | None = None,
    policy: bytes | None = None,
) -> None:
    """Write down what publishing a run takes, before it begins.

    Args:
        staging: The staging folder.
        job: The run.
        output: The output folder.
        overwrite: Whether an earlier run's output may be replaced.
        facts: Engine, start and input, for ``run.json``.
        session: The register of the run, if it keeps one.
        policy: The bytes of the policy's file; None where nobody kept them.

    Raises:
        OutputError: It cannot be written.
    """
    state = {
        "format": _FORMAT,
        "output": place_of(output),
        "overwrite": overwrite,
        "replaces": published_run(place_of(output)),
        "about": plain(AboutRun.of(job)),
        "facts": dict(facts),
        "register": intent_document(session),
        "policy": None if policy is None else policy.decode(),
    }
    try:
        write_all(join(staging, STATE), to_bytes(state))
    except OSError as error:
        raise unwritable(error, "the output", staging) from None


def policy_left(state: Mapping[str, Any]) -> str | None:
    """The text of a run's policy, as `write_state` left it; earlier versions left none.

    Raises:
        TypeError: Something else was left.
    """
    policy = state.get("policy")
    if not isinstance(policy, str | None):
        raise TypeError
    return policy


def published_run(output: str) -> str | None:
    """The run that stands in an output; None where none does.

    Raises:
        OutputError: The output cannot be read.
    """
    try:
        return published(output)
    except OSError as error:
        raise failed(error, output) from None


def read_state(folder: str) -> dict[str, Any]:
    """What a run wrote into its staging folder before it began.

    Raises:
        UsageError: The folder is no staging folder, or another version's.
    """
    path = join(folder, STATE)
    try:
        state = json.loads(read_all(path) if is_file(path) else b"{}")
        if not (_is_sound(state) and is_own(folder)):
            raise ValueError
    except (LookupError, RecursionError, TypeError, UsageError, ValueError):
        raise UsageError(
            "no run of this version left anything to publish here",
            shown(folder),
            "Name the hidden folder beside or in the output, .NAME.beam-deid-…",
        ) from None
    return dict(state)


def _is_sound(state: Mapping[str, Any]) -> bool:
    about = state["about"]
    return (
        state["format"] == _FORMAT
        and isinstance(state["overwrite"], bool)
        and isinstance(state["facts"], dict)
        and "replaces" in state
        and isinstance(about["signed"], bool)
        and (about["keyring"] is None or isinstance(about["keyring"]["path"], str))
        and isinstance(state["output"], str)
        and absolute(state["output"]) == state["output"]
    )


def read_left(folder: str, name: str) -> Any:
    """A JSON document that a run left in its staging folder.

    Raises:
        OutputError: It cannot be read.
    """
    try:
        return json.loads(read_all(join(folder, name)))
    except InputError as error:
        raise OutputError(error.what, error.where, error.next_step) from None
    except ValueError:
        raise damaged(join(folder, name)) from None


def damaged(path: str) -> OutputError:
    """The error that what a run left was changed."""
    return OutputError("what the run left was changed, so it cannot be published", shown(path), "Run again")
