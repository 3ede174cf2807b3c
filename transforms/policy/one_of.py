"""A setting that is one of some names, which are those of things declared elsewhere."""

from collections.abc import Iterable
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class OneOf:
    """The annotation of such a setting: pydantic refuses other names and lists these, as it does for ``Literal``.

    Args:
        names: The names, in the order in which they are listed.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.names))
