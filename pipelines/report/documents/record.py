"""The record of a processing, as JSON (PIPL Art. 54 and 55, 网络数据安全管理条例 Art. 12, GB/T 35273-2020, 11.3)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from beam_deid.pipelines.report.documents.headings import TwoTexts
from beam_deid.pipelines.report.documents.record_model import InBoth, Record, ToFillIn
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.given_to import Given, given_to
from beam_deid.pipelines.report.sections.persons import counts
from beam_deid.transforms.recognisers.categories.category import categories
from beam_deid.transforms.terms import RecipientRole, Sharing

_SCENES: Mapping[str, str] = {
    RecipientRole.INTERNAL: "internal",
    RecipientRole.ENTRUSTED: "entrusted",
    RecipientRole.OTHER: "provided",
    RecipientRole.ABROAD: "abroad",
}
_UNKNOWN = {"en": "no category is known", "zh": "类别未知"}


def record_of_processing(evidences: Sequence[Evidence]) -> dict[str, Any]:
    """The record of a run with all its releases; the same in all languages.

    Args:
        evidences: What is known of each release; one at least.
    """
    whole = WholeRun(evidences)
    run = whole.run
    record = Record.model_validate(
        {
            "dataset": run.get("dataset"),
            "run": whole.id or None,
            "policy_sha256": whole.first.get("policy_sha256"),
            "started_at": run.get("started_at"),
            "finished_at": run.get("finished_at"),
            "kept_until": whole.kept_until,
            "source": _source(run),
            "systems": _systems(run),
            "processings": [_processing(one) for one in evidences],
            "to_be_filled_in": tuple(_to_fill_in(evidences)),
        }
    )
    return record.model_dump(mode="json", by_alias=True)


def _source(run: Mapping[str, Any]) -> dict[str, Any]:
    names = ("subject", "persons", "sensitive", "under_14")
    return {
        "files": list(run.get("inputs", ())),
        "records": run.get("records", {}).get("read"),
        "persons": [{name: one.get(name) for name in names} for one in counts(run)],
    }


def _systems(run: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "engine": run.get("engine"),
        "versions": run.get("versions", {}),
        "operator": run.get("operator"),
        "keyring": (run.get("keyring") or {}).get("id"),
        "register_id": (run.get("register") or {}).get("id"),
    }


def _processing(one: Evidence) -> dict[str, Any]:
    label = one.label
    given = given_to(one)
    return {
        "release": one.name,
        "published": one.declared.get("published"),
        "purpose": label.get("purpose", ""),
        "scene": _scene(label, given),
        "ground": label.get("ground"),
        "label": label["label"],
        "sensitive": bool(label.get("sensitive")),
        "grade": label.get("grade"),
        "kinds": list(_kinds(label["fields"])),
        "quantities": _quantities(label),
        "recipient": None if given is None else _receiver(given),
        "method": label["sharing"],
        "measures": [_measure(name, facts) for name, facts in label["fields"].items()],
        "period": {name: label.get(name) for name in ("assessed_at", "review_by", "retain_until")},
        "approver": one.declared.get("approver"),
        "consent": one.declared.get("consent"),
    }


def _scene(label: Mapping[str, Any], given: Given | None) -> str | None:
    """How a release leaves: what is public does so whoever is named."""
    if label["sharing"] == Sharing.PUBLIC:
        return "public"
    return None if given is None else _SCENES.get(given.role)


def _quantities(label: Mapping[str, Any]) -> dict[str, Any]:
    names = ("read", "released", "suppressed", "withheld", "rejected")
    return {**{name: label["records"][name] for name in names}, "persons": label["risk"].get("subjects")}


def _kinds(fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    found: dict[str | None, list[str]] = {}
    for name, facts in fields.items():
        found.setdefault(facts.get("category"), []).append(name)
    for category, names in found.items():
        known = categories().get(category or "")
        title = _UNKNOWN if known is None else {"en": known.title, "zh": known.chinese}
        group = None if known is None else known.group
        sensitive = None if known is None else known.sensitive or None
        yield {"category": category, "title": title, "group": group, "sensitive_by": sensitive, "fields": names}


def _measure(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    told = {"field": name, "role": facts["role"], "told": facts["sentence"]}
    return {**told, "action": facts["action"], "recoverability": facts["recoverability"]}


def _receiver(given: Given) -> dict[str, Any]:
    told = given.declared
    names = ("contract", "from", "until", "fields", "sub_processing", "returned", "deleted")
    return {
        "name": given.name,
        "role": given.role or None,
        "supervision": list(told.get("inspections", ())),
        **{name: told.get(name) for name in names},
    }


def _to_fill_in(evidences: Sequence[Evidence]) -> Iterator[ToFillIn]:
    yield _asked("/source/collected", COLLECTED, law="PIPL Art. 55")
    for number, one in enumerate(evidences):
        at = f"/processings/{number}"
        if one.label.get("ground") is None:
            yield _asked(f"{at}/ground", BASIS, law="PIPL Art. 13")
        if given_to(one) is None:
            yield _asked(f"{at}/recipient", RECIPIENT, law="PIPL Art. 55; 条例 Art. 12")
        if one.label.get("retain_until") is None:
            yield _asked(f"{at}/period/retain_until", PERIOD, law="PIPL Art. 19")
        if one.declared.get("approver") is None:
            yield _asked(f"{at}/approver", APPROVER, law="PIPL Art. 51")
        untold = [name for name, facts in one.label["fields"].items() if facts.get("category") is None]
        if untold:
            yield _asked(f"{at}/kinds", CATEGORY, law="PIPL Art. 28, 51")


def _asked(at: str, question: TwoTexts, *, law: str) -> ToFillIn:
    return ToFillIn(at=at, law=law, question=InBoth(en=question.en, zh=question.zh))


COLLECTED = TwoTexts(
    en="How the information was collected, from whom, through which channel, and since when",
    zh="个人信息的收集方式、来源渠道和起始时间",
)
BASIS = TwoTexts(
    en="The legal basis of this processing, and where it is written down", zh="该项处理的合法性基础及其书面依据"
)
RECIPIENT = TwoTexts(
    en="Who receives it, in which role, under which contract, and until when",
    zh="接收方及其法律地位、合同和期限",
)
PERIOD = TwoTexts(
    en="Until when it may be kept: no longer than the purpose needs", zh="保存期限：不超过实现处理目的所必要的最短时间"
)
APPROVER = TwoTexts(en="Who approved it, when, and where that is written", zh="审批人、审批时间和依据")
CATEGORY = TwoTexts(
    en="The category of the fields that none is known of, and whether it is sensitive",
    zh="类别未知字段的个人信息类别，以及是否属于敏感个人信息",
)
