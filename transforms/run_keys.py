"""The keys that live for one run: made before its first read, destroyed before it is published."""

import contextlib
from dataclasses import replace

from beam_deid.transforms import files
from beam_deid.transforms.crypto.ephemeral import EPHEMERAL, destroy_ephemeral, make_ephemeral
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.records.job import Job

_FOLDER = ".keys"


class RunKeys:
    """The ephemeral keys of a run's releases: a file each in staging, where every worker finds it."""

    def __init__(self, job: Job, staging: str) -> None:
        self._job, self._folder = job, f"{staging}/{_FOLDER}"
        self._left = [name for name in job.releases if job.policy.releases[name].key == EPHEMERAL]

    def made(self) -> Job:
        """Make them.

        Returns:
            The job, which knows where they are.

        Raises:
            OutputError: They cannot be written.
        """
        if not self._left:
            return self._job
        try:
            for release in self._left:
                make_ephemeral(self._folder, release)
        except OSError as error:
            raise OutputError(f"the run's own key cannot be written ({error.strerror})", self._folder) from None
        return replace(self._job, key_folder=self._folder)

    def destroy(self) -> None:
        """Overwrite and remove them.

        Raises:
            OutputError: One cannot be removed.
        """
        try:
            while self._left:
                destroy_ephemeral(self._folder, self._left[-1])
                self._left.pop()
            files.delete_folder(self._folder)
        except OSError as error:
            raise OutputError(
                f"the run's own key cannot be destroyed ({error.strerror})", self._folder, "Remove it by hand"
            ) from None

    def discard(self) -> None:
        """The same for a run that failed, whose keys opened nothing that was published."""
        with contextlib.suppress(OutputError):
            self.destroy()
