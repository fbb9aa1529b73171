"""Ugly strings, which goldens of the tokenizer are made of: collected ones, and others composed of them from a seed."""

import html
import random
import re
import unicodedata

from ftfy import badness, chardata

SEED = 20240614
CAPTIONS = 3000


def pieces(joined: str) -> list[str]:
    """Texts with a bar between them; the line ends are for the reader."""
    return joined.replace("\n", "").split("|")


PLAIN = pieces(
    """a diagram|a photo of a cat|two dogs playing in the snow|THE QUICK brown Fox|it's|we're
|they've|I'm|she'll|he'd|don't|rock'n'roll|isn''t|'s|'S 'T 'RE 'VE 'M 'LL 'D|o'clock|x'sy
|y'all'd've|3.14|1,000,000|100%|2nd|B2B|e=mc^2|C++|#tag|@user|a_b|foo/bar
|http://example.com/?a=1&b=2|user@example.com|:-)|!!!|...|??!|--|$5|50%off|(a)|[b]|{c}|~`^
|\\n|\\u00e9|a\tb|a  b|antidisestablishmentarianism|aaaaaaaaaaaaaaaa|zzzz"""
)

SCRIPTS = pieces(
    """고양이 사진|눈 위에서 노는 강아지 두 마리|서울의 밤 풍경|안녕하세요|뷁쀍|ㅋㅋㅋㅠㅠ|猫の写真|東京タワー|カタカナ|ひらがな|ヴァイオリン|ﾊﾝｶｸｶﾀｶﾅ
|ﾀﾞｶﾞﾊﾟ|中文图片|繁體中文字|صورة قطة|مَرْحَبًا|تمثيلية|תמונה של חתול|שָׁלוֹם|รูปแมว|น้ำแข็ง|ที่นี่
|बिल्ली की तस्वीर|क्षत्रिय|हिन्दी|কাকা|ছবি|படம்|ਤਸਵੀਰ|ફોટો|ಚಿತ್ರ|ചിത്രം|ຮູບ|ဓာတ်ပုံ|រូបភាព
|ფოტო|ՆԿԱՐ նկար և|фото кошки|ЁЖИК ёжик|Їжак ґава|φωτογραφία|ΟΔΥΣΣΕΥΣ|ΣΑΣ Σ ΑΣ. ΑΣΑ Σ
|Ὀδυσσεύς|ᾼ ᾳ ᾈ|ἀρχῇ|Straße STRASSE ẞ ß|İstanbul ISPARTA ı İ|ĞÜŞ|Ærøskøbing|Łódź|Ångström
|naïve café|fiancée|Dvořák|Smörgåsbord|Đặng|Việt Nam|ǅ ǆ Ǆ ŉ ĳ Ĳ|ᏣᎳᎩ ꮳꮃꭹ|Ა ა|𐐀𐐨|𝒜𝓫𝖈|ℋℂ№℡
|Kelvin K Å Ω|ſt 'ſ it'ſ <|ſtartoftext||ﬀ ﬁ ﬂ ﬃ ﬄ ﬅ ﬆ|ﬓ ﬖ|ﷺ|㋿ ㍿ ㌔|½ ¼ ⅞|Ⅷ ⅷ ↁ|② ⑳ ❶
|٣٤٥ १२३ ๑๒|²³¹ ₄|〇一二三|፩፪|𒐕|ᄒ\u1161\u11ab글|각|가\u11a8|e\u0301|o\u0308\u0323|a\u0323\u0302
|q\u0307\u0323|\u0344|\u0345|α\u0345|x\u0345y|\u0958|\u0b4b|\u1100|\u1161|ᅟᅠ|ﾠ|\u0f73
|\u2126|\u212b|豈|\uf900|\U0002f800|\U0001d15e|\u0340|\u1e9b\u0323
|a\u0315\u0300\u05ae\u0062"""
)

EMOJI = pieces(
    """👨‍👩‍👧‍👦|👩🏽‍💻|🏳️‍🌈|🏴󠁧󠁢󠁷󠁬󠁳󠁿|🇰🇷|🇯🇵🇺🇸|👍🏿|❤️|☺️|🤷‍♀️|1️⃣|#️⃣|🧑‍🚀|🫠|🪿|🐦‍🔥|😀😀|❤|★☆♪|→⇒∞|√2|±×÷
|™®©|€£¥₩₽₿|§¶|░▒▓█|┌─┐|╔═╗|♠♥|☃|✔|✓|♀️|🅰️|Ⓐ ⓐ|🄰"""
)

PUNCTUATION = pieces(
    """“curly”|‘single’|it’s|we’ll|«guillemets»|‹›|„low“|‚low‘|‛|‟|ʼ|ʻ|…|–|—|―|‐|‑|·|•|¿Qué?
|¡Hola!|´`|ʹ|ＦＵＬＬ　ＷＩＤＴＨ|（）！？｡｢｣､･|￠￡￢￣￥￦|｀～|１２３|ｱｲｳ|￭￮|ﾡﾢ|＜ｂ＞|＆ａｍｐ；|＇ｓ"""
)

CONTROLS = [
    "\x00",
    "\x01",
    "\x07",
    "\x08",
    "\x0b",
    "\x0c",
    "\x0e",
    "\x1a",
    "\x1b",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x1f",
    "\x7f",
    "\x80",
    "\x81",
    "\x85",
    "\x8d",
    "\x91",
    "\x92",
    "\x96",
    "\x99",
    "\x9f",
    "\xa0",
    "\xad",
    "\u034f",
    "\u061c",
    "\u115f",
    "\u180e",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2028",
    "\u2029",
    "\u202a",
    "\u202e",
    "\u202f",
    "\u205f",
    "\u2060",
    "\u2066",
    "\u206a",
    "\u206f",
    "\u3000",
    "\u3164",
    "\ufe0f",
    "\ufeff",
    "\ufff9",
    "\ufffb",
    "\ufffc",
    "\ufffd",
    "\ufffe",
    "\uffff",
    "\U000e0001",
    "\U000e0061",
    "\U0001d173",
    "\ue000",
    "\uf8ff",
    "\U000f0000",
    "\U0010ffff",
    "\u0378",
    "\u0870",
    "\u1c89",
    "\ua7cb",
    "\ua7dc",
    "\U00010d50",
    "\U00016ea0",
    "\U0001c000",
    "\U0001611e",
    "\u0897",
    "\u1acf",
    "\U000113c5",
    "\U00031350",
    "\U000323b0",
    "\u0295",
    "\U0001171e",
    "\r",
    "\n",
    "\r\n",
    "\n\r",
    "\t",
    "\x1b[31m",
    "\x1b[0m",
    "\x1b[1;36;44m",
    "\x1b[2J",
    "\x1b[K",
    "\x1b[",
    "\x1b[;m",
    "\x1b[٣m",
    "\x1b[３１m",
    "\x1b]0;title\x07",
    "\x1b[31",
    "[31m",
]

ENTITIES = pieces(
    """&amp;|&lt;|&gt;|&quot;|&#39;|&apos;|&nbsp;|&copy;|&COPY;|&eacute;|&EACUTE;|&Eacute;
|&eAcute;|&ntilde;|&NTILDE;|&nTILDE;|&SZLIG;|&hellip;|&rsquo;|&ldquo;|&NotEqualTilde;
|&Jscr;|&fjlig;|&notit;|&notin;|&not|&amp|&ampamp;|&ampx|&lt|&ltx|&gt&lt|&copy2024
|&eacutes|&cafe|&unknown;|&;|&|&&|& |&#|&#;|&#x;|&#x|&#65;|&#65|&#x41;|&#X41|&#x1F600;
|&#128512|&#0;|&#00;|&#13;|&#10;|&#9;|&#32;|&#59;|&#x3b;|&#38;|&#x26;amp;|&#128;|&#x80;
|&#146;|&#x99|&#129;|&#150;|&#159;|&#1;|&#11;|&#127;|&#xFDD0;|&#xFFFE;|&#x1FFFF;|&#xD800;
|&#xDFFF;|&#xd83d;&#xde00;|&#1114111;|&#1114112;|&#x110000;|&#99999999999999999999;
|&#12ab;|&#x41g;|&#xZZ;|&#abc;|&amp;amp;|&amp;amp;amp;lt;|&amp;#39;|&amp;lt;b&amp;gt;
|&amp;nbsp;|&#38;#38;#38;|&amp;eacute;|<b>bold</b>|<br/>|a<b>c|1 < 2 &amp; 3
|&lt;b&gt; &amp;amp;|<p>&eacute;</p>|&ThisNameIsMuchTooLongToBeAnEntityOfHTML;
|&ThickSpace;|&CounterClockwiseContourIntegral;|&é;|&amp\u00e9;|&lté|&#xff21;|&#8217;
|&#x2028;|&#x1b;[31m|&#12288;|&frac12;|&shy;|&zwj;|&ZeroWidthSpace;|&#776;|e&#769;"""
)

SPECIALS = [
    "<|startoftext|>",
    "<|endoftext|>",
    "<|EndOfText|>",
    "<|ENDOFTEXT|>",
    "<|StartOfText|>",
    "<|endoftext|>s",
    "x<|endoftext|>y",
    "!<|endoftext|>",
    "<<|endoftext|>>",
    "<|endoftext|><|endoftext|>",
    "<|endoftext|",
    "<|endoftext |>",
    "<| endoftext|>",
    "<|ſtartoftext|>",
    "＜｜ｅｎｄｏｆｔｅｘｔ｜＞",
    "&lt;|endoftext|&gt;",
    "<start_of_text>",
    "<end_of_text>",
    "</w>",
    "a</w>",
    "<w/>",
    "Ġ",
    "Ċ",
    "<|endoftext|>'s",
    "'<|endoftext|>",
    "<|pad|>",
    "[PAD]",
]

TO_GARBLE = pieces(
    """é|ñ|ü|à la mode|às vezes|àquele|voilà|São Paulo|naïve|“quoted”|it’s|…|–|—|™|€5|£3|½|°C|×|·
|¿|«x»|ß|Ö|Å|œuvre|Ł|ő|ș|привет|Москва|Ελλάδα|İstanbul ğ|Šiauliai|日本語|한국어|صورة|שלום|ไทย
|हिन्दी|😀|👍🏽|✔|✓|❤️|\u00a0|\ufeff|à|á|â|Ã|Â|\ufffd|ﬁ|┌|█|\U0010ffff"""
)

MOJIBAKE = pieces(
    """sÃ³|voilÃ le travail|âœ” No problems|ã\x83\x84|Ã©|â€œ like this â€�|â€™|â€¦|Â£|Â |Ã |Ã  
|fÃ cil|Ã la|Ã s vezes |Ãquele|l’humanitÃ©|ï¼\x91|ÐŸÑ€Ð¸Ð²ÐµÑ‚|РџСЂРёРІРµС‚|â\x80\x99
|itâ€™s|Ã¢â‚¬â„¢|ÃƒÂ©|ÃƒÆ’Ã‚Â©|âˆš±|√©|‚Äôs|‚Äî|‚àö|â”€|в‚¬|вЂ™|ā€™|β€™|Ξ¤Ξ·|ГўВЂВ™a|Ø§Ù„
|Ù…Ø±Ø­Ø¨Ø§|à¤¹à¤¿|à¸£à¸¹à¸›|ðŸ˜€|ðŸ˜\x8a|í ½í¸€|À\x80|À\n|í\xa0\xbdí¸€|í ½í¸\n|Å|Å |à|Ä°
|œx|Œ |œ|É°|à²|Â©|Ãœ|\x9f|\x85|Ëœ|Ã\x81|Ã?|Â?|â€?|ð?˜€|Inglaterra: Ã£
|more complex â€“ â€˜thanâ€™|(Ã Â¸â€¡'ÃŒâ‚¬-Ã¢Ë†Å¸ÃŒâ‚¬)|×²|Ã—|Ð²|├⌐|├ó┬Ç┬Ö|ГіВЃ|ŽÃ©|ă©|Ă©
|Äƒ|Å‚|ĂŠ"""
)

CHARMAPS = ["latin-1", "sloppy-windows-1252"] * 3 + chardata.CHARMAP_ENCODINGS
POOLS = [
    PLAIN,
    PLAIN,
    SCRIPTS,
    SCRIPTS,
    EMOJI,
    PUNCTUATION,
    CONTROLS,
    ENTITIES,
    SPECIALS,
    MOJIBAKE,
    TO_GARBLE,
]
MARKS = "".join(chr(v) for v in range(0x300, 0x370))
MARKS += "\u05b0\u05bc\u064b\u0651\u093c\u094d\u0e38\u0e48\u3099\u309a\U0001d165"


def unpaired(text: str) -> str:
    """Swift strings hold no half of a surrogate pair, so no test has one."""
    return re.sub("[\ud800-\udfff]", "", text)


def garbled(rng: random.Random, text: str, layers: int) -> str:
    for _ in range(layers):
        data = text.encode("utf-8", "replace")
        how = rng.random()
        if how < 0.1:
            data = data.replace(b"\xa0", b" ")
        elif how < 0.2 and data:
            place = rng.randrange(len(data))
            data = data[:place] + rng.choice([b"?", b"\x1a", b"", b" ", b"\n"]) + data[place + 1 :]
        elif how < 0.25:
            data = text.encode("utf-16-be", "replace")
            units = [chr(int.from_bytes(data[i : i + 2], "big")) for i in range(0, len(data), 2)]
            data = "".join(units).encode("utf-8", "surrogatepass").replace(b"\x00", b"\xc0\x80")
        text = data.decode(rng.choice(CHARMAPS), "replace")
    return text


def any_scalar(rng: random.Random) -> str:
    while True:
        top = rng.choice([0x100, 0x250, 0x600, 0x3000, 0xA000, 0x10000, 0x20000, 0x110000])
        value = rng.randrange(top)
        if not 0xD800 <= value <= 0xDFFF:
            return chr(value)


def mangled(rng: random.Random, text: str) -> str:
    """One of the things that happen to text on its way."""
    how = rng.randrange(12)
    if how == 0:
        return text.upper()
    if how == 1:
        return text.title()
    if how == 2:
        return unicodedata.normalize(rng.choice(["NFD", "NFKD", "NFC"]), text)
    if how == 3:
        return html.escape(text)
    if how == 4:
        return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    if how == 5:
        return (
            "".join(f"&#{ord(c)};" if rng.random() < 0.5 else f"&#x{ord(c):X}" for c in text[:6])
            + text[6:]
        )
    if how == 6:
        return (
            "".join(c + "".join(rng.choices(MARKS, k=rng.randrange(4))) for c in text[:8])
            + text[8:]
        )
    if how in (7, 8):
        return garbled(rng, text, rng.choice([1, 1, 1, 2, 3]))
    if how == 9 and text:
        place = rng.randrange(len(text))
        return text[:place] + any_scalar(rng) + text[place:]
    return text


def compose(rng: random.Random) -> str:
    pieces = []
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4, 6])):
        piece = rng.choice(rng.choice(POOLS))
        if rng.random() < 0.35:
            piece = mangled(rng, piece)
        if rng.random() < 0.06:
            piece = "".join(any_scalar(rng) for _ in range(rng.randrange(1, 6)))
        pieces.append(piece)
        pieces.append(rng.choice(["", "", " ", " ", " ", "  ", "\n", ", ", "\t"]))
    text = "".join(pieces)
    if rng.random() < 0.1:
        text = mangled(rng, text)
    return unpaired(text)[:120]


def compose_mojibake(rng: random.Random) -> str:
    pieces = []
    for _ in range(rng.choice([1, 1, 2, 3, 5])):
        if rng.random() < 0.15:
            piece = "".join(rng.choices(CLUES, k=rng.randrange(1, 7)))
        else:
            piece = rng.choice(rng.choice([TO_GARBLE, TO_GARBLE, SCRIPTS, MOJIBAKE]))
            piece = garbled(rng, piece, rng.choice([0, 1, 1, 1, 2, 3]))
        pieces += [piece, rng.choice(["", "", " ", "a", ", ", "\n"])]
    return unpaired("".join(pieces))[:100]


# Every character that the detection of mojibake knows, and some that it does not.
CLUES = (
    sorted(
        {
            c
            for v in range(0x2700)
            if (c := chr(v))
            and any(
                re.match(f"[{k}]", c)
                for k in [*badness.MOJIBAKE_CATEGORIES.values(), *chardata.UTF8_CLUES.values()]
            )
        }
    )
    + list("  aAz.\n0ﬁ\uf8ff\ufffd")
    + list(" ÂÃâàØÙð") * 4
)


def collected() -> list[str]:
    alone = [s for pool in POOLS for s in pool]
    return list(
        dict.fromkeys(
            [
                "",
                " ",
                "\n\t ",
                *alone,
                *(f"x{c}y" for c in CONTROLS),
                *(f"A{c} B" for c in MARKS[::5]),
            ]
        )
    )


def captions() -> list[str]:
    rng = random.Random(SEED)
    texts = dict.fromkeys(collected())
    while len(texts) < CAPTIONS:
        texts[compose(rng) if rng.random() < 0.8 else compose_mojibake(rng)] = None
    return list(texts)


def repeated() -> list[dict]:
    """Long captions by rule: a unit, how often, and a hash of the ids."""
    return [
        {"unit": unit, "times": times}
        for unit, times in [
            ("word ", 10000),
            ("Antidisestablishmentarianism", 360),
            ("a", 10000),
            ("ab", 5000),
            ("고양이 ", 3000),
            ("9", 500),
            ("!?", 3000),
            ("&amp;", 2000),
            ("Ã©", 3000),
            ("e\u0301", 3000),
            ("\x1b[31m", 500),
            ("<|endoftext|>", 100),
            ("👨‍👩‍👧‍👦", 300),
            ("sÃ³ ok\n", 500),
            ("\u0301", 2000),
            ("á\u0323", 1000),
            ("'s", 999),
        ]
    ]
