"""What an assessment is about: the run, its releases, what they are for, and for how long."""

from collections.abc import Iterator

from beam_deid.pipelines.report.blocks import Block, Callout, Facts, Grid, Paragraph, Tone, Verbatim
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.policy_text import source_fields
from beam_deid.pipelines.report.sections.accountability import dates
from beam_deid.pipelines.report.wording import LABELS, NOT_SAID, SHARINGS, moment, number, said_or_not


def about(whole: WholeRun) -> Iterator[Block]:
    """The document, the run, and what both are not."""
    yield Callout(
        Tone.NOTE,
        "This is a draft",
        "It holds what was measured and declared. It does not say that a law is met: conclusions are a person's, and stand where a "
        "mark asks for them.",
    )
    yield Facts(
        (
            ("Name of the dataset", said_or_not(whole.dataset)),
            ("Number of the run", said_or_not(whole.id)),
            ("Finished at", moment(whole.ended_at)),
            ("Hash of the policy", said_or_not(whole.first.get("policy_sha256"))),
            (
                "This record is kept until, at least",
                f"{whole.kept_until}, three years after the processing (PIPL Art. 56)",
            ),
        )
    )


def releases(whole: WholeRun) -> Iterator[Block]:
    """The releases with what they are for and their labels."""
    yield Grid(
        ("The release", "Purpose of processing", "How it is shared", "The label"),
        [
            (
                Verbatim(one.name),
                Verbatim(one.label.get("purpose", "")),
                SHARINGS.get(one.label["sharing"], NOT_SAID),
                LABELS[one.label["label"]],
            )
            for one in whole.evidences
        ],
        "The releases of this run",
    )
    yield from _left_out(whole)


def _left_out(whole: WholeRun) -> Iterator[Block]:
    """The releases of the run that are not told of here, with why."""
    here = {one.name for one in whole.evidences}
    others = {name: told for name, told in whole.run.get("releases", {}).items() if name not in here}
    removed = [name for name, told in others.items() if "deleted" in told]
    unpublished = [name for name, told in others.items() if not told.get("published") and name not in removed]
    published = [name for name, told in others.items() if told.get("published")]
    if removed:
        yield Paragraph(f"These releases of the run were published, and removed later: {', '.join(removed)}")
    if unpublished:
        yield Paragraph(f"These releases of the run were not published: {', '.join(unpublished)}")
    if published:
        yield Paragraph(f"These releases of the run are not in this document: {', '.join(published)}")


def scope(whole: WholeRun) -> Iterator[Block]:
    """What was assessed, and how."""
    yield Paragraph(
        "Assessed is one run over the input files named below, with the releases named here, each by itself and together with "
        "those that were given out before as far as a register knows them. What was measured is what was written, not a sample "
        "of it."
    )
    yield Facts(
        (
            ("The method", "nine lines of a label rule, each with tests and limits; GB/T 42460-2023 is referred to"),
            ("Measured at", moment(whole.first.get("assessed_at"))),
            (
                "Made with",
                Verbatim(", ".join(f"{name} {one}" for name, one in whole.run.get("versions", {}).items()) or "–"),
            ),
        )
    )


def purposes(whole: WholeRun) -> Iterator[Block]:
    """What each release is for, and what it rests on."""
    yield Grid(
        ("The release", "Purpose of processing", "What it rests on, as policy and ledger say"),
        [
            (Verbatim(one.name), Verbatim(one.label.get("purpose", "")), _ground(one.label.get("ground")))
            for one in whole.evidences
        ],
        "Purposes and grounds; nobody has checked them",
    )


def _ground(ground: dict[str, object] | None) -> str:
    """What a release rests on, in words."""
    if ground is None:
        return NOT_SAID
    if ground.get("basis"):
        return Verbatim(ground["basis"])
    if ground["kind"] == "consent":
        return "consent of the persons"
    return "no personal information is released, as far as the tests tell"


def minimum(whole: WholeRun) -> Iterator[Block]:
    """How much of the source leaves."""
    fields = source_fields(whole.evidences[0].policy)
    if fields is not None:
        yield Paragraph(f"The source has {len(fields)} fields. A field that no release lists is not released.")
    yield Grid(
        ("The release", "Fields released", "Records read", "Records released"),
        [
            (
                Verbatim(one.name),
                number(len(one.label["fields"])),
                number(one.label["records"]["read"]),
                number(one.label["records"]["released"]),
            )
            for one in whole.evidences
        ],
        "What of the source each release holds",
        numbers=(1, 2, 3),
    )


def retention(whole: WholeRun) -> Iterator[Block]:
    """Until when releases may be kept."""
    yield dates(whole.evidences)


def reviews(whole: WholeRun) -> Iterator[Block]:
    """When releases are looked at again, and what makes that necessary before."""
    yield dates(whole.evidences)
    yield Paragraph(
        "A label tells of the day on which it was measured. Before the day of its review a release is to be looked at again where "
        "what was stated of the recipient changes, where something is given out of the same records, or where a key gets into "
        "other hands."
    )


def kept(whole: WholeRun) -> Iterator[Block]:
    """How long the report and the record are kept."""
    yield Paragraph(
        f"This report and the record of the processing are kept until {whole.kept_until} at least (PIPL Art. 56)."
    )
