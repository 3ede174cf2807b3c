"""Drafts of documents: what they hold, what they leave to a person, and what is never in them."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docx
import jsonschema
import pytest
from docx.oxml.ns import qn

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.report.blocks import (
    Bullets,
    Check,
    Checks,
    Document,
    Facts,
    Fill,
    Grid,
    Paragraph,
    Part,
    Section,
    Verbatim,
)
from beam_deid.pipelines.report.documents.annex import annex_document, annexes
from beam_deid.pipelines.report.documents.assessment import assessment
from beam_deid.pipelines.report.documents.contents import Content, about, risk
from beam_deid.pipelines.report.documents.headings import SETS, headings
from beam_deid.pipelines.report.documents.making import Asked, Form, Kind, documents
from beam_deid.pipelines.report.documents.markdown import as_markdown
from beam_deid.pipelines.report.documents.record import record_of_processing
from beam_deid.pipelines.report.documents.record_schema import record_schema
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.documents.word import as_docx
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.errors import UsageError

from .charts import UNSEEN
from .golden_documents import FOLDER, drafts
from .handed_over import AGENCY, CANARY
from .said import texts

ROOT = Path(__file__).parents[2]
MARKS = {"en": "[To be filled in by a person]", "zh": "【需人工填写】"}
LAWS = ("个人信息保护合规审计管理办法", "个人信息保护合规审计", "compliance audit of personal information protection")
"""What is called so: a law, and a duty."""


def texts_of(content: bytes) -> list[str]:
    """All texts of a ``.docx``: paragraphs and cells, each once."""
    written = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in written.tables for row in table.rows for cell in row.cells]
    foot = [paragraph.text for paragraph in written.sections[0].footer.paragraphs]
    return [*(paragraph.text for paragraph in written.paragraphs), *cells, *foot]


def whole(content: bytes) -> str:
    """The text of a document of any form."""
    return "\n".join(texts_of(content)) if content.startswith(b"PK") else content.decode()


def every_document(evidence: list[Evidence]) -> dict[str, bytes]:
    """All documents in all forms and languages."""
    asked = [
        *(Asked(Kind.PIPIA, one, form, languages=("en", "zh")) for one in SETS for form in Form),
        *(Asked(Kind.ANNEX, form=form, languages=("en", "zh")) for form in Form),
        Asked(Kind.RECORD),
    ]
    return {name: content for one in asked for name, content in documents(evidence, one).items()}


@pytest.fixture(scope="module")
def everything(evidence: list[Evidence]) -> dict[str, bytes]:
    return every_document(evidence)


def test_drafts_say_what_they_said_before(evidence: list[Evidence]) -> None:
    """Regenerate, and read the difference: ``python -m tests.report.golden_documents``."""
    found = dict(drafts(evidence))
    assert set(found) == {path.name for path in FOLDER.iterdir()}
    for name, text in found.items():
        assert text == (FOLDER / name).read_text("utf-8"), name


def test_no_value_and_no_key_is_in_any_document(everything: dict[str, bytes]) -> None:
    for name, content in everything.items():
        for secret in (CANARY, "5a5a5a5a", "13900000"):
            assert secret not in whole(content), name


def test_no_document_gives_a_verdict_on_the_law(everything: dict[str, bytes]) -> None:
    for name, content in everything.items():
        text = whole(content)
        for law in LAWS:
            text = text.replace(law, "")
        assert "合规" not in text, name
        assert "complian" not in text.lower(), name


def test_a_chinese_draft_has_no_english_sentence(evidence: list[Evidence]) -> None:
    names = {one.name for one in evidence} | {
        "First Service Agency | Ltd. <b>",
        "head of data protection",
        "contract with the buyer",
    }
    for kind, of in ((Kind.PIPIA, "pipia"), (Kind.PIPIA, "iso27559"), (Kind.PIPIA, "ico"), (Kind.ANNEX, "pipia")):
        for content in documents(evidence, Asked(kind, of, Form.MARKDOWN)).values():
            text = re.sub(
                r"beam-deid (run|releases|erase)\b.*|beam-deid \S+, apache-beam.*",
                "",
                content.decode().replace("\\", ""),
            )
            for name in sorted(names, key=len, reverse=True):
                text = text.replace(name, "")
            assert re.findall(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", text) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("under", SETS)
def test_a_word_document_has_the_headings_and_a_place_for_every_answer(
    evidence: list[Evidence], everything: dict[str, bytes], under: str, language: str
) -> None:
    written = docx.Document(io.BytesIO(everything[f"{under}.{language}.docx"]))
    found = [
        (int(paragraph.style.name[-1]), paragraph.text)
        for paragraph in written.paragraphs
        if paragraph.style.name.startswith("Heading")
    ]
    parts = headings(under).parts
    assert found == [(part.level, f"{part.number} {getattr(part.title, language)}".strip()) for part in parts]
    asked = [
        block for section in assessment(evidence, under).sections for block in section.blocks if isinstance(block, Fill)
    ]
    rows = [table.rows for table in written.tables]
    waiting = [each for each in rows if len(each[0].cells) == 1 and each[0].cells[0].text.startswith(MARKS[language])]
    assert len(waiting) == len(asked) == sum(len(part.asks) for part in parts) + untold(evidence, under)
    assert all(len(each) == 2 and not each[1].cells[0].text for each in waiting)


def untold(evidence: list[Evidence], under: str) -> int:
    """Questions that the evidence itself asks: none, for every recipient is declared."""
    return 0


@pytest.mark.parametrize("name", ["pipia.zh.docx", "annex.zh.docx"])
def test_a_word_document_is_on_a4_and_names_faces_for_chinese(everything: dict[str, bytes], name: str) -> None:
    written = docx.Document(io.BytesIO(everything[name]))
    assert (round(written.sections[0].page_width.cm, 1), round(written.sections[0].page_height.cm, 1)) == (21.0, 29.7)
    for style in ("Normal", "Title", "Heading 1", "Heading 2", "Caption"):
        fonts = written.styles[style].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) in ("SimSun", "SimHei")
        assert fonts.get(qn("w:eastAsiaTheme")) is None
    room = written.sections[0].page_width - written.sections[0].left_margin - written.sections[0].right_margin
    for table in written.tables:
        assert sum(column.width for column in table.columns) <= room * 1.001


def test_the_same_evidence_gives_the_same_bytes_at_any_time(
    evidence: list[Evidence], everything: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 4_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2096, 10, 2, 7, 6, 40, 1, 276, 0))
    found = documents(evidence, Asked(Kind.PIPIA, languages=("en", "zh")))
    assert found == {name: everything[name] for name in found}


def test_a_word_document_knows_no_other_time_than_that_of_the_run(
    evidence: list[Evidence], everything: dict[str, bytes]
) -> None:
    finished = (evidence[0].run or {})["finished_at"]
    content = everything["pipia.zh.docx"]
    about = docx.Document(io.BytesIO(content)).core_properties
    assert (about.author, about.last_modified_by, about.title) == (
        "beam-deid",
        "beam-deid",
        "个人信息保护影响评估报告（草稿）",
    )
    assert f"{about.created:%Y-%m-%dT%H:%M:%S}" == f"{about.modified:%Y-%m-%dT%H:%M:%S}" == finished[:19]
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert {f"{one.date_time[0]}-{one.date_time[1]:02}-{one.date_time[2]:02}" for one in packed.infolist()} == {
            finished[:10]
        }


def test_the_record_fits_its_schema_and_tells_the_run(evidence: list[Evidence], everything: dict[str, bytes]) -> None:
    record = json.loads(everything["record.json"])
    jsonschema.validate(record, record_schema(), cls=jsonschema.Draft202012Validator)
    run = evidence[0].run or {}
    assert (record["run"], record["dataset"], record["kept_until"]) == (run["run"], run["dataset"], run["kept_until"])
    assert record["source"]["files"] == run["inputs"]
    assert record["systems"]["operator"]["operator"] == "Data Office"
    of = {one["release"]: one for one in record["processings"]}
    assert {name: one["scene"] for name, one in of.items()} == {
        "service": "entrusted",
        "branch": "abroad",
        "figures": "public",
    }
    assert {name: one["label"] for name, one in of.items()} == {one.name: one.label["label"] for one in evidence}
    agency = of["service"]["recipient"]
    assert (agency["name"], agency["contract"], agency["from"]) == (AGENCY["name"], AGENCY["contract"], AGENCY["from"])
    assert {one["field"] for one in of["service"]["measures"]} == {"buyer", "phone", "city", "goods"}
    kinds = {one["category"]: one["fields"] for one in of["service"]["kinds"]}
    assert kinds[None] == ["goods"]
    assert kinds["location"] == ["city"]


def test_the_record_says_where_a_person_must_add_something(everything: dict[str, bytes]) -> None:
    record = json.loads(everything["record.json"])
    for one in record["to_be_filled_in"]:
        found: Any = record
        for key in one["at"].strip("/").split("/"):
            found = found[int(key)] if isinstance(found, list) else found[key]
        assert found is None or one["at"].endswith("/kinds")
    places = {one["at"] for one in record["to_be_filled_in"]}
    assert "/source/collected" in places
    assert "/processings/0/ground" not in places  # the policy says a basis
    assert "/processings/1/ground" in places


def test_the_committed_schema_is_the_schema() -> None:
    """Regenerate: ``beam-deid schema --record > configs/schemas/record.schema.json``."""
    committed = json.loads((ROOT / "configs" / "schemas" / "record.schema.json").read_text("utf-8"))
    assert committed == record_schema()


def test_an_annex_is_for_whom_something_personal_is_entrusted_to(evidence: list[Evidence]) -> None:
    found = {one.given.name: [release.name for release in one.releases] for one in annexes(evidence)}
    assert found == {AGENCY["name"]: ["service"]}
    abroad = annex_document(annexes(evidence, "Branch Abroad")[0])
    assert abroad.title == "Draft: annex to a contract with a recipient abroad"
    with pytest.raises(UsageError, match="nothing is entrusted to readers"):
        annexes(evidence, "readers")
    with pytest.raises(UsageError, match="no release is given to nobody"):
        annexes(evidence, "nobody")


def rows_under(evidence: list[Evidence], heading: str) -> list[tuple[str, ...]]:
    """The rows of the assessment's first table with this first heading."""
    return next(
        [tuple(row) for row in block.rows]
        for section in assessment(evidence, "pipia").sections
        for block in section.blocks
        if isinstance(block, Grid) and block.headings[0] == heading
    )


def test_the_five_cases_show_what_the_run_knows(evidence: list[Evidence]) -> None:
    assert [row[1] for row in rows_under(evidence, "Case of Art. 55")] == [
        "sensitive fields of the source: goods; releases with sensitive fields or values: service",
        "a run cannot show it",
        "personal releases with a recipient outside, or public: service, branch",
        "personal releases with a recipient abroad: branch",
        "a run cannot show it",
    ]


def test_a_source_is_sensitive_by_fields_that_no_release_has(evidence: list[Evidence]) -> None:
    branch = next(one for one in evidence if one.name == "branch")

    def told(policy: str | None) -> str:
        return rows_under([Evidence(branch.label, branch.run, policy)], "Case of Art. 55")[0][1]

    assert told(branch.policy) == (
        "sensitive fields of the source: goods; no release is known to have one, or a sensitive value"
    )
    for field in (
        "{category: health}",
        "{role: [quasi_identifier, sensitive]}",
        "{role: direct_identifier, kind: bank_card}",
    ):
        assert "of the source: found;" in told(f"fields: {{found: {field}, plain: {{role: insensitive}}}}")
        assert "of the source: people.found;" in told(f"tables: {{people: {{fields: {{found: {field}}}}}}}")
    assert told("fields: {plain: {role: insensitive}}").startswith("no field of the source and no released value")
    assert told(None).endswith("what else the source holds is not known")


def test_thresholds_tell_what_this_run_alone_reaches(evidence: list[Evidence]) -> None:
    grid = next(
        block
        for section in assessment(evidence, "pipia").sections
        for block in section.blocks
        if isinstance(block, Grid) and block.headings[0] == "The threshold"
    )
    states = {(row[0], row[1]): row[2] for row in grid.rows}
    assert states["1", "persons given abroad, with sensitive information"] == "it is reached"
    assert states["100,000", "persons given abroad, without sensitive information"] == "it is not reached"


def told_by(content: Content, label: Mapping[str, Any], run: Mapping[str, Any] | None = None) -> list[str]:
    """The texts of a content of one release."""
    return [text for block in content(WholeRun([Evidence(label, run)])) for text in texts(block)]


def test_failing_tests_without_a_known_change_are_told(evidence: list[Evidence]) -> None:
    label = {**evidence[0].label, "changes": []}
    assert any(not test["passed"] for test in label["tests"])
    told = told_by(risk.changes, label)
    assert "Tests of service that do not hold" in told
    assert not any("asks for a change" in text for text in told)


def test_a_figure_never_looks_like_the_limit_that_it_is_above(evidence: list[Evidence]) -> None:
    label = evidence[0].label
    near = {**label["risk"], "sharing": {**label["risk"].get("sharing", {}), "R": 0.05000001}}
    test = {**label["tests"][0], "name": "overall_risk", "measured": 0.05000001, "limit": 0.05, "passed": False}
    changed = {**label, "risk": near, "limits": {**label["limits"], "overall_risk": 0.05}, "tests": [test]}
    assert "0.05000001" in told_by(risk.figures, changed)
    assert "5.000001%" in told_by(risk.requirements, changed)
    assert "5.000001%" in told_by(risk.verdicts, changed)


def test_releases_that_are_not_told_of_are_named(evidence: list[Evidence]) -> None:
    releases = {
        "kept_back": {"published": False},
        "gone": {"published": False, "deleted": {}},
        "other": {"published": True},
    }
    told = told_by(about.releases, evidence[0].label, {"releases": {"service": {"published": True}, **releases}})
    assert "These releases of the run were published, and removed later: gone" in told
    assert "These releases of the run were not published: kept_back" in told
    assert "These releases of the run are not in this document: other" in told


def states_of(one: Evidence, **run: Any) -> dict[tuple[str, str], str]:
    """How a run that was changed compares with each threshold."""
    told = rows_under([Evidence(one.label, {**(one.run or {}), **run}, one.policy)], "The threshold")
    return {(row[0], row[1]): row[2] for row in told}


def test_persons_with_sensitive_information_are_not_known_where_its_fields_were_not_read(
    evidence: list[Evidence],
) -> None:
    one = evidence[0]
    counted = {**(one.run or {})["persons"], "persons": 240, "by": {"sensitive": ["age"]}}
    where = "1", "persons given abroad, with sensitive information"
    for sensitive in (0, None):
        assert states_of(one, persons={**counted, "sensitive": sensitive})[where] == "it is not known"
    assert states_of(one, persons={**counted, "sensitive": 3})[where] == "it is reached"
    assert (
        states_of(one, persons={**counted, "sensitive": 0, "by": {"sensitive": ["goods"]}})[where]
        == "it is not reached"
    )
    run = {**(one.run or {}), "persons": {**counted, "sensitive": 0}}
    written = documents(
        [Evidence(one.label, run, one.policy)], Asked(Kind.PIPIA, form=Form.MARKDOWN, languages=("en",))
    )
    assert "did not read these sensitive fields of its source: goods" in next(iter(written.values())).decode()


def test_nobody_is_abroad_only_where_every_recipient_has_a_role(evidence: list[Evidence]) -> None:
    one = evidence[0]
    run = one.run or {}
    where = "100,000", "persons given abroad, without sensitive information"
    inside = {name: {**told, "role": "entrusted_processor"} for name, told in run["recipients"].items()}
    assert states_of(one, recipients=inside)[where] == "the policy declares none abroad; nobody has checked"
    assert states_of(one, recipients={**inside, "branch": {"name": "x"}})[where] == "it is not known"
    assert states_of(one, recipients={})[where] == "it is not known"
    removed = {**run["releases"]["branch"], "published": False, "deleted": {}}
    assert states_of(one, releases={**run["releases"], "branch": removed})[where] == "it is not reached"


@pytest.mark.parametrize("under", SETS)
def test_what_was_only_assessed_can_be_written_as_well(evidence: list[Evidence], under: str) -> None:
    label = {
        name: value for name, value in evidence[0].label.items() if name not in ("for_recipient", "register", "ground")
    }
    found = documents([Evidence(label)], Asked(Kind.PIPIA, under, Form.MARKDOWN))
    assert "需人工填写" in found[f"{under}.md"].decode()
    jsonschema.validate(record_of_processing([Evidence(label)]), record_schema())


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "golden" / "v0_4_0").glob("*/label.json")), ids=lambda path: path.parent.name
)
def test_labels_of_earlier_versions_can_be_written(path: Path) -> None:
    label = json.loads(path.read_text("utf-8")) | {
        "decided_at": "2026-01-01T00:00:00+00:00",
        "assessed_at": "2026-01-01T00:00:00+00:00",
    }
    for name in SETS:
        assert documents([Evidence(label)], Asked(Kind.PIPIA, name, Form.MARKDOWN, languages=("en", "zh")))


def hostile() -> Document:
    """A document of every kind of block with texts that could be taken for markup."""
    text = Verbatim("a|b <script> *x* [y](z) `c` _d_ \u202eq & # e")
    blocks = [
        Paragraph(text),
        Bullets([text]),
        Facts([(text, text)]),
        Grid([text, text], [[text, text]], text),
        Fill(text),
    ]
    blocks += [Checks([Check(True, text, text, text, text)]), Part(text, [Paragraph(text)], text)]
    return Document(text, [Section("one", text, blocks, 2)])


def test_hostile_texts_stay_texts_in_markdown() -> None:
    with spoken_in("en"):
        lines = as_markdown(hostile()).decode().splitlines()
    for line in lines:
        assert not re.search(r"(?<!\\)[<`\[]", line.replace("[To be", "")), line
    row = next(line for line in lines if line.startswith("| a"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 3


def test_nothing_becomes_a_character_or_a_link_in_markdown() -> None:
    text = "&lt;i&gt; &#60; http://a.example HTTPS://b.example www.c.example d@e.example"
    with spoken_in("en"):
        line = as_markdown(Document(Verbatim(text), [])).decode()
    assert not re.search(r"(?<!\\)[&@]|\w://|(?i:www)\.", line)
    assert text in line.replace("\\", "")


def test_hostile_texts_stay_texts_in_word() -> None:
    with spoken_in("en"):
        content = as_docx(hostile(), "2026-01-01T00:00:00+00:00", Verbatim("&"))
    assert any("<script>" in text for text in texts_of(content))


@pytest.mark.parametrize("text", [UNSEEN, "a\nb\tc"], ids=["unseen", "lines"])
def test_what_is_not_seen_is_written_out_in_documents(text: str) -> None:
    document = Document(text, [Section("one", text, [Paragraph(Verbatim(text)), Facts([(text, text)]), Fill(text)])])
    with spoken_in("en"):
        told = [as_markdown(document).decode(), *texts_of(as_docx(document, "2026-01-01T00:00:00+00:00", text))]
    assert all(line.isprintable() for one in told for line in one.splitlines())
    for one in (told[0], told[1]):
        assert ("a b c" if text != UNSEEN else "u202e") in one


def test_what_is_copied_from_a_cell_is_what_was_written_there() -> None:
    words = ["0123456789abcdef" * 4, "receiver_registered_residence.column"]
    facts = Facts([(Verbatim(one), Verbatim(one)) for one in words])
    with spoken_in("en"):
        content = as_docx(Document("x", [Section("one", "x", [facts])]), "2026-01-01T00:00:00+00:00", "x")
    cells = [cell.text for row in docx.Document(io.BytesIO(content)).tables[0].rows for cell in row.cells]
    assert cells == [words[0], words[0], words[1], words[1]]


def test_the_command_writes_documents_and_replaces_none(
    handed_over: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(handed_over / "out")
    assert call(["report", out, "--document", "pipia", "-o", str(tmp_path / "drafts"), "--lang", "both", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["documents"]
    assert sorted(Path(one["path"]).name for one in told) == ["pipia.en.docx", "pipia.zh.docx"]
    assert {Path(one["path"]).stat().st_size for one in told} == {one["size"] for one in told}
    one = tmp_path / "record.json"
    assert call(["report", out, "--document", "record", "-o", str(one)]) == 0
    filled_in = one.write_text("filled in")
    assert call(["report", out, "--document", "record", "-o", str(one)]) == 1
    assert len(one.read_text()) == filled_in
    assert "--overwrite" in capsys.readouterr().err
    assert call(["report", out, "--document", "record", "-o", str(one), "--overwrite"]) == 0
    assert json.loads(one.read_text("utf-8"))["document"] == "record_of_processing"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--document", "record", "--headings", "ico"], "--headings goes with --document pipia"),
        (["--document", "pipia", "--recipient", "x"], "--recipient goes with --document annex"),
        (["--document", "pipia", "--release", "servce"], "there is no release servce here"),
        (["--document", "pipia", "--lang", "both", "-o", "one.docx"], "2 files are made"),
        (["--document", "record", "-o", "one.docx"], "the document is .json"),
        (["--document", "annex", "--recipient", "readers"], "nothing is entrusted to readers"),
    ],
)
def test_what_a_call_gets_wrong_is_told(
    handed_over: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    place = [] if "-o" in options else ["-o", "drafts"]
    assert call(["report", str(handed_over / "out"), *options, *place]) == 2
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
