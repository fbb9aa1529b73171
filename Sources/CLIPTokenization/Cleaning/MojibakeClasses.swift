/// The role of a character in detecting mojibake: ftfy's classes, and the single characters that its rules name.
///
/// The last three members are conditions rather than sets of characters.
struct MojibakeClasses: OptionSet {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    private init(bit: UInt64) { self.init(rawValue: 1 << bit) }

    static let common = Self(bit: 0)
    static let c1 = Self(bit: 1)
    static let bad = Self(bit: 2)
    static let law = Self(bit: 3)
    static let currency = Self(bit: 4)
    static let startPunctuation = Self(bit: 5)
    static let endPunctuation = Self(bit: 6)
    static let numeric = Self(bit: 7)
    static let kaomoji = Self(bit: 8)
    static let upperAccented = Self(bit: 9)
    static let lowerAccented = Self(bit: 10)
    static let upperCommon = Self(bit: 11)
    static let lowerCommon = Self(bit: 12)
    static let box = Self(bit: 13)

    static let upperASCII = Self(bit: 14)
    static let lowerASCII = Self(bit: 15)
    static let space = Self(bit: 16)
    static let whiteSpace = Self(bit: 17)
    static let sentenceMark = Self(bit: 18)

    static let ligatureOE = Self(bit: 19)
    static let degree = Self(bit: 20)
    static let latinLead = Self(bit: 21)
    static let afterLatinLead = Self(bit: 22)
    static let times = Self(bit: 23)
    static let smallPower = Self(bit: 24)
    static let arabicLead = Self(bit: 25)
    static let afterArabicLead = Self(bit: 26)
    static let aGrave = Self(bit: 27)
    static let afterAGrave = Self(bit: 28)
    static let root = Self(bit: 29)
    static let afterRoot = Self(bit: 30)
    static let almostEqual = Self(bit: 31)
    static let afterAlmostEqual = Self(bit: 32)
    static let lowQuote = Self(bit: 33)
    static let aUmlaut = Self(bit: 34)
    static let afterAUmlaut = Self(bit: 35)
    static let macLead = Self(bit: 36)
    static let afterMacLead = Self(bit: 37)
    static let smallVe = Self(bit: 38)
    static let dje = Self(bit: 39)
    static let cyrillicLead = Self(bit: 40)
    static let micro = Self(bit: 41)
    static let ghe = Self(bit: 42)
    static let shortU = Self(bit: 43)
    static let ve = Self(bit: 44)
    static let aTilde = Self(bit: 45)
    static let afterATilde = Self(bit: 46)
    static let aCircumflex = Self(bit: 47)
    static let beta = Self(bit: 48)
    static let euro = Self(bit: 49)
    static let afterBetaEuro = Self(bit: 50)
    static let greekLead = Self(bit: 51)
    static let aMacron = Self(bit: 52)

    /// `\w` of Python's re module.
    static let wordCharacter = Self(bit: 61)
    static let notLetterASCII = Self(bit: 62)
    static let notLineFeed = Self(bit: 63)

    /// The classes that are sets of characters.
    static let table: ScalarMap<Self> = {
        var table = ScalarMap(Self())
        let classes: [(Self, String)] = [
            (common, TextTables.common), (c1, TextTables.c1), (bad, TextTables.bad), (law, TextTables.law),
            (currency, TextTables.currency), (startPunctuation, TextTables.startPunctuation),
            (endPunctuation, TextTables.endPunctuation), (numeric, TextTables.numeric),
            (kaomoji, TextTables.kaomoji), (upperAccented, TextTables.upperAccented),
            (lowerAccented, TextTables.lowerAccented), (upperCommon, TextTables.upperCommon),
            (lowerCommon, TextTables.lowerCommon), (box, TextTables.box),
        ]
        for (kind, packed) in classes {
            for scalar in ScalarSet(packed: packed).ranges.joined() { table[scalar].insert(kind) }
        }
        for scalar in UInt32(0)..<0x3001 where WhiteSpace.isPythonSpace(scalar) {
            table[scalar].insert(whiteSpace)
        }
        for (kind, characters) in namedCharacters {
            for scalar in characters.unicodeScalars { table[scalar.value].insert(kind) }
        }
        return table
    }()

    private static let namedCharacters: [(Self, String)] = [
        (upperASCII, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (lowerASCII, "abcdefghijklmnopqrstuvwxyz"),
        (space, " "), (sentenceMark, ".,?!"), (ligatureOE, "Œœ"), (degree, "°"), (latinLead, "ÂÃÎÐ"),
        (afterLatinLead, "€œŠš¢£Ÿž\u{A0}\u{AD}®©°·»–—´"), (times, "×"), (smallPower, "²³"),
        (arabicLead, "ØÙ"), (afterArabicLead, "ŸŠ®°µ»"), (aGrave, "à"), (afterAGrave, "²µ¹¼½¾"),
        (root, "√"), (afterRoot, "±∂†≠®™´≤≥¥µø"), (almostEqual, "≈"), (afterAlmostEqual, "°¢"),
        (lowQuote, "‚"), (aUmlaut, "Ä"), (afterAUmlaut, "ìîïòôúùû†°¢π"), (macLead, "âó"),
        (afterMacLead, "àä°ê"), (smallVe, "в"), (dje, "Ђ"), (cyrillicLead, "ВГРС"), (micro, "µ"),
        (ghe, "Г"), (shortU, "ў"), (ve, "В"), (aTilde, "Ã"), (afterATilde, "\u{A0}¡"),
        (aCircumflex, "Â"), (beta, "β"), (euro, "€"), (afterBetaEuro, "™\u{A0}Ά\u{AD}®°"),
        (greekLead, "ΒΓΞΟ"), (aMacron, "ā"),
    ]
}
