"""What is found in released values, whole or in pieces."""

import pyarrow as pa

from beam_deid.transforms.records.recovering import mask_recoveries, platform_recoveries
from beam_deid.transforms.records.scanning import Scanned, Scanner, scan

CIPHER = "~AgAAAAAcayEFTSoAkR1crhaoc2rrX3j00OXmFloTXpjGp2jjmQ==~5bm5ZJ94~4~~"
WITH_MOBILE = "$kT9xQm8xZ0RkT2pLdW5hVw==$AgAAAA13800138000AkR1crhaoc2rrX3j00OXmFlo==$4$$"
TEXTS = [CIPHER, WITH_MOBILE, "138****1234", "*******1234", "张*甲", "13800138000", None, "ordinary"]


def test_parts_together_are_the_whole() -> None:
    parts = [scan("a", pa.array(TEXTS[:3])), scan("a", pa.array(TEXTS[3:])), Scanned()]
    whole, merged = scan("a", pa.array(TEXTS)), Scanned.merge(parts)
    assert (merged.hits, merged.ciphers, merged.left) == (whole.hits, whole.ciphers, whole.left)
    assert whole.left == {("a", "masked_mobile"): 10_000, ("a", "masked_name"): 8_105}


def test_nothing_else_is_looked_for_in_a_whole_ciphertext() -> None:
    assert dict(scan("a", pa.array([WITH_MOBILE])).hits) == {("a", "platform_ciphertext"): 1}
    assert scan("a", pa.array([f"{CIPHER} 13800138000"])).hits["a", "mobile"] == 1


def test_what_a_columns_name_tells_is_counted_as_far_as_its_values_fit() -> None:
    scanner = Scanner({"oaid": r"\A1[A-Za-z]{20,}\z"})
    scanner.add("oaid", pa.array(["1" + "aB" * 12, "none", None]))
    scanner.add("other", pa.array(["1" + "aB" * 12]))
    assert dict(scanner.result().hits) == {("oaid", "platform_id"): 1}


def test_the_evidence_names_what_a_platform_can_restore_and_holds_no_value() -> None:
    (one,) = platform_recoveries(scan("a", pa.array([*TEXTS, "#mR3x8Qz1#kT9xQm8xZ0RkT2pLdW5hV3k1Yg==#9##"])))
    assert (one.attack, one.values, one.share, one.limit) == ("platform", 3, 1.0, 0.0)
    assert "pinduoduo (person name)" in one.detail
    assert "unknown" in one.detail
    assert "how long a name is" in one.detail
    assert not any(text in one.detail for text in TEXTS if text)


def test_an_index_alone_is_named_as_what_joins() -> None:
    (one,) = platform_recoveries(scan("a", pa.array(["$kT9xQm8xZ0RkT2pLdW5hVw==$"])))
    assert "equal ones mean the same telephone or address" in one.detail


def test_masks_of_ours_are_told_elsewhere() -> None:
    scanned = scan("a", pa.array(TEXTS))
    assert mask_recoveries(scanned, None, ours=("a",)) == []
    (one,) = mask_recoveries(scanned, None)
    assert (one.share, one.limit) == (None, 0.0)
    assert "it was not measured" in one.detail
