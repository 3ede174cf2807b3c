"""Reading the file of a run's persons, which the product only writes: counting over runs is to come."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.register.tables import IDENTITIES
from beam_deid.transforms.storage.files import open_arrow


def read_persons(path: str) -> dict[str, Fingerprints]:
    """The fingerprints of each identity's distinct persons, ascending, each of shape (m,)."""
    with open_arrow(path) as stream:
        file = pq.ParquetFile(stream, page_checksum_verification=True)
        names = json.loads(file.metadata.metadata[IDENTITIES])
        groups = [file.read_row_group(group) for group in range(file.metadata.num_row_groups)]
    return {name: np.concatenate([_persons(group, name) for group in groups]) if groups else _NOBODY for name in names}


_NOBODY: Fingerprints = np.empty(0, np.uint64)


def _persons(rows: pa.Table, name: str) -> Fingerprints:
    persons: Fingerprints = rows.filter(pc.equal(rows.column("identity"), name)).column("person").to_numpy()
    return persons
