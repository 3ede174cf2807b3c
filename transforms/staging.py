"""Where parts wait until a run is whole: a hidden folder beside the output, moved into place in one step."""

import os
import shutil
from pathlib import Path

from beam_deid.transforms import files
from beam_deid.transforms.errors import OutputError, UsageError

_MARK = ".beam-deid-"


class Staging:
    """The hidden folder of one run, and its way into place.

    A local output is published by one rename, so that it is there whole or not at all. On an object store, which has no
    rename of folders, labels are moved after their parts and ``run.json`` last.

    Args:
        output: The output folder.
        run: The run's id.
        overwrite: Whether an output of an earlier run may be replaced.

    Raises:
        UsageError: The output exists and may not be replaced.
        OutputError: The folder cannot be made.
    """

    def __init__(self, output: str, run: str, overwrite: bool = False) -> None:
        self._output, self._overwrite = output.rstrip("/"), overwrite
        name = f"{os.getpid()}-{run}"
        if not files.is_local(output):
            self.path = f"{self._output}/{_MARK}{name}"
            self._check_remote()
            return
        target = Path(os.path.abspath(self._output))
        self._target = target
        self._old = target.parent / f".{target.name}{_MARK}old"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._recover()
            self._check()
            self.path = str(target.parent / f".{target.name}{_MARK}{name}")
            os.mkdir(self.path)
        except OSError as error:
            raise OutputError(f"cannot write here ({error.strerror})", output, "Choose another --output") from None

    def publish(self) -> None:
        """Move everything into place. Until then nothing looks published; afterwards staging is gone.

        Raises:
            OutputError: It cannot be moved; an earlier output is put back.
        """
        if not files.is_local(self._output):
            files.move_tree(self.path, self._output, last=("label.json", "run.json"))
            return
        replaced = self._target.exists() and any(self._target.iterdir())
        try:
            if replaced:
                os.rename(self._target, self._old)
            os.rename(self.path, self._target)
        except OSError as error:
            if replaced and self._old.exists() and not self._target.exists():
                os.rename(self._old, self._target)
            raise OutputError(f"the output cannot be moved into place ({error.strerror})", self._output) from None
        shutil.rmtree(self._old, ignore_errors=True)

    def discard(self) -> None:
        """Remove what was staged; harmless after `publish`."""
        if files.is_local(self._output):
            shutil.rmtree(self.path, ignore_errors=True)
            self._sweep()  # a worker of a killed run may have written until just now
        else:
            files.delete_tree(self.path)

    def _recover(self) -> None:
        """Clean up after runs that were killed: put an old output back, drop staging without a living owner."""
        if self._old.exists():
            if self._target.exists():
                shutil.rmtree(self._old)
            else:
                os.rename(self._old, self._target)
        self._sweep()

    def _sweep(self) -> None:
        """Remove the staging of runs whose process is gone."""
        for left in self._target.parent.glob(f".{self._target.name}{_MARK}*-*"):
            owner = left.name.split(_MARK)[1].partition("-")[0]
            if owner.isdigit() and not _alive(int(owner)):
                shutil.rmtree(left, ignore_errors=True)

    def _check(self) -> None:
        if not self._target.exists():
            return
        if not self._target.is_dir():
            raise UsageError("the output is a file", self._output, "Choose another --output")
        if not any(self._target.iterdir()):
            return
        if not self._overwrite:
            raise UsageError("the output exists", self._output, "Choose another --output, or add --overwrite")
        if not (self._target / "run.json").exists():
            raise UsageError(
                "the output holds something that is not a run", self._output, "Only a run is overwritten; choose another"
            )

    def _check_remote(self) -> None:
        if files.exists(f"{self._output}/run.json") and not self._overwrite:
            raise UsageError("the output exists", self._output, "Choose another --output, or add --overwrite")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
