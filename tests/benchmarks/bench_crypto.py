"""The keyed primitives over whole columns, on one core, each beside what does the same value by value.

    python tests/benchmarks/bench_crypto.py [--rows 1000000] [--repeat 3]

Two columns of distinct values: mobiles of 11 digits, and Chinese addresses of many lengths. Every pair is measured in
turns in one process, and medians are compared; before that, both are seen to give equal results where they do the same.
A peer takes fewer values, in bytes already, and its values per second are compared.
"""

import argparse
import base64
import hmac
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.columns.cmac import Cmac
from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.crypto.ff1 import Ff1
from beam_deid.transforms.crypto.gcm import NONCE, Gcm
from beam_deid.transforms.crypto.hmac import HmacSha256, HmacSm3
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.crypto.siv import Siv
from beam_deid.transforms.crypto.tokens import Opened, make_tokens, open_tokens
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.synthetic import order_batches

KEY = bytes(range(64))
ID = 7
PREFIX = b"\x01\0\0\0\x07"
TARGET = Target("benchmark", "receiver_mobile")
PEER_ROWS = 100_000
SLOW_PEER_ROWS = 20_000


class Pair(NamedTuple):
    """Two ways to do one thing.

    Attributes:
        name: What it is.
        peer: Who does it value by value.
        ours: Does it for a column.
        theirs: Does it for a list of bytes.
        rows: Values that the peer takes.
        same: Whether both give the same bytes; what ours gives is then compared as a list.
    """

    name: str
    peer: str
    ours: Callable[[pa.Array], object]
    theirs: Callable[[list[bytes]], list[object]]
    rows: int = PEER_ROWS
    same: Callable[[object], list[object]] | None = None


def mobiles(rows: int) -> pa.Array:
    """Distinct numbers from 13000000000 on, in no order."""
    if rows > 7_000_000_000:
        sys.exit("there are not so many mobiles")
    numbers = 13_000_000_000 + np.arange(rows, dtype=np.int64) * 4_294_967_291 % 7_000_000_000
    return pa.array(numbers).cast(pa.string())


def addresses(rows: int) -> pa.Array:
    """Distinct addresses: those of generated orders, with a room."""
    found = pa.concat_arrays([batch.column("receiver_address") for batch in order_batches(rows)]).cast(pa.string())
    return pa.array([f"{address}{number}室" for number, address in enumerate(found.to_pylist())])


def digest_rows(found: object) -> list[object]:
    """A matrix as a list of bytes."""
    return [bytes(row) for row in np.asarray(found)]


def hashes() -> Iterator[Pair]:
    """Keyed hashes."""
    cmac = Cmac(KEY[:32])
    sha256 = HmacSha256(KEY[:32])
    key = KEY[:32]
    started = CMAC(AES(key))

    def tags(values: Iterable[bytes]) -> list[object]:
        made: list[object] = []
        for value in values:
            one = started.copy()
            one.update(value)
            made.append(one.finalize())
        return made

    yield Pair("AES-CMAC", "cryptography CMAC", cmac.digests, tags, same=digest_rows)
    yield Pair(
        "AES-CMAC", "hmac.digest sha256", cmac.digests, lambda values: [hmac.digest(key, v, "sha256") for v in values]
    )
    yield Pair(
        "HMAC-SHA256",
        "hmac.digest sha256",
        sha256.digests,
        lambda values: [hmac.digest(key, v, "sha256") for v in values],
        same=digest_rows,
    )
    try:
        sm3 = HmacSm3(key)
    except ValueError:
        return
    yield Pair(
        "HMAC-SM3",
        "hmac.digest sm3",
        sm3.digests,
        lambda values: [hmac.digest(key, v, "sm3") for v in values],
        same=digest_rows,
    )


def ciphers() -> Iterator[Pair]:
    """Tokens and randomized encryption."""
    siv = Siv(KEY)
    peer = AESSIV(KEY)
    gcm = Gcm(KEY[:32])
    randomized = AESGCM(KEY[:32])

    def token(value: bytes) -> str:
        return base64.urlsafe_b64encode(PREFIX + peer.encrypt(value, [b""])).rstrip(b"=").decode()

    def plain(text: str) -> str:
        return peer.decrypt(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[5:], [b""]).decode()

    def sealed(texts: pa.Array) -> list[object]:
        made: list[object] = []
        for group in by_size(texts):
            nonces = np.frombuffer(os.urandom(NONCE * len(group.rows)), np.uint8).reshape(-1, NONCE)
            made.append(gcm.seal(nonces, group.words, group.size))
        return made

    kept: dict[int, pa.Array] = {}

    def restored(texts: pa.Array) -> object:
        if len(texts) not in kept:  # made in the turn that is not measured
            kept[len(texts)] = make_tokens(texts, ID, siv.seal)
        return open_tokens(kept[len(texts)], 16, lambda identity: lambda sealed: Opened(*siv.open(sealed)))[0]

    their_tokens: list[str] = []

    def opened(values: list[bytes]) -> list[object]:
        if len(their_tokens) != len(values):
            their_tokens[:] = [token(value) for value in values]
        return [plain(text) for text in their_tokens]

    yield Pair(
        "AES-SIV",
        "AESSIV.encrypt",
        lambda texts: [siv.seal(group) for group in by_size(texts)],
        lambda values: [peer.encrypt(v, [b""]) for v in values],
    )
    yield Pair(
        "AES-SIV tokens, as text",
        "AESSIV.encrypt + base64",
        lambda texts: make_tokens(texts, ID, siv.seal),
        lambda values: [token(v) for v in values],
        same=lambda found: found.to_pylist(),
    )
    yield Pair(
        "AES-SIV tokens, restored", "base64 + AESSIV.decrypt", restored, opened, same=lambda found: found.to_pylist()
    )
    yield Pair(
        "AES-GCM, random nonces",
        "AESGCM.encrypt",
        sealed,
        lambda values: [randomized.encrypt(os.urandom(12), v, None) for v in values],
    )


def formats() -> Iterator[Pair]:
    """Format-preserving encryption, for mobiles."""
    cipher = Ff1(KEY[:32], 10)

    def encrypted(texts: pa.Array) -> list[object]:
        return [cipher.encrypt(group.bytes.astype(np.uint16) - ord("0")) for group in by_size(texts)]

    def whole(texts: pa.Array) -> object:
        bound = parse_action({"fpe": {"preset": "mobile"}}).bind(TARGET, Keys("env:BEAM_DEID_BENCH_KEY"))
        return bound(texts, None).values

    contenders: list[tuple[str, Callable[[pa.Array], object]]] = [("FF1, digits to numerals", encrypted)]
    try:
        whole(pa.array(["13800138000"]))
        contenders.append(("fpe action, mobile preset", whole))
    except (DeidError, ValueError) as error:
        print(f"no fpe action here ({type(error).__name__})")
    peers: list[tuple[str, Callable[[list[bytes]], list[object]]]] = []
    try:
        from ff3 import FF3Cipher

        ff3 = FF3Cipher(KEY[:32].hex(), "00" * 7)
        peers.append(("ff3 (FF3-1)", lambda values: [ff3.encrypt(v.decode()) for v in values]))
    except ImportError:
        print("the package ff3 is not installed")
    try:
        from ffx import FF1

        ffx = FF1(KEY[:32], radix=10)
        peers.append(("libffx (FF1)", lambda values: [ffx.encrypt(v.decode()) for v in values]))
    except ImportError:
        print("the package libffx is not installed")
    for name, ours in contenders:
        for peer, theirs in peers:
            same = None
            if ours is encrypted and "FF1" in peer:
                same = as_digits
            yield Pair(name, peer, ours, theirs, SLOW_PEER_ROWS, same)


def as_digits(found: object) -> list[object]:
    """Matrices of numerals as texts."""
    return ["".join(map(str, row)) for matrix in found for row in matrix.tolist()]  # type: ignore[attr-defined]


def compare(pair: Pair, texts: pa.Array, repeat: int) -> tuple[float, float]:
    """Medians of the values per second, ours and the peer's."""
    few = texts.slice(0, min(pair.rows, len(texts)))
    values = [text.encode() for text in few.to_pylist()]
    if pair.same is not None:
        some = min(1000, len(values))
        if pair.same(pair.ours(texts.slice(0, some))) != pair.theirs(values[:some]):
            sys.exit(f"{pair.name} and {pair.peer} do not agree")
    ours = []
    theirs = []
    for turn in range(repeat + 1):
        mine = rate(lambda: pair.ours(texts), len(texts))
        other = rate(lambda: pair.theirs(values), len(values))
        if turn:  # the first turn warms caches
            ours.append(mine)
            theirs.append(other)
    return statistics.median(ours), statistics.median(theirs)


def rate(work: Callable[[], object], rows: int) -> float:
    """Values per second."""
    start = time.perf_counter()
    work()
    return rows / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["BEAM_DEID_BENCH_KEY"] = "k" * 64
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pa.set_cpu_count(1)
    columns = {"mobiles": mobiles(arguments.rows), "addresses": addresses(arguments.rows)}
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, one core")
    for name, texts in columns.items():
        if len(texts.unique()) != len(texts):
            sys.exit(f"the {name} are not distinct")
        sizes = np.unique([group.size for group in by_size(texts)])
        print(f"{name}: {len(texts):,} distinct values, {sizes[0]} to {sizes[-1]} bytes, median of {arguments.repeat}")
        print(f"  {'':26}{'values/s':>12}  {'peer, value by value':26}{'values/s':>12}{'ratio':>8}  peer's values")
        for pair in (*hashes(), *ciphers(), *(formats() if name == "mobiles" else ())):
            ours, theirs = compare(pair, texts, arguments.repeat)
            print(
                f"  {pair.name:26}{ours:12,.0f}  {pair.peer:26}{theirs:12,.0f}{ours / theirs:8.1f}  "
                f"{min(pair.rows, len(texts)):,}"
            )


if __name__ == "__main__":
    main()
