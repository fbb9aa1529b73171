internal import CLIPJSON

/// Reads `post_processor` of `tokenizer.json`, which names the tokens around those of a text.
struct TemplateFields {
    private(set) var template = SequenceTemplate()

    /// A sequence inside a sequence is possible; deeper nesting is an attack.
    private static let deepest = 8
    /// The most tokens around a text, and the most parts of a template.
    private static let most = 64

    init(_ reader: inout JSONReader, file: String, depth: Int = 0) throws(TokenizationError) {
        guard depth < Self.deepest else { throw reader.malformed }
        var type = ""
        var inner: [SequenceTemplate] = []
        // The names of the tokens; nil stands for the text itself.
        var single: [[UInt8]?] = []
        var tokens: [[UInt8]: [Int32]] = [:]
        var ends: [String: Int32] = [:]
        try reader.object { (reader, name) throws(TokenizationError) in
            switch String(decoding: name, as: UTF8.self) {
            case "type" where try reader.isNext("\""):
                type = String(decoding: try reader.string().prefix(64), as: UTF8.self)
            case "processors" where try reader.isNext("["):
                try reader.array { (reader) throws(TokenizationError) in
                    guard inner.count < Self.most else { throw Self.excess(type, file: file) }
                    inner.append(try TemplateFields(&reader, file: file, depth: depth + 1).template)
                }
            case "single" where try reader.isNext("["):
                try reader.array { (reader) throws(TokenizationError) in
                    guard single.count <= Self.most else { throw Self.excess(type, file: file) }
                    single.append(try Self.part(&reader))
                }
            case "special_tokens" where try reader.isNext("{"):
                try reader.object { (reader, token) throws(TokenizationError) in
                    tokens[Array(token)] = try Self.ids(&reader)
                }
            case "cls" where try reader.isNext("["), "sep" where try reader.isNext("["):
                var member = 0
                try reader.array { (reader) throws(TokenizationError) in
                    if member == 1 {
                        ends[String(decoding: name, as: UTF8.self)] = try Self.id(&reader)
                    } else {
                        try reader.skip()
                    }
                    member += 1
                }
            default: try reader.skip()
            }
        }
        switch type {
        case "Sequence": template = inner.reduce(SequenceTemplate()) { $0.inside($1) }
        case "ByteLevel": break
        case "BertProcessing", "RobertaProcessing":
            guard let first = ends["cls"], let last = ends["sep"] else {
                throw .missingField(file: file, field: "post_processor \(type): cls, sep")
            }
            template = SequenceTemplate(before: [first], after: [last])
        case "TemplateProcessing":
            guard single.count(where: { $0 == nil }) == 1,
                let middle = single.firstIndex(where: { $0 == nil })
            else { throw .unsupportedStep(file: file, found: "the post_processor \(type) without one text") }
            var around: [[Int32]] = []
            for part in single {
                guard let part else {
                    around.append([])
                    continue
                }
                guard let ids = tokens[part] else {
                    throw .missingSpecialToken(file: file, token: VocabularyBuilder.shown(part))
                }
                guard ids.count <= Self.most else { throw Self.excess(type, file: file) }
                around.append(ids)
            }
            template = SequenceTemplate(
                before: Array(around[..<middle].joined()),
                after: Array(around[middle...].joined())
            )
        default: throw .unsupportedStep(file: file, found: "the post_processor \(type)")
        }
        guard template.count <= Self.most else { throw Self.excess(type, file: file) }
    }

    private static func excess(_ type: String, file: String) -> TokenizationError {
        .unsupportedStep(file: file, found: "the post_processor \(type) with more than \(most) tokens")
    }

    /// The name of a token; nil for the text.
    private static func part(_ reader: inout JSONReader) throws(TokenizationError) -> [UInt8]? {
        var part: [UInt8]?
        var isKnown = false
        try reader.object { (reader, kind) throws(TokenizationError) in
            let isToken = kind.elementsEqual("SpecialToken".utf8)
            guard isToken || kind.elementsEqual("Sequence".utf8) else { throw reader.malformed }
            isKnown = true
            try reader.object { (reader, name) throws(TokenizationError) in
                guard name.elementsEqual("id".utf8) else { return try reader.skip() }
                let id = try reader.string()
                if isToken { part = id }
            }
            guard !isToken || part != nil else { throw reader.malformed }
        }
        guard isKnown else { throw reader.malformed }
        return part
    }

    private static func ids(_ reader: inout JSONReader) throws(TokenizationError) -> [Int32] {
        var ids: [Int32] = []
        try reader.object { (reader, name) throws(TokenizationError) in
            guard name.elementsEqual("ids".utf8) else { return try reader.skip() }
            try reader.array { (reader) throws(TokenizationError) in ids.append(try Self.id(&reader)) }
        }
        return ids
    }

    private static func id(_ reader: inout JSONReader) throws(TokenizationError) -> Int32 {
        let id = try reader.integer()
        guard 0...VocabularyBuilder.largestID ~= id else { throw reader.malformed }
        return Int32(id)
    }
}
