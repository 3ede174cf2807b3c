from pathlib import Path

import pytest

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_from_mapping, read_policy
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.terms import LabelName, Role, Sharing

from .policies import DESIGN, ORDERS, orders


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "policy.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def problems(path: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    return [line.removeprefix(path) for line in caught.value.problems]


def test_a_right_policy_is_read_as_it_is_written(tmp_path: Path) -> None:
    policy = read_policy(write(tmp_path, ORDERS))
    analytics = policy.releases["analytics"]
    assert list(policy.fields)[:2] == ["tid", "buyer_id"]
    assert policy.fields["age_group"].role == (Role.QUASI, Role.SENSITIVE)
    assert (analytics.sharing, analytics.expect, analytics.k) == (Sharing.CONTROLLED, LabelName.ANONYMIZED, 5)
    assert [action.name for action in analytics.fields.values()] == [
        "keep",
        "generalize",
        "generalize",
        "keep",
        "keep",
        "drop",
    ]
    assert policy.kind("birth_year") is NUMBER


def test_the_same_policy_is_read_from_a_file_and_from_a_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_policy(write(tmp_path, ORDERS)) == policy_from_mapping(orders())


def test_the_path_of_a_policy_may_be_a_path(tmp_path: Path) -> None:
    path = write(tmp_path, ORDERS)
    assert read_policy(Path(path)) == read_policy(path)
    with pytest.raises(PolicyError, match="there is no such"):
        read_policy(tmp_path / "other.yaml")


def test_a_mapping_may_hold_enums_tuples_and_actions(tmp_path: Path) -> None:
    mapping = orders()
    expected = policy_from_mapping(orders())
    mapping["fields"]["age_group"]["role"] = (Role.QUASI, Role.SENSITIVE)
    mapping["releases"]["crm"]["sharing"] = Sharing.ENCLAVE
    mapping["releases"]["crm"]["fields"] = dict(expected.releases["crm"].fields)
    assert policy_from_mapping(mapping) == expected


def test_the_designs_example_is_read(tmp_path: Path) -> None:
    policy = read_policy(write(tmp_path, DESIGN))
    assert policy.kind("birth_year") is NUMBER
    assert policy.keys.keyring == str(tmp_path / "keys" / "orders.keyring")
    assert [action.name for action in policy.releases["crm"].fields.values()] == ["tokenize", "fpe", "mask", "keep"]


# One right policy, one line of it changed: (what is there, what stands in its place, the problems then told).
FIELDS = "valid: tid, buyer_id, name, city, birth_year, created, age_group, category, note"
VERSION = "must be 1, without quotes: the version of the policy's form"

LEAST_K = "{} is below 5, the least that controlled sharing allows; ask for 5 or more, or leave it out"
LEAST_L = "1 is below 2, the least that any sharing model allows; ask for 2 or more, or leave it out"

CHANGES = {
    "a missing key": ("dataset: orders\n", "", [":1: dataset: is missing; add it"]),
    "a missing key of a release": (
        "    purpose: market analysis\n",
        "",
        [":16: releases.analytics.purpose: is missing; add it"],
    ),
    "another version": ("version: 1", "version: 2", [":1: version: " + VERSION]),
    "true for a version": ("version: 1", "version: true", [":1: version: " + VERSION]),
    "a number for a name": (
        "dataset: orders",
        "dataset: 2024",
        [":2: dataset: must be text; put it in quotes"],
    ),
    "an empty name": ("dataset: orders", "dataset: ''", [":2: dataset: must not be empty"]),
    "a misspelt key": (
        "subject: buyer_id",
        "subjct: buyer_id",
        [":3: subjct: unknown key; did you mean 'subject'?"],
    ),
    "a duplicate key": (
        "  note:       {role: insensitive}",
        "  note: {role: insensitive}\n  note: {role: sensitive}",
        [":14: fields.note: this key was there before, in line 13; leave one"],
    ),
    "a subject that is no field": (
        "subject: buyer_id",
        "subject: buyerid",
        [
            ":3: subject: no field is called 'buyerid'; did you mean 'buyer_id'? "
            + FIELDS
            + "; or each_record, if every record is one person"
        ],
    ),
    "the beginning of a role": (
        "note:       {role: insensitive}",
        "note: {role: direct}",
        [
            ":13: fields.note.role: 'direct' is not known here; did you mean 'direct_identifier'? "
            "valid: direct_identifier, quasi_identifier, sensitive, insensitive"
        ],
    ),
    "roles that do not go together": (
        "[quasi_identifier, sensitive]",
        "[direct_identifier, quasi_identifier]",
        [
            ":11: fields.age_group.role: sensitive goes together with quasi_identifier or direct_identifier, "
            "and no other roles do"
        ],
    ),
    "no role": (
        "note:       {role: insensitive}",
        "note: {role: []}",
        [":13: fields.note.role: must not be empty"],
    ),
    "a misspelt kind": (
        "kind: timestamp",
        "kind: timestmp",
        [":10: fields.created.kind: 'timestmp' is not known here; did you mean 'timestamp'?"],
    ),
    "a field without anything": (
        "note:       {role: insensitive}",
        "note:",
        [":13: fields.note: must be a mapping, {name: value}"],
    ),
    "an action that does not exist": (
        "category: keep",
        "category: keeep",
        [
            ":25: releases.analytics.fields.category: no action is called 'keeep'; did you mean 'keep'? "
            "valid: keep, drop, mask, hash, tokenize, fpe, encrypt, generalize, shift, surrogate, redact"
        ],
    ),
    "a type's name where a value may have several types": (
        "birth_year: {generalize: {ranges: [5, 10, 20]}}",
        "birth_year: {generalize: {ranges: [5, 10, 20], level: {int: 1}}}",
        [
            ":22: releases.analytics.fields.birth_year.generalize.level: must be a whole number, without quotes, or must be text"
        ],
    ),
    "two actions on one field": (
        "category: keep",
        "category: {mask: {keep_first: 1}, drop: {}}",
        [
            ":25: releases.analytics.fields.category: an action is a name, or one name with its options: "
            "{mask: {keep_first: 1}}"
        ],
    ),
    "a released field that does not exist": (
        "category: keep",
        "category: keep\n      catgory: drop",
        [":26: releases.analytics.fields.catgory: no field is called 'catgory'; did you mean 'category'? " + FIELDS],
    ),
    "a sharing model that does not exist": (
        "sharing: enclave",
        "sharing: publik",
        [
            ":32: releases.crm.sharing: 'publik' is not known here; did you mean 'public'? "
            "valid: public, controlled, enclave"
        ],
    ),
    "a share above one": (
        "suppression: 0.05",
        "suppression: 5",
        [":27: releases.analytics.require.suppression: must be at most 1"],
    ),
    "true for a number": (
        "k: 5",
        "k: true",
        [":27: releases.analytics.require.k: must be a whole number, without quotes"],
    ),
    "text for a number": (
        "k: 5",
        "k: '5'",
        [":27: releases.analytics.require.k: must be a whole number, without quotes"],
    ),
    "a limit below the sharing model's": ("k: 5", "k: 4", [":27: releases.analytics.require.k: " + LEAST_K.format(4)]),
    "no limit at all": ("k: 5", "k: 0", [":27: releases.analytics.require.k: " + LEAST_K.format(0)]),
    "one value for diversity": (
        "l: {category: 2}",
        "l: {category: 1}",
        [":27: releases.analytics.require.l.category: " + LEAST_L],
    ),
    "one value for diversity by its name": (
        "l: {category: 2}",
        "l: {category: {distinct: 1, entropy: 2}}",
        [":27: releases.analytics.require.l.category.distinct: " + LEAST_L],
    ),
    "retired options": (
        "suppression: 0.05}",
        "suppression: 0.05, link: 0.2, link_sensitive: 0, risk: 1}",
        [
            ":27: releases.analytics.require.link: singling out has the limit 0 in every sharing model; remove it",
            ":27: releases.analytics.require.link_sensitive: "
            "singling out has the limit 0 in every sharing model, so it is so already; remove it",
            ":27: releases.analytics.require.risk: "
            "1 is above 0.05, the most that any sharing model allows; ask for 0.05 or less, or leave it out",
        ],
    ),
    "values of a field that is not sensitive as the same": (
        "subject: buyer_id",
        "subject: buyer_id\nsame: {city: {杭州: [杭州市]}}",
        [":4: same.city: city is not sensitive; give it the role sensitive, or leave this out"],
    ),
    "values of no field as the same": (
        "subject: buyer_id",
        "subject: buyer_id\nsame: {categry: {茶: [tea]}}",
        [":4: same.categry: no field is called 'categry'; did you mean 'category'? " + FIELDS],
    ),
    "values merged into one that is merged itself": (
        "subject: buyer_id",
        "subject: buyer_id\nsame: {category: {茶: [Tea], tea: [chai]}}",
        [":4: same.category.茶[0]: 'Tea' is merged into '茶' and has others merged into it; name it once"],
    ),
    "values merged into two": (
        "subject: buyer_id",
        "subject: buyer_id\nsame: {category: {茶: [tea], 咖啡: [tea, mocha]}}",
        [":4: same.category.咖啡[0]: 'tea' is merged into '茶', too; name it once"],
    ),
    "values merged into themselves": (
        "subject: buyer_id",
        "subject: buyer_id\nsame: {category: {Tea: [ＴＥＡ]}}",
        [":4: same.category.Tea[0]: 'ＴＥＡ' counts as 'Tea' anyway, whatever its spelling; leave it out"],
    ),
    "a value with which no other is merged": (
        "subject: buyer_id",
        "subject: buyer_id\nsame: {category: {茶: []}}",
        [":4: same.category.茶: name a value that means the same as '茶', or leave this out"],
    ),
    "each record as a subject's field": (
        "subject: buyer_id",
        "subject: each-record",
        [
            ":3: subject: no field is called 'each-record'; "
            + FIELDS
            + "; or each_record, if every record is one person"
        ],
    ),
    "signing with no keyring": (
        "subject: buyer_id",
        "subject: buyer_id\nsign: keyring",
        [
            ":4: sign: labels are signed with a key of a keyring; add to the policy: keys: {keyring: PATH}, "
            "and to the keyring a signing key: beam-deid keys create PATH --sign"
        ],
    ),
    "signing with something else": (
        "subject: buyer_id",
        "subject: buyer_id\nsign: key",
        [":4: sign: this is not known here; valid: keyring"],
    ),
    "a key that belongs a level below": (
        "    sharing: enclave",
        "    sharing: enclave\n    suppression: 0.1",
        [":33: releases.crm.suppression: unknown key; it belongs under 'require'"],
    ),
    "a key that belongs a level above": (
        "suppression: 0.05}",
        "suppression: 0.05, expect: anonymized}",
        [":27: releases.analytics.require.expect: unknown key; it belongs one level up, beside 'require'"],
    ),
    "diversity of a field that is not sensitive": (
        "l: {category: 2}",
        "l: {city: 2}",
        [
            ":27: releases.analytics.require.l.city: "
            "city is not sensitive; give it the role sensitive, or leave this out"
        ],
    ),
    "closeness of a field that is not released": (
        "      category: keep\n",
        "      category: drop\n",
        [
            ":27: releases.analytics.require.l.category: this release does not give category out; leave this out",
            ":27: releases.analytics.require.t.category: this release does not give category out; leave this out",
        ],
    ),
    "an attacker who knows no field": (
        "knows: [city, created]",
        "knows: []",
        [":29: releases.analytics.attackers.courier.knows: must not be empty"],
    ),
    "an attacker who knows what does not exist": (
        "knows: [city, created]",
        "knows: [citi, created]",
        [
            ":29: releases.analytics.attackers.courier.knows[0]: "
            "no field is called 'citi'; did you mean 'city'? " + FIELDS
        ],
    ),
    "an attacker who knows a field twice": (
        "knows: [city, created]",
        "knows: [city, city]",
        [":29: releases.analytics.attackers.courier.knows[1]: city is named twice; leave one"],
    ),
    "an attacker who knows nothing that is released": (
        "knows: [city, created]",
        "knows: [tid, note]",
        [
            ":29: releases.analytics.attackers.courier.knows: "
            "nothing to join on: this release gives none of these "
            "fields out, or only under a key; name a field that it gives out"
        ],
    ),
    "an attacker who knows only what is under a key": (
        "      city: keep\n",
        "      city: keep\n    attackers: {insider: {knows: [buyer_id]}}\n",
        [
            ":37: releases.crm.attackers.insider.knows: "
            "nothing to join on: this release gives none of these fields "
            "out, or only under a key; name a field that it gives out"
        ],
    ),
    "a keyed action without keys": (
        "keys: {key: 'env:BEAM_DEID_KEY'}\n",
        "",
        [
            ":33: releases.crm.fields.buyer_id: hash needs a key; "
            "add to the policy: keys: {keyring: PATH} or keys: {key: 'env:NAME'}"
        ],
    ),
    "a release that gives nothing out": (
        "  crm:",
        "  none: {purpose: nothing, sharing: public, fields: {city: drop}}\n  crm:",
        [":30: releases.none.fields: this release gives nothing out; name a field that it keeps or changes"],
    ),
    "a release without fields": (
        "  crm:",
        "  none: {purpose: nothing, sharing: public, fields: {}}\n  crm:",
        [":30: releases.none.fields: must not be empty"],
    ),
    "a field without a name": (
        "  note:       {role: insensitive}",
        "  note: {role: insensitive}\n  '': {role: insensitive}",
        [":14: fields.'': a field must have a name"],
    ),
    "a file format that does not exist": (
        "    sharing: enclave",
        "    sharing: enclave\n    format: avro",
        [":33: releases.crm.format: 'avro' is not known here; valid: parquet, csv, xlsx, jsonl"],
    ),
    "kinds that two actions read differently": (
        "      city: keep\n",
        "      city: keep\n      birth_year: {generalize: {calendar: [year]}}\n",
        [
            ":37: releases.crm.fields.birth_year: "
            "this reads the field as timestamp, and release analytics as "
            "number; declare its kind under fields"
        ],
    ),
    "merge keys": (
        "  note:       {role: insensitive}",
        "  note: {<<: {role: insensitive}}",
        [
            ":13: fields.note: merge keys (<<) are not supported; write the entries out",
            ":13: fields.note.role: is missing; add it",
        ],
    ),
}


@pytest.mark.parametrize(("there", "instead", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_wrong_policy_is_refused_by_line_key_and_advice(
    there: str, instead: str, expected: list[str], tmp_path: Path
) -> None:
    # The last place, so that the release called crm can be changed where both have such a line.
    before, _, after = ORDERS.rpartition(there) if "city: keep" in there else ORDERS.partition(there)
    assert problems(write(tmp_path, before + instead + after)) == expected


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("keep_frist: 1", "keep_frist"),
        ("keep_first: -1", "keep_first"),
        ("keep_first: true", "keep_first"),
        ("keep_first: '1'", "keep_first"),
        ("keep_first: [1]", "keep_first"),
    ],
)
def test_an_actions_wrong_option_is_named_with_its_line(option: str, key: str, tmp_path: Path) -> None:
    found = problems(write(tmp_path, ORDERS.replace("keep_first: 1", option)))
    assert len(found) == 1
    assert found[0].startswith(f":35: releases.crm.fields.name.mask.{key}: ")


def test_a_misspelt_option_gets_the_nearest_one(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path, ORDERS.replace("keep_first", "keep_frist")))
    assert found.startswith(":35: releases.crm.fields.name.mask.keep_frist: unknown key; did you mean 'keep_first'?")


SHARINGS = ("public", "controlled", "enclave")
FLOORS: dict[str, tuple[float, float, float]] = {
    "k": (20, 5, 3),
    "gain": (0.5, 0.75, 0.9),
    "dominance": (0.5, 0.7, 0.85),
    "risk": (0.05, 0.05, 0.05),
}


@pytest.mark.parametrize("sharing", SHARINGS)
@pytest.mark.parametrize("option", FLOORS)
def test_an_option_may_ask_for_more_than_the_sharing_model_and_never_for_less(option: str, sharing: str) -> None:
    floor = FLOORS[option][SHARINGS.index(sharing)]
    laxer, stricter = (floor - 1, floor + 1) if option == "k" else (floor + 1e-7, floor / 2)
    mapping = orders()
    analytics = mapping["releases"]["analytics"]
    for asked in (floor, stricter):
        analytics |= {"sharing": sharing, "require": {option: asked}}
        assert policy_from_mapping(mapping).releases["analytics"].require.asked().to_document() == {option: asked}
    analytics["require"] = {option: laxer}
    with pytest.raises(PolicyError) as caught:
        policy_from_mapping(mapping)
    (found,) = caught.value.problems  # once, though several requirements share k
    word = "below" if option == "k" else "above"
    assert found.startswith(f"policy: releases.analytics.require.{option}: {laxer!r} is {word} {floor:g}, the ")
    assert ("any sharing model" if option == "risk" else f"{sharing} sharing") in found


def test_every_limit_of_a_sharing_model_that_a_policy_may_touch_is_guarded() -> None:
    guarded = {one.option.name for one in REQUIREMENTS if one.option is not None and one.default is not None}
    assert guarded == {*FLOORS, "l"}


def test_each_record_may_stand_for_a_subject() -> None:
    mapping = {**orders(), "subject": "each_record"}
    policy = policy_from_mapping(mapping)
    assert (policy.subject, policy.subject_field) == ("each_record", None)
    mapping["fields"]["each_record"] = {"role": "insensitive"}
    with pytest.raises(PolicyError, match="a field is called each_record, and so is the word for no subject; rename"):
        policy_from_mapping(mapping)


def test_shift_needs_a_subject(tmp_path: Path) -> None:
    text = ORDERS.replace("subject: buyer_id\n", "").replace(
        "created: {generalize: {calendar: [day, week, month]}}", "created: shift"
    )
    found = problems(write(tmp_path, text))
    assert any("add subject: FIELD to the policy" in line for line in found if ".created" in line)


def test_all_problems_are_told_at_once_in_the_files_order(tmp_path: Path) -> None:
    text = ORDERS
    for there, instead in (
        ("dataset: orders", "dataset: 5"),
        ("kind: timestamp", "kind: timestmp"),
        ("keep_first", "keep_frist"),
        ("subject: buyer_id", "subject: buyer"),
        ("k: 5", "k: 0"),
        ("sharing: enclave", "sharing: private"),
    ):
        text = text.replace(there, instead)
    keys = [line.split(": ")[1] for line in problems(write(tmp_path, text))]
    assert keys == [
        "dataset",
        "subject",
        "fields.created.kind",
        "releases.analytics.require.k",
        "releases.crm.sharing",
        "releases.crm.fields.name.mask.keep_frist",
    ]


@pytest.mark.parametrize("name", ["a b", "../x", ".hidden", "run.json", "a/b", "-x", "x" * 101, "数据"])
def test_a_release_must_be_a_safe_folder_name(name: str) -> None:
    mapping = orders()
    mapping["releases"][name] = mapping["releases"].pop("crm")
    with pytest.raises(PolicyError, match="a release names a folder"):
        policy_from_mapping(mapping)


def test_two_releases_may_not_differ_in_case_only() -> None:
    mapping = orders()
    mapping["releases"]["CRM"] = mapping["releases"]["crm"]
    with pytest.raises(PolicyError, match=r"policy: releases\.CRM: differs from 'crm' only in case"):
        policy_from_mapping(mapping)


def test_relative_paths_start_from_the_policys_folder(tmp_path: Path) -> None:
    text = ORDERS.replace("env:BEAM_DEID_KEY", "file:keys/main.key")
    policy = read_policy(write(tmp_path, text))
    attacker = policy.releases["analytics"].attackers["courier"]
    assert policy.keys is not None
    assert (attacker.table, policy.keys.key) == (
        str(tmp_path / "waybills.parquet"),
        f"file:{tmp_path / 'keys/main.key'}",
    )


@pytest.mark.parametrize("table", ["gs://bucket/waybills.parquet", "/data/waybills.parquet"])
def test_absolute_and_remote_paths_stay(table: str, tmp_path: Path) -> None:
    policy = read_policy(write(tmp_path, ORDERS.replace("waybills.parquet", table)))
    assert policy.releases["analytics"].attackers["courier"].table == table


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the policy is empty"),
    "comments only": (b"# nothing\n", "the policy is empty"),
    "a list": (b"- version: 1\n", "a policy is a mapping"),
    "a word": (b"policy\n", "a policy is a mapping"),
    "two documents": (b"version: 1\n---\nversion: 1\n", "policy.yaml:2: a second document begins here"),
    "not UTF-8": ("version: 1\ndataset: 订单\n".encode("gb18030"), "policy.yaml:2: the policy is not UTF-8"),
    "UTF-16": ("version: 1".encode("utf-16"), "the policy is UTF-16"),
    "no text": (b"PAR1\0\xff", "this is no text, so it is no policy"),
    "a full-width colon": (
        "version: 1\ndataset：orders\nsubject: a\n".encode(),
        "policy.yaml:2: this is not YAML: a full-width colon (：)",
    ),
    "a tab": (
        b"version: 1\nfields:\n\ta: {role: sensitive}\n",
        "policy.yaml:3: this is not YAML: a tab where",
    ),
    "an open bracket": (
        b"version: 1\nfields: {a: {role: sensitive}\nkeys: 1\n",
        "policy.yaml:3: this is not YAML",
    ),
    "an open quote": (
        b"version: 1\ndataset: 'orders\n",
        "this is not YAML: a quoted text that is not closed",
    ),
    "a control character": (
        b"version: 1\ndataset: a\x07\n",
        "policy.yaml:2: this is not YAML: a control character",
    ),
    "a wrong escape": (b'version: 1\ndataset: "\\UFFFFFFFF"\n', "this is not YAML"),
    "half a character": (
        b'version: 1\ndataset: "\\uD800"\n',
        "policy.yaml:2: dataset: this holds a character",
    ),
    "a tag": (b"version: 1\ndataset: !!python/name:os.system x\n", "policy.yaml:2: dataset: tags"),
    "an alias to nothing": (b"version: 1\ndataset: *x\n", "policy.yaml:2: this is not YAML: an alias"),
    "an alias to itself": (
        b"version: 1\nfields: &f {a: *f}\n",
        "policy.yaml:2: fields.a: an alias that holds itself",
    ),
    "nested without end": (b"version: " + b"[" * 5_000, "this is nested too deeply"),
    "larger than any policy": (b"#" * ((1 << 20) + 1), "this is larger than any policy"),
}


@pytest.mark.parametrize(("content", "expected"), FILES.values(), ids=FILES)
def test_a_file_that_holds_no_policy_is_refused(content: bytes, expected: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(write(tmp_path, content))
    assert expected in caught.value.message


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    laughs = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    laughs += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(PolicyError, match="too large for a policy once its aliases are filled in"):
        read_policy(write(tmp_path, "\n".join(laughs)))


def test_aliases_may_say_a_thing_once(tmp_path: Path) -> None:
    text = ORDERS.replace("city:       {role: quasi_identifier}", "city: &quasi {role: quasi_identifier}")
    text = text.replace("birth_year: {role: quasi_identifier}", "birth_year: *quasi")
    assert read_policy(write(tmp_path, text)).fields["birth_year"].has(Role.QUASI)


@pytest.mark.parametrize("path", ["no/such/policy.yaml", ".", "a\0b"])
def test_a_path_without_a_file_is_a_policy_error(path: str) -> None:
    with pytest.raises(PolicyError, match="there is no such file"):
        read_policy(path)


@pytest.mark.parametrize(
    "text", [ORDERS, "version: 1\nkeys: {key: SECRET}\n", "version: 1", "{version: 1, keys: SECRET}", "a\nb"]
)
def test_the_text_of_a_policy_where_its_path_is_wanted_is_told_as_such_and_not_repeated(text: str) -> None:
    with pytest.raises(PolicyError, match=r"looks like the text of a policy.*yaml\.safe_load") as wrong:
        read_policy(text)
    assert "version" not in wrong.value.message
    assert "SECRET" not in wrong.value.message


def test_a_policy_whose_name_looks_like_text_is_read(tmp_path: Path) -> None:
    odd = tmp_path / "version: 1"
    odd.write_text(ORDERS, "utf-8")
    assert isinstance(read_policy(str(odd)), Policy)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert isinstance(read_policy(write(tmp_path, b"\xef\xbb\xbf" + ORDERS.encode())), Policy)


SECRET = "c4f1a9e07b3d58264e90dd317ab65f28"  # stands for a key that was pasted in the wrong place


@pytest.mark.parametrize(
    "keys",
    [
        f"{{key: {SECRET}}}",
        f"{{key: [{SECRET}]}}",
        f"{{key: {{{SECRET}: 1}}}}",
        SECRET,
        f"[{SECRET}]",
        f"{{{SECRET}: 1}}",
        f"{{{SECRET}: 1, {SECRET}: 2}}",
        f"{{kye: {SECRET}}}",
        f"{{keyring: {SECRET}}}",
        f"{{key: '{SECRET}}}",
        f"*{SECRET}",
        f"!{SECRET} x",
        f"&{SECRET} &{SECRET} x",
        f"{{key: @{SECRET}}}",
        f"\n  key: {SECRET}: x",
        f"\n  key: x\n  {SECRET}",
        f"%{SECRET}",
        f"{{key: {{key: {{{SECRET}: 1}}}}}}",
    ],
)
def test_a_key_pasted_into_the_policy_is_never_repeated(keys: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(write(tmp_path, ORDERS.replace("{key: 'env:BEAM_DEID_KEY'}", keys)))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("options", [f"{{key: {SECRET}}}", f"{{key: [{SECRET}]}}", f"{{key: {{{SECRET}: 1}}}}"])
def test_a_key_pasted_into_an_action_is_never_repeated(options: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(write(tmp_path, ORDERS.replace("{domain: customer}", options)))
    assert SECRET not in str(caught.value)


def test_options_that_do_not_go_together_are_told_at_the_action(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path, ORDERS.replace("{ranges: [5, 10, 20]}", "{ranges: [5, 10], bins: [1]}")))
    assert found.startswith(":22: releases.analytics.fields.birth_year.generalize: say exactly one of ranges")


def test_an_option_that_is_a_word_of_python_is_written_as_it_is_spelt(tmp_path: Path) -> None:
    policy = read_policy(write(tmp_path, ORDERS.replace("keep_first: 1", "from: 2, to: 3")))
    assert policy.releases["crm"].fields["name"].model_dump(by_alias=True)["from"] == 2
    (found,) = problems(write(tmp_path, ORDERS.replace("keep_first: 1", "from: '2', to: 3")))
    assert found == ":35: releases.crm.fields.name.mask.from: must be a number, without quotes"


def test_a_hierarchy_file_is_found_beside_the_policy_and_its_faults_are_told(tmp_path: Path) -> None:
    text = ORDERS.replace("city: keep", "city: {generalize: {hierarchy: ./cities.csv}}", 1)
    (found,) = problems(write(tmp_path, text))
    assert found.startswith(":21: releases.analytics.fields.city.generalize: ")
    assert str(tmp_path / "cities.csv") in found
    (tmp_path / "cities.csv").write_text("杭州市;浙江省;*\n宁波市;浙江省;*\n", encoding="utf-8")
    assert read_policy(write(tmp_path, text)).releases["analytics"].fields["city"].name == "generalize"


def test_a_kind_that_an_action_cannot_take_is_told(tmp_path: Path) -> None:
    (found,) = problems(write(tmp_path, ORDERS.replace("kind: timestamp", "kind: mobile")))
    assert found.startswith(":23: releases.analytics.fields.created.generalize: calendar needs a field of kind")
