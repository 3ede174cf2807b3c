"""Collections of released records, bound to the label that is about them: only these very ones are written under it."""

import apache_beam as beam

_LABEL = "_beam_deid_label"
_WHOLE = "_beam_deid_whole"


def bind(released: beam.PCollection, label: beam.PCollection, whole: beam.PCollection | None = None) -> None:
    """Say which label is about released records. What a transform makes of them is another collection, which no label is about.

    Args:
        released: The records.
        label: The labels.
        whole: Of a stream, both together, one `WholeRelease` for each window.
    """
    setattr(released, _LABEL, label)
    setattr(released, _WHOLE, whole)


def is_bound(released: beam.PCollection, label: beam.PCollection) -> bool:
    """Whether a label is about these records, as `Deidentify` gave both."""
    return getattr(released, _LABEL, None) is label


def whole_of(released: beam.PCollection) -> beam.PCollection | None:
    """The releases of a stream's windows, which these records are of; None where they are of no stream."""
    whole: beam.PCollection | None = getattr(released, _WHOLE, None)
    return whole
