"""The keys that live for one run: made before its first read, destroyed before it is published."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from beam_deid.transforms.crypto.ephemeral import EPHEMERAL, destroy_ephemeral, make_ephemeral
from beam_deid.transforms.errors import OutputError, UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.files import reason, store_of
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.storage.sweeping import KEYS


def refuse_ephemeral(policy: Policy, releases: Iterable[str]) -> None:
    """Refuse keys that live for one run, where its workers are on other machines.

    Raises:
        UsageError: A release wants such a key.
    """
    for name in releases:
        if policy.releases[name].key == EPHEMERAL:
            raise UsageError(
                "key: ephemeral needs workers on this machine, for there is no safe way to hand such a key to others",
                f"releases.{name}.key",
                "Run it with the default engine, or name a key in a keyring",
            )


class RunKeys:
    """The ephemeral keys of a run's releases: a file each in staging, where every worker of this machine finds it.

    They lie on this machine's disk alone: what a store once held it may keep, in versions and in copies, and a label that
    says that a key is gone would be wrong.

    Args:
        job: The run.
        staging: Its staging folder.
        others: The runs of the dataset's other tables, which are published with it.
    """

    def __init__(self, job: Job, staging: str, others: Sequence[Job] = ()) -> None:
        self._job = job
        self._folder = join(staging, KEYS)
        policies = [(name, one.policy) for one in (job, *others) for name in one.releases]
        self._left = [name for name, policy in policies if policy.releases[name].key == EPHEMERAL]
        self._any = bool(self._left)
        self._stopping = -1

    def made(self) -> Job:
        """Make them.

        Returns:
            The job, which knows where they are: ``key_folder``.

        Raises:
            OutputError: They cannot be written.
        """
        if not self._left:
            return self._job
        self._stopping = STOPPING.add(self.discard)
        try:
            for release in self._left:
                make_ephemeral(self._folder, release)
        except OSError as error:
            raise OutputError(f"the run's own key cannot be written ({reason(error)})", self._folder) from None
        return replace(self._job, key_folder=self._folder)

    def destroy(self) -> None:
        """Overwrite and remove them.

        Raises:
            OutputError: One cannot be removed.
        """
        if not self._any:
            return
        try:
            while self._left:
                destroy_ephemeral(self._folder, self._left[-1])
                self._left.pop()
            store_of(self._folder).delete_folder(self._folder)
            STOPPING.forget(self._stopping)
        except OSError as error:
            raise OutputError(
                f"the run's own key cannot be destroyed ({reason(error)})", self._folder, "Remove it by hand"
            ) from None

    def discard(self) -> None:
        """The same for a run that failed, whose keys opened nothing that was published."""
        with contextlib.suppress(OutputError):
            self.destroy()
