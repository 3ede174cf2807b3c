"""What each step counts for whoever watches the engine: records, rejected ones and bytes, never a value."""

from apache_beam.metrics import Metrics

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
