"""Where a policy says that its keys are, and its register."""

from typing import Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from beam_deid.transforms.crypto.reference import KeyReference
from beam_deid.transforms.label.options import Section


def _only(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"type": "string"}}}


class KeyPlaces(Section):
    """Where keys are; never a key. A keyring's keys have versions and can be destroyed; a single key cannot."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_only("keyring"), _only("key")]})

    keyring: str | None = Field(
        None,
        description="Path of the keyring that `beam-deid keys create` made",
        json_schema_extra={"pattern": r"\.[^./]*$"},
    )
    key: str | None = Field(
        None, description="env:NAME or file:PATH of the key that all subkeys are derived from, 32 bytes at least"
    )

    @field_validator("keyring")
    @classmethod
    def _a_file(cls, keyring: str | None) -> str | None:
        # A pasted key has no dot in it; a path with one may be shown in messages.
        if keyring is not None and "." not in keyring.replace("\\", "/").rpartition("/")[2]:
            raise ValueError("must be the path of a keyring, with the file's ending, such as keys/orders.keyring")
        return keyring

    @model_validator(mode="after")
    def _one_place(self) -> "KeyPlaces":
        if (self.keyring is None) == (self.key is None):
            raise ValueError("say exactly one of keyring: PATH and key: env:NAME")
        return self


class RegisterPlace(Section):
    """Where the register is that remembers what was given out of the dataset, and where its key is."""

    path: str | None = Field(
        None,
        min_length=1,
        description="Folder of the register, or none to go without; <dataset>.register beside the output if not given",
    )
    key: KeyReference | None = Field(
        None,
        description="Key of its fingerprints: keyring:NAME, env:NAME or file:PATH; if not given the key named register of the "
        "policy's keyring, or a key derived from the policy's key",
    )
