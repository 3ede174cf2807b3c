"""Collections of released records, bound to the label that is about them: only these very ones are written under it."""

import apache_beam as beam

_LABEL = "_beam_deid_label"


def bind(released: beam.PCollection, label: beam.PCollection) -> None:
    """Say which label is about released records. What a transform makes of them is another collection, which no label is about."""
    setattr(released, _LABEL, label)


def is_bound(released: beam.PCollection, label: beam.PCollection) -> bool:
    """Whether a label is about these records, as `Deidentify` gave both."""
    return getattr(released, _LABEL, None) is label
