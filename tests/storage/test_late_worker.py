"""A worker that outlives its run, such as one of a cluster whose driver was killed."""

import pyarrow as pa
import pytest

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.release.piece_files import PieceWriter
from beam_deid.transforms.storage.files import open_write
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.storage.staging import Staging


def test_what_comes_after_the_run_does_not_bring_its_folder_back(tmp_path):
    staging = Staging(str(tmp_path / "out"))
    open_write(join(staging.path, "parts", "crm", "first")).close()
    staging.discard()
    with pytest.raises(FileNotFoundError, match="the run's folder is gone"):
        open_write(join(staging.path, "parts", "crm", "late"))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_says_so(tmp_path):
    staging = Staging(str(tmp_path / "out"))
    staging.discard()
    with pytest.raises(OutputError, match=r"cannot be written \(the run's folder is gone\)"):
        PieceWriter(join(staging.path, "pieces", "crm", "late"), pa.schema({"a": pa.int64()}))
