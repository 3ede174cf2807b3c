"""Reading a policy: everything that is wrong at once, each with file, line, key and what to do.

Messages never repeat a value under ``keys``: somebody may have pasted a key where its place belongs.
"""

import codecs
import datetime
import os
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import partial
from typing import Any, NamedTuple

from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.errors import InputError, PolicyError
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.policy.canonical import policy_sha256
from beam_deid.transforms.policy.categories import with_categories
from beam_deid.transforms.policy.checks import cross_problems
from beam_deid.transforms.policy.checks.limits import loosened
from beam_deid.transforms.policy.draft import draft_of
from beam_deid.transforms.policy.expanding import expand
from beam_deid.transforms.policy.missing import is_text_of_one, no_such_policy
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.model_paths import is_secret, valid_names
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.own_names import own_names
from beam_deid.transforms.policy.pasted_keys import pasted_keys
from beam_deid.transforms.policy.paths import anchored, folder_of
from beam_deid.transforms.policy.shape import shape_problems
from beam_deid.transforms.policy.table_checks import TABLES
from beam_deid.transforms.policy.tables import TablesPolicy
from beam_deid.transforms.policy.yaml_nodes import MAXIMUM_DEPTH, Document, Path, Problem, read_yaml
from beam_deid.transforms.storage.files import is_file, read_all
from beam_deid.transforms.storage.paths import shown

__all__ = [
    "PolicyFile",
    "any_policy_from_mapping",
    "policy_from_mapping",
    "policy_sha256",
    "read_any_policy",
    "read_policy",
    "read_policy_file",
    "read_tables_policy",
]

MAXIMUM_BYTES = 1 << 20


class PolicyFile(NamedTuple):
    """A policy with the file that it was read from.

    Attributes:
        policy: The policy, of one table or of several.
        text: The bytes of the file. No key is in them: see `beam_deid.transforms.policy.pasted_keys`.
    """

    policy: Policy | TablesPolicy
    text: bytes


def read_policy(path: str | os.PathLike[str], *, key_given: bool = False) -> Policy:
    """Read a policy file of one table, UTF-8 YAML. Relative paths in it start from its folder.

    Args:
        path: The file.
        key_given: Whether the caller brings a key along, so that the policy need not name one.

    Raises:
        PolicyError: It cannot be read or something in it is wrong; ``problems`` lists all that was found. Or it has tables.
    """
    text = os.fspath(path)
    return _of_one_table(read_any_policy(text, key_given=key_given), shown(text))


def read_any_policy(path: str, *, key_given: bool = False) -> Policy | TablesPolicy:
    """Read a policy file, of one table or of several: see `read_policy`."""
    return read_policy_file(path, key_given=key_given).policy


def read_policy_file(path: str, *, key_given: bool = False) -> PolicyFile:
    """Read a policy file as `read_any_policy` does, and keep its bytes."""
    content = _content(path)
    text = _text(content, path)
    document = read_yaml(text)
    if document.value is None and not document.problems:
        raise PolicyError("the policy is empty", path, "`beam-deid demo` shows one; `beam-deid schema` describes it")
    if document.value is not None:
        document.problems.extend(pasted_keys(text))
    return PolicyFile(_policy(document, shown(path), folder_of(path), key_given), content)


def read_tables_policy(path: str) -> TablesPolicy:
    """Read a policy file with tables: see `read_policy`."""
    found = read_any_policy(path)
    if not isinstance(found, TablesPolicy):
        raise PolicyError("the policy has no tables", shown(path), "Write tables: {TABLE: {fields: {…}}}")
    return found


def policy_from_mapping(mapping: Mapping[str, Any], origin: str = "policy", *, key_given: bool = False) -> Policy:
    """Read a policy of one table from Python values: see `any_policy_from_mapping`.

    Raises:
        PolicyError: Something in it is wrong; ``problems`` lists all that was found. Or it has tables.
    """
    return _of_one_table(any_policy_from_mapping(mapping, origin, key_given=key_given), origin)


def any_policy_from_mapping(
    mapping: Mapping[str, Any], origin: str = "policy", *, key_given: bool = False
) -> Policy | TablesPolicy:
    """Read a policy of one table or of several from Python values. Relative paths in it start from the current folder.

    Args:
        mapping: What the YAML would say: mappings, sequences, text, numbers, booleans, None; also enums of
            `beam_deid.transforms.terms` and instances of actions.
        origin: What to call it in messages.
        key_given: Whether the caller brings a key along, so that the policy need not name one.

    Raises:
        PolicyError: Something in it is wrong; ``problems`` lists all that was found.
    """
    document = Document()
    document.value = _plain(mapping, (), document.problems)
    return _policy(document, origin, os.getcwd(), key_given)


def _of_one_table(policy: Policy | TablesPolicy, origin: str) -> Policy:
    if isinstance(policy, TablesPolicy):
        raise PolicyError(
            "the policy has several tables, and this takes one",
            origin,
            "Use run, plan or verify, which take tables; for anything else write a policy of the one table",
        )
    return policy


def _policy(document: Document, origin: str, folder: str, key_given: bool) -> Policy | TablesPolicy:
    raw = document.value
    problems = document.problems
    if isinstance(raw, dict) and TABLES in raw:
        return _tables(document, origin, folder, key_given)
    if isinstance(raw, dict):
        NAMES.add_later(partial(own_names, raw))
        raw = anchored(raw, folder)
        problems = [*problems, *_problems(raw, key_given)]
    elif not problems:
        problems = [Problem((), "a policy is a mapping: version, dataset, fields, releases")]
    if problems:
        raise PolicyError.from_problems(_lines(problems, document.lines, origin))
    return with_categories(Policy.model_validate(raw))


def _tables(document: Document, origin: str, folder: str, key_given: bool) -> TablesPolicy:
    made, problems = expand(
        document.value, lambda raw: _problems(anchored(raw, folder), key_given), lambda raw: anchored(raw, folder)
    )
    problems = [*document.problems, *problems]
    if made is None or problems:
        raise PolicyError.from_problems(_lines(problems, document.lines, origin))
    return made


def _problems(raw: dict[str, Any], key_given: bool) -> list[Problem]:
    """All that is wrong. Where a limit is laxer than the sharing model's, that says more than what its type allows."""
    draft = draft_of(raw)
    lax = list(loosened(draft))
    told = {problem.path for problem in lax}
    shape = [problem for problem in shape_problems(raw) if problem.path not in told]
    return [*shape, *lax, *cross_problems(draft, key_given=key_given)]


def _content(path: str) -> bytes:
    try:
        if not is_file(path):
            raise no_such_policy(path)
        content = read_all(path, MAXIMUM_BYTES + 1)
    except InputError as error:
        if is_text_of_one(path):  # which is too long for a path, among others
            raise no_such_policy(path) from None
        raise PolicyError(
            f"the policy cannot be read: {error.what}", shown(path), error.next_step or "Check the path"
        ) from None
    except ValueError:  # a path with a null character
        raise PolicyError("the policy cannot be read", path, "Check the path") from None
    if len(content) > MAXIMUM_BYTES:
        raise PolicyError("this is larger than any policy (1 MiB)", path, "Check the path")
    return content


def _text(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _not_utf8(content, shown(path), line) from None


def _not_utf8(content: bytes, path: str, line: int) -> PolicyError:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return PolicyError("the policy is UTF-16, which editors call Unicode", path, "Save it as UTF-8")
    if b"\0" in content:
        return PolicyError("this is no text, so it is no policy", path, "Name the policy: a YAML file")
    return PolicyError("the policy is not UTF-8", f"{path}:{line}", "Save it as UTF-8")


def _plain(value: Any, path: Path, problems: list[Problem]) -> Any:
    if len(path) > MAXIMUM_DEPTH:
        problems.append(Problem(path[:4], "this is nested too deeply for a policy"))
        return None
    if isinstance(value, Enum):
        return value.value
    if type(value) is datetime.date:  # as PyYAML reads 2026-12-31, which is text in a policy
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(one, (*path, str(key)), problems) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(one, (*path, number), problems) for number, one in enumerate(ordered)]
    if value is None or isinstance(value, str | bool | int | float | Action):
        return value
    problems.append(Problem(path, f"a policy cannot hold a {type(value).__name__}"))
    return None


def _lines(problems: Iterable[Problem], lines: Mapping[Path, int], origin: str) -> list[str]:
    """The problems as lines, in the order of the file, each once."""
    placed = [(problem.line or _line(problem.path, lines), problem) for problem in problems]
    placed.sort(key=lambda pair: pair[0] or 0)
    told = (_told(origin, line if lines or problem.line else None, problem) for line, problem in placed)
    return list(dict.fromkeys(told))


def _told(origin: str, line: int | None, problem: Problem) -> str:
    place = f"{origin}:{line}" if line else origin
    key = _key(problem.path)
    what = " ".join(problem.what.split())
    return f"{place}: {key}: {what}" if key else f"{place}: {what}"


def _line(path: Path, lines: Mapping[Path, int]) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _key(path: Path) -> str:
    text = ""
    for number, part in enumerate(path):
        if is_secret(path[:number]) and part not in valid_names(path[:number]):
            break
        text += f"[{part}]" if isinstance(part, int) else f".{bare(part)}" if text else bare(part)
    return text
