"""Whether a run would work on an engine: everything is looked at here, and on workers by one tiny job."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from beam_deid.transforms.beam.asking import ask
from beam_deid.transforms.beam.engine_check import check_engine
from beam_deid.transforms.beam.on_any_worker import PACKAGE, code_of, versions
from beam_deid.transforms.beam.run import signer_of
from beam_deid.transforms.clock import now
from beam_deid.transforms.crypto.keys import forget
from beam_deid.transforms.doctor.answering import answer, left
from beam_deid.transforms.doctor.asked import Asked, asked_of
from beam_deid.transforms.doctor.comparing import Expected, compared, told_by, unseen
from beam_deid.transforms.doctor.finding import HERE, Finding, looked
from beam_deid.transforms.doctor.key_checks import KEYS
from beam_deid.transforms.doctor.place import Trial
from beam_deid.transforms.errors import UsageError, fault_of
from beam_deid.transforms.policy.accountability import check_not_over
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.publish.register_opening import consult_register
from beam_deid.transforms.register.folder import hold
from beam_deid.transforms.register.key import forget as forget_register
from beam_deid.transforms.run.engines import LOCAL, is_here
from beam_deid.transforms.run.recipients import check_recipients
from beam_deid.transforms.run.shards import Prepared, prepare
from beam_deid.transforms.run.shipping import check_reach, shipped
from beam_deid.transforms.storage.connecting import pinned
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.hidden import missing_folders, place_of
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.storage.replacing import see_that_it_can_be

Made = TypeVar("Made")

SECONDS = 60.0
"""How long is waited for workers, unless somebody says otherwise."""

_AGAIN = "Put right what is missing above, and call doctor again"


@dataclass(frozen=True)
class Call:
    """A run that nobody has started yet.

    Attributes:
        policy: The policy.
        inputs: Globs.
        output: The output folder.
        releases: Names of the releases; all if none is given.
        runner: Name of the engine.
        beam_options: Beam's own options, as on a command line.
        overwrite: Whether an earlier run's output may be replaced.
        seconds: How long is waited for workers.
    """

    policy: Policy
    inputs: tuple[str, ...]
    output: str
    releases: tuple[str, ...] = ()
    runner: str = LOCAL
    beam_options: tuple[str, ...] = ()
    overwrite: bool = False
    seconds: float = SECONDS

    @property
    def made(self) -> tuple[str, ...]:
        """The releases that are made."""
        return tuple(name for name in self.policy.releases if not self.releases or name in self.releases)

    @property
    def is_here(self) -> bool:
        """Whether the engine's workers are on this machine."""
        return is_here(self.runner, self.beam_options)


def examine(call: Call) -> list[Finding]:
    """Look at everything that a run needs, first here and then on the engine's workers.

    Nothing is published, no record is read beyond the heads of files, and nothing is left behind.
    """
    examination = _Examination(call)
    try:
        examination.carry_out()
    finally:
        forget()
        forget_register()
    return examination.found


class _Examination:
    """One examination, and what it has found so far."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.found: list[Finding] = []

    def carry_out(self) -> None:
        engine = self._see("engine", self._engine)
        self._see("policy", self._policy)
        prepared = self._kept("input", self._prepared, _told_of)
        if prepared is None:
            self._unmade("keys, output, register and workers were not looked at")
            return
        output = self._kept("output", self._output, lambda _: "may be written to, and is free")
        place = pinned(place_of(self._call.output)) if output is None else output
        with Trial(place, shared=not self._call.is_here) as trial:
            prepared = self._with_keys(prepared, place)
            asked = asked_of(prepared, trial.path, secrets.token_hex(16))
            keys = self._here(asked)
            if self._call.runner == LOCAL:
                return
            if engine:
                self._workers(asked, keys)
            else:
                self._unmade("no worker could be asked")

    def _see(self, check: str, look: Callable[[], str]) -> bool:
        self.found.append(looked(check, look))
        return self.found[-1].passed

    def _kept(self, check: str, look: Callable[[], Made], told: Callable[[Made], str]) -> Made | None:
        """What a look gives; None where it shows what is missing."""
        try:
            made = look()
        except Exception as error:  # a check that cannot be made has not passed
            self.found.append(Finding(check, error=fault_of(error, check)))
            return None
        self.found.append(Finding(check, told(made)))
        return made

    def _unmade(self, what: str) -> None:
        """Say what was not looked at: it has not passed."""
        self.found.append(Finding("workers", error=UsageError(what, "", _AGAIN)))

    def _engine(self) -> str:
        call = self._call
        if call.runner == LOCAL and not call.beam_options:
            return "the local one, in processes of this machine"
        check_engine(call.runner, call.beam_options)
        return f"{call.runner} is one, and answers where its options say that it is"

    def _policy(self) -> str:
        call = self._call
        check_recipients(call.policy, call.made)
        check_not_over(call.policy, call.made, now())
        if not call.is_here:
            check_reach(call.policy, [call.output, *call.inputs], call.made, call.runner)
        count = "1 release" if len(call.made) == 1 else f"{len(call.made)} releases"
        return f"{count} may be made on this engine: {', '.join(call.made)}"

    def _prepared(self) -> Prepared:
        prepared = prepare(self._call.policy, self._call.inputs, self._call.releases)
        return prepared if self._call.runner == LOCAL else shipped(prepared)

    def _output(self) -> str:
        place = place_of(self._call.output)
        see_that_it_can_be(place, self._call.overwrite)
        place = place if self._call.is_here else pinned(place)
        with Trial(place, shared=not self._call.is_here) as trial:
            trial.see_that_it_is_free()
        return place

    def _with_keys(self, prepared: Prepared, place: str) -> Prepared:
        """The run with its keys pinned and with its register, as far as they are to be had."""
        job = self._kept("keyring", prepared.job.pinned, self._told_of_keyring) or prepared.job
        prepared = replace(prepared, job=job)
        if job.policy.sign is not None:
            self._see("signature", lambda: _told_of_signature(prepared))
        registered = self._kept("register", lambda: _registered(prepared, place), _told_of_register)
        return replace(prepared, job=job if registered is None else registered.job)

    def _told_of_keyring(self, _: object) -> str:
        keys = self._call.policy.keys
        return "can be read" if keys is not None and keys.keyring is not None else "the policy has none"

    def _here(self, asked: Asked) -> dict[str, str]:
        """Look at what every process of a run needs; check values of the keys that are here."""
        seen = {one.check for one in self.found}
        answered = answer(asked)
        for document in answered["findings"]:
            if document["check"] not in seen:
                self.found.append(self._lenient(Finding.from_document(document, HERE)))
        return dict(answered["keys"])

    def _lenient(self, finding: Finding) -> Finding:
        """A key that only workers have is no fault: the register's, which this process needs, is seen with the register."""
        if finding.check != KEYS or finding.error is None or self._call.runner == LOCAL:
            return finding
        absent = finding.error.where or "the policy's"
        return Finding(KEYS, f"not all are here ({absent}), so those of workers are compared with each other")

    def _workers(self, asked: Asked, keys: dict[str, str]) -> None:
        begun = time.time()
        try:
            texts = ask(asked.to_text(), self._call.runner, self._call.beam_options, self._call.seconds)
            there = left(asked.folder)
            workers = told_by(texts or there.values())
        except Exception as error:  # a check that cannot be made has not passed
            self.found.append(Finding("workers", error=fault_of(error, "workers")))
            return
        expected = Expected(versions(), code_of(PACKAGE), keys, begun, time.time())
        if not workers:
            what = f"{self._call.runner} did the job, and no worker's answer came back"
            step = "Start a run on a small input, and look at its label"
            self.found.append(Finding("workers", error=UsageError(what, "", step)))
            return
        count = "1 worker answered" if len(workers) == 1 else f"{len(workers)} workers answered"
        self.found.append(Finding("workers", f"the engine took a job, and {count}"))
        self.found += compared(workers, expected)
        self.found += unseen(workers, there, shown(self._call.output))


def _told_of(prepared: Prepared) -> str:
    files = "1 file" if prepared.job.files == 1 else f"{prepared.job.files:,} files"
    rows = prepared.rows
    return f"{files} with the columns of the policy" + ("" if rows is None else f", {rows:,} records")


def _told_of_signature(prepared: Prepared) -> str:
    signer_of(prepared)
    return "the key that signs is here"


def _told_of_register(prepared: Prepared) -> str:
    register = prepared.job.register
    if register is None:
        return f"none is kept: {prepared.job.unregistered}"
    return "the run will make it" if register.is_new else "can be opened and changed"


def _registered(prepared: Prepared, place: str) -> Prepared:
    """The run with its register, once that was held for a moment, as a run holds it."""
    job = consult_register(prepared.job, place, unreleased=False)
    if job.register is not None:
        made = missing_folders(job.register.path)
        hold(job.register.path).close()
        for folder in made:
            store_of(folder).drop_empty(folder)
    return replace(prepared, job=job)
