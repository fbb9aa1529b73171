/// Puts a vocabulary together from what a file lists, and checks all of it.
struct VocabularyBuilder {
    /// Far above any vocabulary, and low enough for an id to be a row of a matrix.
    static let largestID = (1 << 24) - 1

    let file: String
    private var ids: [[UInt8]: Int32] = [:]
    private var usedIDs: Set<Int32> = []
    private var largest: Int32 = 0
    private var pairs: [(left: Int32, right: Int32, token: Int32)] = []

    init(file: String) {
        self.file = file
    }

    /// Adds a token, written in the byte alphabet.
    mutating func add(_ token: [UInt8], id: Int) throws(TokenizationError) {
        guard 0...Self.largestID ~= id else {
            throw .idOutOfRange(file: file, token: Self.shown(token), limit: Self.largestID)
        }
        guard ids.updateValue(Int32(id), forKey: token) == nil, usedIDs.insert(Int32(id)).inserted else {
            throw .duplicateToken(file: file, token: Self.shown(token))
        }
        largest = max(largest, Int32(id))
    }

    /// Adds a token that may be there already with the same id, as special tokens are.
    mutating func addAgain(_ token: [UInt8], id: Int) throws(TokenizationError) {
        if let known = ids[token], Int(known) == id { return }
        try add(token, id: id)
    }

    /// Adds the next merge, of tokens that were added before, `from` naming the file that lists it.
    mutating func addMerge(_ left: [UInt8], _ right: [UInt8], from file: String) throws(TokenizationError) {
        guard let first = ids[left], let second = ids[right], let token = ids[left + right] else {
            throw .unknownToken(file: file, number: pairs.count + 1)
        }
        pairs.append((first, second, token))
    }

    /// The vocabulary; `mergesFile` names the file that lists the merges.
    func vocabulary(mergesFile: String) throws(TokenizationError) -> Vocabulary {
        var byteTokens = Array(repeating: Int32(0), count: 256)
        var lastByteTokens = byteTokens
        for (byte, character) in zip(ByteAlphabet.bytes, ByteAlphabet.characters) {
            byteTokens[Int(byte)] = try byteToken(character)
            lastByteTokens[Int(byte)] = try byteToken(character + ByteAlphabet.endOfWord)
        }
        let startOfText = try specialToken("<|startoftext|>")
        let endOfText = try specialToken("<|endoftext|>")
        var merges = BytePairMerges(capacity: pairs.count)
        for (index, pair) in pairs.enumerated() {
            guard merges.append(pair.left, pair.right, making: pair.token) else {
                throw .duplicateMerge(file: mergesFile, number: index + 1)
            }
        }
        return Vocabulary(
            count: Int(largest) + 1,
            startOfText: startOfText,
            endOfText: endOfText,
            byteTokens: byteTokens,
            lastByteTokens: lastByteTokens,
            merges: merges
        )
    }

    private func byteToken(_ token: [UInt8]) throws(TokenizationError) -> Int32 {
        guard let id = ids[token] else { throw .missingByteToken(file: file, token: Self.shown(token)) }
        return id
    }

    private func specialToken(_ token: String) throws(TokenizationError) -> Int32 {
        guard let id = ids[Array(token.utf8)] else { throw .missingSpecialToken(file: file, token: token) }
        return id
    }

    /// A token for an error: a file's tokens may be of any length.
    private static func shown(_ token: [UInt8]) -> String {
        String(String(decoding: token, as: UTF8.self).prefix(64))
    }
}
