"""Files of any dataset, counted for an assessment: read once, as they are."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.dataset.counted import Counted, Counting
from beam_deid.transforms.dataset.files import DatasetFiles
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.run.progress import PROGRESS

COUNTING = "counting"
_THREADS = 2


def count_files(
    question: Question, files: DatasetFiles, key: FingerprintKey, columns: Sequence[str] | None = None
) -> Counted:
    """Count all records of some files.

    Args:
        question: What is asked; its fields are columns of the files.
        files: The files.
        key: The key to count under.
        columns: The columns that are read; all if not given. What is not read is not searched for identifiers either.

    Raises:
        InputError: A file or a row of it cannot be read.
    """
    PROGRESS.start(COUNTING)
    parts = _counted_by_threads(question, files, columns or tuple(files.types), key)
    counted = Counted.merge(parts) if parts else Counted()
    return counted if counted.fields else Counted(tuple(files.types))


def _counted_by_threads(
    question: Question, files: DatasetFiles, columns: Sequence[str], key: FingerprintKey
) -> list[Counted]:
    shards = files.shards()
    each = -(-len(shards) // _THREADS) or 1
    shares = [shards[first : first + each] for first in range(0, len(shards), each)]
    with ThreadPoolExecutor(_THREADS) as threads:
        begun = [threads.submit(_counted, question, files, share, columns, key) for share in shares]
        return [part for one in begun for part in one.result()]


def _counted(
    question: Question, files: DatasetFiles, shards: Sequence[Shard], columns: Sequence[str], key: FingerprintKey
) -> list[Counted]:
    counting = Counting(question, key)
    for shard in shards:
        for batch in files.read(shard, columns):
            counting.add(dict(zip(columns, batch.columns, strict=True)))
            PROGRESS.add(batch.num_rows)
    return counting.parts()
