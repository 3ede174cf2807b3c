"""`WriteRelease`: what `Deidentify` gives, as files with their label beside them.

A window's release is a folder: parts, and ``label.json`` with their rows and hashes and its own, which is written last. What stands
in a folder without it is no release; ``beam-deid verify`` checks those that have it. Each attempt to write a part has a name of its
own, and only those that the engine took are named.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsIter, AsSingleton
from apache_beam.transforms.window import BoundedWindow, GlobalWindows, IntervalWindow
from apache_beam.typehints.decorators import no_annotations
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.beam.bound import is_bound, whole_of
from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.deidentify import Deidentified
from beam_deid.transforms.beam.elements import element_kind, row_fields
from beam_deid.transforms.beam.release_windows import WholeRelease
from beam_deid.transforms.beam.to_batches import ToBatches
from beam_deid.transforms.beam.told import ReleaseLabel, WrittenRelease
from beam_deid.transforms.beam.windows import at_end
from beam_deid.transforms.columns.one_type import exactly
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.label.documents import OWN_SHA256, WINDOW, document_sha256, to_bytes
from beam_deid.transforms.release.schema import labelled_schema
from beam_deid.transforms.run.job import BATCH_ROWS
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.storage.files import is_file, read_all, store_of, write_all
from beam_deid.transforms.storage.paths import absolute, join, name_of, shown
from beam_deid.transforms.treat.given import PLACE
from beam_deid.transforms.treat.part import Part, WrittenPart

WHERE = "WriteRelease"
LABEL = "label.json"
FORMAT = "parquet"
_STAGING = ".beam-deid-parts"
_TIME = "%Y%m%dT%H%M%SZ"
_FINE_TIME = "%Y%m%dT%H%M%S.%fZ"
_FIRST = Timestamp.from_rfc3339("0001-01-01T00:00:00Z")
"""Before it there is no calendar."""


class WriteRelease(beam.PTransform):
    """Write what `Deidentify` gives: ``rows | Deidentify(policy) | WriteRelease("out")``.

    The release of a collection without windows is the folder ``OUTPUT/RELEASE``; of one with windows,
    ``OUTPUT/20260131T120000Z-20260131T130000Z/RELEASE``. Gives a `WrittenRelease` for each.

    Args:
        output: The folder, in any store that a run writes to.
        overwrite: Whether a release that is there may be replaced.

    Raises:
        UsageError: What is given is not what `Deidentify` gives.
    """

    def __init__(self, output: str, overwrite: bool = False) -> None:
        super().__init__()
        self._output = absolute(output)
        self._overwrite = overwrite

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, given: Deidentified) -> beam.PCollection[WrittenRelease]:
        """Write parts, and publish them with their label."""
        register_coders()
        released, label = _released_of(given)
        whole = whole_of(released)
        if whole is not None:
            write_window = beam.ParDo(_WriteWindow(self._output, self._overwrite))
            return whole | "Write" >> write_window.with_output_types(WrittenRelease)
        kind = element_kind(released.element_type)
        everywhere = isinstance(released.windowing.windowfn, GlobalWindows)
        to_batches = ToBatches(kind, row_fields(released.element_type), everywhere=everywhere)
        batches = (released | "To batches" >> to_batches).batches
        write = beam.ParDo(_Write(self._output), AsSingleton(label)).with_output_types(WrittenPart)
        parts = batches | "Write" >> write
        publish = beam.ParDo(_Publish(self._output, self._overwrite), AsIter(parts))
        return label | "Publish" >> publish.with_output_types(WrittenRelease)


def _released_of(given: Any) -> tuple[beam.PCollection, beam.PCollection]:
    """The released records and their label, of what `Deidentify` gives, or of a mapping as Beam YAML has it."""
    found = given._asdict() if hasattr(given, "_asdict") else given
    if not (isinstance(found, Mapping) and {"released", "label"} <= {*found}):
        what = "it is not what Deidentify gives, which has released and label"
        raise UsageError(what, WHERE, "Write it as: rows | Deidentify(…) | WriteRelease(…)")
    released = found["released"]
    label = found["label"]
    if not is_bound(released, label):
        raise UsageError(
            "these are not the records that Deidentify gave with this label, and what they disclose was not tested",
            WHERE,
            "Give it both as Deidentify gives them, and change records before Deidentify",
        )
    return released, label


class _Write(beam.DoFn):
    """Writes the batches of a window into parts, one in each bundle."""

    def __init__(self, output: str) -> None:
        self._output = output

    def start_bundle(self) -> None:
        self._open: dict[BoundedWindow, tuple[Part, pa.Schema]] = {}

    def process(
        self, batch: pa.RecordBatch, label: ReleaseLabel, window: BoundedWindow = beam.DoFn.WindowParam
    ) -> None:
        guarded(WHERE, self._write, batch, label, window)

    def _write(self, batch: pa.RecordBatch, label: ReleaseLabel, window: BoundedWindow) -> None:
        names = [name for name in batch.schema.names if name != PLACE]
        fields = json.loads(label.document)["fields"]
        if sorted(names) != sorted(fields):
            raise UsageError(
                "the records have other fields than their label says", WHERE, "Write what Deidentify gives, unchanged"
            )
        if window not in self._open:
            schema = labelled_schema(json.loads(label.document), batch.schema)
            self._open[window] = (Part(join(self._output, _STAGING), label.release, (0,), FORMAT, schema), schema)
        part, schema = self._open[window]
        columns = [_of_type(batch.column(field.name), field) for field in schema]
        part.write(pa.RecordBatch.from_arrays(columns, schema=schema))

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for window, (part, _) in self._open.items():
            guarded(WHERE, part.close)
            yield at_end(part.facts, window)
        self._open = {}


def _of_type(column: pa.Array, field: pa.Field) -> pa.Array:
    try:
        return exactly(column, field.type)
    except pa.ArrowInvalid:
        raise InputError(
            f"some of its values are {field.type}, and some are {column.type}",
            f"field {field.name}",
            "Write what Deidentify(…, output=pyarrow.RecordBatch) gives, or give the field a kind in the policy",
        ) from None


class _Publish(beam.DoFn):
    """Brings a window's parts into place, and writes its label last."""

    def __init__(self, output: str, overwrite: bool) -> None:
        self._output = output
        self._overwrite = overwrite

    def process(
        self,
        label: ReleaseLabel,
        parts: Iterable[WrittenPart],
        window: BoundedWindow = beam.DoFn.WindowParam,
    ) -> Iterator[WrittenRelease]:
        yield guarded(WHERE, self._published, _window_name(window), label, list(parts))

    def _published(self, window: tuple[str, ...], label: ReleaseLabel, parts: list[WrittenPart]) -> WrittenRelease:
        folder = join(self._output, *window, label.release)
        store = store_of(self._output)
        rows = sum(part.rows for part in parts)
        if rows != label.released:
            raise UsageError(
                f"there are {rows} records, and their label is about {label.released}",
                WHERE,
                "Write what Deidentify gives, unchanged",
            )
        parts = sorted(parts, key=lambda part: part.sha256)  # an order that does not depend on that of the input
        files: list[dict[str, Any]] = [
            {"path": f"part-{number:05d}.{FORMAT}", "rows": part.rows, "sha256": part.sha256}
            for number, part in enumerate(parts)
        ]
        sources = [join(self._output, _STAGING, *part.source.split("/")) for part in parts]
        before = _files_of(folder)
        if before is not None and before != files:
            self._clear(folder, sources)
        for source, file in zip(sources, files, strict=True):
            if store.entry(source) is not None:  # else an attempt before this one has brought it into place
                store.rename(source, join(folder, file["path"]))
        named = {file["path"] for file in files}
        left = [entry.path for entry in store.entries(folder) if _is_part(entry.path)]
        store.delete(path for path in left if name_of(path) not in named)  # of an attempt that was cut off
        document = {**json.loads(label.document), "files": files}
        if window:
            (document[WINDOW],) = window
        document[OWN_SHA256] = document_sha256(document)  # there is no run.json that lists it
        write_all(join(folder, LABEL), to_bytes(document))
        for names in (("parts", label.release), ("parts",), ()):  # parts of other windows may be there still
            store.drop_empty(join(self._output, _STAGING, *names))
        return WrittenRelease(shown(folder), label.label, rows, [file["path"] for file in files])

    def _clear(self, folder: str, sources: list[str]) -> None:
        """Remove a release that is there already, its label first; or what was written to take its place, where it may not."""
        store = store_of(folder)
        if not self._overwrite:
            store.delete(sources)
            raise UsageError(
                "there is another release already",
                shown(folder),
                "Choose another folder, or WriteRelease(…, overwrite=True)",
            )
        store.delete([join(folder, LABEL)])
        store.delete_folder(folder)


class _WriteWindow(beam.DoFn):
    """Writes the rows of a stream's window into one part, brings it into place, and writes the label last.

    An engine that goes back to a checkpoint makes windows again that are written already: the same bytes take their place.
    """

    def __init__(self, output: str, overwrite: bool) -> None:
        self._write = _Write(output)
        self._publish = _Publish(output, overwrite)

    def process(self, whole: WholeRelease, window: BoundedWindow = beam.DoFn.WindowParam) -> Iterator[WrittenRelease]:
        label, rows = whole
        self._write.start_bundle()
        for batch in rows.to_batches(BATCH_ROWS):
            self._write.process(batch, label, window)
        parts = [written.value for written in self._write.finish_bundle()]
        yield from self._publish.process(label, parts, window)


def _is_part(path: str) -> bool:
    return name_of(path).startswith("part-") and path.endswith(f".{FORMAT}")


def _files_of(folder: str) -> Any:
    """What the label of a release says of its files; None where there is no label, nothing where it cannot be read."""
    path = join(folder, LABEL)
    if not is_file(path):
        return None
    try:
        return json.loads(read_all(path))["files"]
    except (ValueError, LookupError, TypeError):
        return ()


def _window_name(window: BoundedWindow) -> tuple[str, ...]:
    """The folder of a window; none where there is but the global one.

    Raises:
        UsageError: The window is at the beginning of time, as records are that nobody gave one.
    """
    if not isinstance(window, IntervalWindow):
        return ()
    if window.start < _FIRST:
        what = "the records have no event time, so their window has no name"
        raise UsageError(what, WHERE, "Set it with beam.window.TimestampedValue before beam.WindowInto")
    return ("-".join(map(_time_name, (window.start, window.end))),)


def _time_name(time: Timestamp) -> str:
    """A time to the second, or to the microsecond where it has parts of one."""
    return str(time.to_utc_datetime().strftime(_TIME if time.micros % 1_000_000 == 0 else _FINE_TIME))


__all__ = ["WriteRelease", "WrittenRelease"]
