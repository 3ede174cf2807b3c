"""Messages that stand in the code in pieces: which pieces, nothing but a reader can tell."""

COMPOSED = (
    # label["records"], run["records"]: a number and a word for each
    "{count} read",
    "{count} released",
    "{count} suppressed",
    "{count} withheld",
    "{count} rejected",
    # pipelines/views/register_cells.count
    "{count} record",
    "{count} records",
    "{count} release",
    "{count} releases",
    "{count} run",
    "{count} runs",
    "{count} row",
    "{count} rows",
    # transforms/formats/passed_over: what of a file is no row of it
    "{count} line",
    "{count} lines",
    "{count} blank row",
    "{count} blank rows",
    # pipelines/views/register_difference: what differs, and the field
    "roles of {field}",
    "level of {field}",
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
    # transforms/terms: words of labels, told what they mean where they are first seen
    "anonymized",
    "still_personal",
    "public",
    "controlled",
    "enclave",
)

PIECES = ("all", "average", "has", "have", "highest", "nobody", "none", "nothing", "optimum")
"""Single words that stand in a placeholder's place, where otherwise only names of the data are single words."""
