"""Cases 22 to 54: dominance, identifiers in disguise, attackers, `label --again`, spelling, copies. Black box, one run each.

`SHARED_CASES` are the issue's own. Each has a twin in `HONEST`, as near to it as can be, that is rightly anonymized, and
further examples of its kind in `FAULTS`. Where only one line can fail, `alone` says so, so that no other line hides a gap.
Cases 19 and 20 have files of their own, `test_forged.py` and `test_embedded.py`.
"""

import itertools
import shutil

import pyarrow as pa
import pytest

from ...kit.crowds import crowd, grid, mobile, turn
from ...kit.policies import policy, release, roles
from ...kit.sampling import quick_first, quick_for
from ...kit.shared import CASES as CASES_FOUND
from ...kit.shared import needs_cases
from .balance import balanced
from .kit import Case, carry_out, judge, run

KEK = "cd" * 32
ENVIRONMENT = {"controls": "high", "motive": "low", "prevalence": 0.0001, "acquaintances": 1, "security": "high"}
"""Makes E 0.14, so that the risk of small groups stays below 0.05 and another line decides."""

CITIES = ["城0", "城1", "城2", "城3"]
ITEMS = ["食品", "图书", "衣服", "药品"]
PHRASES = ["请放门口", "尽快发货", "不要发票", "周末送货"]
ANY = tuple(range(1, 10))

MAKE_KEY = ("keys", "create", "o.keyring", "--kek", "env:BEAM_DEID_KEK")
RUN = ("run", "policy.yaml", "--input", "in.parquet", "--output", "out")
DESTROY = ("keys", "destroy", "o.keyring", "--name", "main", "--output", "out", "--yes")
AGAIN = (MAKE_KEY, RUN, DESTROY, ("label", "--again", "out"), ("verify", "out"))
"""A release, its key destroyed, and the label asked for again."""


SHARED_CASES = {
    "22-dominance": (5,),
    "25-history-unlinkable-says-label": (3,),
    "26-message-in-words": ((1, 3),),
    "27-message-kind-free-text": (1,),
    "28-names-insensitive": ((1, 3),),
    "32-kind-names-a-person": (1,),
    "33-receiver-is-the-person": (3,),
    "36-hierarchy-labels-unscanned": (1,),
    "37-suppressed-dilute-join": (3,),
    "38-strangers-dilute-attacker": (7,),
    "46-column-names": (1,),
    "47-again-source-order": (ANY,),
    "48-again-no-frequency-test": (ANY,),
    "50-l-by-spelling": (4,),
    "54-same-file-twice": (3,),
}
"""The shared cases, and the lines that must fail; of an inner tuple, one. `test_shared` tries them."""
ASKED_AGAIN = ("47-again-source-order", "48-again-no-frequency-test")


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("BEAM_DEID_KEK", KEK)


@pytest.mark.slow("the quick suite has another example of each")
@needs_cases
@pytest.mark.parametrize("name", ASKED_AGAIN)
def test_a_shared_case_whose_label_is_asked_for_again(name, tmp_path):
    folder = shutil.copytree(CASES_FOUND / name, tmp_path / name)
    (folder / "keys").mkdir()
    commands = [[word.replace("o.keyring", "keys/o.keyring") for word in words] for words in AGAIN]
    judge(carry_out(folder, commands, ("out",)), SHARED_CASES[name])


# 22: one person has most of a group's rows


def heavy(rows, cities=("城0", "城1", "城2", "城3"), others=100):
    """In every city `others` people with a row each, and one with `rows`."""
    cells = grid(city=cities, age=[30])
    many = crowd(cells, others, category=lambda who: turn(ITEMS, who.person))
    one = crowd(cells, 1, rows, buyer=lambda who: f"heavy{who.cell}", category=lambda who: turn(ITEMS, who.order))
    return pa.concat_tables([many, one])


def heavy_without_city():
    """The rows without a city are one group, and 71 of its 101 are one person's."""
    honest = crowd(grid(city=[*CITIES, None], age=[30]), 30, category=lambda who: turn(ITEMS, who.person))
    one = crowd(
        grid(city=[None], age=[30]),
        1,
        71,
        buyer=lambda who: "heavy",
        category=lambda who: turn(ITEMS, who.order),
        types={"city": pa.string()},
    )
    return pa.concat_tables([honest, one])


def one_receiver(of_66):
    """66 buyers in every city, and `of_66` of them send to one mobile, 60 at most: it is no shop's."""

    def receiver(who):
        return mobile(who.cell) if who.person < of_66 else mobile(1000 + who.number)

    return crowd(grid(city=CITIES), 66, receiver_mobile=receiver, category=lambda who: turn(ITEMS, who.person))


AGE = roles(direct="buyer", quasi="city age", sensitive="category")
RECEIVER = roles(direct="buyer receiver_mobile:mobile", quasi="city", sensitive="category")
DOMINANCE = policy(AGE, a=release("public", "city age category"))
DOMINANCE_CONTROLLED = policy(AGE, a=release("controlled", "city age category"))
BY_RECEIVER = policy(RECEIVER, a=release("enclave", "city category", environment=ENVIRONMENT))


# 25: what links a person's rows is called insensitive

HOUSEHOLD = roles(direct="buyer", insensitive="household", sensitive="day item")
DAYS = ["2025-11-25", "2025-11-26"]


def households(persons, names=("h0", "h1", "h2", "h3")):
    """Everybody has two rows, on two days, with two of four things: a quarter of the persons in each (household, day, item)."""
    return crowd(
        grid(household=names),
        persons,
        2,
        day=lambda who: turn(DAYS, who.order),
        item=lambda who: turn(ITEMS, who.person + who.order),
    )


# 26, 27: identifiers in words; free text


def messages(phrases, column="message", cities=CITIES, persons=100, **more):
    return crowd(grid(city=cities), persons, **{column: lambda who: turn(phrases, who.person)}, **more)


def own_messages():
    return crowd(grid(city=CITIES), 100, message=lambda who: f"请送到文三路{who.number}号，王伟收")


MESSAGE = policy(roles(direct="buyer", quasi="city", sensitive="message"), a=release("public", "city message"))
FREE_TEXT = roles(direct="buyer", quasi="city", sensitive="message:free_text")


# 28, 32: names; kinds that name a person, whatever the role

WHO = policy(
    roles(direct="buyer", quasi="city", insensitive="receiver", sensitive="category"),
    a=release("enclave", "receiver category", environment=ENVIRONMENT),
)


def receivers(values, persons=100):
    return crowd(
        grid(city=CITIES),
        persons,
        receiver=lambda who: turn(values, who.person),
        category=lambda who: turn(ITEMS, who.person // len(values)),
    )


def told_kinds():
    """The columns of case 32; `nick` is a membership card of two sorts, and a third of the people have none."""

    def half(make):
        return lambda who: make(who.number) if who.number % 2 else None

    return crowd(
        grid(city=CITIES),
        225,
        receiver=half(lambda n: f"王伟{n}"),
        addr=half(lambda n: f"文三路{n}号"),
        tid=half(lambda n: str(31415926535 + 37 * n)),
        note=half(lambda n: f"给王伟{n}的礼物"),
        pp=half(lambda n: f"E{n:08d}"),
        nick=lambda who: turn(["银卡", "金卡", None], who.person),
        category=lambda who: turn(ITEMS[:3], who.person // 3),
    )


KINDS = roles(
    direct="buyer",
    quasi="city",
    sensitive="receiver:person_name addr:address tid:order_number note:free_text pp:passport nick:text category",
)

TWO_OF_A_KIND = {
    "person_name": ["王伟", "李娜"],
    "address": ["文三路1号", "天目山路2号"],
    "order_number": ["31415926535", "27182818284"],
    "passport": ["E12345678", "E87654321"],
    "email": ["a@example.cn", "b@example.cn"],
    "landline": ["0571-88880000", "0571-88881111"],
    "wechat": ["wxid_abc123", "wxid_def456"],
}
"""Two values that half of the people have each: 400, so that the values single out nobody and name no person of a count."""

OF_A_PLATFORM = {"platform_id": ["AAHk5d-1", "AAHk5d-2"], "tracking_number": ["SF1234567890123", "SF3210987654321"]}
"""The same of kinds that a platform can look up, so that line 2 may fail, too."""

OTHER_ROLES = ("insensitive", "sensitive", "quasi")


def of_kind(kind, role):
    """A column of a kind that names a person, under another role; only the kind says what it is."""
    return Case(
        f"32 {kind} as {role}",
        f"A column of kind {kind} is kept as {role}; nobody is singled out by it.",
        lambda: receivers((TWO_OF_A_KIND | OF_A_PLATFORM)[kind], 200),
        policy(
            {**roles(direct="buyer", quasi="city", sensitive="category"), **roles(**{role: f"receiver:{kind}"})},
            a=release("public", "city receiver category"),
        ),
        fails=(1,),
    )


# 33: the row is about somebody else than the subject


def towns(receiver, persons=75, name="receiver_mobile", **more):
    return crowd(
        grid(receiver_town=["村0", "村1", "村2", "村3"]),
        persons,
        category=lambda who: turn(ITEMS[:3], who.person),
        **{name: receiver},
        **more,
    )


def spelled(address, way):
    """One mail address in another spelling for every number."""
    return "".join(letter.upper() if way >> place & 1 else letter for place, letter in enumerate(address)) + " " * (
        way % 2
    )


TOWN = policy(
    roles(direct="buyer receiver_mobile:mobile", quasi="receiver_town", sensitive="category"),
    a=release("public", "receiver_town category"),
)
ACCOUNT = policy(
    roles(direct="buyer account", quasi="receiver_town", sensitive="category"),
    a=release("controlled", "receiver_town category", environment=ENVIRONMENT),
)


def accounts(per_town):
    """25 buyers in a town order for `per_town` accounts; an account is a number."""
    return towns(
        lambda who: 70_000 + 10 * who.cell + who.person % per_town, 25, "account", types={"account": pa.int32()}
    )


# 36: what the labels of a hierarchy say


def districts(label, column="city"):
    """Forty cities of 20 people, in four districts of a hierarchy; the label of a district is made from its number."""
    cells = grid(**{column: [f"城{city:02d}" for city in range(40)]})
    lines = (f"城{city:02d};{label(city // 10)};*" for city in range(40))
    return {
        "in.parquet": crowd(cells, 20, category=lambda who: turn(ITEMS, who.person)),
        "h.csv": "".join(f"{line}\n" for line in lines),
    }


def by_hierarchy(**level):
    fields = {"city": {"generalize": {"hierarchy": "h.csv", **level}}, "category": "keep"}
    return policy(roles(direct="buyer", quasi="city", sensitive="category"), a=release("public", "", fields))


# 37: what is suppressed does not count


def strangers(count, category):
    """People of a city of their own each."""
    cells = [{"city": f"外{one}", "note": "无"} for one in range(count)]
    return crowd(cells, 1, buyer=lambda who: f"s{who.number}", category=category)


def with_strangers(kept, category=lambda who: turn(ITEMS[:3], who.number)):
    """384 people in eight groups that hold, and 1,000 strangers that must go."""
    return pa.concat_tables([crowd(grid(city=CITIES, note=["甲", "乙"]), 48, category=kept), strangers(1000, category)])


def rare_among_the_kept(who):
    return "罕见病药" if who.cell == 0 and who.person < 3 else turn(ITEMS[:3], who.person)


def nearly_all_in_one_group(who):
    return (
        turn(ITEMS[:2], who.person)
        if who.cell == 0 and who.person < 4
        else "药品"
        if who.cell == 0
        else turn([*ITEMS[:2], "药品"], who.person)
    )


def suppressing(share):
    return policy(
        roles(direct="buyer", quasi="city", insensitive="note", sensitive="category"),
        a=release("controlled", "city note category", environment=ENVIRONMENT, require={"suppression": share}),
    )


# 38: an attacker's table


def purchases(category):
    """600 people: 50 in each of twelve (city, day, amount)."""
    return crowd(grid(city=CITIES[:2], day=DAYS, amount=[9900, 4900, 1900]), 50, category=category)


def bank(table, columns, strangers):
    """What a bank has of everybody in a table, and of ten times as many strangers."""
    known = table.select(["buyer", *columns])
    foreign = {name: [f"x{one}" for one in range(strangers)] for name in ("buyer", *columns)}
    if "amount" in columns:
        foreign["amount"] = [100_000 + one for one in range(strangers)]
    return pa.concat_tables([known, pa.table(foreign)])


def banked(columns, category=lambda who: turn(ITEMS[:2], who.person), change=lambda table: table):
    table = purchases(category)
    return {"in.parquet": table, "bank.parquet": change(bank(table, columns, 6000))}


def attacked(*knows):
    fields = roles(direct="buyer", quasi="city", sensitive="day amount:integer category")
    bank_knows = {"bank": {"knows": list(knows), "table": "bank.parquet"}}
    return policy(
        fields, a=release("controlled", "city day amount category", environment=ENVIRONMENT, attackers=bank_knows)
    )


def few_of_a_kind(who):
    """In each (city, day, amount) four people bought this: 12 in each (city, day), 8 in each (city, amount)."""
    return "罕见病药" if who.person < 4 else turn(ITEMS[:2], who.person)


def other_days(table):
    """The same days as another house writes them."""
    return table.set_column(1, "day", pa.array([f"{day[8:]}.{day[5:7]}.{day[:4]}" for day in table["day"].to_pylist()]))


# 46: what the columns are called


def named_column(name, role="sensitive", values=(False, True)):
    fields = {**roles(direct="buyer", quasi="city", sensitive="category"), **roles(**{role: name})}
    return messages(values, name, category=lambda who: turn(ITEMS, who.person // 2)), policy(
        fields, a=release("public", f"city {name}")
    )


def column_case(case, says, name, role="sensitive", values=(False, True), fails=(1,)):
    table, written = named_column(name, role, values)
    return Case(case, says, lambda: table, written, fails=fails)


# 47, 48: a label asked for again


def keyed(fields, kept="category", sharing="public", quasi="city", **more):
    return policy(
        roles(direct="buyer phone:mobile", quasi=quasi, sensitive="category"),
        top={"keys": {"keyring": "o.keyring"}},
        a=release(sharing, kept, fields, **more),
    )


def customers():
    return crowd(
        grid(city=CITIES), 100, phone=lambda who: mobile(who.number), category=lambda who: turn(ITEMS, who.person)
    )


def keyed_case(name, says, fields, **more):
    return Case(f"47, 48 {name}", says, customers, keyed(fields, **more), fails=(ANY,), commands=AGAIN)


# 50: one thing in many spellings


def drugs(values, persons=100):
    return crowd(grid(city=CITIES), persons, category=lambda who: turn(values, who.person))


def drug_policy(sharing="public", same=None, require=None):
    top = {"same": {"category": same}} if same else None
    fields = roles(direct="buyer", quasi="city", sensitive="category")
    return policy(fields, top=top, a=release(sharing, "city category", **({"require": require} if require else {})))


ASKED = {"l": {"category": 3}, "alpha": {"category": 0.5}}


# 54: the same records twice


def orders(persons, cities=40, month="jan", tid=True):
    """`persons` orders in every city; without `tid` nothing says which order a row is."""
    table = crowd(
        grid(city=[f"城{city}" for city in range(cities)]),
        persons,
        category=lambda who: turn(ITEMS[:3], who.person),
        tid=lambda who: f"{month}-{who.number}",
        buyer=None,
    )
    return table if tid else table.drop_columns(["tid"])


def copies(names, **made):
    return lambda: dict.fromkeys(names, orders(**made))


def counted(subject, tid=True):
    named = {"direct": "tid"} if tid else {}
    return policy(
        roles(quasi="city", sensitive="category", **named),
        top={"subject": subject},
        a=release("controlled", "city category", environment=ENVIRONMENT),
    )


# Both roles on one column: line 4 takes the rest group without it

BOTH = roles(direct="buyer", quasi="city", both="age", sensitive="category")
AGES = ["20-29", "30-39", "40-49"]


def aged(age, persons=300):
    return crowd(grid(city=CITIES), persons, age=age, category=lambda who: turn(ITEMS, who.person // 3))


def one_age_in_a_city(who):
    return AGES[1] if who.cell == 0 else turn(AGES, who.person)


def nearly_one_age_in_a_city(who):
    """In one city 12, 276 and 12 people of the three ages."""
    return (
        (AGES[0] if who.person < 12 else AGES[2] if who.person < 24 else AGES[1])
        if who.cell == 0
        else turn(AGES, who.person)
    )


HONEST = [
    Case(
        "22 half at most",
        "One person has 100 of a group's 200 rows: the limit of 0.5, not beyond.",
        lambda: heavy(100),
        DOMINANCE,
    ),
    Case(
        "22 receiver",
        "One mobile receives 56 of 66 rows of each group: 0.848 of 0.85.",
        lambda: one_receiver(56),
        BY_RECEIVER,
    ),
    Case(
        "25 sorts of household",
        "`household` says one of four sorts; 20 people have each combination with day and item.",
        lambda: households(80),
        policy(HOUSEHOLD, a=release("public", "household day item")),
    ),
    Case(
        "26 phrases",
        "The messages are four phrases, and 25 people of each city chose each.",
        lambda: messages(PHRASES),
        MESSAGE,
    ),
    Case(
        "27 dropped",
        "The free text stays behind.",
        own_messages,
        policy(FREE_TEXT, a=release("public", "city", {"message": "drop"})),
    ),
    Case(
        "28 salutations",
        "`receiver` says how somebody is addressed, not who.",
        lambda: receivers(["先生", "女士"]),
        WHO,
    ),
    Case(
        "32 not released",
        "What names a person stays behind; the card of kind text has two values, and null.",
        told_kinds,
        policy(KINDS, a=release("public", "city nick category")),
    ),
    Case(
        "33 own receiver",
        "Everybody orders to a mobile of their own.",
        lambda: towns(lambda who: mobile(who.number)),
        TOWN,
    ),
    Case(
        "33 masked receiver",
        "The platform masked the mobiles, and all look alike: they say nothing, and the buyer counts.",
        lambda: towns(lambda who: "139****0000"),
        TOWN,
    ),
    Case(
        "33 five accounts",
        "25 buyers of a town share five accounts: five people, as k asks.",
        lambda: accounts(5),
        ACCOUNT,
    ),
    Case(
        "36 districts",
        "The labels of the hierarchy name districts.",
        lambda: districts(lambda one: f"片区{one}"),
        by_hierarchy(),
    ),
    Case(
        "37 strangers suppressed",
        "1,000 strangers are suppressed; the 384 that stay hold every line by themselves.",
        lambda: with_strangers(lambda who: turn(ITEMS[:3], who.person)),
        suppressing(0.96),
    ),
    Case(
        "38 coarse amounts",
        "What the bank knows of anybody meets 100 people; the strangers in its table meet nobody.",
        lambda: banked(("day", "amount")),
        attacked("day", "amount"),
    ),
    column_case("46 plain name", "The column says what it holds.", "送货_是否", fails=()),
    Case(
        "47, 48 no key used",
        "Nothing is keyed; a destroyed key of the keyring changes nothing.",
        customers,
        keyed({}, "city category"),
        commands=AGAIN,
    ),
    Case(
        "47, 48 beside a keyed one",
        "The release of tokens stays personal and takes nothing from the other.",
        customers,
        keyed({}, "city category")
        | {
            "releases": {
                "a": release("public", "city category"),
                "crm": release("enclave", "city", {"buyer": {"tokenize": {"domain": "c"}}}, expect="still_personal"),
            }
        },
        releases=("a",),
        commands=AGAIN,
    ),
    Case(
        "50 three drugs",
        "Three drugs that are not one.",
        lambda: drugs(["感冒药", "降压药", "眼药水"], 75),
        drug_policy(require=ASKED),
    ),
    Case(
        "50 told alike",
        "Two names of one drug that the policy tells; three are left, and the first has half: alpha as asked.",
        lambda: drugs(["感冒药", "伤风药", "降压药", "眼药水"]),
        drug_policy(same={"感冒药": ["伤风药"]}, require=ASKED),
    ),
    Case(
        "54 twice, with a subject",
        "The file is read twice; its order numbers say that 60 people are in a group.",
        copies(("in_jan.parquet", "in_jan_copy.parquet"), persons=60, cities=4),
        counted("tid"),
        inputs=("in_*.parquet",),
    ),
    Case(
        "54 two months",
        "Two files of different orders, and each record is one person.",
        lambda: {f"in_{month}.parquet": orders(3, month=month) for month in ("jan", "feb")},
        counted("each_record"),
        inputs=("in_*.parquet",),
    ),
    Case(
        "54 nothing but values",
        "No column names anything; six records in a group, of one file.",
        lambda: orders(6, tid=False),
        counted("each_record", tid=False),
    ),
    Case(
        "both",
        "Age is a quasi-identifier and sensitive; taken without it, each city has three ages.",
        lambda: aged(lambda who: turn(AGES, who.person)),
        policy(BOTH, a=release("public", "city age category")),
    ),
]

ALONE = [
    Case("22 over half", "One person has 101 of a group's 201 rows.", lambda: heavy(101), DOMINANCE, fails=(5,)),
    Case(
        "22 null city",
        "The group of those without a city: one person has 71 of 101 rows.",
        heavy_without_city,
        DOMINANCE_CONTROLLED,
        fails=(5,),
    ),
    Case(
        "22 receiver",
        "One mobile receives 60 of 66 rows; as buyers everybody has one.",
        lambda: one_receiver(60),
        BY_RECEIVER,
        fails=(5,),
    ),
    Case(
        "26 a phrase of many",
        "A mobile in Chinese numerals; 25 people of each city wrote it, so nobody is singled out.",
        lambda: messages([*PHRASES[:3], "请打一三八零零一三八零零零"]),
        MESSAGE,
        fails=(1,),
    ),
    Case(
        "26 wide digits",
        "A mobile in full-width digits with a zero-width space, in JSON lines, of a controlled release.",
        lambda: {"in.jsonl": messages([*PHRASES[:3], "请打１３８\u200b００１３８０００"], "note")},
        policy(roles(direct="buyer", quasi="city", sensitive="note"), a=release("controlled", "city note")),
        fails=(1,),
        inputs=("in.jsonl",),
    ),
    Case(
        "27 insensitive",
        "Free text that is called insensitive; what it says now is harmless.",
        lambda: messages(PHRASES),
        policy(
            roles(direct="buyer", quasi="city", insensitive="message:free_text"), a=release("public", "city message")
        ),
        fails=(1,),
    ),
    Case(
        "27 masked",
        "Two characters of a free text are kept.",
        lambda: messages(PHRASES),
        policy(
            roles(direct="buyer", quasi="city message:free_text"),
            a=release("public", "city", {"message": {"mask": {"keep_first": 2}}}),
        ),
        fails=(1,),
    ),
    Case(
        "27 redacted",
        "A free text without the identifiers that were found in it is still one.",
        lambda: messages(PHRASES),
        policy(FREE_TEXT, a=release("controlled", "city", {"message": "redact"})),
        fails=(1,),
    ),
    *(of_kind(kind, role) for kind, role in zip(TWO_OF_A_KIND, itertools.cycle(OTHER_ROLES), strict=False)),
    Case(
        "36 fixed level, wide digits",
        "The label of a district has a mobile in full-width digits.",
        lambda: districts(lambda one: f"片区{one} 电话１３８００１３８００{one}"),
        by_hierarchy(level=1),
        fails=(1,),
    ),
    Case(
        "36 mail address",
        "The label of a district has its manager's mail address.",
        lambda: districts(lambda one: f"d{one} wang.wei{one}@example.cn"),
        by_hierarchy(level=1),
        fails=(1,),
    ),
    Case(
        "38 knows everything",
        "Whoever knows all of a row meets four people; what line 3 asks about holds.",
        lambda: banked(("city", "day", "amount", "category"), few_of_a_kind),
        attacked("city", "day", "amount", "category"),
        fails=(7,),
    ),
    Case(
        "38 other days",
        "The bank writes its days otherwise and meets nobody: nothing was tested.",
        lambda: banked(("day", "amount"), change=other_days),
        attacked("day", "amount"),
        fails=(7,),
    ),
    column_case("46 numerals", "A mobile in Chinese numerals in a column's name.", "电话_一三八零零一三八零零零"),
    column_case(
        "46 mail address",
        "A mail address in the name of a column of numbers.",
        "gift_for_anna.lee@example.com",
        "quasi",
        (1, 2),
    ),
    Case(
        "50 told alike",
        "Two names of one drug, as the policy tells.",
        lambda: drugs(["艾滋病药", "HIV药"]),
        drug_policy("controlled", same={"艾滋病药": ["HIV药"]}),
        fails=(4,),
    ),
    Case(
        "50 letters",
        "Case, full width and a zero-width space make four values of one.",
        lambda: drugs(["Viagra", "VIAGRA", "ｖｉａｇｒａ", "via\u200bgra"]),
        drug_policy(),
        fails=(4,),
    ),
    Case(
        "50 null",
        "One drug in two spellings, and null, which is no second value.",
        lambda: drugs(["糖尿病药", "糖尿病藥", None], 75),
        drug_policy("enclave"),
        fails=(4,),
    ),
    Case(
        "both, one age in a city",
        "Whoever knows the city knows the age.",
        lambda: aged(one_age_in_a_city),
        policy(BOTH, a=release("public", "city age category")),
        fails=(4,),
    ),
    Case(
        "both, nearly one age in a city",
        "92 % of one city have the age that 48 % have: a gain of 0.85.",
        lambda: aged(nearly_one_age_in_a_city),
        policy(BOTH, a=release("controlled", "city age category")),
        fails=(4,),
    ),
]
"""Where all other lines hold."""

FAULTS = [
    Case(
        "25 one fewer than k",
        "19 people have each combination of household, day and item; each household has 76.",
        lambda: households(76),
        policy(HOUSEHOLD, a=release("public", "household day item")),
        fails=(3,),
    ),
    Case(
        "25 a count",
        "How often somebody came is insensitive, and a number of their own for every two people.",
        lambda: crowd(
            grid(city=CITIES),
            100,
            visits=lambda who: who.number // 2,
            item=lambda who: turn(ITEMS, who.person),
            types={"visits": pa.int16()},
        ),
        policy(
            roles(direct="buyer", quasi="city", insensitive="visits", sensitive="item"),
            a=release("controlled", "visits item"),
        ),
        fails=(3,),
    ),
    Case(
        "25 mostly null",
        "A voucher that hardly anybody has, called insensitive: 4 people have one, 396 null.",
        lambda: crowd(
            grid(city=CITIES),
            100,
            voucher=lambda who: "V1" if who.person == 0 else None,
            item=lambda who: turn(ITEMS, who.person),
        ),
        policy(
            roles(direct="buyer", quasi="city", insensitive="voucher", sensitive="item"),
            a=release("controlled", "voucher item"),
        ),
        fails=(3,),
    ),
    Case(
        "28 names quasi",
        "Names that half of the people have each, with their kind, as a quasi-identifier in public.",
        lambda: receivers(["张伟", "王芳"]),
        policy(
            roles(direct="buyer", quasi="city receiver:person_name", sensitive="category"),
            a=release("public", "receiver category"),
        ),
        fails=(1,),
    ),
    Case(
        "28 names sensitive",
        "A name of their own for everybody, without a kind, as sensitive.",
        lambda: crowd(
            grid(city=CITIES),
            100,
            receiver=lambda who: f"王{chr(0x4E00 + 7 * who.number)}",
            category=lambda who: turn(ITEMS, who.person),
        ),
        policy(
            roles(direct="buyer", quasi="city", sensitive="receiver category"),
            a=release("controlled", "city receiver category"),
        ),
        fails=((1, 3),),
    ),
    *(of_kind(kind, "insensitive") for kind in OF_A_PLATFORM),
    Case(
        "33 four accounts",
        "25 buyers of a town share four accounts, which are numbers.",
        lambda: accounts(4),
        ACCOUNT,
        fails=(3,),
    ),
    Case(
        "33 a mail address in many spellings",
        "One receiver per town, whose address is written otherwise by every buyer.",
        lambda: towns(lambda who: spelled(f"town{who.cell}abcd@example.cn", who.person), name="mail"),
        policy(
            roles(direct="buyer mail:email", quasi="receiver_town", sensitive="category"),
            a=release("public", "receiver_town category"),
        ),
        fails=(3,),
    ),
    Case(
        "37 rare among the kept",
        "Three of the 384 have what 100 of the strangers had; k 5 people must.",
        lambda: with_strangers(
            rare_among_the_kept, lambda who: "罕见病药" if who.number < 100 else turn(ITEMS[:3], who.number)
        ),
        suppressing(0.723),
        fails=(3,),  # the strangers may go, and none of the three
    ),
    Case(
        "37 a base rate of strangers",
        "All strangers have what 44 of 48 in one group have; among the kept four in ten do.",
        lambda: with_strangers(nearly_all_in_one_group, lambda who: "药品"),
        suppressing(0.73),
        fails=(4,),
    ),
    keyed_case(
        "subject",
        "The buyer's token without its key.",
        {"buyer": {"tokenize": {"domain": "c"}}},
        kept="city category",
        sharing="enclave",
    ),
    keyed_case("hash", "A keyed hash of the city.", {"city": {"hash": {"domain": "c"}}}),
    keyed_case(
        "fpe", "Encrypted mobiles.", {"phone": {"fpe": {"domain": "m"}}}, kept="city category", sharing="controlled"
    ),
    Case(
        "54 as JSON lines",
        "The records come twice, as Parquet and as JSON lines; by order number a group has three people.",
        copies(("in.parquet", "in.jsonl"), persons=3),
        counted("each_record"),
        fails=(3,),
        inputs=("in.parquet", "in.jsonl"),
    ),
    Case(
        "54 nothing but values",
        "No column names anything; the same file twice, three records in a group.",
        copies(("in_jan.parquet", "in_jan_copy.parquet"), persons=3, tid=False),
        counted("each_record", tid=False),
        fails=(3,),
        inputs=("in_*.parquet",),
    ),
]
"""Where other lines may fail, too."""


def carried_out(case, folder):
    outcome = run(case, folder)
    judge(outcome, case.fails, case.refused, case.releases)
    for label in outcome.labels.values():
        balanced(label, folder / "out")
    return outcome


@pytest.mark.parametrize("case", quick_for(HONEST, 8), ids=str)
def test_the_twin_is_rightly_anonymized(case, tmp_path):
    outcome = carried_out(case, tmp_path)
    if case.name == "37 strangers suppressed":
        records = outcome.labels["a"]["records"]
        assert (records["released"], records["suppressed"]) == (384, 1000)


ORDER = 9
"""The line that holds once all others do: the rows of a personal release stand in the order of the source."""


def number(case):
    """The number of the wrong label that a case is an example of."""
    return case.name.split()[0]


@pytest.mark.parametrize("case", quick_first(ALONE, number), ids=str)
def test_the_line_fails_and_no_other(case, tmp_path):
    outcome = carried_out(case, tmp_path)
    failing = {name: set(outcome.failing(name)) - {ORDER} for name in case.releases or outcome.labels}
    assert all(lines <= set(case.fails) for lines in failing.values()), failing


@pytest.mark.parametrize("case", quick_first(FAULTS, number), ids=str)
def test_the_line_fails(case, tmp_path):
    carried_out(case, tmp_path)


def test_every_shared_case_has_a_twin_and_two_further_examples():
    def of(name, cases):
        return sum(name in case.name for case in cases)

    counts = {name: (of(name[:2], HONEST), of(name[:2], [*ALONE, *FAULTS])) for name in SHARED_CASES}
    assert all(twins >= 1 and further >= 2 for twins, further in counts.values()), counts
