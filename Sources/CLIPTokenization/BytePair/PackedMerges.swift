/// Reads the embedded vocabulary: each merge's two token ids, written in three characters of six bits an id.
package enum PackedMerges {
    /// What errors call it instead of a file's name.
    private static let name = "the embedded vocabulary"

    /// OpenAI's vocabulary, in the order byte tokens, byte tokens that end a word, merges, start-of-text, end-of-text.
    static func vocabulary() throws(TokenizationError) -> Vocabulary {
        let ids = try ids(packed: OpenAIMerges.packed)
        guard ids.count == 2 * OpenAIMerges.count else {
            throw .malformedMerge(file: name, number: ids.count / 2 + 1)
        }
        var merges = BytePairMerges(capacity: OpenAIMerges.count)
        for merge in 0..<OpenAIMerges.count {
            let token = Int32(512 + merge)
            let (left, right) = (ids[2 * merge], ids[2 * merge + 1])
            guard left < token, right < token else { throw .unknownToken(file: name, number: merge + 1) }
            guard merges.append(left, right, making: token) else {
                throw .duplicateMerge(file: name, number: merge + 1)
            }
        }
        var byteTokens = Array(repeating: Int32(0), count: 256)
        for (place, byte) in ByteAlphabet.bytes.enumerated() { byteTokens[Int(byte)] = Int32(place) }
        let special = Int32(512 + OpenAIMerges.count)
        return Vocabulary(
            count: Int(special) + 2,
            largestPlainID: special + 1,
            startOfText: special,
            endOfText: special + 1,
            byteTokens: byteTokens,
            lastByteTokens: byteTokens.map { $0 + 256 },
            merges: merges
        )
    }

    /// The tokens of the embedded vocabulary by id, written as in files, and its merges, to compare files with it.
    package static func written() throws(TokenizationError) -> (tokens: [[UInt8]], merges: [(Int, Int)]) {
        let ids = try ids(packed: OpenAIMerges.packed).map { Int($0) }
        var tokens = ByteAlphabet.characters + ByteAlphabet.characters.map { $0 + ByteAlphabet.endOfWord }
        var merges: [(Int, Int)] = []
        for merge in 0..<OpenAIMerges.count {
            merges.append((ids[2 * merge], ids[2 * merge + 1]))
            tokens.append(tokens[ids[2 * merge]] + tokens[ids[2 * merge + 1]])
        }
        return (tokens + [Array("<|startoftext|>".utf8), Array("<|endoftext|>".utf8)], merges)
    }

    private static func ids(packed: String) throws(TokenizationError) -> [Int32] {
        var ids: [Int32] = []
        ids.reserveCapacity(2 * OpenAIMerges.count)
        var id: Int32 = 0
        var digits = 0
        for byte in packed.utf8 where byte != 0x0A {
            guard let digit = digit(byte) else {
                throw .malformedMerge(file: name, number: ids.count / 2 + 1)
            }
            id = id << 6 | digit
            digits += 1
            if digits == 3 {
                ids.append(id)
                (id, digits) = (0, 0)
            }
        }
        return ids
    }

    private static func digit(_ byte: UInt8) -> Int32? {
        switch byte {
        case 0x41...0x5A: Int32(byte - 0x41)
        case 0x61...0x7A: Int32(byte - 0x61) + 26
        case 0x30...0x39: Int32(byte - 0x30) + 52
        case 0x2D: 62
        case 0x5F: 63
        default: nil
        }
    }
}
