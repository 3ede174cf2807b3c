"""``beam-deid profile``: a policy drafted from data. A module named ``profile`` would hide the standard library's."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.input_options import InputCommand, written_as
from beam_deid.pipelines.language.comments import with_comments_said
from beam_deid.pipelines.language.words import said
from beam_deid.pipelines.program import program
from beam_deid.transforms.errors import InputError, InternalFault, PolicyError, UsageError
from beam_deid.transforms.run.progress import PROGRESS

if TYPE_CHECKING:
    from beam_deid.transforms.drafting.draft import Draft

_SAMPLE_ROWS = 100_000
_DRAFTING = "drafting"


@click.command(
    cls=InputCommand,
    epilog="""\b
Examples:
  beam-deid profile --input 'orders/*.csv' > policy.yaml
  beam-deid profile -i export.txt --format csv --delimiter ';' --encoding gb18030 > policy.yaml
  beam-deid profile -i trades.json --subject buyer_open_uid > policy.yaml
  beam-deid profile -i orders.parquet --rows 1000000 --json
  beam-deid plan policy.yaml --input 'orders/*.csv'   # what the draft would do""",
)
@options.input_option(required=True)
@click.option(
    "--subject", metavar="F", help="The column that says whom a record is about; one is proposed if not given."
)
@click.option(
    "--rows", type=click.IntRange(1), default=_SAMPLE_ROWS, show_default=True, help="Most records to look at."
)
@click.option("--dataset", metavar="NAME", help="Name of the dataset. Default: the first file's.")
@options.json_option
def profile(
    inputs: tuple[str, ...],
    subject: str | None,
    rows: int,
    dataset: str | None,
    as_json: bool,
    written: dict[str, Any],
) -> None:
    """Draft a policy from data: role and kind of every column with the reason, whom records are about, a first release.

    The platform that orders are from is recognised; nested JSON gets an input section, and what is given
    of how the files are written stands in it, so that a run reads them alike. What is unsure is taken for personal,
    and "# TODO: decide" stands where a person must. The draft holds no value of the data.

    Of large inputs a sample is looked at, the same for the same files: the first rows of at most 32 parts (files, or Parquet
    row groups of some 262,144 rows together), evenly chosen, equally many of each.
    """
    from beam_deid.transforms.dataset.sampling import SAMPLING
    from beam_deid.transforms.drafting.written import as_yaml

    with output.progress((SAMPLING, _DRAFTING)):
        draft = _draft(inputs, subject, rows, dataset, written)
    _check(draft)
    output.note(passed.told(file) for file, passed in draft.sample.passed)
    if as_json:
        output.emit(draft.to_document())
    else:
        click.echo(with_comments_said(as_yaml(draft)), nl=False)
    about = draft.platform or "not recognized as orders of a platform"
    fields = "1 field" if len(draft.columns) == 1 else f"{len(draft.columns)} fields"
    click.echo(said(f"beam-deid: {about}; {fields}, {draft.todo} to decide (TODO)"), err=True)
    output.note(_encoding(inputs, draft))
    output.note(_ready(draft))
    if not as_json:
        click.echo("\n".join(map(said, _next(inputs, bool(draft.service)))), err=True)


def _next(inputs: tuple[str, ...], keyed: bool) -> list[str]:
    """What to do with a draft that was written to policy.yaml, as commands of a shell."""
    from beam_deid.transforms.drafting.written import SCHEMA_FILE

    files = " ".join(f"--input {shlex.quote(one)}" for one in inputs)
    key = (
        "  export BEAM_DEID_KEY=${BEAM_DEID_KEY:-$(python3 -c 'import secrets; print(secrets.token_hex(32))')}"
        "  # keep it: tokens need it"
    )
    return [
        "beam-deid: next, with the draft in policy.yaml and its TODOs decided:",
        f"  {program()} schema > {SCHEMA_FILE}  # once: your editor then completes and checks the policy",
        *([key] if keyed else []),
        f"  {program()} plan policy.yaml {files}",
        f"  {program()} run policy.yaml {files} --output out",
    ]


def _ready(draft: "Draft") -> list[str]:
    """What is said of a ready policy for such a file; nothing where there is none."""
    from beam_deid.transforms.drafting.ready import ready_policy
    from beam_deid.transforms.policy.nearest import shown

    ready = ready_policy(draft.sample.names)
    if ready is None:
        return []
    here = Path.cwd()
    path = ready.path.relative_to(here) if ready.path.is_relative_to(here) else ready.path
    said = f"a ready policy fits this file: {path}"
    return [f"{said}; it needs {', '.join(map(shown, ready.lacking))}, too" if ready.lacking else said]


def _encoding(inputs: tuple[str, ...], draft: "Draft") -> list[str]:
    """What is said of the encoding of all files, where it is not UTF-8. No draft has it: a file in another one would be misread."""
    from beam_deid.transforms.dataset.reading import dataset_files
    from beam_deid.transforms.drafting.encodings import found_encoding

    encoding = found_encoding(dataset_files(inputs), draft.options)
    if encoding is None:
        return []
    return [f"the files are read as {encoding}, as their bytes show; if that is wrong, say input.encoding"]


def _draft(
    inputs: tuple[str, ...], subject: str | None, rows: int, dataset: str | None, written: dict[str, Any]
) -> "Draft":
    from beam_deid.transforms.dataset.reading import dataset_files
    from beam_deid.transforms.dataset.sampling import take_sample
    from beam_deid.transforms.drafting.draft import make_draft
    from beam_deid.transforms.drafting.nested import input_of
    from beam_deid.transforms.drafting.order_lines import filled_down
    from beam_deid.transforms.drafting.spellings import number_options
    from beam_deid.transforms.formats import plain_format_of
    from beam_deid.transforms.run.heads import NO_ROW
    from beam_deid.transforms.storage.files import find

    given = written_as(written)
    files = dataset_files(inputs)
    if not files:
        raise UsageError("no file matches this input", inputs[0], "Check the path; quote globs in a shell")
    first = files[0].path
    output.warn(find(inputs).passed_over)
    nested = input_of(first, given)
    read_as = nested.options
    reasons = dict(nested.reasons)
    sample = take_sample(inputs, read_as, rows)
    filled = filled_down(sample)
    if filled is not None:
        read_as = written_as({"fill_down": filled.model_dump()}, read_as)
        reasons["fill_down"] = "on further lines of an order these are blank, and would count as values of their own"
        sample = take_sample(inputs, read_as, rows)
    if not sample.rows:
        what = "no row of the input can be read" if sample.unreadable else NO_ROW
        raise InputError(what, " ".join(inputs), "Check --input: names of columns alone say too little to draft from")
    PROGRESS.start(_DRAFTING)
    numbers = {} if plain_format_of(first, read_as).notation.has_numbers else number_options(sample.columns, read_as)
    read_as = written_as(numbers, read_as)
    reasons |= dict.fromkeys(numbers, "all columns of numbers can be read so, and in no other way")
    return make_draft(dataset or _name(first), sample, read_as, reasons, subject)


def _check(draft: "Draft") -> None:
    """See that the draft is a policy."""
    from beam_deid.transforms.policy.reader import policy_from_mapping

    try:
        policy_from_mapping(draft.mapping())
    except PolicyError as error:
        raise InternalFault(f"the draft is no policy: {error.what}", "profile", "Please report this message") from None


def _name(path: str) -> str:
    """A dataset's name from a file's: without folders, endings and what numbers it."""
    from beam_deid.transforms.storage.paths import name_of

    name = re.sub(r"(\.[A-Za-z0-9]{1,8})+$", "", name_of(path))
    return re.sub(r"[-_.]?\d*$", "", name) or "dataset"
