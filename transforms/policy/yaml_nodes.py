"""YAML text as plain values with the line of each: the part of YAML that means the same to everyone.

Read are mappings, lists and scalars of YAML 1.2's core schema, narrowed: only ``true`` and ``false`` are
booleans, only ``null``, ``~`` and nothing are null, only decimal numbers without leading zeros are numbers.
All else is text: ``no``, ``on``, ``2024-11-11``, ``0123``, ``12:30:00``. Keys are text, whatever they are.
Refused are duplicate keys, merge keys, tags, aliases that form a circle or grow without end, and a second
document.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any, cast

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from beam_deid.transforms.policy.yaml_errors import line_of, plain_words

Path = tuple[str | int, ...]
"""Where a value stands: keys of mappings and numbers of list items, from the top."""

MAXIMUM_NODES = 50_000
MAXIMUM_DEPTH = 40

_PLAIN = "plain"
_TEXT = "tag:yaml.org,2002:str"
_STRUCTURES = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True)
class Problem:
    """Something wrong in a policy: where, and what.

    Attributes:
        path: The key path, empty for the whole document.
        what: The sentence, with what to do after a semicolon.
        line: The line, from 1, where it is known better than by the path.
    """

    path: Path
    what: str
    line: int | None = None


@dataclass
class Document:
    """A YAML document as plain values.

    Attributes:
        value: dict, list, str, int, float, bool or None; keys of mappings are text.
        lines: The line, from 1, of every key and list item, by path.
        problems: What is wrong with the YAML itself; the first one ends the reading where ``value`` is None.
    """

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_yaml(text: str) -> Document:
    """Read one YAML document. Never raises: what is wrong stands in ``problems``, which quote no value."""
    document = Document()
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        root = loader.only_document()
    except _RefusedError as refused:
        document.problems.append(Problem((), refused.what, refused.line))
    except yaml.YAMLError as error:
        document.problems.append(Problem((), plain_words(error), line_of(error, text)))
    except Exception:  # PyYAML lets its own slips out on odd escapes, as ValueError, OverflowError, IndexError
        line = cast(int, loader.line) + 1 if loader is not None else None
        document.problems.append(Problem((), "this is not YAML; check quotes, brackets and indentation", line))
    else:
        if root is not None:
            document.value = _Values(document).value(root, (), ())
    return document


class _RefusedError(Exception):
    def __init__(self, what: str, line: int | None) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """Composes nodes only: no value is constructed, so nothing in the text can run."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0

    def only_document(self) -> yaml.Node | None:
        events: Any = self  # PyYAML's stubs leave most of the loader untyped
        events.get_event()
        if events.check_event(yaml.StreamEndEvent):
            return None
        root: yaml.Node = events.compose_document()
        if not events.check_event(yaml.StreamEndEvent):
            said = "a second document begins here; a policy is one document, without '---' between"
            raise _RefusedError(said, events.peek_event().start_mark.line + 1)
        return root

    def compose_node(self, parent: Any, index: Any) -> Any:
        events: Any = self
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            line = events.peek_event().start_mark.line + 1
            raise _RefusedError("this is nested too deeply for a policy", line)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        resolver: Any = super()
        plain = kind is yaml.ScalarNode and implicit[0]
        return _PLAIN if plain else resolver.resolve(kind, value, implicit)


class _Values:
    """Turns nodes into plain values, noting lines and problems in ``document``."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._nodes = 0

    def value(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> Any:
        self._nodes += 1
        if self._nodes > MAXIMUM_NODES:
            if self._nodes == MAXIMUM_NODES + 1:
                self._problem((), "this is too large for a policy once its aliases are filled in", node)
            return None
        if id(node) in above:
            return self._problem(path, "an alias that holds itself; write the value out", node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if node.tag not in _STRUCTURES:
            return self._problem(path, "tags (!name) are not supported; leave it out", node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, (*above, id(node)))
        return self._list(node, path, (*above, id(node)))

    def _problem(self, path: Path, what: str, node: yaml.Node) -> Any:
        """Note a problem; None stands for the value."""
        self._document.problems.append(Problem(path, what, node.start_mark.line + 1))

    def _mapping(self, node: yaml.MappingNode, path: Path, above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            line = key_node.start_mark.line + 1
            if key in first:
                self._problem((*path, key), f"this key was there before, in line {first[key]}; leave one", key_node)
                continue
            first[key] = self._document.lines[(*path, key)] = line
            result[key] = self.value(value_node, (*path, key), above)
        return result

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        what = _wrong_key(node)
        if what:
            self._problem(path, what, node)
            return None
        return str(node.value)

    def _list(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> list[Any]:
        result = []
        for number, item in enumerate(node.value):
            self._document.lines[(*path, number)] = item.start_mark.line + 1
            result.append(self.value(item, (*path, number), above))
        return result

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if node.tag not in (_PLAIN, _TEXT):
            return self._problem(path, "tags (!name) are not supported; leave it out", node)
        if _odd(node.value):
            return self._problem(path, "this holds a character that is no text", node)
        return plain_scalar(node.value) if node.tag == _PLAIN else node.value


def _wrong_key(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode) or node.tag not in (_PLAIN, _TEXT):
        return "a key must be text; put a text that holds brackets in quotes"
    if node.value == "<<" and node.tag == _PLAIN:
        return "merge keys (<<) are not supported; write the entries out"
    return "a key holds a character that is no text" if _odd(node.value) else None


def plain_scalar(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar (YAML 1.2 core schema, narrowed as the module says)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def _odd(text: str) -> bool:
    """Whether a text holds half a surrogate pair, which no file and no hash can hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)
