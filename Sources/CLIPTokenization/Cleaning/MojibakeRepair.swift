/// Undoes mojibake: UTF-8 text that was read in a single-byte encoding, perhaps several times over.
///
/// The steps and their order are those of ftfy 6's `fix_encoding`, by Robyn Speer.
package struct MojibakeRepair {
    private var budget: WorkBudget

    package init(budget: WorkBudget) {
        self.budget = budget
    }

    /// Adds the work of other steps on the same caption to the budget.
    mutating func spend(_ scalars: Int) throws(TokenizationError) {
        try budget.spend(scalars)
    }

    /// The text that was meant, or the same text if nothing points to mojibake.
    package mutating func repaired(_ text: [UInt32]) throws(TokenizationError) -> [UInt32] {
        guard text.contains(where: { $0 >= 0x80 }) else { return text }
        var text = text
        while let better = try improved(text), better != text { text = better }
        return text
    }

    /// The text after one step of repair; nil if no step applies.
    private mutating func improved(_ text: [UInt32]) throws(TokenizationError) -> [UInt32]? {
        try budget.spend(text.count)
        guard text.contains(where: { $0 >= 0x80 }), MojibakeDetector.isMojibake(text) else { return nil }
        let latin1 = text.allSatisfy { $0 < 0x100 } ? text.map { UInt8($0) } : nil
        if let latin1, let decoded = decoded(latin1, restoresSpaces: true, isSloppy: false) { return decoded }
        for (page, restoresSpaces) in CodePage.afterLatin1 {
            if let bytes = page.encoded(text),
                let decoded = decoded(bytes, restoresSpaces: restoresSpaces, isSloppy: page.isSloppy)
            {
                return decoded
            }
        }
        let patched = try patched(text)
        if patched != text { return patched }
        // The control characters of Latin-1 were meant as Windows-1252's characters, but five of them have none.
        guard text.contains(where: { 0x80...0x9F ~= $0 }) else { return nil }
        return CharacterRepairs.replacingC1Controls(text)
    }

    private func decoded(_ bytes: [UInt8], restoresSpaces: Bool, isSloppy: Bool) -> [UInt32]? {
        var bytes = bytes
        if restoresSpaces { bytes = LossyUTF8.restoringSpaces(bytes) }
        if isSloppy { bytes = LossyUTF8.replacingLosses(bytes) }
        return UTF8Decoder.scalars(bytes, acceptingVariants: true)
    }

    /// `decode_inconsistent_utf8` of ftfy: repairs stretches that look like UTF-8 one by one, in a text of mixed
    /// encodings.
    package mutating func patched(_ text: [UInt32]) throws(TokenizationError) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            // A stretch does not begin inside a garbled sequence: repairing a part of that would make it worse.
            let isInside = index > 0 && clue(text, index - 1, .continuationStrict)
            let end = isInside ? index : endOfSequences(text, from: index)
            guard end > index else {
                out.append(text[index])
                index += 1
                continue
            }
            let stretch = Array(text[index..<end])
            // Only a stretch shorter than the text is repaired, so that the recursion ends.
            let isFixable = stretch.count < text.count && MojibakeDetector.isMojibake(stretch)
            out.append(contentsOf: isFixable ? try repaired(stretch) : stretch)
            index = end
        }
        return out
    }

    /// The end of the longest row of UTF-8 sequences that begins here.
    private func endOfSequences(_ text: [UInt32], from start: Int) -> Int {
        var index = start
        while index < text.count {
            let length: Int
            if clue(text, index, .firstOf2) {
                length = 2
            } else if clue(text, index, .firstOf3) {
                length = 3
            } else if clue(text, index, .firstOf4) {
                length = 4
            } else {
                return index
            }
            guard (1..<length).allSatisfy({ clue(text, index + $0, .continuation) }) else { return index }
            index += length
        }
        return index
    }

    private func clue(_ text: [UInt32], _ index: Int, _ clue: Clues) -> Bool {
        index < text.count && Clues.table[text[index]].contains(clue)
    }
}

/// Which byte of UTF-8 a character may stand for.
private struct Clues: OptionSet {
    let rawValue: UInt8

    static let firstOf2 = Self(rawValue: 1)
    static let firstOf3 = Self(rawValue: 2)
    static let firstOf4 = Self(rawValue: 4)
    static let continuation = Self(rawValue: 8)
    static let continuationStrict = Self(rawValue: 16)

    static let table: ScalarMap<Self> = {
        var table = ScalarMap(Self())
        let classes: [(Self, String)] = [
            (firstOf2, TextTables.utf8FirstOf2), (firstOf3, TextTables.utf8FirstOf3),
            (firstOf4, TextTables.utf8FirstOf4), (continuation, TextTables.utf8Continuation),
            (continuationStrict, TextTables.utf8ContinuationStrict),
        ]
        for (clue, packed) in classes {
            for scalar in ScalarSet(packed: packed).ranges.joined() { table[scalar].insert(clue) }
        }
        return table
    }()
}
