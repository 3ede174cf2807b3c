"""What is counted for whoever watches the engine: records, what became of them, labels and bytes, never a value."""

from apache_beam.metrics import Metrics

from beam_deid.transforms.beam.told import ReleaseLabel
from beam_deid.transforms.label.record_counts import RECORD_COUNTS
from beam_deid.transforms.terms import LabelName

NAMESPACE = "beam_deid"


class StepMetrics:
    """The counters ``STEP_records``, ``STEP_rejected`` and ``STEP_bytes`` of a step, in the namespace ``beam_deid``.

    Args:
        step: The step, a word.
    """

    def __init__(self, step: str) -> None:
        self._records = Metrics.counter(NAMESPACE, f"{step}_records")
        self._rejected = Metrics.counter(NAMESPACE, f"{step}_rejected")
        self._bytes = Metrics.counter(NAMESPACE, f"{step}_bytes")

    def count(self, records: int, rejected: int, nbytes: int) -> None:
        """Count what was done.

        Args:
            records: Records read.
            rejected: Records of which some release rejected a value.
            nbytes: Bytes, in memory where they were read, of files where they were written.
        """
        self._records.inc(records)
        self._rejected.inc(rejected)
        self._bytes.inc(nbytes)


class OutcomeMetrics:
    """What became of the records of embedded releases, and their labels.

    The counters are ``read``, ``released``, ``suppressed``, ``withheld`` and ``rejected``, in records, and ``labels_anonymized``
    and ``labels_still_personal``, all in the namespace ``beam_deid``.
    """

    def __init__(self) -> None:
        self._records = {name: Metrics.counter(NAMESPACE, name) for name in RECORD_COUNTS}
        self._labels = {str(name): Metrics.counter(NAMESPACE, f"labels_{name}") for name in LabelName}

    def count(self, label: ReleaseLabel) -> None:
        """Count the release of a window."""
        for name, counter in self._records.items():
            counter.inc(getattr(label, name))
        self._labels[label.label].inc()
