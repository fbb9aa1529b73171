private import CZlib

/// The forms in which a model directory carries its vocabulary.
struct VocabularyFiles {
    /// Some ten times the largest of these files that CLIP models come with.
    private static let sizeLimit = 32 << 20
    /// What OpenAI's file is read up to; it lists more merges than the vocabulary has.
    private static let openAIMergeCount = 49_152 - 256 - 2

    private let tokens: BoundedFile
    private let merges: BoundedFile
    private let added: BoundedFile
    private let tokenizer: BoundedFile
    private let openAI: BoundedFile
    /// What transformers writes beside either form.
    private let beside: [BoundedFile]

    init(directory: String) {
        tokens = BoundedFile(directory: directory, name: "vocab.json")
        merges = BoundedFile(directory: directory, name: "merges.txt")
        added = BoundedFile(directory: directory, name: "added_tokens.json")
        tokenizer = BoundedFile(directory: directory, name: "tokenizer.json")
        openAI = BoundedFile(directory: directory, name: "bpe_simple_vocab_16e6.txt.gz")
        beside = ["tokenizer_config.json", "special_tokens_map.json"].map {
            BoundedFile(directory: directory, name: $0)
        }
    }

    var isPresent: Bool { [tokens, merges, tokenizer, openAI].contains { $0.exists } }

    func vocabulary() throws(TokenizationError) -> Vocabulary {
        if tokens.exists, merges.exists { return try fromTokensAndMerges() }
        if tokenizer.exists { return try fromTokenizer() }
        if openAI.exists { return try fromOpenAI() }
        if tokens.exists || merges.exists { throw .unreadable(file: (tokens.exists ? merges : tokens).name) }
        throw .noVocabulary
    }

    private func fromTokensAndMerges() throws(TokenizationError) -> Vocabulary {
        var builder = VocabularyBuilder(file: tokens.name)
        var reader = JSONReader(try text(of: tokens), file: tokens.name)
        try reader.object { (reader, token) throws(TokenizationError) in
            try builder.add(token, id: reader.integer())
        }
        try reader.finish()
        let lines = try text(of: merges).split(separator: 0x0A, omittingEmptySubsequences: false)
        try addMerges(
            lines.starts(withVersion: "#version") ? lines.dropFirst() : lines[...],
            to: &builder,
            of: merges
        )
        try addAddedTokens(to: &builder)
        return try builder.vocabulary(mergesFile: merges.name)
    }

    private func fromTokenizer() throws(TokenizationError) -> Vocabulary {
        var file = TokenizerFile(try text(of: tokenizer), name: tokenizer.name)
        var builder = try file.builder()
        try addAddedTokens(to: &builder)
        return try builder.vocabulary(mergesFile: tokenizer.name)
    }

    /// Refuses files that add tokens to a vocabulary which is not there.
    func requireNothingAdded() throws(TokenizationError) {
        func check(_ token: [UInt8], of file: String) throws(TokenizationError) {
            guard !VocabularyBuilder.specialTokens.contains(token) else { return }
            let shown = String(decoding: token.prefix(32), as: UTF8.self)
            throw .unsupportedTokenizer(
                file: file,
                found: "the added token \(shown), and no vocabulary that it is added to"
            )
        }
        for file in beside where file.exists {
            var settings = TokenizerSettings()
            try settings.read(try text(of: file), of: file.name)
            for entry in settings.added { try check(entry.token, of: file.name) }
        }
        guard added.exists else { return }
        var reader = JSONReader(try text(of: added), file: added.name)
        try reader.object { (reader, token) throws(TokenizationError) in
            _ = try reader.integer()
            try check(token, of: added.name)
        }
        try reader.finish()
    }

    /// The tokens that the files beside a vocabulary add to it.
    private func addAddedTokens(to builder: inout VocabularyBuilder) throws(TokenizationError) {
        var settings = TokenizerSettings()
        for file in beside where file.exists { try settings.read(try text(of: file), of: file.name) }
        // The decoder's first, which also says how they are looked for.
        for entry in settings.added {
            try builder.addWhole(entry.token, id: entry.id, isNormalized: entry.isNormalized)
        }
        guard added.exists else { return }
        var reader = JSONReader(try text(of: added), file: added.name)
        try reader.object { (reader, token) throws(TokenizationError) in
            try builder.addWhole(token, id: reader.integer(), isNormalized: true)
        }
        try reader.finish()
    }

    /// OpenAI's file has a line of its own before the merges, and ids follow from the order.
    private func fromOpenAI() throws(TokenizationError) -> Vocabulary {
        let name = openAI.name
        let bytes = try Self.expanded(openAI.bytes(limit: Self.sizeLimit), name: name)
        guard UTF8Decoder.scalars(bytes) != nil else { throw .malformedText(file: name) }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        var builder = VocabularyBuilder(file: name)
        for (place, character) in ByteAlphabet.characters.enumerated() {
            try builder.add(character, id: place)
            try builder.add(character + ByteAlphabet.endOfWord, id: 256 + place)
        }
        let merges = try Self.pairs(in: lines.dropFirst().prefix(Self.openAIMergeCount), of: name)
        for (index, pair) in merges.enumerated() {
            try builder.add(pair.left + pair.right, id: 512 + index)
            try builder.addMerge(pair.left, pair.right, from: name)
        }
        try builder.add(Array("<|startoftext|>".utf8), id: 512 + merges.count)
        try builder.add(Array("<|endoftext|>".utf8), id: 513 + merges.count)
        return try builder.vocabulary(mergesFile: name)
    }

    private func text(of file: BoundedFile) throws(TokenizationError) -> [UInt8] {
        let bytes = try file.bytes(limit: Self.sizeLimit)
        guard UTF8Decoder.scalars(bytes) != nil else { throw .malformedText(file: file.name) }
        return bytes
    }

    private func addMerges(
        _ lines: ArraySlice<ArraySlice<UInt8>>,
        to builder: inout VocabularyBuilder,
        of file: BoundedFile
    ) throws(TokenizationError) {
        for (left, right) in try Self.pairs(in: lines, of: file.name) {
            try builder.addMerge(left, right, from: file.name)
        }
    }

    /// Two tokens a line; only the end of a file may have an empty line.
    private static func pairs(
        in lines: ArraySlice<ArraySlice<UInt8>>,
        of file: String
    ) throws(TokenizationError) -> [(left: [UInt8], right: [UInt8])] {
        var pairs: [(left: [UInt8], right: [UInt8])] = []
        var lines = lines
        while lines.last?.allSatisfy({ $0 == 0x0D }) == true { lines.removeLast() }
        for line in lines {
            let parts = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D })
            guard parts.count == 2 else { throw .malformedMerge(file: file, number: pairs.count + 1) }
            pairs.append((Array(parts[0]), Array(parts[1])))
        }
        return pairs
    }

    private static func expanded(_ bytes: [UInt8], name: String) throws(TokenizationError) -> [UInt8] {
        var result = CLIP_GZIP_MALFORMED
        let expanded = [UInt8](unsafeUninitializedCapacity: sizeLimit) { buffer, count in
            result = clip_gzip_expand(bytes, bytes.count, buffer.baseAddress, buffer.count, &count)
        }
        switch result {
        case CLIP_GZIP_DONE: return expanded
        case CLIP_GZIP_TOO_LARGE: throw .fileTooLarge(file: name, limit: sizeLimit)
        default: throw .malformedGzip(file: name)
        }
    }
}

extension [ArraySlice<UInt8>] {
    /// Whether the first line is a comment such as `#version: 0.2`.
    fileprivate func starts(withVersion mark: String) -> Bool {
        first?.starts(with: mark.utf8) == true
    }
}
