/// Makes a tokenizer from a sentencepiece model, read as sentencepiece reads it, with what the transformers class adds.
struct SentencePieceAssembly {
    let file: SentencePieceFile
    let directory: TokenizerDirectory

    func tokenizer() throws(TokenizationError) -> PieceTokenizer {
        let kind = directory.tokenizerClass
        let contents = try file.contents(numbering: kind == .xlmRoberta ? .fairseq : .asWritten)
        var named: [[UInt8]: Int32] = [:]
        for (text, id) in contents.named { named[Array(text.utf8)] = id }
        func id(of token: [UInt8]) -> Int32? {
            if let id = named[token] { return id }
            guard kind != .xlmRoberta else { return nil }
            return (0..<file.pieces.count).first { file.pieces[$0].elementsEqual(token) }.map { Int32($0) }
        }
        func task(_ name: String) -> Int32? { directory.name(name).flatMap(id(of:)) }
        // Without settings, no tokens are looked for in a text beforehand, as in sentencepiece itself.
        var specials =
            kind == .asWritten && !directory.settings.isPresent
            ? [] : try directory.specials(listed: [], file: file.name, id: id(of:))
        if kind == .siglip {
            // The class looks for all of them in the caption as it came.
            for index in specials.indices { specials[index].isNormalized = false }
        }
        let placed = specials.filter { $0.id < SpecialTokens.firstUnplaced }
        let end = task("eos_token") ?? contents.end
        var template = SequenceTemplate()
        switch kind {
        case .asWritten where !directory.settings.isPresent:
            template.after = end.map { [$0] } ?? []
        case .asWritten, .gemma, .siglip2:
            if directory.settings.addsBeginning == true {
                template.before = (task("bos_token") ?? contents.beginning).map { [$0] } ?? []
            }
            if directory.settings.addsEnd == true {
                guard task("eos_token") != nil || directory.name("eos_token") == nil else {
                    let token = directory.name("eos_token").map(VocabularyBuilder.shown) ?? ""
                    throw .missingSpecialToken(file: file.name, token: token)
                }
                template.after = end.map { [$0] } ?? []
            }
        case .xlmRoberta: template = SequenceTemplate(before: [0], after: [2])
        case .siglip, .t5:
            guard let end else { throw .missingSpecialToken(file: file.name, token: "</s>") }
            template.after = [end]
        case .bert, .clip:
            throw .unsupportedStep(
                file: file.name,
                found: "a model of sentencepiece for this tokenizer_class"
            )
        }
        var steps: [TextStep] = [.sentencePiece(contents.normalizer)]
        if kind == .siglip2 { steps.insert(.lowerCase, at: 0) }
        var tokenizer = try PieceTokenizer(
            file: file.name,
            steps: steps,
            wordSteps: [],
            model: contents.model,
            template: template,
            specials: specials,
            count: max(contents.count, Int(placed.map(\.id).max() ?? 0) + 1),
            plainCount: contents.plainCount
        )
        tokenizer.padsLeft = kind.padsLeft
        tokenizer.unknown = contents.unknown
        tokenizer.padding = task("pad_token") ?? named[Array("<pad>".utf8)]
        tokenizer.separator = task("sep_token")
        // In fairseq's numbering all pieces are plain, and a piece's place is not its id.
        let first = min(contents.plainCount, file.pieces.count)
        for place in (first..<file.pieces.count).prefix(PieceTokenizer.mostTypedNames) {
            tokenizer.typedNames[Int32(place)] = Array(file.pieces[place])
        }
        for token in specials where token.id >= contents.plainCount {
            tokenizer.typedNames[token.id] = token.text
        }
        if kind == .siglip, let end {
            let lead = directory.name("unk_token") ?? Array("<unk>".utf8)
            // Every part of a text is read after this lead.
            guard lead.count <= SentencePieceFile.longestPiece else {
                let limit = SentencePieceFile.longestPiece
                throw .pieceTooLong(file: "tokenizer_config.json", count: lead.count, limit: limit)
            }
            var ids: [Int32] = []
            contents.normalizer.normalized(lead).withUnsafeBufferPointer {
                contents.model.append($0, to: &ids)
            }
            tokenizer.framing = SiglipFraming(
                lead: lead,
                leadCount: ids.count,
                lowersCase: directory.settings.lowersCase ?? true,
                blank: id(of: SentencePieceNormalizer.mark),
                end: end
            )
        }
        return tokenizer
    }
}
