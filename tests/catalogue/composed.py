"""Messages that stand in the code in pieces: which pieces, nothing but a reader can tell."""

from beam_deid.transforms.label.explaining import explanations

COMPOSED = (
    # label["records"], run["records"]: a number and a word for each
    "{count} read",
    "{count} released",
    "{count} suppressed",
    "{count} withheld",
    "{count} rejected",
    # pipelines/views/cells.count
    "{count} record",
    "{count} records",
    "{count} release",
    "{count} releases",
    "{count} run",
    "{count} runs",
    "{count} row",
    "{count} rows",
    "{count} class",
    "{count} classes",
    # transforms/formats/passed_over: what of a file is no row of it
    "{count} line",
    "{count} lines",
    "{count} blank row",
    "{count} blank rows",
    # transforms/label: where limits come from, but for names of laws, standards and papers
    "{symbol} what a policy asks",
    "ours",
    "ours: one hit is one too many",
    "PIPL Art. 4; GB/T 35273-2020 3.14",
    "PIPL Art. 73: anonymized information cannot be restored",
    "ours; Art. 29 WP 216 on hashing without a key",
    "the platforms' own interfaces: configs/platforms",
    "GB/T 42460-2023 by model of release (reference)",
    "GB/T 42460-2023 (reference)",
    "as k; the composite is Google's Sensitive Data Protection's k with an entity id",
    "ours: with one value every member of a group has it",
    "ours; the form is anonymeter's",
    "ours, after the dominance rule of official statistics",
    "ours; the strictest of the Information and Privacy Commissioner of Ontario (2016)",
    "ours: singling out has no share that is small enough",
    "ours: what the public has can be joined with whatever the public was given before",
    "as line 3, the greater k of both; Ganta, Kasiviswanathan, Smith: Composition attacks (2008)",
    "as line 4; the intersection attack of Ganta, Kasiviswanathan, Smith (2008)",
    "ours: a row's place is an attribute that source and release share",
    # pipelines/differing: what differs, and the field
    "roles of {field}",
    "level of {field}",
    "action of {field}",
    "recoverability of {field}",
    "loss of {field}",
    "l of {field}",
    "records {field}",
    # what the system says is wrong with a file
    "Connection refused",
    "Connection timed out",
    "Device or resource busy",
    "Disk quota exceeded",
    "File exists",
    "File name too long",
    "Input/output error",
    "Is a directory",
    "No space left on device",
    "No such file or directory",
    "Not a directory",
    "Operation not permitted",
    "Permission denied",
    "Read-only file system",
    "Too many open files",
    # pipelines/views/progress_lines
    "{speed} rows/s",
    # pipelines/output.progress: what is done before the first step
    "starting",
    # pipelines/views/plan
    "missing",
    "[red]note[/red]",
    # pipelines/views/register_entry
    "published",
    # pipelines/report: whether a test or a line holds
    "holds",
    # transforms/terms: words of labels, told what they mean where they are first seen
    "anonymized",
    "still_personal",
    "public",
    "controlled",
    "enclave",
)

SOURCES = tuple(sorted({one.source for one in explanations() if one.source} - {*COMPOSED}))
"""Papers, books and standards, which a catalogue has so that no part of their titles is taken for a message."""

PIECES = ("all", "average", "has", "have", "highest", "nobody", "none", "nothing", "optimum")
"""Single words that stand in a placeholder's place, where otherwise only names of the data are single words."""
