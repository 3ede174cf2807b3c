"""De-identification of order data as Beam transforms, and what they are made of.

Steps on Beam are in `beam`, one a file; nothing else here knows it. README.md beside this file draws the rooms.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # so that type checkers and editors see what `__getattr__` gives
    from beam_deid.transforms.beam.assess import AssessReidentification
    from beam_deid.transforms.beam.deidentify import Deidentified, Deidentify
    from beam_deid.transforms.beam.in_yaml import yaml_providers
    from beam_deid.transforms.beam.read_orders import ReadOrders
    from beam_deid.transforms.beam.told import Evidence, Rejected, RejectedRow, ReleaseLabel, WrittenRelease
    from beam_deid.transforms.beam.write_release import WriteRelease
    from beam_deid.transforms.policy.model import Policy
    from beam_deid.transforms.policy.reader import read_policy

__all__ = [
    "AssessReidentification",
    "Deidentified",
    "Deidentify",
    "Evidence",
    "Policy",
    "ReadOrders",
    "Rejected",
    "RejectedRow",
    "ReleaseLabel",
    "WriteRelease",
    "WrittenRelease",
    "read_policy",
    "yaml_providers",
]

_HOMES = {
    "AssessReidentification": "beam.assess",
    "Deidentified": "beam.deidentify",
    "Deidentify": "beam.deidentify",
    "Evidence": "beam.told",
    "ReadOrders": "beam.read_orders",
    "Rejected": "beam.told",
    "RejectedRow": "beam.told",
    "WriteRelease": "beam.write_release",
    "WrittenRelease": "beam.told",
    "ReleaseLabel": "beam.told",
    "Policy": "policy.model",
    "read_policy": "policy.reader",
    "yaml_providers": "beam.in_yaml",
}


def __getattr__(name: str) -> Any:
    # Imported when first asked for, so that a worker that only needs arithmetic never loads Beam.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
