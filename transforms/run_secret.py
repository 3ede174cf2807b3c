"""`RunSecret`: the key of a run's fingerprints, made while the pipeline runs."""

import apache_beam as beam

from beam_deid.transforms.columns.fingerprint import FingerprintKey


class RunSecret(beam.PTransform):
    """One `FingerprintKey`, for all steps that take fingerprints or compare them; pass it on as a singleton.

    A pipeline's graph is written down, sent around and shown, so that the key must not stand in it: a worker makes it. It
    is made once, since the shuffle holds it: a step that is tried again has the same one.
    """

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[FingerprintKey]:
        """Make it."""
        return (
            begin
            | "Once" >> beam.Create([None], reshuffle=False)
            | "New" >> beam.Map(_new).with_output_types(FingerprintKey)
            | "Hold" >> beam.Reshuffle()
        )


def _new(_: None) -> FingerprintKey:
    return FingerprintKey.new()
