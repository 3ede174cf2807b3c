"""`deidentify`: one release of a table in memory."""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from beam_deid.pipelines.api.counts import checked_count
from beam_deid.pipelines.api.results import Deidentified, Frame, Label

if TYPE_CHECKING:
    from beam_deid.transforms.crypto.secret_source import SecretSource
    from beam_deid.transforms.policy.model import Policy


def deidentify(
    data: Frame,
    policy: "Policy | str | os.PathLike[str] | Mapping[str, Any]",
    release: str | None = None,
    *,
    key: "SecretSource | None" = None,
    max_rejects: float = 0.001,
    threads: int | None = None,
) -> Deidentified[Frame]:
    """Treat a table in memory as one release of a policy says, test the result, and label it.

    Rows, label and rejects are those of ``beam-deid run`` on a file of the same table. Nothing is released unless it is proved to
    be what the label was decided on. The table is held in memory, and what is released of it beside it; what is counted of many
    records waits on disk, encrypted.

    Args:
        data: A ``pyarrow.Table``, ``RecordBatch`` or ``RecordBatchReader``, or a ``DataFrame`` of pandas or polars;
            it is not changed.
        policy: The policy: a path, a mapping as its YAML would be, or a `Policy`.
        release: The release; may be left out where the policy has only one.
        key: What fetches the policy's key, any object with ``get_secret_bytes()``, where the policy names none.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        threads: Threads that treat rows; as many as there are processors if not given. None of it changes what comes out.

    Returns:
        The released rows as the same kind of table, the label, and what was rejected.

    Raises:
        PolicyError: The policy is wrong, or a column of the table is not in it.
        UsageError: There is no such release, the table is of no kind that is known, the policy asks what only runs on files do,
            ``max_rejects`` is no share, ``threads`` no number of threads, or ``key`` fetches nothing.
        KeyFault: A key cannot be had.
        InputError: A column has no one type, or more records were rejected than allowed.
        ExpectationUnmet: The release did not reach the label that the policy expects; nothing is released.
    """
    from beam_deid.transforms.frames.run import WHERE
    from beam_deid.transforms.run.workers import guarded

    return guarded(WHERE, _deidentified, data, policy, release, key, max_rejects, threads)


def _deidentified(
    data: Frame,
    policy: "Policy | str | os.PathLike[str] | Mapping[str, Any]",
    release: str | None,
    key: "SecretSource | None",
    max_rejects: float,
    threads: int | None,
) -> Deidentified[Frame]:
    from beam_deid.transforms.decide.refusing import share_of_rejects
    from beam_deid.transforms.frames.kinds import kind_of
    from beam_deid.transforms.frames.releasing import rejected_table, release_table
    from beam_deid.transforms.frames.run import WHERE, job_on_table
    from beam_deid.transforms.label.documents import to_bytes
    from beam_deid.transforms.run.cores import cores

    share_of_rejects(max_rejects)
    checked_count(threads, "threads", WHERE)
    kind = kind_of(data, WHERE)
    job = job_on_table(policy, release, key)
    made = release_table(kind.to_arrow(data), job, max_rejects, threads or cores())
    label = Label(json.loads(to_bytes(made.label.to_document())))
    rejects = kind.from_arrow(rejected_table(made.rejects), data)
    return Deidentified(kind.from_arrow(made.rows, data), label, rejects, made.notes)
