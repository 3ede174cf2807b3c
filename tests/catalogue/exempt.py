"""What reads like words and is shown to nobody: patterns, names of streams, words of schemas and of README's tables."""

import ast
import re

FILES = (
    "transforms/actions/table.py",  # README's tables
    "transforms/label/table.py",
    "transforms/search/documented.py",
    "transforms/label/evidence_schema.py",  # JSON Schema, which is the same in all languages
    "transforms/label/json_schema.py",
    "transforms/label/schema.py",
    "transforms/register/schema.py",
    "transforms/risk/measures/measure.py",
    "transforms/formats/excel_values.py",  # XML
    "transforms/formats/total_row.py",  # what totals are called in files
    "transforms/formats/excel_writer.py",
    "transforms/synthetic/addresses.py",  # made-up orders, and the names of what they are drawn from
    "transforms/synthetic/buyers.py",
    "transforms/synthetic/goods.py",
    "transforms/synthetic/messages.py",
    "transforms/synthetic/people.py",
    "transforms/synthetic/platforms/",
    "pipelines/report/documents/documented.py",
    "pipelines/report/documents/record_model.py",
    "pipelines/report/documents/record_schema.py",
    "pipelines/report/documents/word_styles.py",  # names of styles and faces
    "pipelines/report/sources.py",  # how laws are quoted
    "transforms/counting/",  # names of what is set aside, but for the sentences of two modules
)
SPEAKING = (
    "transforms/counting/choosing.py",
    "transforms/counting/searching.py",
    "transforms/synthetic/platforms/__init__.py",
)
"""Modules of those folders that say something."""

_CALLS = {"compile", "Documented", "Default", "Bilingual", "Language", "TwoTexts", "always", "TypeVar", "basicConfig"}
_ATTRIBUTES = {"source", "example"}
"""Attributes of classes that README's tables alone show."""
_PATTERN = re.compile(
    r"""
    \(\?|\\[wdbAzs.]|\w\|\w|\w\?\||\[0-9\]  # a regular expression
    |^\w+\[\w+|\|\ None|\|\ str|^Policy\ \||^pa\.  # a type
    |^<|^%\(|^import\ sys|^AWS\ Error  # XML, a form of logs, a program, what another library says
    |^\(lambda  # a program
    |^beam-deid\ keyring  # what a wrapped key is bound to
    |^beam-deid\ [a-z]+(\ [a-z]+)?$|^beam-deid\ (plan|run)\ policy\S*\ \{|^beam-deid\ releases\ forget\ REGISTER  # commands
    """,
    re.VERBOSE,
)
_SENTENCE = re.compile(r"[A-Z][a-z-]+\.")
"""One word that is a sentence."""
_STREAM = re.compile(r"[\w{}]+(\n[\w{}]+)+")
_TEXTS = {
    "module {name} has no attribute {name2}",  # faults of whoever extends the package
    "line {code}",  # codes
    "Ask {number}",  # steps of a pipeline
    "Begin {number}",
    "doctor {challenge}",  # what a check value is made with
    "line {line}",
    "grade {grade}",
    "two actions share a name",
    "two kinds share a name",
    "two measures share a name",
    "a measure does not say what each of its figures means",
    "two recognisers share a name",
    "two requirements share a name",
    "there are no {name}",
    "{name} is no block",
    "{annotation} needs a schema of its own",
    "source+sensitive",
    "could not find expected ':'",  # what YAML's parser and pydantic say, which messages of ours take the place of
    "mapping values are not allowed",
    "undefined alias",
    "duplicate anchor",
    "cannot start any token",
    "expected <block end>",
    "unexpected end of stream",
    "unexpected document separator",
    "expected ',' or",
    "special characters are not allowed",
    "Input should",
    "beam-deid {join}",  # a command as it was called
    "level: {level}",  # lines of a policy, and of a hierarchy file
    "keys: {flow} # {key_place}",
    "record: {scalar} # {said}",
    "{show_cursor}beam-deid: {spoken}",
    "levels: district;city;province;region;*",
    "require: {{k: {k}}}",
    "What a release does with the field",
    "market analysis",  # what a draft's releases are for: values of a policy
    "service of the shop's own customers",
    "dataset: {scalar}",  # lines of a draft without a comment
    "purpose: {scalar}",
    "purpose: {purpose}",
    "sharing: enclave",
    "require: {flow}",
    "subject: {scalar} # {said}",
    "keys: {{keyring: {abspath}}}",
    "k: persons in the smallest group",  # a picture, which is a file
    "records suppressed",
    "required: {required} persons",
    "Helvetica, Arial, PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif",
    "roles of",  # stand before a field: tests/catalogue/composed.py
    "level of",
    "action of",
    "recoverability of",
    "loss of",
    "cpu family",
    "order numbers",  # names of what orders are drawn from
    "order number tail",
    "oaid, word {n}",
    "Value error,",
    "Both reads",  # steps of a pipeline
    "By part",
    "Combine columns",
    "From batches",
    "To Arrow",
    "To batches",
    "To dicts",
    "To rows",
}


def says_nothing(file: str) -> bool:
    """Whether nothing in a module is shown."""
    return file.startswith(FILES) and file not in SPEAKING


def is_of_no_message(node: ast.AST, file: str) -> bool:
    """Whether nothing that stands in a node is shown."""
    match node:
        case ast.Assert():
            return True
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name in _CALLS
        case ast.keyword(arg="description"):
            return file != "transforms/formats/input_options.py"  # which are options of commands as well
        case ast.keyword(arg="source" | "law" | "formula") | ast.Assign(targets=[ast.Name(id="_SOURCE")]):
            return True
        case ast.Call(func=ast.Subscript(value=ast.Name(id="Option"))):  # of `require`, for the JSON Schema
            return True
    return False


def of_tables(node: ast.ClassDef) -> list[ast.stmt]:
    """The attributes of a class that README's tables alone show."""
    targets = ((one, one.targets[0]) for one in node.body if isinstance(one, ast.Assign))
    return [one for one, target in targets if isinstance(target, ast.Name) and target.id in _ATTRIBUTES]


def is_no_message(text: str) -> bool:
    """Whether a text is written for machines."""
    if " " not in text and not _SENTENCE.fullmatch(text):
        return True
    return text in _TEXTS or _PATTERN.search(text) is not None or _STREAM.fullmatch(text) is not None
