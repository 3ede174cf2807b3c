"""``beam-deid schema``: the policy's JSON Schema, for editors."""

import click

from beam_deid.pipelines import output


@click.command(
    epilog="""\b
Example:
  beam-deid schema > policy.schema.json
  # then, as the first line of a policy:
  # yaml-language-server: $schema=policy.schema.json"""
)
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def schema(as_json: bool) -> None:
    """Print the JSON Schema of a policy, so that an editor completes and checks it."""
    from beam_deid.transforms.policy.schema import policy_schema

    output.emit(policy_schema())
