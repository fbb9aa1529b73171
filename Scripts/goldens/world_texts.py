"""Captions in many languages, and strings composed of them from a seed: what tokenizers are compared on."""

import random
import unicodedata

CAPTIONS = {
    "English": [
        "A photo of a small cat asleep on a red sofa.",
        "Two people ride bicycles along the river at sunset.",
        "An old wooden boat, half full of water, lies on the beach.",
        "The children are playing football in front of the school.",
        "a close-up picture of a green apple and a glass of milk",
    ],
    "Korean": [
        "빨간 소파 위에서 자고 있는 작은 고양이 사진",
        "두 사람이 해 질 녘 강가에서 자전거를 타고 있다.",
        "아이들이 학교 앞 운동장에서 축구를 합니다.",
        "초록색 사과와 우유 한 잔을 가까이에서 찍은 그림",
        "눈 덮인 산과 맑은 하늘, 그리고 오래된 나무 배",
    ],
    "Japanese": [
        "赤いソファの上で眠っている小さな猫の写真",
        "夕暮れの川沿いを二人が自転車で走っている。",
        "子供たちが学校の前でサッカーをしています。",
        "緑のリンゴと牛乳のコップのアップ",
    ],
    "Chinese": [
        "一只小猫睡在红色沙发上的照片",
        "两个人在日落时沿着河边骑自行车。",
        "孩子们正在学校门前踢足球。",
        "綠色的蘋果和一杯牛奶的特寫",
    ],
    "Russian": [
        "Фотография маленькой кошки, спящей на красном диване.",
        "Два человека едут на велосипедах вдоль реки на закате.",
        "Дети играют в футбол перед школой.",
    ],
    "Ukrainian": [
        "Світлина маленького кота, що спить на червоному дивані.",
        "Діти грають у футбол перед школою.",
    ],
    "Arabic": [
        "صورة لقطة صغيرة نائمة على أريكة حمراء",
        "شخصان يركبان الدراجات على ضفة النهر عند الغروب.",
        "الأطفال يلعبون كرة القدم أمام المدرسة",
    ],
    "Persian": [
        "عکس یک گربهٔ کوچک که روی مبل قرمز خوابیده است",
        "بچه‌ها جلوی مدرسه فوتبال بازی می‌کنند.",
    ],
    "Hebrew": [
        "תמונה של חתול קטן ישן על ספה אדומה",
        "שני אנשים רוכבים על אופניים לאורך הנהר בשקיעה.",
    ],
    "Hindi": [
        "लाल सोफ़े पर सोती हुई एक छोटी बिल्ली की तस्वीर",
        "दो लोग सूर्यास्त के समय नदी के किनारे साइकिल चला रहे हैं।",
        "बच्चे स्कूल के सामने फ़ुटबॉल खेल रहे हैं",
    ],
    "Bengali": ["লাল সোফায় ঘুমন্ত একটি ছোট বিড়ালের ছবি", "শিশুরা স্কুলের সামনে ফুটবল খেলছে।"],
    "Tamil": ["சிவப்பு சோபாவில் தூங்கும் சிறிய பூனையின் படம்", "குழந்தைகள் பள்ளியின் முன் விளையாடுகிறார்கள்"],
    "Thai": ["ภาพถ่ายแมวตัวเล็กนอนหลับอยู่บนโซฟาสีแดง", "เด็กๆ กำลังเล่นฟุตบอลหน้าโรงเรียน"],
    "Vietnamese": [
        "Bức ảnh một chú mèo nhỏ đang ngủ trên ghế sofa màu đỏ.",
        "Hai người đạp xe dọc bờ sông lúc hoàng hôn.",
        "Trẻ em đang chơi bóng đá trước trường học",
    ],
    "Turkish": [
        "Kırmızı kanepede uyuyan küçük bir kedinin fotoğrafı",
        "İki kişi gün batımında nehir boyunca bisiklet sürüyor.",
    ],
    "German": [
        "Ein Foto einer kleinen Katze, die auf einem roten Sofa schläft.",
        "Zwei Leute fahren bei Sonnenuntergang am Fluß entlang Fahrrad.",
        "Die Kinder spielen vor der Schule Fußball.",
    ],
    "French": [
        "Une photo d'un petit chat endormi sur un canapé rouge.",
        "Deux personnes font du vélo le long de la rivière au coucher du soleil.",
        "Les élèves jouent au football devant l'école : « Où est le garçon ? »",
    ],
    "Spanish": [
        "Una foto de un gato pequeño que duerme en un sofá rojo.",
        "¿Dónde están los niños? ¡Juegan al fútbol delante de la escuela!",
    ],
    "Portuguese": [
        "Uma foto de um gato pequeno dormindo em um sofá vermelho.",
        "As crianças estão jogando futebol em frente à escola.",
    ],
    "Polish": [
        "Zdjęcie małego kota śpiącego na czerwonej kanapie.",
        "Dzieci grają w piłkę nożną przed szkołą.",
    ],
    "Czech": ["Fotografie malé kočky spící na červené pohovce.", "Děti hrají před školou fotbal."],
    "Greek": [
        "Φωτογραφία μιας μικρής γάτας που κοιμάται σε έναν κόκκινο καναπέ.",
        "ΤΑ ΠΑΙΔΙΑ ΠΑΙΖΟΥΝ ΠΟΔΟΣΦΑΙΡΟ ΜΠΡΟΣΤΑ ΣΤΟ ΣΧΟΛΕΙΟ ΤΟΥΣ.",
    ],
    "Finnish": ["Valokuva pienestä kissasta nukkumassa punaisella sohvalla."],
    "Hungarian": ["Egy kis macska fényképe, amint egy piros kanapén alszik."],
    "Indonesian": ["Foto seekor kucing kecil tidur di sofa merah."],
    "Swahili": ["Picha ya paka mdogo aliyelala kwenye sofa jekundu."],
    "Georgian": ["პატარა კატის ფოტო, რომელსაც წითელ დივანზე სძინავს."],
    "Amharic": ["በቀይ ሶፋ ላይ የተኛች ትንሽ ድመት ፎቶ"],
}

# What is found between words, on purpose or not.
SPACES = [" ", " ", " ", "  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2009", "\u2028", "\u0085", "\x1c"]
ODD = [
    "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\x00", "\x07", "\x1b[31m", "\x7f", "\u0080", "\u202e",
    "\ufffd", "\ue000", "\U000f0000", "\u0378", "\u2581", "\u2581\u2581", "_", "__", "\u0301", "\u0345",
    "\u0327\u0301", "\u05b0", "\u3099", "\u1160", "\u11a8", "\u1100\u1161\u11a8", "\uffa1", "\ufdfa", "\ufb03",
    "\u2460", "\u33a5", "\u00b4", "\u00a8", "\u1e9e", "\u0130", "\u017f", "\u212a", "\u2126", "\u00bd", "\u2026",
]  # fmt: skip
EMOJI = ["😀", "👩‍👩‍👧‍👦", "🇰🇷", "❤️", "👍🏽", "🐱", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "⚽", "☃", "🫠"]
SPECIAL = ["</s>", "<s>", "<unk>", "<pad>", "<mask>", "<eos>", "<bos>", "<0x0A>", "<extra_id_0>", "[CLS]", "[SEP]"]
MARKS = list("!?.,;:'\"()[]{}<>&%#@*+-/\\|~^`$=0123456789")


def every_caption() -> list[str]:
    """All captions, language by language."""
    return [caption for captions in CAPTIONS.values() for caption in captions]


def scalar(rng: random.Random) -> str:
    """Any scalar, those of common blocks more often."""
    bounds = rng.choice([0x80, 0x250, 0x3000, 0xD800, 0x20000, 0x110000])
    while True:
        value = rng.randrange(bounds)
        if not 0xD800 <= value <= 0xDFFF:
            return chr(value)


def changed(rng: random.Random, text: str) -> str:
    """The text in another form or case, or as it is."""
    way = rng.randrange(14)
    if way < 4:
        return unicodedata.normalize(["NFC", "NFD", "NFKC", "NFKD"][way], text)
    return [str.upper, str.lower, str.title, str.swapcase][way - 4](text) if way < 8 else text


def composed(rng: random.Random, captions: list[str], specials: bool) -> str:
    """A string of words of some captions, with something odd in it now and then."""
    source = rng.choice(captions)
    words = changed(rng, source).split(" ")
    start = rng.randrange(len(words))
    words = words[start : start + rng.randint(1, 12)]
    if rng.random() < 0.3:
        words += changed(rng, rng.choice(captions)).split(" ")[: rng.randint(1, 5)]
    parts = []
    oddness = rng.choice([0, 0, 0.02, 0.1, 0.4])
    for word in words:
        while rng.random() < oddness:
            kind = rng.randrange(6)
            if kind == 0:
                parts.append(rng.choice(EMOJI))
            elif kind == 1:
                parts.append(rng.choice(ODD))
            elif kind == 2:
                parts.append(rng.choice(MARKS) * rng.choice([1, 1, 2, 5]))
            elif kind == 3:
                parts.append("".join(scalar(rng) for _ in range(rng.randint(1, 4))))
            elif kind == 4:
                cut = rng.randint(0, len(word))
                word = word[:cut] + rng.choice(ODD + EMOJI) + word[cut:]
            elif specials:
                parts.append(rng.choice(SPECIAL))
        parts.append(word)
        parts.append(rng.choice(SPACES) if rng.random() < oddness else rng.choice(["", " ", " ", " ", " "]))
    text = "".join(parts)
    if rng.random() < 0.6:
        text = text.strip(" ")
    if rng.random() < 0.002:
        text *= rng.choice([2, 10, 100])
    return text


def strings(
    count: int, seed: int, captions: list[str] | None = None, specials: bool = True
) -> list[str]:
    """`count` strings: every caption in four forms first, then what is composed."""
    captions = captions or every_caption()
    rng = random.Random(seed)
    texts = ["", " ", "  ", "\n", "\u2581", " \u2581 ", "a", " a", "a ", "a  b", "\u3000a\u3000", "\u00a8", "a \u00b4b"]
    texts += SPACES + ODD + EMOJI + MARKS
    if specials:
        texts += SPECIAL + [f"{a}{b}a {b} b{a}" for a in SPECIAL for b in ["", " ", "  ", "\n"]]
    texts += [letter * times for letter in ["a", "가", "か", "🐱", " ", "\u0301", "<"] for times in [2, 17, 1000]]
    for form in ["NFC", "NFD", "NFKC", "NFKD"]:
        texts += [unicodedata.normalize(form, caption) for caption in captions[: max(1, count // 8)]]
    while len(texts) < count:
        texts.append(composed(rng, captions, specials))
    return texts[:count]
