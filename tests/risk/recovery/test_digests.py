import base64
import hashlib
import hmac
import itertools

import numpy as np
import pyarrow as pa
import pytest

from beam_deid.transforms.recognisers.id_card import is_id_card
from beam_deid.transforms.risk.recovery.digests import Digests, attack
from beam_deid.transforms.risk.recovery.domains import Mobiles, Names, Numbers, all_domains

PREFIX = "1380013"
MOBILES = [f"{PREFIX}{number:04d}" for number in range(0, 10_000, 7)]


def digests(digest, write=bytes.hex, values=MOBILES):
    return Digests.of(pa.array([write(digest(value.encode())) for value in values]))


def sha256(data):
    return hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("md5", lambda data: hashlib.md5(data, usedforsecurity=False).digest()),
        ("sha1", lambda data: hashlib.sha1(data, usedforsecurity=False).digest()),
        ("sha224", lambda data: hashlib.sha224(data).digest()),
        ("sha256", sha256),
        ("sha384", lambda data: hashlib.sha384(data).digest()),
        ("sha512", lambda data: hashlib.sha512(data).digest()),
        ("sha3-256", lambda data: hashlib.sha3_256(data).digest()),
        (
            "md5, middle 16 digits",
            lambda data: bytes.fromhex(hashlib.md5(data, usedforsecurity=False).hexdigest()[8:24]),
        ),
    ],
)
def test_a_digest_of_mobiles_with_a_known_prefix_is_broken_altogether(name, digest):
    broken = attack(digests(digest), [Mobiles((PREFIX,))])
    assert (broken.digests, broken.recovered, broken.share, broken.expected) == (len(MOBILES), len(MOBILES), 1.0, 1.0)
    assert (broken.algorithm, broken.domain) == (name, "mobile")


def test_sm3_is_tried_too():
    sm3 = pytest.importorskip("gmssl.sm3")
    made = Digests.of(pa.array([sm3.sm3_hash(list(value.encode())) for value in MOBILES[:50]]))
    assert attack(made, [Mobiles((PREFIX,))]).algorithm == "sm3"


@pytest.mark.parametrize(
    "write",
    [
        bytes.hex,
        lambda data: data.hex().upper(),
        lambda data: base64.b64encode(data).decode(),
        lambda data: base64.urlsafe_b64encode(data).decode(),
    ],
)
def test_every_common_spelling_is_read(write):
    made = digests(sha256, write)
    assert made.found == {32: len(MOBILES)}
    assert attack(made, [Mobiles((PREFIX,))]).recovered == len(MOBILES)


@pytest.mark.parametrize(
    ("digest", "said"),
    [
        (lambda data: hashlib.sha256(b"123456" + data).digest(), "sha256 with a common salt before it (123456)"),
        (lambda data: hashlib.sha256(data + b"salt").digest(), "sha256 with a common salt behind it (salt)"),
        (lambda data: hmac.digest(b"secret", data, "sha256"), "hmac-sha256 with a common key (secret)"),
    ],
)
def test_a_weak_key_is_no_key(digest, said):
    broken = attack(digests(digest), [Mobiles((PREFIX,))])
    assert (broken.algorithm, broken.share) == (said, 1.0)


def test_a_real_key_is_not_broken():
    broken = attack(
        digests(lambda data: hmac.digest(b"\x17" * 32, data, "sha256")), all_domains((PREFIX,)), tries=10_000
    )
    assert (broken.recovered, broken.algorithm, broken.domain, broken.expected) == (0, None, None, 0.0)
    assert broken.tries > 50_000


def test_a_sample_tells_what_the_whole_would_give():
    domain = Mobiles(("138",))
    tried = list(itertools.islice(domain.values(2_000), 2_000))
    made = digests(sha256, values=[*tried[:20], *(f"139{number:08d}" for number in range(20))])
    broken = attack(made, [domain], tries=2_000)
    assert (broken.recovered, broken.expected) == (20, 1.0)


@pytest.mark.parametrize(
    ("values", "domain"),
    [
        (["王伟", "李娜", "张强"], "person_name"),
        (["杭州市", "朝阳区", "浙江"], "division"),
        (["1990-05-17", "19900517", "1990/05/17"], "date"),
        (["7", "42", "123456"], "number"),
    ],
)
def test_other_things_that_can_be_counted_are_tried(values, domain):
    broken = attack(digests(sha256, values=values), [one for one in all_domains() if one.name == domain])
    assert (broken.domain, broken.recovered) == (domain, 3)


@pytest.mark.parametrize(
    "texts", [["a" * 31], ["g" * 32], ["杭州市"], ["13800138000"], ["0" * 65], ["ab" * 8, "x", "y", "z"], [""]]
)
def test_what_has_not_the_form_of_a_digest_is_none(texts):
    assert not Digests.of(pa.array(texts)).suspicious


def test_one_digest_among_texts_is_enough():
    assert Digests.of(pa.array(["hello", sha256(b"x").hex()])).suspicious


def test_parts_are_one():
    one = digests(sha256, values=MOBILES[:100])
    other = digests(sha256, values=MOBILES[100:])
    whole = digests(sha256)
    merged = Digests.merge([one, other])
    assert (merged.values, merged.found) == (whole.values, whole.found)
    assert np.array_equal(merged.heads[32], whole.heads[32])


def test_domains_are_the_same_each_time_and_look_like_what_they_are():
    for one in all_domains():
        first, second = (list(itertools.islice(one.values(3_000), 3_000)) for _ in range(2))
        assert first == second
        assert len(set(first)) > 0.99 * len(first)
    ids, mobiles = (list(one.values(500)) for one in (all_domains()[1], all_domains()[0]))
    assert all(map(is_id_card, ids))
    assert all(len(one) == 11 and one[0] == "1" for one in mobiles)


def test_sizes_are_what_can_be_drawn():
    assert Mobiles((PREFIX,)).size == 10_000 == len(set(Mobiles((PREFIX,)).values(10_000)))
    assert Mobiles().size == 52 * 10**8
    assert Numbers().size == 10**6
    assert len(set(Names().values(50_000))) == 50_000
