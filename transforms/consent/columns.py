"""The columns of a ledger: as the policy calls them, or by the names that they usually have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.policy.consent import Consent

USUAL: Mapping[str, tuple[str, ...]] = {
    "subject": (
        *("subject", "subject_id", "person", "customer_id", "member_id", "buyer_id", "user_id", "open_uid"),
        *("个人信息主体", "主体", "用户", "用户id", "会员", "会员id", "会员号"),
        *("会员编号", "买家", "客户编号", "手机号", "手机号码"),
    ),
    "purpose": ("purpose", "purposes", "目的", "用途", "处理目的", "使用目的", "同意目的", "授权用途"),
    "granted": (
        *("granted", "granted_at", "consent", "consented", "consented_at", "opt_in"),
        *("同意", "是否同意", "授权", "是否授权", "同意时间", "授权时间"),
    ),
    "withdrawn": (
        *("withdrawn", "withdrawn_at", "revoked", "revoked_at", "opt_out"),
        *("撤回", "是否撤回", "撤销", "是否撤销", "撤回同意", "撤回时间", "撤销时间"),
    ),
    "time": ("time", "timestamp", "at", "recorded_at", "updated_at", "时间", "操作时间", "记录时间", "更新时间"),
    "scope": ("scope", "channel", "范围", "授权范围", "同意范围", "渠道"),
    "guardian": ("guardian", "by_guardian", "guardian_consent", "监护人", "监护人同意", "是否监护人同意"),
    "under_14": ("under_14", "minor", "child", "未满十四周岁", "未满14周岁", "不满十四周岁", "不满14周岁"),
}
"""Names by which each column is known, in small letters."""


@dataclass(frozen=True)
class FoundColumns:
    """What a ledger's columns are called; None where it has no such column.

    Attributes:
        named: By what they mean.
    """

    named: Mapping[str, str]

    @property
    def read(self) -> list[str]:
        """The columns to be read, each once."""
        return list(dict.fromkeys(self.named.values()))


def find_columns(consent: Consent, there: Sequence[str], where: str, field: str = "") -> FoundColumns:
    """Find the columns of a ledger's file.

    Args:
        consent: What the policy says of it.
        there: The columns that the file has.
        where: What the file is called.
        field: The field of the policy whose values the ledger's persons are: a column of its name holds them.

    Raises:
        InputError: A column that is needed is not there, or two may be meant.
    """
    asked = consent.columns.model_dump()
    if asked["subject"] is None and field in there:
        asked["subject"] = field
    named = {}
    for meaning in USUAL:
        name = _named(meaning, asked[meaning], there, where)
        if name is not None and (meaning != "scope" or consent.scope is not None):
            named[meaning] = name
    _check(named, there, where, [] if consent.scope is None else ["scope"])
    return FoundColumns(named)


def _named(meaning: str, asked: str | None, there: Sequence[str], where: str) -> str | None:
    if asked is not None:
        if asked not in there:
            raise _lacking(f"there is no column {asked}", there, where)
        return asked
    usual = [name for name in there if name.strip().lower() in USUAL[meaning]]
    if len(usual) > 1:
        step = f"Say which one it is under consent.columns.{meaning}"
        raise InputError(f"two columns of the ledger may be its {meaning}: {usual[0]} and {usual[1]}", where, step)
    return usual[0] if usual else None


def _check(named: Mapping[str, str], there: Sequence[str], where: str, further: Sequence[str]) -> None:
    for meaning in ("subject", "purpose", *further):
        if meaning not in named:
            raise _lacking(f"the ledger lacks the column {meaning}", there, where)
    if "granted" not in named:
        raise _lacking("the ledger lacks the column granted", there, where)


def _lacking(what: str, there: Sequence[str], where: str) -> InputError:
    return InputError(what, where, f"It has: {', '.join(there)}; say what is what under consent.columns")
