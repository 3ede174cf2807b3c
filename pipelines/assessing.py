"""An assessment as the command and the Python API ask for it: roles, a question, files assessed. Nothing is printed here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.terms import Role, Sharing

if TYPE_CHECKING:
    from beam_deid.transforms.dataset.question import Question
    from beam_deid.transforms.dataset.reading import OrderIn
    from beam_deid.transforms.policy.model import Policy


@dataclass(frozen=True)
class Roles:
    """What is known of a dataset's columns, from a policy and from whoever asks.

    Attributes:
        quasi: The quasi-identifiers.
        sensitive: The sensitive fields.
        direct: The direct identifiers that a policy names.
        subject: The column that says whom a row is about, if one is known.
        read_as: How the files are written, as far as a policy says.
        optional: The columns that files may lack, as a policy says.
        order_in: How a row's order is spelt where it is compared, as a policy says.
    """

    quasi: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    subject: str | None = None
    read_as: InputOptions = field(default_factory=InputOptions)
    optional: tuple[str, ...] = ()
    order_in: "OrderIn | None" = None

    @property
    def by_role(self) -> dict[Role, tuple[str, ...]]:
        """The columns by their role."""
        return {Role.DIRECT: self.direct, Role.QUASI: self.quasi, Role.SENSITIVE: self.sensitive}


def roles_of(given: Roles, policy: "Policy | None", where: str) -> Roles:
    """The columns' roles. What is given has precedence over what the policy says.

    Args:
        given: What whoever asks says.
        policy: The policy, if there is one.
        where: What a message names if nothing is said.

    Raises:
        UsageError: No quasi-identifier is named.
    """
    roles = given if policy is None else _completed(given, policy)
    if not roles.quasi:
        raise UsageError("no quasi-identifier is named", where, "Name the attributes that others may know of a person")
    return roles


def question_of(
    roles: Roles,
    *,
    sharing: str,
    k: int | None,
    most: int,
    population: int | None,
    history: tuple[str, ...],
    wildcard: bool,
    mobiles: tuple[str, ...],
    frequencies: Mapping[str, str],
) -> "Question":
    """What is asked of a dataset: see `beam_deid.transforms.dataset.question.Question`.

    Raises:
        UsageError: There is no such sharing model, a mobile does not begin like that, or a number is too small.
    """
    from beam_deid.transforms.dataset.question import Question

    _check_numbers(k=k, population=population, most=most)
    return Question(
        roles.quasi,
        roles.sensitive,
        roles.subject,
        _sharing(sharing),
        k or 0,
        most,
        population,
        history,
        wildcard,
        mobiles=_prefixes(mobiles),
        direct=roles.direct,
        frequencies=frequencies,
    )


def assess_files(
    inputs: Sequence[str], read_as: InputOptions, roles: Roles, question: "Question", joins: Sequence[str]
) -> dict[str, Any]:
    """Assess files, and write down what was found, as ``assess --json`` prints it.

    Args:
        inputs: Globs.
        read_as: How the files are written.
        roles: The columns' roles.
        question: What is asked.
        joins: Attackers' tables, each as ``--join`` says it.

    Raises:
        UsageError: No file matches, or a column is not there.
        InputError: A file cannot be read, or there is no row.
    """
    from beam_deid.transforms.columns.fingerprint import FingerprintKey
    from beam_deid.transforms.dataset.assessment import assess
    from beam_deid.transforms.dataset.attacker_table import Table
    from beam_deid.transforms.dataset.counting import count_files
    from beam_deid.transforms.dataset.files import open_dataset
    from beam_deid.transforms.dataset.joins import Dataset, join_files
    from beam_deid.transforms.run.heads import NO_ROW

    key = FingerprintKey.new()
    files = open_dataset(inputs, read_as, question.read, roles.optional, roles.order_in)
    counted = count_files(question, files, key)
    if not counted.records:
        raise InputError(NO_ROW, " ".join(inputs), "Check --input: of no row nothing can be measured")
    dataset = Dataset(files, roles.subject)
    attacks = [join_files(dataset, table, question.link, k=question.least) for table in map(Table.read, joins)]
    return assess(question, counted, key, attacks).to_document()


def _completed(given: Roles, policy: "Policy") -> Roles:
    """The columns, with the policy's roles where nobody named any."""
    from beam_deid.transforms.treat.order_spelling import order_spelling

    return Roles(
        given.quasi or _of_role(policy, Role.QUASI),
        given.sensitive or _of_role(policy, Role.SENSITIVE),
        _of_role(policy, Role.DIRECT),
        given.subject or policy.subject,
        policy.input,
        tuple(name for name, spec in policy.fields.items() if spec.optional),
        partial(order_spelling, policy),
    )


def _of_role(policy: "Policy", role: Role) -> tuple[str, ...]:
    return tuple(name for name, spec in policy.fields.items() if spec.has(role))


def _sharing(given: str) -> Sharing:
    try:
        return Sharing(given)
    except ValueError:
        known = ", ".join(map(str, Sharing))
        raise UsageError("there is no such sharing model", "sharing", f"There are: {known}") from None


def _check_numbers(**numbers: int | None) -> None:
    for name, number in numbers.items():
        if number is None:
            continue
        if not isinstance(number, int):
            raise UsageError("it is no whole number", name, "Give one, or leave it out")
        if number < (0 if name == "most" else 1):
            raise UsageError("the number is too small", name, "Give a larger one, or leave it out")


def _prefixes(given: tuple[str, ...]) -> tuple[str, ...]:
    for prefix in given:
        if not re.fullmatch(r"1[3-9]\d{1,9}", prefix):
            raise UsageError("a mobile does not begin like that", "--mobiles", "Write 3 to 10 digits of 11, as 1380013")
    return given
