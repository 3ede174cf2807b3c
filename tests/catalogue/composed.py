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
)
