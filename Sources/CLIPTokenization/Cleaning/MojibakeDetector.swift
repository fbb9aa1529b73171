/// Recognizes text that looks like UTF-8 read in another encoding.
///
/// It looks for neighbouring characters that hardly ever occur in text that was meant so: the heuristic of ftfy 6
/// (`ftfy.badness`, by Robyn Speer).
package enum MojibakeDetector {
    /// Whether the text has any of the unlikely sequences.
    package static func isMojibake(_ text: [UInt32]) -> Bool {
        let table = MojibakeClasses.table
        if text.count > 1, text[1] == 0x20, isA(text[0], [.aTilde, .aCircumflex], table) { return true }
        for index in text.indices {
            let first = table[text[index]]
            guard !first.isDisjoint(with: firstOfAnyRule) else { continue }
            for rule in rules where !first.isDisjoint(with: rule[0]) {
                guard index + rule.count <= text.count else { continue }
                if (1..<rule.count).allSatisfy({ isA(text[index + $0], rule[$0], table) }) { return true }
            }
        }
        return false
    }

    private static let wordCharacters = ScalarSet(packed: TextTables.wordCharacters)

    private static func isA(
        _ scalar: UInt32,
        _ wanted: MojibakeClasses,
        _ table: ScalarMap<MojibakeClasses>
    ) -> Bool {
        let classes = table[scalar]
        if !classes.isDisjoint(with: wanted) { return true }
        if wanted.contains(.notLineFeed) { return scalar != 0x0A }
        if wanted.contains(.notLetterASCII) { return classes.isDisjoint(with: letter) }
        return wanted.contains(.wordCharacter) && wordCharacters.contains(scalar)
    }

    private static let firstOfAnyRule = rules.reduce(into: MojibakeClasses()) { $0.formUnion($1[0]) }

    private static let letter: MojibakeClasses = [.lowerASCII, .upperASCII]
    private static let accented: MojibakeClasses = [.lowerAccented, .upperAccented]
    private static let punctuation: MojibakeClasses = [.startPunctuation, .endPunctuation]

    /// Characters that make mojibake of a bad character beside them.
    private static let suspect: MojibakeClasses = [
        accented, punctuation, .box, .currency, .numeric, .law,
    ]
    private static let afterArabic: MojibakeClasses = [
        .common, .currency, .bad, .numeric, .startPunctuation, .afterArabicLead,
    ]
    private static let betweenCyrillic: MojibakeClasses = [
        .c1, .bad, punctuation, .currency, .degree, .micro,
    ]
    private static let betweenGreek: MojibakeClasses = [.c1, .bad, punctuation, .currency, .degree]

    /// The rules; each is a sequence of characters, given as one set for each place.
    private static let rules: [[MojibakeClasses]] = [
        [.c1],
        [suspect.union(.bad), .bad],
        [letter, [.lowerCommon, .upperCommon], .bad],
        [.bad, suspect],
        [[.lowerAccented, .lowerCommon, .box, .endPunctuation, .currency, .numeric], .upperAccented],
        [[.box, .endPunctuation, .currency, .numeric], .lowerAccented],
        [[.lowerAccented, .box, .endPunctuation], .currency],
        [.whiteSpace, .upperAccented, .currency],
        [[.upperAccented, .box], [.numeric, .law]],
        [[accented, .box, .currency, .endPunctuation], .startPunctuation, .numeric],
        [[accented, .currency, .numeric, .box, .law], .endPunctuation, .startPunctuation],
        [[.currency, .numeric, .box], .startPunctuation],
        [.lowerASCII, .upperAccented, [.startPunctuation, .currency]],
        [.box, .kaomoji],
        [[accented, .currency, .numeric, punctuation, .law], .box],
        [.box, .endPunctuation],
        [accented, punctuation, .wordCharacter],
        [.ligatureOE, .notLetterASCII],
        [.upperAccented, .degree],
        // Two-byte UTF-8 sequences in Windows-1252; Arabic ones have to appear twice.
        [.latinLead, [.afterLatinLead, punctuation]],
        [.times, .smallPower],
        [.arabicLead, afterArabic, .arabicLead, afterArabic],
        // The start of three-byte sequences of South Asian scripts.
        [.aGrave, .afterAGrave],
        // MacRoman.
        [.root, .afterRoot],
        [.almostEqual, .afterAlmostEqual],
        [.lowQuote, .aUmlaut, .afterAUmlaut],
        [.lowQuote, .macLead, .afterMacLead],
        // Windows-1251: U+2000 and above, then Latin-1 and Cyrillic, then mojibake made twice, near Latin text.
        [.smallVe, .dje],
        [.cyrillicLead, betweenCyrillic, .cyrillicLead],
        [.ghe, .shortU, .ve, .dje, .ve, .notLineFeed, [letter, .space]],
        // Windows-1252: "à", "á" and non-breaking spaces.
        [.aTilde, .afterATilde],
        [.lowerASCII, [.aTilde, .aCircumflex], .space],
        [.lowerASCII, .whiteSpace, [.aTilde, .aCircumflex], .space],
        [[.lowerASCII, .sentenceMark, .endPunctuation], .aCircumflex, [.space, punctuation]],
        // Windows-1253, and Windows-1257.
        [.beta, .euro, .afterBetaEuro],
        [.greekLead, betweenGreek, .greekLead],
        [.aMacron, .euro],
    ]
}
