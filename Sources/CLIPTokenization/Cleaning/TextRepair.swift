/// Repairs text as ftfy's `fix_text` does by default (version 6.3.1, Apache License 2.0, by Robyn Speer).
///
/// Its `fix_surrogates` has no counterpart: a Swift string cannot hold half of a surrogate pair.
package enum TextRepair {
    /// The longest segment that ftfy repairs at once.
    private static let longestSegment = 1_000_000

    /// The text with each of its lines repaired.
    package static func repaired(_ text: [UInt32]) throws(TokenizationError) -> [UInt32] {
        if isPlain(text) { return text }
        var repair = MojibakeRepair(budget: WorkBudget(for: text))
        var out: [UInt32] = []
        out.reserveCapacity(text.count)
        var resolvesEntities = true
        var start = 0
        while start < text.count {
            let longest = text[start...].prefix(longestSegment)
            let end = longest.firstIndex(of: 0x0A).map { $0 + 1 } ?? longest.endIndex
            // From the first line with a "<" on, the text is taken for HTML, whose entities are meant as written.
            if text[start..<end].contains(0x3C) { resolvesEntities = false }
            let segment = Array(text[start..<end])
            out += try repairedSegment(segment, resolvingEntities: resolvesEntities, with: &repair)
            start = end
        }
        return out
    }

    /// Whether no step can change anything, because the text is printable ASCII without an entity.
    private static func isPlain(_ text: [UInt32]) -> Bool {
        text.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x26 || $0 == 0x0A || $0 == 0x09 }
    }

    /// Repeats all steps until none changes anything.
    private static func repairedSegment(
        _ segment: [UInt32],
        resolvingEntities: Bool,
        with repair: inout MojibakeRepair
    ) throws(TokenizationError) -> [UInt32] {
        var text = segment
        while true {
            try repair.spend(text.count)
            let before = text
            if resolvingEntities { text = HTMLEntities.unescapedStrictly(text) }
            text = try repair.repaired(text)
            text = CharacterRepairs.replacingC1Controls(text)
            text = CharacterRepairs.separatingLigatures(text)
            text = CharacterRepairs.normalizingWidth(text)
            text = CharacterRepairs.straighteningQuotes(text)
            text = CharacterRepairs.normalizingLineBreaks(text)
            text = CharacterRepairs.removingTerminalEscapes(text)
            text = CharacterRepairs.removingControls(text)
            text = CanonicalComposition.normalized(text)
            if text == before { return text }
        }
    }
}
