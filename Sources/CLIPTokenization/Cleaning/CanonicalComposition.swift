/// Unicode's normalization form C, by the tables of the reference implementations.
///
/// What Unicode has composed since those tables stays apart, as it does there, whatever version of Unicode the Swift
/// runtime knows.
package enum CanonicalComposition {
    /// The implementation whose tables are used.
    package enum Edition {
        /// Python's unicodedata: Unicode 14.
        case python
        /// Hugging Face's tokenizers: Unicode 9, so newer combining marks count as ordinary characters.
        case tokenizers
    }

    /// The text in form C.
    package static func normalized(_ text: [UInt32], as edition: Edition = .python) -> [UInt32] {
        guard text.contains(where: { $0 >= 0x300 && Tables.shared.details[$0].mayChange }) else {
            return text
        }
        return composed(ordered(decomposed(text, edition), edition), edition)
    }

    /// The text with every character decomposed; marks stay in the order in which they come.
    static func decomposed(_ text: [UInt32], _ edition: Edition = .python) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count + text.count / 2)
        for scalar in text { appendDecomposition(of: scalar, edition, to: &out) }
        return out
    }

    /// The only character for which Unicode added a composition between the two editions.
    private static let newerComposition: UInt32 = 0x11938

    private static func appendDecomposition(
        of scalar: UInt32,
        _ edition: Edition,
        to out: inout [UInt32]
    ) {
        if Hangul.syllables.contains(scalar) {
            Hangul.appendDecomposition(of: scalar, to: &out)
            return
        }
        let entry = Tables.shared.details[scalar].decomposition
        guard entry != 0, edition == .python || scalar != newerComposition else {
            out.append(scalar)
            return
        }
        let parts = Tables.shared.decompositions[Int(entry)]
        appendDecomposition(of: parts.first, edition, to: &out)
        if parts.second != 0 { appendDecomposition(of: parts.second, edition, to: &out) }
    }

    /// Sorts every run of combining marks by class; marks of the same class stay in order.
    private static func ordered(_ text: [UInt32], _ edition: Edition) -> [UInt32] {
        var out = text
        var start = 0
        while start < text.count {
            guard combiningClass(text[start], edition) != 0 else {
                start += 1
                continue
            }
            var end = start + 1
            while end < text.count, combiningClass(text[end], edition) != 0 { end += 1 }
            if end - start > 1 {
                // The place decides between equal classes, because the standard library does not promise a stable sort.
                let marks = (start..<end).map {
                    UInt64(combiningClass(text[$0], edition)) << 32 | UInt64($0)
                }.sorted()
                for (offset, mark) in marks.enumerated() {
                    out[start + offset] = text[Int(mark & 0xFFFF_FFFF)]
                }
            }
            start = end
        }
        return out
    }

    private static func composed(_ text: [UInt32], _ edition: Edition) -> [UInt32] {
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        var starter: Int?
        for scalar in text {
            let markClass = combiningClass(scalar, edition)
            if let place = starter {
                // A mark is blocked if another mark of the same or a higher class stands between it and the starter.
                let isAdjacent = place == out.count - 1
                let blocking = isAdjacent ? 0 : combiningClass(out[out.count - 1], edition)
                if isAdjacent || (blocking != 0 && blocking < markClass),
                    let whole = composition(of: out[place], and: scalar),
                    edition == .python || whole != newerComposition
                {
                    out[place] = whole
                    continue
                }
            }
            if markClass == 0 { starter = out.count }
            out.append(scalar)
        }
        return out
    }

    private static func composition(of first: UInt32, and second: UInt32) -> UInt32? {
        Hangul.composition(of: first, and: second)
            ?? Tables.shared.compositions[UInt64(first) << 32 | UInt64(second)]
    }

    private static func combiningClass(_ scalar: UInt32, _ edition: Edition) -> UInt8 {
        guard scalar >= 0x300 else { return 0 }
        let details = Tables.shared.details[scalar]
        return edition == .tokenizers && details.isNewerMark ? 0 : details.combiningClass
    }
}

/// What composition needs to know of one scalar.
private struct CompositionDetails: Sendable {
    var combiningClass: UInt8 = 0
    var mayChange = false
    var isNewerMark = false
    var decomposition: UInt16 = 0
}

private struct Tables: Sendable {
    static let shared = Tables()

    var details = ScalarMap(CompositionDetails())
    var decompositions: [(first: UInt32, second: UInt32)] = [(0, 0)]
    var compositions: [UInt64: UInt32] = [:]

    private init() {
        let classes = PackedNumbers.read(TextTables.combiningClasses)
        var end: UInt32 = 0
        for index in stride(from: 0, to: classes.count, by: 3) {
            let start = end + classes[index]
            end = start + classes[index + 1]
            for scalar in start..<end {
                details[scalar].combiningClass = UInt8(classes[index + 2])
                details[scalar].mayChange = true
            }
        }
        for range in ScalarSet(packed: TextTables.newerMarks).ranges {
            for scalar in range { details[scalar].isNewerMark = true }
        }
        let numbers = PackedNumbers.read(TextTables.decompositions)
        var scalar: UInt32 = 0
        for index in stride(from: 0, to: numbers.count, by: 4) {
            scalar += numbers[index]
            let (first, second) = (numbers[index + 1], numbers[index + 2])
            details[scalar].decomposition = UInt16(decompositions.count)
            decompositions.append((first, second))
            if numbers[index + 3] == 1 {
                compositions[UInt64(first) << 32 | UInt64(second)] = scalar
                details[second].mayChange = true
            } else {
                details[scalar].mayChange = true
            }
        }
        for jamo in Hangul.composingJamo.joined() { details[jamo].mayChange = true }
    }
}

/// Hangul syllables, which are composed by arithmetic (Unicode Standard, section 3.12).
private enum Hangul {
    static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
    static let composingJamo: [Range<UInt32>] = [0x1161..<0x1176, 0x11A8..<0x11C3]

    private static let firstSyllable: UInt32 = 0xAC00
    private static let leading: Range<UInt32> = 0x1100..<0x1113
    private static let vowels: Range<UInt32> = 0x1161..<0x1176
    private static let trailing: Range<UInt32> = 0x11A8..<0x11C3
    private static let trailingCount: UInt32 = 28  // one more than there are, since a syllable may have none
    private static let vowelCount: UInt32 = 21

    static func appendDecomposition(of syllable: UInt32, to out: inout [UInt32]) {
        let index = syllable - firstSyllable
        out.append(leading.lowerBound + index / (vowelCount * trailingCount))
        out.append(vowels.lowerBound + index % (vowelCount * trailingCount) / trailingCount)
        if index % trailingCount != 0 { out.append(trailing.lowerBound - 1 + index % trailingCount) }
    }

    static func composition(of first: UInt32, and second: UInt32) -> UInt32? {
        if leading.contains(first), vowels.contains(second) {
            let pair = (first - leading.lowerBound) * vowelCount + second - vowels.lowerBound
            return firstSyllable + pair * trailingCount
        }
        if syllables.contains(first), (first - firstSyllable) % trailingCount == 0, trailing.contains(second)
        {
            return first + second - (trailing.lowerBound - 1)
        }
        return nil
    }
}
