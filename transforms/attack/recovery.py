"""The attacks on what released fields still show of removed values, each with its result as evidence."""

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass

from beam_deid.transforms.attack.frequencies import read_frequencies
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints
from beam_deid.transforms.label.evidence import Recovery
from beam_deid.transforms.measure.scanning import Scanned
from beam_deid.transforms.recognisers.meaning import MASKED, RESTORABLE
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.recovery.digests import TRIES, Digests, attack
from beam_deid.transforms.risk.recovery.domains import all_domains
from beam_deid.transforms.risk.recovery.frequency import Known, Matched, match
from beam_deid.transforms.risk.recovery.pseudonyms import (
    Recovered,
)


@dataclass(frozen=True)
class JoinedMasks:
    """How many subjects the released fields single out together.

    Attributes:
        on: The fields.
        singled_out: Subjects who share their values of these with nobody.
        subjects: All subjects.
    """

    on: tuple[str, ...]
    singled_out: int
    subjects: int


def platform_recoveries(scanned: Scanned) -> list[Recovery]:
    """Report, by field, the ciphertexts and indexes that platforms can decrypt, and what these reveal as they are."""
    found = []
    for name in dict.fromkeys(name for name, kind in scanned.hits if kind in RESTORABLE):
        values = sum(count for (field, kind), count in scanned.hits.items() if field == name and kind in RESTORABLE)
        whose = Counter[str]()
        told = dict[str, None]()
        for (field, platform, holds, tells), count in sorted(scanned.ciphers.items()):
            if field == name:
                whose[f"{platform} ({holds.replace('_', ' ')})" if holds else platform] += count
                told.update({tells: None} if tells else {})
        if not whose:
            said = f"{name} holds index strings of a platform: equal ones mean the same telephone or address, and join records"
        else:
            makers = ", ".join(name for name, _ in whose.most_common())
            said = f"{name} holds ciphertext of {makers}; the platform restores it for whoever it permits"
        said = "; ".join([said, *told])
        found.append(Recovery(name, "platform", values, values, 1.0, 0.0, said))
    return found


def mask_recoveries(scanned: Scanned, joined: JoinedMasks | None, ours: Container[str] = ()) -> list[Recovery]:
    """What masks that were in the data already leave: how many may be meant, and how many that singles out with the others.

    Args:
        scanned: What values look like.
        joined: Whom the fields single out together; None where that was not measured.
        ours: Fields that were masked here: `remainder_recoveries` has them.
    """
    masks: dict[str, list[str]] = {}
    for name, kind in scanned.hits:
        if kind in MASKED and name not in ours:
            masks.setdefault(name, []).append(kind)
    found = []
    for name, kinds in masks.items():
        values = sum(scanned.hits[name, kind] for kind in kinds)
        left = [f"{scanned.left[name, kind]:,.0f}" for kind in kinds if (name, kind) in scanned.left]
        said = f"{name} came masked ({', '.join(kind.replace('_', ' ') for kind in kinds)})"
        if left:
            said += f"; of one value no more than {min(left, key=len)} may be meant"
        if joined is None:
            found.append(
                Recovery(name, "masked", values, 0, None, 0.0, f"{said}; joined with other fields it was not measured")
            )
            continue
        others = ", ".join(field for field in joined.on if field != name) or "nothing else"
        said += f"; joined with {others} it singles out {joined.singled_out:,} of {joined.subjects:,} subjects"
        share = joined.singled_out / joined.subjects if joined.subjects else None
        found.append(Recovery(name, "masked", joined.subjects, joined.singled_out, share, 0.0, said))
    return found


def digest_recoveries(
    digests: Mapping[str, Digests], tries: int = TRIES, mobiles: tuple[str, ...] = ()
) -> list[Recovery]:
    """Attack the columns that hold digests of unknown making.

    What cannot be broken is not thereby safe: nobody knows what it is a digest of, so the attack stays without a share.

    Args:
        digests: What has the form of a digest, by field.
        tries: Most values of a domain that are hashed.
        mobiles: What is known of how mobiles begin.
    """
    found = []
    for name, column in digests.items():
        if not column.suspicious:
            continue
        broken = attack(column, all_domains(mobiles), tries)
        if broken.recovered:
            said = (
                f"{name} holds {broken.algorithm} of {broken.domain}: {broken.recovered:,} of {broken.digests:,} recovered by "
                f"{broken.tries:,} tries, {broken.expected:.0%} if all were tried"
            )
        else:
            said = (
                f"{name} holds digests of unknown making; {broken.tries:,} tries recovered none, which proves nothing: "
                "remove the field, or hash the value it was made from with a key"
            )
        share = broken.share if broken.recovered else None
        found.append(Recovery(name, "digests", broken.digests, broken.recovered, share, 0.0, said))
    return found


def frequency_recovery(
    name: str, matched: Matched | None, limit: float | None, own: Recovered | None = None, said: str = ""
) -> Recovery:
    """Frequency analysis as evidence: whatever recovers most, of the records or of the distinct tokens.

    Args:
        name: The field.
        matched: What matching to a known distribution found, where there is one.
        limit: Greatest share that may be recovered.
        own: Tokens that their own frequency tells apart, where that was counted.
        said: What is said of these.
    """
    found = [own] if own else []
    told = [said] if said else []
    if matched is not None:
        found += [
            Recovered(matched.records, round(matched.found_records)),
            Recovered(matched.tokens, round(matched.found_tokens)),
        ]
        result = (
            "have their value found rightly"
            if matched.rightly
            else "have a match that is 20 times likelier than any near it"
        )
        told.append(
            f"by how often {matched.known:,} values are known to occur {found[-2].recovered:,} of {matched.records:,} records "
            f"and {found[-1].recovered:,} of {matched.tokens:,} tokens of {name} {result}"
        )
    return recovery(name, "frequency", max(found, key=lambda one: one.share), limit, "; ".join(told))


def token_recoveries(
    tokens: Mapping[str, Fingerprints],
    counts: Counts,
    frequencies: Mapping[str, str],
    limit: float,
    key: FingerprintKey,
) -> list[Recovery]:
    """Match the tokens of a dataset that somebody made to known distributions; the truth is not known.

    Args:
        tokens: Tokens by field, each of shape (n,).
        counts: Records of each row, shape (n,).
        frequencies: Path of each field's table.
        limit: Greatest share whose match may be sure.
        key: The key of the tokens' fingerprints.

    Raises:
        InputError: A table of frequencies cannot be read.
    """
    return [
        frequency_recovery(
            name, match_tokens(tokens[name], None, counts, read_frequencies(path, name, key), key), limit
        )
        for name, path in frequencies.items()
    ]


def match_tokens(
    tokens: Fingerprints, truth: Fingerprints | None, counts: Counts, known: Known, key: FingerprintKey
) -> Matched:
    """Match the tokens of rows that are not null.

    Args:
        tokens: Token of each row, shape (n,).
        truth: The value that each was made from, shape (n,); None where it is not known.
        counts: Records of each row, shape (n,).
        known: How often values are known to occur.
        key: The key of all fingerprints.
    """
    there = (tokens if truth is None else truth) != key.null
    return match(tokens[there], counts[there], known, None if truth is None else truth[there])


def recovery(name: str, attack_name: str, found: Recovered, limit: float | None, said: str) -> Recovery:
    """The result of an attack on a field as evidence: ``limit`` is the greatest share that may be recovered, None for any."""
    return Recovery(name, attack_name, found.values, found.recovered, found.share, limit, said)
