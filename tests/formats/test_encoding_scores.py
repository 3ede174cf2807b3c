import random

import pytest

from beam_deid.transforms.formats.encoding_scores import utf16_of, verdict

NAMES = {
    "gb18030": "张伟 王芳 李娜 刘洋 陈静 杨帆 欧阳修 诸葛亮 邓煜坤 龚珏 闫妍 祁钰 谌龙 亳州市 衢州市 泸州市 杭州市 女装",
    "big5": "陳怡君 林志豪 黃淑芬 張雅婷 李俊傑 王美玲 吳宗翰 劉佳穎 臺北市 新北市 高雄市 彰化縣 屏東縣 嘉義市",
    "cp932": "佐藤健 鈴木一郎 高橋花子 伊藤さくら 渡辺ケン 山本美咲 東京都 大阪府 北海道 神奈川県 ソニー表示 能登町",
    "cp1252": "Müller Jörg Groß Köln Besançon Orléans René Zoë créée Île-de-France Núñez Peña Málaga Ángel Íñigo León £2 20€",
}


def sample(encoding, words, rows, seed):
    chosen = random.Random(seed)
    lines = [f"{chosen.randint(1, 10**6)},{chosen.choice(words)},x\n" for _ in range(rows)]
    return "".join(lines).encode(encoding)


@pytest.mark.parametrize("encoding", NAMES)
@pytest.mark.parametrize("rows", [1, 3, 20, 200])
def test_an_encoding_is_told_rightly_or_not_at_all(encoding, rows):
    words = NAMES[encoding].split()
    found = [verdict(sample(encoding, words, rows, seed)).encoding for seed in range(60)]
    assert set(found) <= {encoding, None}
    if rows >= 20:
        assert set(found) == {encoding}


@pytest.mark.parametrize("encoding", NAMES)
def test_what_is_utf8_is_utf8(encoding):
    for word in NAMES[encoding].split():
        assert verdict(f"1,{word},x\n".encode()).encoding == "utf-8"


def test_a_chinese_word_that_is_utf8_by_chance_is_not_told():
    assert verdict("1,女装,x\n".encode("gb18030")) == (None, ("utf-8", "gb18030"))


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1251", "Москва Санкт Петербург Иванов Новосибирск"),
        ("cp1250", "Łódź Wrocław Gdańsk Poznań złoty świętokrzyskie Żółw"),
        ("cp1254", "İstanbul Şişli Beyoğlu Kadıköy Ağrı"),
        ("euc_kr", "서울특별시 부산광역시 김철수 이영희 박지성 대한민국 경기도 성남시 분당구 홍길동 주문번호 전라남도"),
        ("euc_jp", "佐藤健 鈴木一郎 伊藤さくら 渡辺ケン 東京都 大阪府 北海道 ソニー表示 神奈川県横浜市"),
    ],
)
def test_encodings_that_are_no_candidates_are_not_told_as_others(encoding, words):
    assert verdict(sample(encoding, words.split(), 300, 1)).encoding is None


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_told_by_its_zeros(encoding):
    assert utf16_of("订单,姓名\n1,张三\n2,李四\n".encode(encoding)) == encoding
    assert utf16_of(b"a,b\n\n1,\x002\n\n\n3,4\n\n") is None
    assert utf16_of(b"") is None
