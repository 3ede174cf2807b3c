"""``beam-deid schema``: the JSON Schemas of a policy, for editors, and of labels, registers and records, for their readers."""

import click

from beam_deid.pipelines import output
from beam_deid.pipelines.commands import Command
from beam_deid.transforms.errors import UsageError


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid schema > policy.schema.json
  # then, as the first line of a policy:
  # yaml-language-server: $schema=policy.schema.json
  beam-deid schema --label > label.schema.json
  beam-deid schema --register > register.schema.json
  beam-deid schema --record > record.schema.json""",
)
@click.option("--label", is_flag=True, help="The schema of label.json instead: a label and all that it rests on.")
@click.option(
    "--register", is_flag=True, help="The schema of a register's revisions instead: what was given out before."
)
@click.option("--record", is_flag=True, help="The schema of a record of processing instead: report --document record.")
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def schema(label: bool, register: bool, record: bool, as_json: bool) -> None:
    """Print the JSON Schema of a policy, so that an editor completes and checks it; or of a label, a register or a record."""
    if label + register + record > 1:
        raise UsageError(
            "one schema is printed at a time", "", "Leave out all but one of --label, --register and --record"
        )
    if record:
        from beam_deid.pipelines.report.documents.record_schema import record_schema

        output.emit(record_schema())
        return
    if register:
        from beam_deid.transforms.register.schema import register_schema

        output.emit(register_schema())
        return
    if label:
        from beam_deid.transforms.label.schema import label_schema

        output.emit(label_schema())
        return
    from beam_deid.transforms.policy.schema import policy_schema

    output.emit(policy_schema())
