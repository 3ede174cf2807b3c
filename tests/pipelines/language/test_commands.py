"""Commands answer in the language of the call; what they make is the same in all languages."""

import re
import subprocess
import sys

import click
import pytest

from beam_deid.pipelines.cli import call, cli

ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row: a sentence that was not said in Chinese."""
EXAMPLE = re.compile(r"^ +(beam-deid|export|-)|^用法：")

POLICY = """\
version: 1
dataset: shop
subject: buyer
fields:
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
  day: {role: quasi_identifier, kind: date}
  item: {role: sensitive}
keys: {key: "env:BEAM_DEID_KEY"}
register: none
releases:
  open:
    purpose: study
    sharing: public
    fields: {city: keep, day: {generalize: {calendar: [month, year]}}, item: keep}
  own:
    purpose: service
    sharing: enclave
    fields: {buyer: {tokenize: {domain: buyer}}, city: {mask: {keep_first: 1}}}
"""
WRONG = (
    POLICY.replace("tokenize", "tokenise")
    .replace("subject: buyer", "subject: bayer")
    .replace("version: 1", "version: 2")
)
ORDERS = "buyer,city,day,item\n" + "".join(f"b{n % 40},c{n % 2},2026-01-0{n % 9 + 1},i{n % 3}\n" for n in range(400))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "orders.csv").write_text(ORDERS)
    return tmp_path


def unsaid(text: str) -> list[str]:
    lines = (re.sub("`[^`]*`|beam-deid [^，。；（]*", "", line) for line in text.splitlines())
    return [line for line in lines if ENGLISH.search(line) and not EXAMPLE.match(line)]


def every_command() -> list[list[str]]:
    context = click.Context(cli)
    found = [[]]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        found.append([name])
        if isinstance(command, click.Group):
            found += [[name, below] for below in command.list_commands(context)]
    return found


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_help_is_said_in_chinese(command, capsys):
    assert call([*command, "--lang", "zh", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "用法：" in shown
    assert not unsaid(shown)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["plan"], 2, "缺少 POLICY。参见：beam-deid plan --help"),
        (["plna"], 2, "没有命令 plna。是不是想写 plan？"),
        (["plan", "policy.yaml", "--jsn"], 2, "没有选项 --jsn。是不是想写 --json？"),
        (
            ["run", "policy.yaml", "-i", "orders.csv", "-o", "out", "--workers", "0"],
            2,
            "--workers：0 不在范围 x>=1 之内",
        ),
        (["run", "policy.yaml", "-i", "orders.csv", "-o", "out", "--max-rejects", "nan"], 2, "nan 不是占比"),
        (["plan", "none.yaml"], 2, "none.yaml：没有这个文件。检查策略的路径"),
        (["plan", "wrong.yaml"], 2, "策略中有 3 个问题"),
        (["profile", "-i", "none.csv"], 2, "none.csv：没有文件与这个输入匹配。检查路径；在 shell 中给通配符加引号"),
        (["keys", "list", "none.keyring"], 2, "none.keyring：无法读取密钥环（没有该文件或目录）"),
        (["verify", "nowhere"], 2, "这里没有 run.json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said_in_chinese(shop, arguments, code, said, capsys):
    assert call(["--lang", "zh", *arguments]) == code
    shown = "".join(capsys.readouterr())
    assert said in shown
    assert not unsaid(shown)


def test_problems_of_a_policy_are_said_line_by_line(shop, capsys):
    call(["plan", "wrong.yaml", "--lang", "zh"])
    first, *problems = capsys.readouterr().err.splitlines()
    assert first == "beam-deid: 策略中有 3 个问题"
    assert problems[1].startswith("wrong.yaml:3: subject：没有名为 'bayer' 的字段；是不是想写 'buyer'？")


def test_a_plan_and_a_draft_are_said_in_chinese(shop, capsys):
    assert call(["plan", "policy.yaml", "--lang", "zh"]) == 0
    plan = capsys.readouterr().out
    assert "最多可达 still_personal（仍为个人信息）" in plan
    assert not unsaid(plan)
    assert call(["profile", "-i", "orders.csv", "--lang", "zh"]) == 0
    draft = capsys.readouterr().out
    assert "# 由 `beam-deid profile` 根据 1 个文件的全部 400 条记录起草" in draft
    assert not unsaid(re.sub(r"(?m)^ *(# environment|purpose): .*", "", draft))


def test_a_draft_is_the_same_policy_in_all_languages(shop, capsys):
    import yaml

    drafts = []
    for language in ("en", "zh"):
        call(["profile", "-i", "orders.csv", "--lang", language])
        drafts.append(yaml.safe_load(capsys.readouterr().out))
    assert drafts[0] == drafts[1]


@pytest.mark.parametrize(
    "command", [["plan", "policy.yaml"], ["profile", "-i", "orders.csv"], ["schema"]], ids=" ".join
)
def test_json_is_the_same_in_all_languages(shop, command, capsys):
    documents = []
    for language in ("en", "zh"):
        assert call([*command, "--json", "--lang", language]) == 0
        documents.append(capsys.readouterr().out)
    assert documents[0] == documents[1]


def test_a_run_is_said_in_chinese_and_leaves_the_same_files(shop, monkeypatch, capsys):
    monkeypatch.setenv("BEAM_DEID_KEY", "5a" * 32)
    labels = []
    for language in ("en", "zh"):
        arguments = [
            "run",
            "policy.yaml",
            "-i",
            "orders.csv",
            "-o",
            f"out-{language}",
            "--workers",
            "1",
            "--lang",
            language,
        ]
        assert call(arguments) == 0
        labels.append((shop / f"out-{language}" / "own" / "label.json").read_text())
    without_times = [re.sub(r'"(decided_at|assessed_at|run|sha256)": "[^"]*"', "", label) for label in labels]
    assert without_times[0] == without_times[1]
    shown = capsys.readouterr().out.split("open: ")[-1]
    assert "own: still_personal（仍为个人信息），400 条记录中发布 400 条，位于 out-zh/own" in shown
    assert not unsaid(shown)


def test_the_language_of_one_call_is_not_that_of_the_next(capsys):
    call(["--lang", "zh", "--help"])
    capsys.readouterr()
    call(["--help"])
    assert capsys.readouterr().out.startswith("Usage: ")


def test_english_loads_no_catalogue():
    code = "import sys\nfrom beam_deid.pipelines.cli import call\ncall(['--help'])\nassert 'polib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
