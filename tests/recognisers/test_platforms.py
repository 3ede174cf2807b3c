"""Generated orders of every platform, recognised: each field with its recall and precision, by name and without."""

import base64
import sys
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers import BY_NAME
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.platform_ciphertext import PLATFORM_CIPHERTEXT
from beam_deid.transforms.recognisers.platforms.advice import advise
from beam_deid.transforms.recognisers.platforms.catalogue import platform, platforms, read_platform
from beam_deid.transforms.recognisers.platforms.ciphertext import parse
from beam_deid.transforms.recognisers.platforms.tables import classify, recognise
from beam_deid.transforms.synthetic.platforms import SHAPES, platform_batches, platform_columns
from beam_deid.transforms.terms import Recoverability, Role

ROWS = 10_000
LEAST = 0.999
FREE = "free_text"

NAMED = "by name"
NAMELESS = "by value alone"


def made(name: str) -> dict[str, tuple[pa.Array, list[str | None]]]:
    """Values as text, and the form that each was made in."""
    (columns,) = platform_columns(name, ROWS, seed=6)
    return {field: (pc.cast(one.values, pa.string()), one.forms().to_pylist()) for field, one in columns.items()}


def found_forms(name: str, named: bool) -> Iterator[tuple[str, list[str | None], list[str | None]]]:
    """Each field with the form that each value was made in, and the one that was found."""
    where = platform(name)
    for field, (texts, truth) in made(name).items():
        names, numbers = classify(texts, where.fields[field], where) if named else classify(texts)
        yield field, truth, [names[number] if number >= 0 else None for number in numbers.tolist()]


def table(name: str, named: bool) -> list[tuple[str, int, float, float]]:
    """Field, values, recall and precision. Without a name only what has a recogniser of its own can be found."""
    right = Counter[str]()
    said = Counter[str]()
    rows = []
    everything = list(found_forms(name, named))
    for _, truth, found in everything:
        for true, one in zip(truth, found, strict=True):
            # By its value alone one identifier may be taken for another one; it is none the less one.
            if true != FREE and one is not None and (named or true is None or true in BY_NAME):
                said[one] += 1
                right[one] += one == true
    for field, truth, found in everything:
        if FREE in truth:
            continue
        pairs = [
            (true, one) for true, one in zip(truth, found, strict=True) if named or true is None or true in BY_NAME
        ]
        hits = sum(true == one for true, one in pairs)
        forms = {true for true, _ in pairs if true is not None} or {one for _, one in pairs if one is not None}
        precision = min((right[form] / said[form] for form in forms if said[form]), default=1.0)
        rows.append((field, len(pairs), hits / len(pairs) if pairs else 1.0, precision))
    return rows


@pytest.mark.parametrize("named", [True, False], ids=[NAMED, NAMELESS])
@pytest.mark.parametrize("name", SHAPES)
def test_every_field_of_a_platform_is_recognised(name: str, named: bool) -> None:
    """The table is printed: `pytest -s` shows it."""
    rows = table(name, named)
    sys.stdout.write(f"\n{platform(name).title}, {ROWS:,} orders, {NAMED if named else NAMELESS}\n")
    for field, values, recall, precision in rows:
        sys.stdout.write(f"  {field:72} {values:7,} values   recall {recall:.4f}   precision {precision:.4f}\n")
    assert all(recall >= LEAST and precision >= LEAST for _, _, recall, precision in rows)


ORDINARY = 1_000_000


def ordinary_texts() -> Iterator[pa.Array]:
    """A million texts that are no ciphertext, a kind at a time: titles, addresses of pages, images, prices, markdown, code."""
    random = np.random.default_rng(6)
    share = ORDINARY // 10
    numbers = random.integers(0, 10**9, (10, share))
    words = np.array(
        [
            "summer",
            "Sale",
            "2025",
            "new-arrival",
            "dress_red",
            "XL",
            "iPhone15",
            "ProMax",
            "连衣裙",
            "礼盒装",
            "free",
            "shipping",
            "size40",
            "A4纸",
            "5包",
            "Mi14Ultra",
        ]
    )
    picked = words[random.integers(0, len(words), (4, share))]
    images = [
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"RIFF",
        b"\x00\x00\x01\x00",
        b"\x00\x01\x00\x00",
    ]
    noise = random.integers(0, 256, (share, 90), dtype=np.uint8)
    encoded = [base64.b64encode(images[n % len(images)] + noise[n].tobytes()).decode() for n in range(share)]
    a, b, c, d = picked
    yield pa.array([f"{w}{x} {y}*{n % 9} {z}" for w, x, y, z, n in zip(a, b, c, d, numbers[0], strict=True)])
    yield pa.array(
        [f"https://shop.example.com/~{w}/{x}?id={n}#{y}" for w, x, y, n in zip(a, b, c, numbers[1], strict=True)]
    )
    yield pa.array(encoded)
    yield pa.array([f"data:image/png;base64,{text}" for text in encoded])
    yield pa.array([f"${n % 9999}.{n % 97:02d}~${n % 7777}" for n in numbers[4]])
    marked = zip(a, b, c, d, numbers[5], strict=True)
    yield pa.array([f"## {w} {x}\n\n**{y}** ~~{z}~~ [{w}](#{x}-{n}) `$x_{n}$`" for w, x, y, z, n in marked])
    yield pa.array([f"#{w}{x}{y}{z}#{n % 999}#" for w, x, y, z, n in zip(a, b, c, d, numbers[6], strict=True)])
    yield pa.array([f"$$f(x)={n}x^2$$ and ${w}_{x}$1$" for w, x, n in zip(a, b, numbers[7], strict=True)])
    yield pa.array([f"~/{w}/{x}/{y}~{n % 99}~ {n}" for w, x, y, n in zip(a, b, c, numbers[8], strict=True)])
    yield pa.array([base64.encodebytes(row.tobytes()).decode() for row in noise])


@pytest.mark.slow
def test_a_million_ordinary_texts_hold_no_ciphertext() -> None:
    tried = 0
    for texts in ordinary_texts():
        tried += len(texts)
        for name in ("platform_ciphertext", "bare_ciphertext", "platform_index"):
            found = BY_NAME[name].find(texts)
            assert texts.filter(found)[:3].to_pylist() == []
    assert tried == ORDINARY


@pytest.mark.parametrize("name", SHAPES)
def test_a_platform_is_told_by_its_columns(name: str) -> None:
    (batch,) = platform_batches(name, 500, seed=2)
    found = recognise(dict(zip(batch.schema.names, batch.columns, strict=True)))
    assert found.platform == name
    assert found.confidence > 0.9
    assert all(one.spec is not None for one in found.columns.values())


@pytest.mark.parametrize("name", [name for name in SHAPES if platform(name).ciphertext and name != "taobao"])
def test_a_platform_is_told_by_its_signatures_where_no_name_says_it(name: str) -> None:
    (batch,) = platform_batches(name, 500, seed=2)
    found = recognise({f"column {n}": column for n, column in enumerate(batch.columns)})
    assert (found.platform, found.confidence) == (name, 0.5)


@pytest.mark.parametrize("name", SHAPES)
def test_advice_never_puts_a_direct_identifier_below_its_role(name: str) -> None:
    (batch,) = platform_batches(name, 2_000, seed=2)
    named = recognise(dict(zip(batch.schema.names, batch.columns, strict=True)))
    for field, found in named.columns.items():
        advice = advise(found)
        if Role.DIRECT in platform(name).fields[field].role:
            assert advice.role == (Role.DIRECT,), field
        else:
            assert advice.role == platform(name).fields[field].role, field
        assert advice.linkable >= platform(name).fields[field].linkable
        assert advice.reasons


def test_advice_follows_values_where_no_name_helps() -> None:
    found = recognise(
        {
            "a": pa.array(["13800138000", "13800138001"]),
            "b": pa.array(["138****1234"]),
            "c": pa.array(["红色连衣裙"]),
            "d": pa.array(["#mR3x8Qz1#kT9xQm8xZ0RkT2pLdW5hV3k1Yg==#9##"]),
            "e": pa.array(["尽快发货"] * 99 + ["电话13800138000"]),
        }
    )
    advice = {name: advise(one) for name, one in found.columns.items()}
    assert [(one.role, one.kind, one.recoverability) for one in advice.values()] == [
        ((Role.DIRECT,), MOBILE, Recoverability.CLEAR),
        ((Role.QUASI,), MOBILE, Recoverability.PARTIAL),
        ((), None, Recoverability.CLEAR),
        ((Role.DIRECT,), PLATFORM_CIPHERTEXT, Recoverability.KEYED),
        ((Role.DIRECT,), FREE_TEXT, Recoverability.CLEAR),
    ]
    assert advice["d"].reasons == ("100.0% of the values are platform ciphertext", "ciphertext of unknown")


HELD = {
    ("pinduoduo", "receiver_name"): "person_name",
    ("pinduoduo", "receiver_phone"): "mobile",
    ("pinduoduo", "address"): "address",
    ("pinduoduo", "id_card_num"): "id_card",
    ("xiaohongshu", "receiverAddress"): "address",
    ("xiaohongshu", "receiverPhone"): "mobile",
    ("kuaishou", "orderAddress.encryptedAddress"): "address",
    ("douyin", "encrypt_post_tel"): "mobile",
    ("taobao", "receiver_mobile"): "mobile",
    ("jd", "consigneeInfo.desen_mobile"): "mobile",
}


@pytest.mark.parametrize(("name", "field"), HELD)
def test_what_a_ciphertext_holds_is_told(name: str, field: str) -> None:
    (batch,) = platform_batches(name, 2_000, seed=3)
    parsed = parse(batch.column(field))
    encrypted = parsed.column("form").is_valid()
    assert pc.sum(encrypted).as_py() > 100
    assert set(parsed.column("platform").filter(encrypted).to_pylist()) == {name}
    assert set(parsed.column("holds").filter(encrypted).to_pylist()) == {HELD[name, field]}


def test_every_form_is_taken_apart() -> None:
    body = "kT9xQm8xZ0RkT2pLdW5hV3k1Yg=="
    index = "mR3x8Qz1"
    texts = {
        f"~{body}~4~": ("no_index", None),
        f"$138${body}$1$": ("prefix", "138"),
        f"~{body}~{index}~1~~": ("cipher_index", index),
        f"${index}${body}$1$$": ("index_cipher", index),
        f"##{body}#12##": ("empty_index", None),
        f"\x01{body}\x01-1\x01": ("no_index", None),
        "AAS" + "a" * 65: ("bare", None),
    }
    parsed = parse(pa.array([*texts, None, "text", f"~{body}"]))
    assert list(zip(parsed.column("form").to_pylist(), parsed.column("index").to_pylist(), strict=True)) == [
        *texts.values(),
        (None, None),
        (None, None),
        (None, None),
    ]
    assert parsed.column("cipher").to_pylist()[: len(texts) - 1] == [body] * (len(texts) - 1)


def test_what_has_the_shape_and_nobodys_signature_is_unknown_and_found_all_the_same() -> None:
    texts = pa.array(["#mR3x8Qz1#kT9xQm8xZ0RkT2pLdW5hV3k1Yg==#9##"])
    assert parse(texts).column("platform").to_pylist() == ["unknown"]
    assert BY_NAME["platform_ciphertext"].find(texts).to_pylist() == [True]


def test_all_shapes_are_patterns_that_arrow_reads() -> None:
    for one in platforms().values():
        for shape in (*one.shapes.values(), *(rule.pattern for rule in one.ciphertext if rule.pattern)):
            pc.match_substring_regex(pa.array([""]), shape)


GOOD = "version: 1\nname: x\ntitle: X\nsource: none\nfields:\n  a: {role: insensitive, says: a}\n"
WRONG = {
    "fields.a.forms: nothing is called nonsense": GOOD.replace("says: a", "says: a, forms: nonsense"),
    "fields.a.role.0": GOOD.replace("insensitive", "boss"),
    "fields.a.says: Field required": GOOD.replace(", says: a", ""),
    "line 7": GOOD + "  b: {role: [}",
    "is no pattern": GOOD + "shapes: {b: '['}",
    "say separators or pattern": GOOD + "ciphertext: [{starts: AA}]",
    "types needs type_at": GOOD + "ciphertext: [{separators: '~', types: {5: mobile}}]",
    "extra: Extra inputs are not permitted": GOOD + "extra: 1",
    "the file: Input should be": "- 1",
}


@pytest.mark.parametrize("problem", WRONG)
def test_a_wrong_file_is_refused_with_the_key_that_is_wrong(problem: str) -> None:
    assert read_platform(GOOD, "x.yaml").fields["a"].forms == ()
    with pytest.raises(UsageError) as caught:
        read_platform(WRONG[problem], "x.yaml")
    assert problem in caught.value.message


def test_there_is_no_such_platform() -> None:
    with pytest.raises(UsageError, match="Choose one of douyin"):
        platform("amazon")
