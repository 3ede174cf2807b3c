"""``beam-deid demo``: synthetic orders, a policy, and the labels that come out."""

import contextlib
import importlib.resources
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.program import program
from beam_deid.pipelines.run import carry_out
from beam_deid.pipelines.running import Asked
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.stopping import STOPPING

_KEY = "BEAM_DEID_KEY"
_SAMPLE = 10_000
_ORDERS = "tmall_orders.yaml"
_SHOP = "tables/shop.yaml"


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid demo
  beam-deid demo --rows 100000 --folder /tmp/demo --overwrite
  beam-deid demo --platform douyin --rows 10000
  beam-deid demo --monthly --rows 120000 --folder demo/shop
  beam-deid demo --tables --rows 10000 --folder demo/tables""",
)
@click.option("--rows", type=click.IntRange(1), default=40_000, show_default=True, help="Orders to make.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes other orders.")
@click.option("--folder", default="demo", show_default=True, metavar="DIR", help="Where orders, policy and output go.")
@click.option(
    "--platform",
    metavar="NAME",
    help="Only make orders in the shape of one platform, flat and as its API gives them, and say what is recognised in them: "
    "taobao, pinduoduo, douyin, kuaishou, jd, xiaohongshu or wechat.",
)
@click.option("--monthly", is_flag=True, help="Only make orders, a file for each month, and the policy.")
@click.option("--tables", is_flag=True, help="Customers, orders and items as three tables that refer to each other.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier demo in DIR.")
@options.workers_option
@options.verbose_option
@options.json_option
def demo(
    rows: int,
    seed: int,
    folder: str,
    platform: str | None,
    monthly: bool,
    tables: bool,
    overwrite: bool,
    workers: int | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Make believable orders (nobody's data), run a policy over them, and show what was published and why."""
    place = Path(folder)
    if platform is not None:
        make_platform(place, platform, rows, seed, as_json)
    elif monthly:
        make_months(place, rows, seed, as_json)
    elif tables:
        run_shop(place, rows, seed, as_json, overwrite=overwrite, workers=workers, verbose=verbose)
    else:
        run_demo(place, rows, seed, as_json, overwrite=overwrite, workers=workers, verbose=verbose)


def run_demo(
    place: Path, rows: int, seed: int, as_json: bool, *, overwrite: bool, workers: int | None, verbose: bool
) -> None:
    """Write orders and a policy, and run the policy over the orders.

    Raises:
        UsageError: An earlier demo is there and may not be replaced.
    """
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.synthetic import write_orders

    out = output.console(as_json)
    target = _target(place, overwrite=overwrite)
    orders = place / "orders.parquet"
    policy = place / "policy.yaml"
    _see_that_it_is_a_demos(place, [orders, policy])
    with _taken_back_if_stopped(place, [orders, policy]):
        place.mkdir(parents=True, exist_ok=True)
        write_orders(str(orders), rows, seed)
        policy.write_bytes(_policy())
        out.print(f"{rows:,} synthetic orders in {orders}, the policy in {policy}", markup=False)
        _bring_a_key()
        # Nobody's orders need not be remembered, and a key that ends with this process could not find them again.
        read = read_policy(str(policy)).without_register()
        asked = Asked(overwrite=overwrite, workers=workers, text=_policy())
        carry_out(read, (str(orders),), str(target), asked, as_json=as_json, verbose=verbose)
    out.print(f"And: {program()} plan {policy}", markup=False)


def run_shop(
    place: Path, rows: int, seed: int, as_json: bool, *, overwrite: bool, workers: int | None, verbose: bool
) -> None:
    """Write the tables of a shop and a policy, and run the policy over them.

    Raises:
        UsageError: An earlier demo is there and may not be replaced.
    """
    from beam_deid.transforms.policy.reader import read_tables_policy
    from beam_deid.transforms.synthetic import SHOP_TABLES, write_shop

    out = output.console(as_json)
    target = _target(place, overwrite=overwrite)
    files = [place / f"{name}.parquet" for name in SHOP_TABLES]
    policy = place / "policy.yaml"
    _see_that_it_is_a_demos(place, [*files, policy], _policy(_SHOP))
    with _taken_back_if_stopped(place, [*files, policy]):
        place.mkdir(parents=True, exist_ok=True)
        write_shop(str(place), rows, seed)
        policy.write_bytes(_policy(_SHOP))
        out.print(f"{rows:,} synthetic orders of three tables in {place}, the policy in {policy}", markup=False)
        _bring_a_key()
        # Nobody's orders need not be remembered, as in the other demo.
        read = read_tables_policy(str(policy)).without_register()
        inputs = tuple(f"{name}={file}" for name, file in zip(SHOP_TABLES, files, strict=True))
        asked = Asked(overwrite=overwrite, workers=workers, text=_policy(_SHOP))
        carry_out(read, inputs, str(target), asked, as_json=as_json, verbose=verbose)
    out.print(f"And: {program()} plan {policy}", markup=False)


def _target(place: Path, *, overwrite: bool) -> Path:
    """Where a demo publishes.

    Raises:
        UsageError: An earlier demo is there and may not be replaced.
    """
    target = place / "out"
    if not overwrite and target.is_dir() and any(target.iterdir()):
        raise UsageError("an earlier demo is here", str(place), "Choose another --folder, or add --overwrite")
    return target


def _bring_a_key() -> None:
    """Bring a key along where there is none: it lives as long as this process, and nothing can be re-identified afterwards."""
    if _KEY not in os.environ:
        os.environ[_KEY] = secrets.token_hex(32)


@contextlib.contextmanager
def _taken_back_if_stopped(place: Path, files: Sequence[Path]) -> Iterator[None]:
    """Take back what a demo makes if somebody stops it: the files and folders that were not there before."""
    folders = [folder for folder in (place, *place.parents) if not folder.exists()]
    made = [path for path in files if not os.path.lexists(path)]

    def take_back() -> None:
        if STOPPING.published or STOPPING.is_begun:  # what was published is whole with its orders
            return
        for path in made:
            path.unlink(missing_ok=True)
        for folder in folders:
            folder.rmdir()

    number = STOPPING.add(take_back)
    try:
        yield
    finally:
        STOPPING.forget(number)


def make_months(place: Path, rows: int, seed: int, as_json: bool) -> None:
    """Write orders month by month, and the policy beside them."""
    from beam_deid.transforms.synthetic import write_monthly_orders

    policy = place / "policy.yaml"
    _see_that_it_is_a_demos(place, [policy, *sorted(place.glob("orders-*.parquet"))])
    place.mkdir(parents=True, exist_ok=True)
    policy.write_bytes(_policy())
    files = write_monthly_orders(str(place), rows, seed)
    output.console(as_json).print(
        f"{rows:,} synthetic orders in {len(files)} files, {files[0]} and so on, the policy in {policy}",
        markup=False,
    )
    if as_json:
        output.emit({"files": files, "policy": str(policy)})


def _see_that_it_is_a_demos(place: Path, files: list[Path], made: bytes | None = None) -> None:
    """See that a demo replaces nothing but an earlier demo's files: those beside the policy that every demo writes.

    Raises:
        UsageError: There are others.
    """
    there = [path for path in files if os.path.lexists(path)]
    policy = place / "policy.yaml"
    if there and not (policy.is_file() and policy.read_bytes() == (made or _policy())):
        what = f"{there[0].name} is not as a demo writes it, and would be lost"
        raise UsageError(what, str(place), "Move it away, or choose another --folder")


def _policy(name: str = _ORDERS) -> bytes:
    return importlib.resources.files("beam_deid.configs").joinpath(f"policies/{name}").read_bytes()


def make_platform(place: Path, name: str, rows: int, seed: int, as_json: bool) -> None:
    """Write a platform's orders, and say which field each column is and what its values look like."""
    import pyarrow.parquet as pq

    from beam_deid.pipelines.views.platform import platform_document, show_platform
    from beam_deid.transforms.recognisers.platforms.catalogue import platform
    from beam_deid.transforms.recognisers.platforms.tables import recognise
    from beam_deid.transforms.synthetic import write_platform_orders

    platform(name)  # raises if there is none of that name
    place.mkdir(parents=True, exist_ok=True)
    flat = str(place / f"{name}.parquet")
    nested = str(place / f"{name}.jsonl")
    for path in (flat, nested):
        write_platform_orders(path, name, rows, seed)
    table = pq.read_table(flat).slice(0, _SAMPLE).combine_chunks()
    found = recognise({column: table.column(column) for column in table.column_names})
    document = platform_document(found, [flat, nested])
    if as_json:
        output.emit(document)
    else:
        show_platform(output.console(as_json), document, platform(name), rows)
