"""``beam-deid plan``: what a policy will do, without reading data."""

import click
from rich.console import Console

from beam_deid.pipelines import options, output


@click.command(
    epilog="""\b
Examples:
  beam-deid plan policy.yaml
  beam-deid plan policy.yaml --input 'orders/*.csv'"""
)
@click.argument("policy", type=click.Path(dir_okay=False))
@options.input_option(required=False)
@options.json_option
def plan(policy: str, inputs: tuple[str, ...], as_json: bool) -> None:
    """Say what will happen to each field, what is dropped, and the best label that can come out.

    With --input the files' columns are checked against POLICY as well; no record is read.
    """
    from beam_deid.transforms.policy.plan import plan as make_plan
    from beam_deid.transforms.policy.reader import read_policy

    read = read_policy(policy)
    if inputs:
        from beam_deid.transforms.shards import prepare

        prepare(read, inputs)
    made = make_plan(read)
    _show(output.console(as_json), made.to_json())
    if as_json:
        output.emit(made.to_json())


def _show(out: Console, document: dict) -> None:  # type: ignore[type-arg]
    out.print(document)
