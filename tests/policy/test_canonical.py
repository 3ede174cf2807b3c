from pathlib import Path

import yaml

from beam_deid.transforms.policy.canonical import policy_document, policy_sha256
from beam_deid.transforms.policy.reader import policy_from_mapping, read_policy

from .policies import ORDERS, orders


def test_the_document_reads_back_as_the_same_policy() -> None:
    policy = policy_from_mapping(orders())
    assert policy_from_mapping(policy_document(policy)) == policy
    assert policy_sha256(policy_from_mapping(policy_document(policy))) == policy_sha256(policy)


def test_the_hash_does_not_depend_on_folder_comments_or_the_order_of_keys(tmp_path: Path) -> None:
    hashes = set()
    turned = yaml.safe_dump(dict(reversed(orders().items())), sort_keys=False)
    for name, text in (("a", ORDERS), ("b", "# a comment\n" + ORDERS), ("c", turned)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.yaml").write_text(text)
        hashes.add(policy_sha256(read_policy(str(tmp_path / name / "policy.yaml"))))
    assert len(hashes) == 1


def test_the_hash_depends_on_every_option_and_on_the_order_of_fields() -> None:
    changed = [orders() for _ in range(4)]
    changed[0]["releases"]["crm"]["fields"]["name"]["mask"]["keep_first"] = 2
    changed[1]["releases"]["crm"]["require"] = {"risk": 0.04}
    changed[2]["fields"] = dict(reversed(changed[2]["fields"].items()))
    hashes = {policy_sha256(policy_from_mapping(mapping)) for mapping in (orders(), *changed[:3])}
    assert len(hashes) == 4
    assert policy_sha256(policy_from_mapping(changed[3])) in hashes


def test_later_options_that_say_what_holds_anyway_do_not_change_the_hash() -> None:
    said = orders()
    said["fields"]["city"]["optional"] = False
    said["input"] = {"ignore": [], "fill_down": None}
    given = orders()
    given["fields"]["city"]["optional"] = True
    ignoring = orders()
    ignoring["input"] = {"ignore": ["ext_*"]}
    plain, with_defaults, optional, ignored = (
        policy_sha256(policy_from_mapping(mapping)) for mapping in (orders(), said, given, ignoring)
    )
    assert plain == with_defaults
    assert len({plain, optional, ignored}) == 3


def test_the_hash_depends_on_what_a_hierarchy_file_says_not_where_it_is(tmp_path: Path) -> None:
    text = ORDERS.replace("city: keep", "city: {generalize: {hierarchy: ./cities.csv}}", 1)
    hashes = []
    for folder, province in (("a", "浙江省"), ("b", "浙江省"), ("c", "浙江")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "cities.csv").write_text(f"杭州市;{province};*\n", encoding="utf-8")
        (tmp_path / folder / "policy.yaml").write_text(text)
        hashes.append(policy_sha256(read_policy(str(tmp_path / folder / "policy.yaml"))))
    assert hashes[0] == hashes[1] != hashes[2]
