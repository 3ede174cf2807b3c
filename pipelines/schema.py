"""``beam-deid schema``: the JSON Schemas of a policy, for editors, and of a label and a register, for whoever reads one."""

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
  beam-deid schema --register > register.schema.json""",
)
@click.option("--label", is_flag=True, help="The schema of label.json instead: a label and all that it rests on.")
@click.option(
    "--register", is_flag=True, help="The schema of a register's revisions instead: what was given out before."
)
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def schema(label: bool, register: bool, as_json: bool) -> None:
    """Print the JSON Schema of a policy, so that an editor completes and checks it; or of a label, or of a register."""
    if label and register:
        raise UsageError("one schema is printed at a time", "", "Leave out --label or --register")
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
