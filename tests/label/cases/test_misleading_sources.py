"""What an attacker looked for in runs on files: roles that are wrong, orders for persons, whole names, values that say nothing."""

import base64
import hashlib
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ...kit.crowds import crowd, grid, mobile, turn
from ...kit.policies import policy, release, roles
from ...kit.sampling import quick_first
from .kit import Case, judge, run

ENVIRONMENT = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}
CITIES = ["城0", "城1", "城2", "城3"]
ITEMS = ["食品", "图书", "衣服", "药品"]
NAMES = ["王伟", "李娜"]
STREETS = ["浙江省杭州市西湖区文三路1号", "浙江省杭州市西湖区天目山路2号"]


# Who the persons are


def orders(per_city, holder):
    """`per_city` orders in every city; `holder` says whose mobile stands on one."""
    return crowd(
        grid(city=CITIES),
        per_city,
        buyer=None,
        tid=lambda who: f"t{who.number:05d}",
        phone=lambda who: mobile(holder(who)),
        category=lambda who: turn(ITEMS, who.person),
    )


def of_the_city(who):
    return who.cell


def ones_own(who):
    return who.number


def under(role, holder):
    """The mobile is not released, and its kind alone says what it is."""
    return Case(
        f"mobile as {role}",
        "All orders of a city have one mobile, which the policy does not call a direct identifier.",
        lambda: orders(20, holder),
        policy(
            {**roles(direct="tid", quasi="city", sensitive="category"), **roles(**{role: "phone:mobile"})},
            top={"subject": "tid"},
            a=release("controlled", "city category", environment=ENVIRONMENT),
        ),
        fails=(3,) if holder is of_the_city else (),
    )


def heavy(subject, tid="tid", holder=of_the_city):
    return Case(
        f"120 orders of one, {subject} {tid}",
        "All 120 orders of a city are one person's, and not a crowd's.",
        lambda: orders(120, holder),
        policy(
            roles(direct=f"{tid} phone:mobile", quasi="city", sensitive="category"),
            top={"subject": subject},
            a=release("public", "city category"),
        ),
        fails=(3, 5) if holder is of_the_city else (),
    )


# What generalizing leaves of a name


def named(values, kind, how, fails=(1,), files=None):
    def made():
        table = crowd(
            grid(city=CITIES),
            100,
            who=lambda who: turn(values, who.person),
            category=lambda who: turn(ITEMS, who.person // 2),
        )
        return {"in.parquet": table, **(files or {})}

    return Case(
        f"{kind} {how}",
        "Half of the people have one name each, and generalizing takes nothing from it.",
        made,
        policy(
            roles(direct=f"buyer who:{kind}", quasi="city", sensitive="category"),
            a=release("public", "category", {"who": {"generalize": how}}),
        ),
        fails=fails,
    )


ITSELF = {"h.csv": "王伟;王伟;王;*\n李娜;李娜;李;*\n"}


# Values that say nothing, and one thing in two spellings


def in_two(one, other, fails=(4,), top=None):
    """60 people of every city have one value, 40 the other."""
    return Case(
        f"{one!r} and {other!r}",
        "Everybody of whom anything is said has the same.",
        lambda: crowd(grid(city=CITIES), 100, category=lambda who: one if who.person % 5 < 3 else other),
        policy(
            roles(direct="buyer", quasi="city", sensitive="category"), top=top, a=release("public", "city category")
        ),
        fails=fails,
    )


def unnamed(of_those):
    """In the first city 40 people who are named, with five things, and 360 rows of nobody with what `of_those` makes."""

    def category(who):
        return of_those(who) if who.cell == 0 and who.person >= 40 else turn([*ITEMS, "罕见病药"], who.person)

    return Case(
        "rows of nobody",
        "Whoever is in the first city has most likely the one thing that the rows without a buyer have.",
        lambda: crowd(
            grid(city=CITIES),
            400,
            buyer=lambda who: None if who.person >= 40 else f"u{who.number:05d}",
            category=category,
        ),
        policy(
            roles(direct="buyer", quasi="city", sensitive="category"),
            a=release("controlled", "city category", environment=ENVIRONMENT),
        ),
    )


def spelt(way, make, fails=(3,), kind="mobile"):
    """20 orders in a city with one telephone, or mail address, in a spelling for each order."""
    return Case(
        f"identity {way}",
        "All orders of a city are one person's.",
        lambda: crowd(
            grid(city=CITIES),
            20,
            buyer=None,
            tid=lambda who: f"t{who.number:05d}",
            contact=make,
            category=lambda who: turn(ITEMS, who.person),
        ),
        policy(
            roles(direct=f"tid contact:{kind}", quasi="city", sensitive="category"),
            top={"subject": "tid"},
            a=release("controlled", "city category", environment=ENVIRONMENT),
        ),
        fails=fails,
    )


def mail(who):
    return f"wang{who.cell}@qq.com"


# What a search may find, and identifiers that are written so that no one sees them


def open_sensitive():
    """By what they are 10 people of a city have a thing, by what it is for 20."""
    use = "".join(f"{item};{'吃' if item in ITEMS[:2] else '用'};*\n" for item in ITEMS)
    return {"in.parquet": crowd(grid(city=CITIES), 40, category=lambda who: turn(ITEMS, who.person)), "h.csv": use}


def hidden(way, write, line):
    return Case(
        f"hidden {way}",
        "Half of the people have one value each, which is a mobile or made from it.",
        lambda: crowd(
            grid(city=CITIES),
            200,
            note=lambda who: write(mobile(13_800 + who.person % 2)),
            category=lambda who: turn(ITEMS, who.person // 2),
        ),
        policy(
            roles(direct="buyer", quasi="city", insensitive="note", sensitive="category"),
            # A digest of unknown making fails whatever is tried on it.
            a=release("public", "city note category", digests={"tries": 1_000}),
        ),
        fails=(line,),
    )


def sha256(text):
    return hashlib.sha256(text.encode()).digest()


OPEN = policy(
    roles(direct="buyer", quasi="city", sensitive="category"),
    a=release("public", "city", {"category": {"generalize": {"hierarchy": "h.csv"}}}),
)

CASES = [
    Case(
        "open ranges of a subject",
        "A direct identifier that is a number, in ranges of 100 people or more.",
        lambda: crowd(
            grid(city=CITIES), 100, buyer=lambda who: who.number, category=lambda who: turn(ITEMS, who.person)
        ),
        policy(
            roles(direct="buyer:integer", quasi="city", sensitive="category"),
            a=release("public", "category", {"buyer": {"generalize": {"ranges": [1, 100]}}}),
        ),
    ),
    Case("open level of a sensitive field", "What things are for is known of 20 people each.", open_sensitive, OPEN),
    hidden("by controls", lambda text: f"{text[:3]}\x01{text[3:7]}\x02{text[7:]}", 1),
    hidden("by bars", lambda text: f"{text[:3]}|{text[3:7]}|{text[7:]}", 1),
    hidden("by tildes", lambda text: f"{text[:3]}~{text[3:7]}～{text[7:]}", 1),
    hidden("in a digest with 0x", lambda text: f"0x{sha256(text).hex()}", 2),
    hidden("in a digest with its name", lambda text: f"sha256:{sha256(text).hex()}", 2),
    hidden("in a digest without padding", lambda text: base64.urlsafe_b64encode(sha256(text)).decode().rstrip("="), 2),
    unnamed(lambda who: turn([*ITEMS, "罕见病药"], who.person)),
    replace(unnamed(lambda who: "罕见病药"), fails=(4,)),
    spelt("with a name", lambda who: f"{mobile(who.cell)} 王{who.person}"),
    spelt("with a name first", lambda who: f"王{who.person} {mobile(who.cell)}"),
    spelt("with another's first", lambda who: f"{mobile(1000 + who.number)}/{mobile(who.cell)}"),
    spelt("with zeros", lambda who: "0" * who.person + mobile(who.cell)),
    spelt(
        "with what nobody sees", lambda who: f"{mobile(who.cell)}{chr(1 + who.person % 8)}{chr(1 + who.person // 8)}"
    ),
    spelt("with an extension of its own", lambda who: f"{mobile(who.cell)}转{who.person:04d}", fails=()),
    spelt("of mail with a tag", lambda who: mail(who).replace("@", f"+{who.person}@"), kind="email"),
    spelt("of mail with a name", lambda who: f"王{who.person} <{mail(who)}>", kind="email"),
    *(under(role, of_the_city) for role in ("quasi", "sensitive", "insensitive")),
    under("insensitive", ones_own),
    heavy("each_record"),
    heavy("tid", "tid:order_number"),
    heavy("tid", "tid:tracking_number"),
    heavy("each_record", holder=ones_own),
    named(NAMES, "person_name", {"prefix": [3, 1], "level": 0}),
    named(NAMES, "person_name", {"prefix": [3, 1], "level": 1}, fails=()),
    named(NAMES, "person_name", {"prefix": [3, 1]}, fails=()),
    named(STREETS, "address", {"prefix": [30], "level": 0}),
    named(STREETS, "address", {"hierarchy": "cn_districts", "level": 0}, fails=()),
    named(["31415926535", "27182818284"], "order_number", {"prefix": [11], "level": 0}),
    named(NAMES, "person_name", {"hierarchy": "h.csv", "level": 1}, files=ITSELF),
    named(NAMES, "person_name", {"hierarchy": "h.csv"}, fails=(), files=ITSELF),
    *(in_two("HIV阳性", other) for other in ("", "  ", "\u200b", "未知", "HIV 阳性", "HIV阳性。", "***")),
    in_two("HIV阳性", "无", fails=()),
    in_two("A+", "A-", fails=()),
    in_two(1.5, float("nan")),
    in_two(1.5, 15.0, fails=()),
    in_two("100", "100.00"),
    in_two("100", "+1e2"),
    in_two("1000", "1,000.0"),
    in_two("A1", "B1", top={"same": {"category": {"X1": ["a1"], "Y1": ["b1"], "Z1": ["x 1", "y 1"]}}}),
    in_two("A1", "B1", top={"same": {"category": {"A1": ["C1"], "B1": ["C1."]}}}),
    in_two("A1", "B1", fails=(), top={"same": {"category": {"A1": ["C1"], "B1": ["D1"]}}}),
    in_two("HIV", "blood disease", top={"same": {"category": {"Unknown": ["Blood Disease"]}}}),
]


def kind(case):
    """How a case misleads, and what fails."""
    return case.name.partition(" ")[0], case.fails


@pytest.mark.parametrize("case", quick_first(CASES, kind), ids=str)
def test_the_label_is_right(case, tmp_path):
    judge(run(case, tmp_path), case.fails)


@pytest.mark.parametrize("level", [0, 1, None])
def test_nothing_but_the_surname_is_released(level, tmp_path):
    """Whatever the search chooses where it may choose, a whole name is not it."""
    case = named(NAMES, "person_name", {"prefix": [3, 1]} | ({} if level is None else {"level": level}))
    outcome = run(case, tmp_path)
    rows = pa.concat_tables([pq.read_table(path) for path in (tmp_path / "out/a").glob("*.parquet")])
    whole = bool({*NAMES} & {*rows["who"].to_pylist()})
    assert whole is (outcome.labels["a"]["label"] != "anonymized")


def test_a_label_does_not_name_the_folders_of_whoever_made_it(tmp_path):
    (tmp_path / "cities.csv").write_text("".join(f"{city};all;*\n" for city in CITIES))
    (tmp_path / "items.csv").write_text("".join(f"{item};all;*\n" for item in ITEMS))
    made = policy(
        roles(direct="buyer", quasi="city", sensitive="category"),
        a=release(
            "enclave",
            "category",
            {"city": {"generalize": {"hierarchy": str(tmp_path / "cities.csv")}}},
            require={
                "t": {"category": {"max": 0.9, "distance": "hierarchical", "hierarchy": str(tmp_path / "items.csv")}}
            },
        ),
    )
    table = crowd(grid(city=CITIES), 40, category=lambda who: turn(ITEMS, who.person))
    outcome = run(Case("", "", lambda: table, made), tmp_path)
    judge(outcome)
    assert str(tmp_path) not in json.dumps(outcome.labels)
