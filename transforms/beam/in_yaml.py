"""The transforms as Beam YAML calls them: plain options, named outputs, ``error_handling``, and a schema on every output.

``configs/beam/providers.yaml`` lists them for a pipeline's ``providers``. Options are ``Optional[…]``, because Beam makes their
schema of the annotations, and knows no ``… | None``.
"""

import inspect
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Optional

import apache_beam as beam
from apache_beam.typehints.decorators import no_annotations
from typing_extensions import Self

from beam_deid.transforms.beam import assess, deidentify, read_orders, write_release
from beam_deid.transforms.beam.elements import WHERE
from beam_deid.transforms.beam.told import Evidence, WrittenRelease
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.nearest import instead
from beam_deid.transforms.terms import Sharing

RELEASED = "released"
LABEL = "label"
_OUTPUT = "output"
_MAX_REJECTS = 0.001


def yaml_providers() -> str:
    """The path of the file that lists the transforms for ``providers: - include:`` of a Beam YAML pipeline."""
    return str(files("beam_deid.configs") / "beam" / "providers.yaml")


class _WithOptions(beam.PTransform):
    """A transform that Beam YAML calls with what stands under ``config``: what it has not is refused with what it has."""

    def __new__(cls, *_given: Any, **options: Any) -> Self:
        """See that all options are its own.

        Raises:
            UsageError: One is not.
        """
        known = [*inspect.signature(cls.__init__).parameters][1:]
        unknown = next((name for name in options if name not in known), None)
        if unknown is not None:
            raise UsageError(f"there is no option {unknown}", f"{cls.__name__}: config", instead(unknown, known))
        made: Self = super().__new__(cls)
        return made


class Deidentify(_WithOptions):
    """Treat records as one release of a policy says, and label the result.

    Outputs are ``released``, the released records, and ``label``, one row for each window. With ``error_handling`` there are also
    the values that could not be treated, each with row, field and reason; without it, one such value ends the pipeline.

    Args:
        policy: The policy: a path, or the policy itself.
        release: The release; may be left out where the policy has only one.
        max_rejects: With error_handling, the greatest share of records that may be rejected.
        error_handling: The name of the output for what is rejected, as ``{output: rejected}``.
    """

    def __init__(
        self,
        policy: Any,
        release: Optional[str] = None,  # noqa: UP045
        max_rejects: Optional[float] = None,  # noqa: UP045
        error_handling: Optional[Mapping[str, str]] = None,  # noqa: UP045
    ) -> None:
        super().__init__()
        self._rejected = _output_of(error_handling)
        if self._rejected is None and max_rejects:
            raise UsageError(
                "records may be rejected, and nothing says what is done with them",
                f"{WHERE}: max_rejects",
                "Write error_handling: {output: NAME}, and consume that output",
            )
        allowed = 0.0 if self._rejected is None else _MAX_REJECTS if max_rejects is None else max_rejects
        self._transform = deidentify.Deidentify(policy, release, allowed, output=beam.Row)

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, rows: beam.PCollection) -> dict[str, beam.PCollection]:
        """The outputs by name."""
        result = rows | WHERE >> self._transform
        outputs = {RELEASED: result.released, LABEL: result.label}
        return outputs if self._rejected is None else {**outputs, self._rejected: result.rejected}


class AssessReidentification(_WithOptions):
    """Measure what records disclose as they are, and say which label they would get and why.

    Args:
        quasi: The quasi-identifiers.
        sensitive: The sensitive fields.
        subject: The field that says whom a record is about; each record is a person of its own if not given.
        sharing: The sharing model: public, controlled or enclave.
        k: Persons that a group must hold.
    """

    def __init__(
        self,
        quasi: Sequence[str],
        sensitive: Sequence[str] = (),
        subject: Optional[str] = None,  # noqa: UP045
        sharing: Optional[str] = None,  # noqa: UP045
        k: Optional[int] = None,  # noqa: UP045
    ) -> None:
        super().__init__()
        if sharing is not None and sharing not in [*Sharing]:
            names = ", ".join(Sharing)
            raise UsageError(f"there is no sharing model {sharing}", assess.WHERE, f"There are: {names}")
        given = {"sharing": None if sharing is None else Sharing(sharing), "k": k}
        options = {name: value for name, value in given.items() if value is not None}
        self._transform = assess.AssessReidentification(quasi, sensitive, subject, **options)

    def expand(self, rows: beam.PCollection) -> beam.PCollection[Evidence]:
        """The evidence, a row for each window."""
        return rows | assess.WHERE >> self._transform


class ReadOrders(_WithOptions):
    """Read files of any format that a run reads, as the policy's ``input`` says. A row that cannot be read ends the pipeline.

    Args:
        policy: The policy: a path, or the policy itself.
        inputs: Globs.
    """

    _yaml_requires_inputs = False

    def __init__(self, policy: Any, inputs: Sequence[str]) -> None:
        super().__init__()
        self._transform = read_orders.ReadOrders(policy, inputs, output=beam.Row)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[beam.Row]:
        """The records, as rows."""
        return begin | read_orders.WHERE >> self._transform


class WriteRelease(_WithOptions):
    """Write what Deidentify gives, as files with their label beside them: its inputs are ``released`` and ``label``.

    Args:
        output: The folder.
        overwrite: Whether a release that is there may be replaced.
    """

    def __init__(self, output: str, overwrite: bool = False) -> None:
        super().__init__()
        self._transform = write_release.WriteRelease(output, overwrite)

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, inputs: Any) -> beam.PCollection[WrittenRelease]:
        """What was written, a row for each window."""
        return inputs | write_release.WHERE >> self._transform


def _output_of(error_handling: Mapping[str, str] | None) -> str | None:
    """The output that is named for what is rejected; None where none is.

    Raises:
        UsageError: It says something else, or takes the name of another output.
    """
    if error_handling is None:
        return None
    name = error_handling.get(_OUTPUT)
    if {*error_handling} != {_OUTPUT} or not name or name in (RELEASED, LABEL):
        raise UsageError(
            "it names no output of its own",
            f"{WHERE}: error_handling",
            f"Write {{output: rejected}}, or another name than {RELEASED} and {LABEL}",
        )
    return name
