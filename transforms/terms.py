"""The words of the field, as closed sets: roles, recoverability, labels, sharing models, reasons."""

from enum import Enum


class Word(str, Enum):
    """A closed set of words that are written as they are spelt."""

    def __str__(self) -> str:
        return str(self.value)


class Told(Word):
    """A closed set of words, each told what it means.

    Attributes:
        meaning: What it means, in a sentence without a full stop.
        advice: What to do about it, in sentences.
        hint: The same in a few words, for a message that has counted many of them; empty where the word alone does not tell.
    """

    meaning: str
    advice: str
    hint: str

    def __new__(cls, code: str, meaning: str = "", advice: str = "", hint: str = "") -> "Told":
        """A word by its code, with what is said of it."""
        made = str.__new__(cls, code)
        made._value_ = code
        made.meaning = meaning
        made.advice = advice
        made.hint = hint
        return made


class Role(Told):
    """What a field says about a person. A field may be both quasi-identifier and sensitive."""

    DIRECT = (
        "direct_identifier",
        "The field names a person by itself, as a name, a telephone number or an order number does",
        "It must not be released, in any form, where the release is to be anonymized.",
    )
    QUASI = (
        "quasi_identifier",
        "The field names nobody by itself, but may together with others, as a city, a date and an age do",
        "Coarsen it until groups of records that look alike are large enough.",
    )
    SENSITIVE = (
        "sensitive",
        "The field says what a person would not want known, or what the law protects more",
        "Release it only where the purpose needs it; what can be inferred about it is tested by line 4.",
    )
    INSENSITIVE = (
        "insensitive",
        "The field says nothing that leads to a person, as the policy has it",
        "Make sure that it is so; where it is released, it counts for the size of groups all the same.",
    )


class Withheld(Told):
    """Why a sound record is not in a release."""

    WHERE = (
        "where",
        "The record does not meet the row filter of the release",
        "Nothing is wrong with it. Change where: of the release if it should be in.",
    )
    NO_PERSON = (
        "no_person",
        "The record names nobody, so that nobody's consent can be looked up",
        "Look at the field by which the ledger's persons are known: consent.field, else the subject.",
    )
    NO_CONSENT = (
        "no_consent",
        "The ledger does not know the person, or the person had not consented by then",
        "Check consent.purpose and the time (--as-of), and that the ledger spells persons as the orders do.",
    )
    WITHDRAWN = (
        "withdrawn",
        "The person has withdrawn the consent, or the guardian has",
        "Whoever was given the data earlier is to be told. What was published is changed by: beam-deid erase.",
    )
    NO_GUARDIAN = (
        "no_guardian",
        "The person is under 14, and no guardian has consented (PIPL Art. 31)",
        "Write the guardian's consent into the ledger, in its column guardian.",
    )
    UNKNOWN_AGE = (
        "unknown_age",
        "The record does not say when its person was born, and no guardian has consented (PIPL Art. 31)",
        "Write the date of birth into the source (consent.born), or into the ledger that the person is of age: under_14: no.",
    )
    EXPECTATION = (
        "expectation",
        "The release was not published, for its label is not the one that the policy expects",
        "The run says which tests fail, and what would change the label.",
    )
    ERASED = (
        "erased",
        "The person was erased, so that later runs leave its records out",
        "Nothing: the register remembers whom. Take the person out of the source as well.",
    )
    CORRECTED = (
        "corrected",
        "The record was corrected after it was published, and the source says something else",
        "Correct the source, or run with --corrections FILE; give the record to beam-deid correct again if it has changed since.",
    )


class Recoverability(Told):
    """How far a released field can be turned back into what it was."""

    REMOVED = (
        "removed",
        "The field is not in the release at all",
        "Nothing: what is not there cannot be turned back.",
    )
    IRREVERSIBLE = (
        "irreversible",
        "The value was replaced by another one, and nothing that exists leads back to it",
        "Nothing; what others can infer from the field is tested as of any other.",
    )
    GENERALIZED = (
        "generalized",
        "The value was replaced by a coarser one that many values share, as a year in place of a day",
        "Choose a coarser level where a test says that groups are too small.",
    )
    PARTIAL = (
        "partial",
        "A part of the value is released as it was, and the rest is hidden",
        "What is left counts like any released value. Hide more of it, or leave the field out, where a test fails.",
    )
    KEYED = (
        "keyed",
        "The value was replaced by a pseudonym under a key that exists: whoever has the key can find the value again, or make "
        "the same pseudonym of it",
        "The release stays personal data as long as the key exists, with whomever. Leave the field out, or let keys of the run "
        "be destroyed with it: key: ephemeral.",
    )
    KEY_DESTROYED = (
        "key_destroyed",
        "The value was replaced by a pseudonym whose key is destroyed: nobody can turn it back, but rows of one value are still "
        "known to belong together",
        "Nothing more can be undone; what rows that belong together give away is tested.",
    )
    CLEAR = (
        "clear",
        "The value is released as it was",
        "Where it tells who a person is, generalize it or leave it out.",
    )


class LabelName(Told):
    """What a published dataset is in law. Everything not proved is ``still_personal``."""

    ANONYMIZED = (
        "anonymized",
        "Every line of the label rule holds in the files that were written: no test finds a person in them, or anything that "
        "could be turned back",
        "Look at it again by its day of review, and whenever more about the same persons is given out. What the tests do not "
        "cover is a person's to judge.",
    )
    STILL_PERSONAL = (
        "still_personal",
        "A line of the label rule does not hold, or was not measured: the release counts as personal data, to which the law on "
        "personal data applies",
        "The tests that fail say what would change the label: beam-deid explain TEST.",
    )


class Sharing(Told):
    """The release model (公开共享): fully public, controlled public, enclave."""

    PUBLIC = (
        "public",
        "Anybody may get the release, and keep it (完全公开共享)",
        "It has the strictest limits: k is 20, and the environment counts as the worst.",
    )
    CONTROLLED = (
        "controlled",
        "Known recipients get the release under a contract (受控公开共享)",
        "Its k is 5. Declare recipients and environment in the policy.",
    )
    ENCLAVE = (
        "enclave",
        "The release is looked at inside a protected place, and does not leave it (领地公开共享)",
        "Its k is 3. Declare recipients and environment in the policy.",
    )


class RecipientRole(Word):
    """What a recipient is in law, as the policy declares it."""

    INTERNAL = "internal"
    ENTRUSTED = "entrusted_processor"
    OTHER = "other_processor"
    ABROAD = "abroad"


class ForRecipientName(Told):
    """What a release is for its recipient, beside its label. Everything that is unknown is ``not_assessed``."""

    NOT_IDENTIFIABLE = (
        "not_identifiable",
        "Every test holds for the recipient, if it has none of the keys that it is declared not to have",
        "It rests on what is declared, which nobody has checked, and changes neither the label nor the sender's duties.",
    )
    IDENTIFIABLE = (
        "identifiable",
        "A test fails for the recipient, even if it has no key",
        "The tests that fail are named in for_recipient of the label: beam-deid explain TEST.",
    )
    NOT_ASSESSED = (
        "not_assessed",
        "What the release is for its recipient cannot be stated, since something is not known",
        "Declare what is not known, which for_recipient names in the label: as the keys that the recipient has.",
    )


class Reason(Told):
    """Why a record was rejected. These codes stand in ``rejected.parquet`` and ``rejected.csv``; the value never does."""

    MALFORMED_ROW = (
        "malformed_row",
        "The row has another number of values than the header, a quote that is wrong, or NUL, or it is too long",
        "Look at the row in the file. If there are many, check input.delimiter and input.quote in the policy.",
    )
    REPEATED_HEADER = (
        "repeated_header",
        "The line that names the columns comes again in the middle of the file, as where exports were put together",
        "Nothing is lost with it: it is no record. Remove the line where the count should be zero.",
    )
    BAD_ENCODING = (
        "bad_encoding",
        "Bytes of the value are no text in the encoding of the file",
        "Say which encoding it is: input.encoding, as gb18030; or export the file again as UTF-8.",
    )
    CELL_ERROR = (
        "cell_error",
        "The cell of the workbook holds an error, such as #N/A or #REF!",
        "Fix the formula in the workbook and save it, or export the values alone.",
    )
    WRONG_TYPE = (
        "wrong_type",
        "The value cannot be read as the kind that the policy gives its field",
        "The value itself may be wrong, such as the 13th month of 2026-13-45: look at the row in the file. Where many are "
        "rejected, check kind of the field in the policy; how dates and numbers are written has options of its own.",
    )
    DAMAGED_BY_EXCEL = (
        "damaged_by_excel",
        "A long number was kept as a floating-point number, so that its last digits are lost",
        "Export again with the column as text, and in pandas read it as dtype=str. What is lost cannot be brought back from here.",
        "Excel wrote a long number as 2.02E+18 and lost its digits: export again with the column as text",
    )
    AMBIGUOUS_NUMBER = (
        "ambiguous_number",
        "The number can be read in two ways, as 1,234, or has a currency beside it",
        "Say how numbers are written: input.decimal, input.thousands, input.currency.",
        "say how numbers are written: input.decimal, input.thousands, input.currency",
    )
    NOT_WHOLE = (
        "not_whole",
        "The number has a fraction, be it of zeros as in 1990.0, and its field is one of whole numbers",
        "Programs write 1990.0 where a column had empty cells (pandas does). Write whole numbers there: astype('Int64') before "
        "to_csv or astype('string'); or read them with a fraction of no digits: kind: decimal, decimals: 0.",
        "numbers written as 1990.0 are read by kind: decimal, decimals: 0; in pandas astype('Int64') writes them whole",
    )
    AMBIGUOUS_TIME = (
        "ambiguous_time",
        "The date or time can be read in two ways, as 03/04/2026, or is the number of a day",
        "Say how times are written: format of the field, as '%d/%m/%Y %H:%M', or excel.",
        "say how times are written: format of the field, as '%d/%m/%Y %H:%M', or excel",
    )
    TOO_MANY_DECIMALS = (
        "too_many_decimals",
        "The number has more digits after the point than its field keeps",
        "Say how many there are: decimals of the field. Round numbers in floating point before, of which 0.1 + 0.2 is no 0.3.",
        "say how many digits there are after the point: decimals of the field; or round what comes in floating point",
    )
    INEXACT_NUMBER = (
        "inexact_number",
        "The number has more digits than a floating-point number keeps, so that it would be changed",
        "Give the field kind: integer or decimal; or order_number, where it is a name and not a quantity.",
        "it has more digits than a number keeps: kind integer or decimal, or order_number",
    )
    OUTSIDE_HIERARCHY = (
        "outside_hierarchy",
        "The value is not in the hierarchy by which its field is generalized",
        "Add the value to the hierarchy, or choose one that has it. Whole addresses are generalized by hierarchy: cn_districts, "
        "or masked by mask: {preset: address, division: city}.",
    )
    NOT_AN_OBJECT = (
        "not_an_object",
        "The row of JSON is no object, or no JSON",
        "Look at the row in the file. If no row is an object, check input.format and input.records.",
    )
    UNKNOWN_FIELD = (
        "unknown_field",
        "The row of JSON has a key that the policy does not name, and what it holds is not known",
        "Name the key in fields of the policy, or let it be passed over: input.ignore.",
    )
    NO_RECORDS = (
        "no_records",
        "The row of JSON has nothing where input.records says that records are",
        "Check the path in input.records; if it may be missing, nothing is lost.",
    )
    NAMED_TWICE = (
        "named_twice",
        "Two keys of one row of JSON would be the same field",
        "Rename one of them where the file is made, or choose other paths in input.fields.",
    )
    OUTSIDE_FORMAT = (
        "outside_format",
        "The value has not the form that format-preserving encryption keeps",
        "Name the characters that it has: fpe: {alphabet: alphanumeric}; or choose another action, as mask or tokenize.",
        "fpe's preset does not take it: name its characters instead, fpe: {alphabet: alphanumeric}, or mask it",
    )
    NO_RECORD_NUMBER = (
        "no_record_number",
        "The field by which records are known (record: of the policy) is empty here",
        "Fix the input, or let the policy name another field by record:.",
    )
    NO_SECRET = (
        "no_secret",
        "Nobody is known whose record it is, or the secret of that person was destroyed, so that there is no token of the value",
        "Name persons in every record by the subject of the policy, unmasked; or leave key: per_subject out of the field's action.",
        "the subject is empty or masked, and key: per_subject needs to know whose record it is: fix it, or take another key",
    )
    NO_TOKEN = (
        "no_token",
        "The value is no token: it is empty, cut off, or was never made by this program",
        "Take the value as the release has it, whole; spreadsheets cut off or change long texts.",
    )
    NO_SUCH_KEY = (
        "no_such_key",
        "The key that made the token is not in the keyring, or was destroyed",
        "Take the keyring that the release was made with. What was made by a destroyed key cannot be turned back.",
    )
    SECRET_DESTROYED = (
        "secret_destroyed",
        "The secret of the person whom the token is about was destroyed",
        "Nobody can turn it back: the person was erased.",
    )
    NOT_AUTHENTIC = (
        "not_authentic",
        "The token was changed, or was made for another field, domain or policy",
        "Take the value as the release has it, and the policy that made the release; for another recipient the key's domain is "
        "another.",
    )
