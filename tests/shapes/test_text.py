"""Delimited text as people have it: each shape is read rightly, or refused in words that say what to do."""

import gzip

import pytest

from beam_deid.transforms.errors import InputError, PolicyError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.shards import prepare

from ..formats.read_files import read_file

HEAD = "order_id,buyer,city,amount"
ROWS = [f"1001{number:05d},b{number % 60},Leeds,{number % 9}.50" for number in range(120)]
NAMES = HEAD.split(",")


@pytest.fixture
def given(tmp_path):
    def write(data, encoding="utf-8", name="in.csv"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
        return path

    return write


def refusal(path, options=None):
    with pytest.raises(InputError) as raised:
        read_file(path, options)
    return raised.value.message


def are_all_there(found):
    names, records, faults = found
    assert names == NAMES
    assert faults == {}
    assert [",".join(record.values()) for record in records.values()] == ROWS
    return True


def test_where_two_encodings_differ_is_told_and_no_value(given):
    path = given("id,ville\n1,Paris\n2,Brèze\n3,Prètze", "cp1252")
    message = refusal(path)
    assert "may be cp1252 or cp1250 or iso8859_2; the first two differ at line 3, character 5" in message
    assert "Set input.encoding in the policy, to the one in which that line reads rightly" in message
    assert "ze" not in message
    assert "Pr" not in message


@pytest.mark.parametrize(
    ("encoding", "cities"),
    [
        ("cp1252", ["München", "Orléans", "Málaga", "Besançon"]),
        ("cp932", ["東京都", "大阪府", "ソニー表示", "能登町"]),
        ("big5", ["臺北市", "高雄市", "彰化縣", "屏東縣"]),
        ("gb18030", ["杭州市", "亳州市", "𠮷林", "漯河市"]),
        ("utf-16", ["杭州市", "München", "東京都", "x"]),
        ("utf-8-sig", ["杭州市", "München", "東京都", "x"]),
        ("utf-32", ["杭州市", "München", "東京都", "x"]),
    ],
)
def test_encodings_are_told_by_their_bytes(given, encoding, cities):
    """02, 04, 06: München became M黱chen, Shift-JIS and Big5 were published as mojibake, UTF-16 was an unforeseen error."""
    path = given(
        "\r\n".join(["order_id\tcity", *(f"{number}\t{cities[number % 4]}" for number in range(40))]), encoding
    )
    _, records, faults = read_file(path)
    assert faults == {}
    assert [record["city"] for record in records.values()] == [cities[number % 4] for number in range(40)]


def test_an_encoding_that_bytes_do_not_show_is_refused_with_those_that_it_may_be(given):
    """06: whatever was not UTF-8 was taken for GB18030."""
    message = refusal(given("a,b\n1,名\n", "gb18030"))
    assert "it may be gb18030 or big5" in message
    assert "Set input.encoding in the policy" in message


def test_an_encoding_that_turns_out_later_stops_at_the_row(given):
    """06: mojibake was released where the first bytes were of another encoding."""
    rows = b"x,y\n" * 400_000
    late = b"a,b\n" + rows + "张,北京\n".encode("gb18030") + rows * 2
    assert "row 400002: the file looked like ASCII" in refusal(given(late))
    mixed = (
        "名称,b\n浙江省杭州市西湖区,重庆市渝中区\n".encode("gb18030")
        + rows
        + "上海市浦东新区,北京\n".encode()
        + rows * 2
    )
    assert "row 400003: the file looked like gb18030" in refusal(given(mixed))


@pytest.mark.parametrize("name", ["nonsense", "rot13", "base64", "gkb"])
def test_an_unknown_encoding_is_a_problem_of_the_policy(name):
    """06: it was an unforeseen LookupError of the run."""
    policy = {
        "version": 1,
        "dataset": "t",
        "input": {"encoding": name},
        "fields": {"a": {"role": "insensitive"}},
        "releases": {"r": {"purpose": "t", "sharing": "enclave", "fields": {"a": "keep"}}},
    }
    with pytest.raises(PolicyError, match="no encoding of text called"):
        policy_from_mapping(policy)


def test_a_mark_that_contradicts_the_policy_is_refused(given):
    """06: a UTF-16 file under `encoding: gbk` had "no column"."""
    assert "byte order mark of utf-16-le" in refusal(given("a,b\n1,2\n", "utf-16"), InputOptions(encoding="GBK"))


@pytest.mark.parametrize(
    "before",
    [
        "\r\n",
        "\r\n\r\n",
        "sep=,\r\n",
        "Date range: 2026-01-01 to 2026-01-31\r\nShop: x\r\n",
        "微信支付账单明细,,,\r\n----,,,\r\n",
    ],
)
@pytest.mark.parametrize(
    "after", ["", "\r\n\r\nreport generated 2026-01-31\r\n", "-----------\r\n共120笔记录\r\n导出时间:[2026-01-31]\r\n"]
)
def test_the_header_is_found_behind_a_preamble_and_a_footer_is_passed_over(given, before, after):
    """07: a blank first line was an IndexError; a preamble became the one column; lines at the end were orders."""
    are_all_there(read_file(given(before + "\r\n".join([HEAD, *ROWS, ""]) + after)))


def test_lines_that_are_passed_over_are_told(given):
    """07: nothing is left out in silence."""
    path = given("Shop: x\n\n" + "\n".join([HEAD, *ROWS]) + "\n\nreport generated\nby x\n")
    document = {
        "version": 1,
        "dataset": "t",
        "subject": "buyer",
        "fields": {name: {"role": "direct_identifier"} for name in NAMES[:2]} | {"city": {"role": "insensitive"}},
        "releases": {"r": {"purpose": "t", "sharing": "enclave", "fields": {"city": "keep"}}},
    }
    document["fields"]["amount"] = {"role": "insensitive"}
    policy = policy_from_mapping(document)
    found = prepare(policy, [str(path)]).found
    assert [*found.told()] == [f"{path}: 1 line before the header and 2 after the last row were passed over: no rows"]


def test_a_footer_like_rows_is_said(given):
    """07: the row `Total` was an order."""
    path = given("\r\n".join([HEAD, *ROWS, "Total,120,,540.00", "", "Seller: x,,,", ""]))
    are_all_there(read_file(path, InputOptions(footer=2)))


@pytest.mark.parametrize(
    "total", ["Total,120,,540.00", '"Total","120","","1,540.00"', ",合计：,,540.00", "Grand total,,,"]
)
@pytest.mark.parametrize("form", ["plain", "gz", "utf-16"])
def test_a_total_with_as_many_values_as_rows_is_no_order_unless_that_is_said(given, total, form):
    """Of packed text, and of text that is decoded, no footer is found."""
    text = "\r\n".join([HEAD, *ROWS, total, ""])
    data = text.encode("utf-16" if form == "utf-16" else "utf-8")
    path = given(gzip.compress(data) if form == "gz" else data, name="in.csv.gz" if form == "gz" else "in.csv")
    message = refusal(path)
    assert "looks like a total" in message
    assert "input.footer" in message
    assert "540" not in message
    are_all_there(read_file(path, InputOptions(footer=1)))
    assert len(read_file(path, InputOptions(footer=0))[1]) == 121


@pytest.mark.parametrize("notes", [5, 12])
@pytest.mark.parametrize("total", ["Total,120,,540.00", "2026-11-30,Total,,540.00"])
@pytest.mark.parametrize("form", ["plain", "gz"])
def test_a_total_is_seen_before_many_notes(given, notes, total, form):
    """Before, five notes behind it made it an order."""
    data = "\n".join([HEAD, *ROWS, total, *(f"note {n},see page {n},," for n in range(notes)), ""]).encode()
    path = given(gzip.compress(data) if form == "gz" else data, name="in.csv.gz" if form == "gz" else "in.csv")
    assert "looks like a total" in refusal(path)
    are_all_there(read_file(path, InputOptions(footer=notes + 1)))


def test_a_total_in_the_middle_is_left_to_the_policy(given):
    path = given("\n".join([HEAD, "Total,b0,Leeds,1", *ROWS, ""]))
    assert len(read_file(path)[1]) == 121


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz"])
def test_shorter_lines_at_the_end_of_packed_text_are_faults(given, name):
    data = "\n".join([HEAD, *ROWS, "", "Total,120", "exported by x"]).encode()
    found = read_file(given(gzip.compress(data) if name.endswith("gz") else data, name=name))
    assert len(found[1]) == 120
    assert found[2] == (dict.fromkeys([120, 121], "malformed_row") if name.endswith("gz") else {})


def test_a_last_row_that_is_cut_off_is_a_fault_and_no_footer(given):
    """What is lost must be told."""
    _, records, faults = read_file(given("\r\n".join([HEAD, *ROWS, "100,b"])))
    assert len(records) == 120
    assert faults == {120: "malformed_row"}


@pytest.mark.parametrize("behind", ["", "\n", "\n\n", "---\n"])
def test_short_rows_apart_are_faults_and_no_footer(given, behind):
    """They were neither rows nor rejected, for a blank line stood before them."""
    path = given("\n".join([HEAD, *ROWS, behind + "10019001,York", "10019002,b1", ""]))
    _, records, faults = read_file(path)
    assert len(records) == 120
    assert set(range(120, 122)) <= faults.keys()
    assert set(faults.values()) == {"malformed_row"}


def test_short_rows_between_lines_of_a_footer_are_faults(given):
    """What is like a row is told, whatever stands around it."""
    path = given("\n".join([HEAD, *ROWS, "", "exported by x", "10019001,York", "10019002"]))
    assert read_file(path)[2] == dict.fromkeys(range(120, 123), "malformed_row")


@pytest.mark.parametrize(("first", "rows"), [("name", "李雷,a,x"), ("code", "b7-x,a,x"), ("", ",a,x")])
def test_a_footer_is_unlike_the_first_column(given, first, rows):
    """A word alone is no row, and a value like those of the column begins one."""
    rows = [rows] * 30
    whole = "\n".join([f"{first},b,c", *rows, "", ""])
    for line in ("合计", "Total", "30 / 30 (b)"):
        assert read_file(given(whole + line))[2] == {}
    assert read_file(given(whole + rows[0].rpartition(",")[0]))[2] == {30: "malformed_row"}


def test_a_preamble_can_be_said(given):
    """07: there was no option."""
    path = given("\n".join(["a,b,c", "1;2,3", HEAD, *ROWS, ""]))
    are_all_there(read_file(path, InputOptions(skip=2)))


def test_a_file_without_a_header_is_refused_and_its_values_are_not_shown(given):
    """A first row became the columns' names, which stood in drafts and messages."""
    path = given("\n".join(f"{number},13800138{number:03d},张三,杭州" for number in range(50)))
    message = refusal(path)
    assert "input.header" in message
    assert "138" not in message
    assert "张" not in message
    names, records, _ = read_file(path, InputOptions(header=("id", "mobile", "name", "city")))
    assert names == ["id", "mobile", "name", "city"]
    assert len(records) == 50
    assert records[0] == {"id": "0", "mobile": "13800138000", "name": "张三", "city": "杭州"}


def test_a_lone_quote_is_a_fault_of_its_row_and_swallows_no_other(given):
    """08: forty orders were swallowed into one cell, and their buyers released in clear."""
    head = "id\tbuyer\titem\tcity\tprice\n"
    rows = [f"305-{number}\tb{number}\tMug\tLeeds\t3.50" for number in range(200)]
    rows[50] = '305-50\tb50\t"Best Mug 12oz (white)\tLeeds\t3.50'
    rows[90] = '305-90\tb90\tMonitor 27" IPS\tLeeds\t3.50'
    rows[120] = '305-120\tb120\t"Fancy" mug\tLeeds\t3.50'
    rows[150] = '305-150\tb150\t"Pair A"\tLeeds\t3.50'
    rows[160] = '305-160\tb160\t"Second open\tLeeds\t3.50'
    path = given(head + "\n".join(rows) + "\n")
    _, records, faults = read_file(path)
    assert faults == dict.fromkeys([50, 120, 160], "malformed_row")
    assert set(records) == set(range(200)) - set(faults)
    assert {record["buyer"] for record in records.values()} == {f"b{row}" for row in records}
    assert records[90]["item"] == 'Monitor 27" IPS'
    assert records[150]["item"] == "Pair A"
    _, records, faults = read_file(path, InputOptions(quote="none"))
    assert faults == {}
    assert records[50]["item"] == '"Best Mug 12oz (white)'


def test_rows_between_two_lone_quotes_are_not_swallowed(given):
    """08: what a quote opened ended at the next quote before a delimiter, however many rows lay between."""
    rows = [f'{number},b{number},"Mug",Leeds' for number in range(40)]
    rows[10] = '10,b10,"Mug,Leeds'
    rows[30] = '30,b30,Mug",Leeds'
    _, records, faults = read_file(given("\n".join(["id,buyer,item,city", *rows])))
    assert faults == {10: "malformed_row"}
    assert records[30]["item"] == 'Mug"'


@pytest.mark.parametrize("end", ["\r", "\n\r", "\r\r\n", "\r\n", "\n"])
def test_all_line_ends_are_read(given, end):
    """09: a file of CR alone had no column."""
    are_all_there(read_file(given(end.join([HEAD, *ROWS, ""]))))


@pytest.mark.parametrize(("behind_names", "behind_rows"), [(",", ","), (",,", ",,"), (",", ""), ("", ",")])
def test_delimiters_at_the_ends_of_lines_are_no_columns(given, behind_names, behind_rows):
    """10: a column without a name was a dead end, and rows of one value more were all rejected."""
    are_all_there(read_file(given("\n".join([HEAD + behind_names, *(row + behind_rows for row in ROWS)]))))


def test_a_value_behind_the_last_column_is_a_fault(given):
    """10: what is passed over must be empty."""
    rows = [row + "," for row in ROWS]
    _, records, faults = read_file(given("\n".join([HEAD, *rows, *rows, rows[0] + "x"])))
    assert faults == {240: "malformed_row"}
    assert len(records) == 240


def test_nul_bytes_are_faults(given):
    """11: they were a city of its own."""
    _, records, faults = read_file(given("id\tcity\n1\tLeeds\n2\t\0\0\0\n3\tYork\n"))
    assert sorted(records) == [0, 2]
    assert faults == {1: "malformed_row"}


def test_backslashes_may_take_quotes(given):
    """12: rows with \\" were all rejected, and no option was there."""
    path = given('a,b,c\n1,"size 12\\" wide, red",C:\\new\\\\x\n2,"C:\\\\","\\N"\n3,"\\\\\\"",\\N\n4,"a""b","x\\y"\n')
    _, records, faults = read_file(path, InputOptions(escape="backslash"))
    assert faults == {}
    assert [tuple(record.values()) for record in records.values()] == [
        ("1", 'size 12" wide, red', "C:\\new\\\\x"),
        ("2", "C:\\", "\\N"),
        ("3", '\\"', "\\N"),
        ("4", 'a"b', "x\\y"),
    ]


def test_names_that_repeat_or_are_blank_are_numbered(given):
    """24: both were refused, and there was no way on but to edit the file."""
    names, records, _ = read_file(given("备注,买家,备注,,备注_2\nx,b,y,z,w\n"))
    assert names == ["备注", "买家", "备注_3", "column_4", "备注_2"]
    assert list(records[0].values()) == ["x", "b", "y", "z", "w"]


def test_names_are_as_they_are(given):
    """23, 32: brackets and YAML's signs are part of names."""
    names = ["weight[kg]", "[/kg]", "2026-01-01", "12:30", "yes", "#x", "*", "order.id", "0x1F", "price", "%", "a b"]
    assert read_file(given(",".join(names) + "\n" + ",".join(["v"] * 12) + "\n"))[0] == names


def test_a_header_line_that_comes_again_is_told(given):
    """Files that were put together have headers between rows, which were orders."""
    _, records, faults = read_file(given("\n".join([HEAD, *ROWS[:3], HEAD, *ROWS[3:], HEAD])))
    assert faults == {3: "repeated_header", 121: "repeated_header"}
    assert len(records) == 120


def test_a_cell_longer_than_a_row_is_a_fault_of_its_row(given):
    """35: the file was refused at its first row."""
    _, records, faults = read_file(
        given("id,note\n" + "".join(f"{n},{'x' * 5_000_000 if n == 6 else 'n'}\n" for n in range(12)))
    )
    assert faults == {6: "malformed_row"}
    assert len(records) == 11


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("a||b||c\n1||x|y||3\n", InputOptions(delimiter="||")),
        ("a||b||c\n1||xy||3\n", InputOptions()),
        ("sep=;\na;b;c\n1;x|y;3\n", InputOptions()),
        ("a；b；c\n1；x|y；3\n", InputOptions(delimiter="；")),
        ('a||b||c\n1||"x||y"||3\n', InputOptions(delimiter="||")),
    ],
)
def test_delimiters_of_several_characters_and_those_that_are_said(given, data, options):
    """36: `||` was an unforeseen TypeError, and `sep=;` was the header."""
    names, records, faults = read_file(given(data), options)
    assert (names, faults) == (["a", "b", "c"], {})
    assert records[0]["a"] == "1"
    assert records[0]["b"].replace("|", "") == "xy"
    assert records[0]["c"] == "3"


def test_the_delimiter_is_what_rows_agree_on(given):
    """36: more commas than semicolons in the header made all rows unreadable."""
    rows = "".join(f"100{number};b;Leeds, UK;1,5;q\n" for number in range(50))
    names, records, faults = read_file(given("order_id;buyer;city,region;amount,eur;x,y,z\n" + rows))
    assert names == ["order_id", "buyer", "city,region", "amount,eur", "x,y,z"]
    assert (len(records), faults) == (50, {})


@pytest.mark.parametrize(
    "options",
    [
        {"quote": ""},
        {"quote": "ab"},
        {"delimiter": '"'},
        {"delimiter": "\n"},
        {"escape": "backslash", "quote": "none"},
        {"header": ("a", "a")},
        {"encoding": "idna"},
    ],
)
def test_options_that_cannot_be_are_refused_before_a_file_is_read(options):
    """08, 36: `quote: ""` and `delimiter: "||"` failed when files were read."""
    with pytest.raises(ValueError, match=r"quote|delimiter|escape|header|encoding"):
        InputOptions(**options)
