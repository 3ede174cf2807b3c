"""What becomes of a record, as a label and a run count it."""

from beam_deid.transforms.terms import Told


class Outcome(Told):
    """What became of a record that was read; every record has one of those that follow the first."""

    READ = (
        "read",
        "Records that were read from the source for the release",
        "Nothing: read = released + suppressed + withheld + rejected, so that no record is lost.",
    )
    RELEASED = (
        "released",
        "Records that were written into the release",
        "Nothing: these are the ones that the label is about.",
    )
    SUPPRESSED = (
        "suppressed",
        "Sound records that were left out, whole groups at a time, so that the label holds for the others",
        "Where they are too many, coarsen the columns of small groups; how many may be left out says require: suppression.",
    )
    WITHHELD = (
        "withheld",
        "Sound records that the release is not about, or may not hold, each with a reason",
        "Look at withheld_by in the label for the reasons; each is explained: beam-deid explain REASON.",
    )
    REJECTED = (
        "rejected",
        "Records with a value that could not be read or treated, each with a reason",
        "Look at rejected.csv for the reasons; each is explained: beam-deid explain REASON.",
    )
