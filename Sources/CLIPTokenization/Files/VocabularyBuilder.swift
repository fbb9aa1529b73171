/// Makes a vocabulary from what a file lists, and checks all of it.
struct VocabularyBuilder {
    /// The largest accepted id: far above any vocabulary, and low enough to be a row of a matrix.
    static let largestID = (1 << 24) - 1

    let file: String
    /// Whether the file gives every token an id; otherwise ids follow from the order.
    let isNumbered: Bool
    /// Whether tokens of the vocabulary are found as written if they are also among the added ones.
    let findsKnownTokens: Bool
    private let rules: CaptionRules
    /// The token for characters whose own token is missing; nil if every character has to have one.
    var unknown: [UInt8]?
    private var ids: [[UInt8]: Int32] = [:]
    private var usedIDs: Set<Int32> = []
    private var largest: Int32 = 0
    private var pairs: [(left: Int32, right: Int32, token: Int32)] = []
    private var added: [AddedToken] = []
    /// The vocabulary's own tokens that are also found in a text as written.
    private var whole: Set<Int32> = []
    /// Whether each special token is looked for in the cleaned text, as far as a file says.
    private var normalizedSpecials: [[UInt8]: Bool] = [:]

    /// - Parameter count: the approximate number of tokens.
    init(
        file: String,
        isNumbered: Bool = true,
        findsKnownTokens: Bool,
        rules: CaptionRules = .openAI,
        count: Int
    ) {
        self.file = file
        self.findsKnownTokens = findsKnownTokens
        self.rules = rules
        self.isNumbered = isNumbered
        ids.reserveCapacity(count)
        usedIDs.reserveCapacity(count)
        pairs.reserveCapacity(count)
    }

    /// Adds a token, which is written in the byte alphabet.
    mutating func add(_ token: [UInt8], id: Int) throws(TokenizationError) {
        guard 0...Self.largestID ~= id else {
            throw .idOutOfRange(file: file, token: Self.shown(token), limit: Self.largestID)
        }
        guard ids.updateValue(Int32(id), forKey: token) == nil, usedIDs.insert(Int32(id)).inserted else {
            throw .duplicateToken(file: file, token: Self.shown(token))
        }
        largest = max(largest, Int32(id))
    }

    /// The id of a token that was added before; nil for any other token.
    func id(of token: [UInt8]) -> Int? { ids[token].map { Int($0) } }

    /// Adds a token that is found in a text as written.
    ///
    /// The vocabulary may have the token already, as it has `!` where that pads short texts. Then no word ends in it
    /// any more.
    ///
    /// - Parameter isNormalized: whether the token is looked for in the cleaned text.
    mutating func addWhole(_ token: [UInt8], id: Int, isNormalized: Bool) throws(TokenizationError) {
        let isKnown = self.id(of: token) == id
        if Self.isSpecial(token) {
            normalizedSpecials[token] = isNormalized
            return isKnown ? () : try add(token, id: id)
        }
        let text = String(decoding: token, as: UTF8.self)
        // The files of one vocabulary repeat each other's entries.
        if added.contains(where: { $0.text == text && Int($0.id) == id }) { return }
        guard 0...Self.largestID ~= id, !text.isEmpty else {
            throw .idOutOfRange(file: file, token: Self.shown(token), limit: Self.largestID)
        }
        if isKnown {
            whole.insert(Int32(id))
            guard findsKnownTokens else { return }
        }
        guard isKnown || usedIDs.insert(Int32(id)).inserted, !added.contains(where: { $0.text == text })
        else {
            throw .duplicateToken(file: file, token: Self.shown(token))
        }
        added.append(try AddedToken(text, id: Int32(id), isNormalized: isNormalized, rules: rules))
    }

    /// Decides whether each special token is looked for in captions as they came or in the cleaned text.
    ///
    /// `added_tokens_decoder` always decides if it lists the token. Otherwise the tokens of the tasks are added one
    /// after the other, skipping those that are already there; the last one added decides. A token written as a plain
    /// string is looked for in captions as they came.
    ///
    /// Source: `TokenizersBackend.__init__` of transformers 5.24, and 144 forms of the settings tried with it.
    mutating func settleSpecials(
        _ tasks: [String: (token: [UInt8], isNormalized: Bool)],
        decoder: [TokenizerSettings.Added]
    ) {
        let listed = normalizedSpecials
        normalizedSpecials = [:]
        var seen: [[UInt8]: Set<Bool>] = [:]
        for (task, standard) in Self.tasks {
            let setting = tasks[task] ?? (Array(standard.utf8), false)
            guard Self.isSpecial(setting.token) else { continue }
            let isNormalized = tasks[task] == nil ? false : listed[setting.token] ?? setting.isNormalized
            guard seen[setting.token, default: []].insert(isNormalized).inserted else { continue }
            normalizedSpecials[setting.token] = isNormalized
        }
        for entry in decoder { normalizedSpecials[entry.token] = entry.isNormalized }
    }

    /// CLIP's tasks and their usual tokens, in transformers' order.
    private static let tasks = [
        ("bos_token", "<|startoftext|>"), ("eos_token", "<|endoftext|>"), ("unk_token", "<|endoftext|>"),
        ("pad_token", "<|endoftext|>"),
    ]

    /// Adds the next merge, of two tokens that were added before; `from` names the file that lists it.
    mutating func addMerge(_ left: [UInt8], _ right: [UInt8], from file: String) throws(TokenizationError) {
        guard let first = ids[left], let second = ids[right], let token = ids[left + right] else {
            throw .unknownToken(file: file, number: pairs.count + 1)
        }
        pairs.append((first, second, token))
    }

    /// The finished vocabulary; `mergesFile` names the file that lists the merges.
    func vocabulary(mergesFile: String) throws(TokenizationError) -> Vocabulary {
        var byteTokens = Array(repeating: Int32(0), count: 256)
        var lastByteTokens = byteTokens
        for (byte, character) in zip(ByteAlphabet.bytes, ByteAlphabet.characters) {
            byteTokens[Int(byte)] = try byteToken(character)
            lastByteTokens[Int(byte)] = try byteToken(
                character + ByteAlphabet.endOfWord,
                or: unknown.flatMap { ids[$0] }
            )
        }
        let startOfText = try specialToken("<|startoftext|>")
        let endOfText = try specialToken("<|endoftext|>")
        var specials: [AddedToken] = []
        for (token, id) in [("<|startoftext|>", startOfText), ("<|endoftext|>", endOfText)] {
            let isNormalized = normalizedSpecials[Array(token.utf8)] ?? false
            specials.append(try AddedToken(token, id: id, isNormalized: isNormalized, rules: rules))
        }
        var merges = BytePairMerges(capacity: pairs.count)
        for (index, pair) in pairs.enumerated() {
            guard merges.append(pair.left, pair.right, making: pair.token) else {
                throw .duplicateMerge(file: mergesFile, number: index + 1)
            }
        }
        try requireReachable(mergesFile: mergesFile)
        try requireNoHoles()
        try requireOrder(byteTokens + lastByteTokens, mergesFile: mergesFile)
        return Vocabulary(
            count: Int(max(largest, added.map(\.id).max() ?? 0)) + 1,
            largestPlainID: largest,
            isNumbered: isNumbered,
            added: added,
            specials: specials,
            startOfText: startOfText,
            endOfText: endOfText,
            byteTokens: byteTokens,
            lastByteTokens: lastByteTokens,
            merges: merges
        )
    }

    /// Refuses tokens that no merge makes, as they could never be used.
    ///
    /// The characters of such a token would become other tokens, and so the embedding would be another one.
    private func requireReachable(mergesFile: String) throws(TokenizationError) {
        let made = Set(pairs.map(\.token))
        let bytes = Set(
            ByteAlphabet.characters.flatMap { [$0, $0 + ByteAlphabet.endOfWord] }.compactMap { ids[$0] }
        )
        let missing = ids.filter { token, id in
            !made.contains(id) && !bytes.contains(id) && !whole.contains(id) && !Self.isSpecial(token)
        }
        guard let first = missing.min(by: { $0.value < $1.value }) else { return }
        throw .unreachableToken(file: mergesFile, token: Self.shown(first.key), count: missing.count)
    }

    /// Refuses unused ids.
    ///
    /// Every library that writes a vocabulary numbers it without gaps. An id without a token belonged to a token that
    /// was removed, together with the merge that made it.
    private func requireNoHoles() throws(TokenizationError) {
        let count = usedIDs.count { $0 <= largest }
        guard count <= largest, let first = (0...largest).first(where: { !usedIDs.contains($0) }) else {
            return
        }
        throw .unusedID(file: file, id: Int(first), count: Int(largest) + 1 - count)
    }

    /// Checks the order of the merges if a vocabulary is laid out as OpenAI's, with bytes first and then merges.
    ///
    /// Then the merges stand in the order of their ids; a list that was sorted in another way would give other tokens.
    private func requireOrder(_ byteTokens: [Int32], mergesFile: String) throws(TokenizationError) {
        guard Set(byteTokens) == Set(0..<512), pairs.count == Int(largest) + 1 - 514 else { return }
        guard let index = pairs.indices.first(where: { Int(pairs[$0].token) != 512 + $0 }) else { return }
        throw .misplacedMerge(file: mergesFile, number: index + 1)
    }

    static func isSpecial(_ token: [UInt8]) -> Bool {
        token.first == UInt8(ascii: "<") && specialTokens.contains(token)
    }

    static let specialTokens: Set = [Array("<|startoftext|>".utf8), Array("<|endoftext|>".utf8)]

    private func byteToken(
        _ token: [UInt8],
        or unknown: Int32? = nil
    ) throws(TokenizationError) -> Int32 {
        guard let id = ids[token] ?? unknown else {
            throw .missingByteToken(file: file, token: Self.shown(token))
        }
        return id
    }

    private func specialToken(_ token: String) throws(TokenizationError) -> Int32 {
        guard let id = ids[Array(token.utf8)] else { throw .missingSpecialToken(file: file, token: token) }
        return id
    }

    /// A token as errors show it, shortened because a file's tokens may be of any length.
    static func shown(_ token: [UInt8]) -> String {
        String(String(decoding: token, as: UTF8.self).prefix(64))
    }
}
