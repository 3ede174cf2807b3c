"""Policies and ledgers of consent, to try the gate on."""

from typing import Any

PURPOSE = "会员营销"
ZONE = {"timezone": "Asia/Shanghai"}


def policy(ledger: Any, fields: dict[str, Any] | None = None, where: Any = None, **consent: Any) -> dict[str, Any]:
    """A policy of one release that needs consent.

    Args:
        ledger: The ledger.
        fields: Fields beside the buyer and the city.
        where: The row filter.
        consent: What else is said of the ledger.
    """
    release: dict[str, Any] = {
        "purpose": PURPOSE,
        "sharing": "enclave",
        "fields": {"city": "keep"},
        "consent": {"ledger": str(ledger), "input": ZONE, **consent},
    }
    return {
        "version": 1,
        "dataset": "shop",
        "subject": "buyer",
        "register": "none",
        "keys": {"key": "env:BEAM_DEID_KEY"},
        "fields": {
            "buyer": {"role": "direct_identifier"},
            "city": {"role": "quasi_identifier"},
            **(fields or {}),
        },
        "releases": {"crm": {**release, **({} if where is None else {"where": where})}},
    }


def write(path: Any, header: str, rows: list[tuple[Any, ...]]) -> Any:
    """Write a ledger as CSV; None is an empty cell."""
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return path
