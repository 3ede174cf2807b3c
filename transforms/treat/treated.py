"""A batch as a release would give it out, before anything is suppressed."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.formats.format import Fault
from beam_deid.transforms.treat.gate import WithheldCounts
from beam_deid.transforms.treat.typed import Records


@dataclass(frozen=True)
class TreatedBatch:
    """A batch as a release would give it out, before anything is suppressed.

    Attributes:
        records: The sound records.
        values: Their released values, by field.
        keys: The keys of these; of a field that takes a key those of what it is made from.
        signature: The key of all identities of each record, shape (n,).
        sound: Which of the records given are sound.
        faults: The faults of those that are rejected.
        withheld: Those that the release is not about, by reason.
    """

    records: Records
    values: Mapping[str, pa.Array]
    keys: Mapping[str, Fingerprints]
    signature: Fingerprints
    sound: Bools
    faults: list[Fault]
    withheld: WithheldCounts

    @property
    def rejected(self) -> int:
        """How many of the records given are rejected."""
        return len(self.sound) - len(self.records) - self.withheld.total()
