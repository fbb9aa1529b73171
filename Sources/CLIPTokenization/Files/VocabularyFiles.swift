internal import CLIPJSON
private import CZlib

/// The files in which a model directory may have its vocabulary.
struct VocabularyFiles {
    /// The size limit: about ten times the largest of these files in real CLIP models.
    private static let sizeLimit = 32 << 20
    /// The number of merges that are read from OpenAI's file, which lists more than the vocabulary has.
    private static let openAIMergeCount = 49_152 - 256 - 2

    private let tokens: BoundedFile
    private let merges: BoundedFile
    private let added: BoundedFile
    private let tokenizer: BoundedFile
    private let openAI: BoundedFile
    /// The settings that transformers writes beside either form.
    private let beside: [BoundedFile]

    private let findsKnownTokens: Bool
    private let rules: CaptionRules

    init(directory: String, findsKnownTokens: Bool = true, rules: CaptionRules = .openAI) {
        self.findsKnownTokens = findsKnownTokens
        self.rules = rules
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

    /// Reads the first form that is complete, and compares it with the other forms that are there.
    ///
    /// Which form a program reads is its own choice, so they have to say the same.
    func vocabulary() throws(TokenizationError) -> Vocabulary {
        guard isPresent else { throw .noVocabulary }
        let listed = tokens.exists ? try listedTokens() : nil
        let joined = merges.exists ? try listedMerges() : nil
        let packed = openAI.exists ? try packedMerges() : nil
        var file = TokenizerFile(name: tokenizer.name)
        if tokenizer.exists { try file.read(try text(of: tokenizer)) }
        if findsKnownTokens, let setting = file.leftHanded {
            throw .unsupportedTokenizer(file: tokenizer.name, found: "\(setting) with the direction Left")
        }

        var lists: [MergeList] = []
        if let joined { lists.append(MergeList(file: merges.name, merges: joined)) }
        if tokenizer.exists { lists.append(MergeList(file: tokenizer.name, merges: file.merges)) }
        if let packed { lists.append(MergeList(file: openAI.name, merges: packed)) }
        for other in lists.dropFirst() { try lists[0].requireSame(as: other) }
        if let listed, tokenizer.exists {
            try TokenList(file: tokens.name, tokens: listed)
                .requireSame(as: TokenList(file: tokenizer.name, tokens: file.tokens))
        }

        let settings = try settings()
        if let listed, let joined {
            var builder = VocabularyBuilder(
                file: tokens.name,
                findsKnownTokens: findsKnownTokens,
                rules: rules,
                count: listed.count
            )
            builder.unknown = unknown(settings, file)
            for (token, id) in listed { try builder.add(token, id: id) }
            for (left, right) in joined { try builder.addMerge(left, right, from: merges.name) }
            try file.addAddedTokens(to: &builder)
            try addAddedTokens(settings, to: &builder)
            return try builder.vocabulary(mergesFile: merges.name)
        }
        if tokenizer.exists {
            var builder = try file.builder(findsKnownTokens: findsKnownTokens, rules: rules)
            builder.unknown = unknown(settings, file)
            try addAddedTokens(settings, to: &builder)
            return try builder.vocabulary(mergesFile: tokenizer.name)
        }
        if let packed { return try vocabulary(ofPacked: packed) }
        throw .unreadable(file: (tokens.exists ? merges : tokens).name)
    }

    /// The token for unknown characters, by the class or by the file; nil if every character has to have its own token.
    private func unknown(_ settings: TokenizerSettings, _ file: TokenizerFile) -> [UInt8]? {
        guard rules == .transformers else { return nil }
        if settings.followsFile { return file.fusesUnknown ? nil : file.unknown }
        return settings.tasks["unk_token"]?.token ?? Array("<|endoftext|>".utf8)
    }

    private func listedTokens() throws(TokenizationError) -> [(token: [UInt8], id: Int)] {
        var listed: [(token: [UInt8], id: Int)] = []
        var reader = JSONReader(try text(of: tokens), file: tokens.name)
        try reader.object { (reader, token) throws(TokenizationError) in
            listed.append((Array(token), try reader.integer()))
        }
        try reader.finish()
        return listed
    }

    private func listedMerges() throws(TokenizationError) -> [(left: [UInt8], right: [UInt8])] {
        let lines = try text(of: merges).split(separator: 0x0A, omittingEmptySubsequences: false)
        return try Self.pairs(
            in: lines.starts(withVersion: "#version") ? lines.dropFirst() : lines[...],
            of: merges.name
        )
    }

    /// Reads the merges in OpenAI's file, which come after a line of another kind.
    private func packedMerges() throws(TokenizationError) -> [(left: [UInt8], right: [UInt8])] {
        let bytes = try Self.expanded(openAI.bytes(limit: Self.sizeLimit), name: openAI.name)
        guard UTF8Decoder.scalars(bytes) != nil else { throw .malformedText(file: openAI.name) }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        return try Self.pairs(in: lines.dropFirst().prefix(Self.openAIMergeCount), of: openAI.name)
    }

    /// Refuses files that add tokens to a vocabulary that does not exist.
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
            try check(Array(token), of: added.name)
        }
        try reader.finish()
    }

    private func settings() throws(TokenizationError) -> TokenizerSettings {
        var settings = TokenizerSettings()
        for file in beside where file.exists {
            try settings.read(try text(of: file), of: file.name)
            // open_clip does not read these files.
            guard !settings.padsLeft || !findsKnownTokens else {
                throw .unsupportedTokenizer(file: file.name, found: "padding_side left")
            }
        }
        return settings
    }

    /// Adds the tokens that the files beside a vocabulary add to it.
    private func addAddedTokens(
        _ settings: TokenizerSettings,
        to builder: inout VocabularyBuilder
    ) throws(TokenizationError) {
        // The decoder's tokens come first, because it also says how they are looked for.
        for entry in settings.added {
            try builder.addWhole(entry.token, id: entry.id, isNormalized: entry.isNormalized)
        }
        // A token that the vocabulary lacks would get an id for which the network has no row.
        for token in settings.named {
            guard !VocabularyBuilder.isSpecial(token), let id = builder.id(of: token) else { continue }
            try builder.addWhole(token, id: id, isNormalized: false)
        }
        if !settings.followsFile { builder.settleSpecials(settings.tasks, decoder: settings.added) }
        guard added.exists else { return }
        var reader = JSONReader(try text(of: added), file: added.name)
        try reader.object { (reader, token) throws(TokenizationError) in
            try builder.addWhole(Array(token), id: reader.integer(), isNormalized: true)
        }
        try reader.finish()
    }

    /// Makes the vocabulary of OpenAI's file, in which ids follow from the order.
    private func vocabulary(
        ofPacked merges: [(left: [UInt8], right: [UInt8])]
    ) throws(TokenizationError) -> Vocabulary {
        var builder = VocabularyBuilder(
            file: openAI.name,
            isNumbered: false,
            findsKnownTokens: false,
            count: merges.count + 514
        )
        for (place, character) in ByteAlphabet.characters.enumerated() {
            try builder.add(character, id: place)
            try builder.add(character + ByteAlphabet.endOfWord, id: 256 + place)
        }
        for (index, pair) in merges.enumerated() {
            try builder.add(pair.left + pair.right, id: 512 + index)
            try builder.addMerge(pair.left, pair.right, from: openAI.name)
        }
        try builder.add(Array("<|startoftext|>".utf8), id: 512 + merges.count)
        try builder.add(Array("<|endoftext|>".utf8), id: 513 + merges.count)
        return try builder.vocabulary(mergesFile: openAI.name)
    }

    private func text(of file: BoundedFile) throws(TokenizationError) -> [UInt8] {
        let bytes = try file.bytes(limit: Self.sizeLimit)
        guard UTF8Check.isValid(bytes) else { throw .malformedText(file: file.name) }
        return bytes
    }

    /// Reads two tokens from each line; only the last line may be empty.
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
