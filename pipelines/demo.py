"""``beam-deid demo``: synthetic orders, a policy, and the labels that come out."""

import importlib.resources
import os
import secrets
from pathlib import Path

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.run import carry_out

_KEY = "BEAM_DEID_KEY"


@click.command(
    epilog="""\b
Examples:
  beam-deid demo
  beam-deid demo --rows 100000 --folder /tmp/demo --overwrite"""
)
@click.option("--rows", type=click.IntRange(1), default=40_000, show_default=True, help="Orders to make.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes other orders.")
@click.option("--folder", default="demo", show_default=True, metavar="DIR", help="Where orders, policy and output go.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier demo in DIR.")
@options.workers_option
@options.json_option
def demo(rows: int, seed: int, folder: str, overwrite: bool, workers: int | None, as_json: bool) -> None:
    """Make believable orders (nobody's data), run a policy over them, and show what was published and why."""
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.synthetic import write_orders

    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    out = output.console(as_json)
    orders, policy = place / "orders.parquet", place / "policy.yaml"
    write_orders(str(orders), rows, seed)
    policy.write_bytes(importlib.resources.files("beam_deid.configs").joinpath("policies/tmall_orders.yaml").read_bytes())
    out.print(f"{rows:,} synthetic orders in {orders}, the policy in {policy}")
    if _KEY not in os.environ:
        # The demo's own key: it lives as long as this process, and nothing can be restored afterwards.
        os.environ[_KEY] = secrets.token_hex(32)
    target = place / "out"
    carry_out(read_policy(str(policy)), (str(orders),), str(target), as_json, overwrite=overwrite, workers=workers)
    out.print(f"\nNow try: beam-deid verify {target}    beam-deid plan {policy}")
