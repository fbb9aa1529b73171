internal import CLIPJSON

/// A step's object in `tokenizer.json`; every member is kept, so that none is ignored by mistake.
struct StepFields {
    private let file: String
    /// The name of the step in errors, such as "the normalizer Strip".
    private let role: String
    private(set) var type = ""
    private var texts: [String: [UInt8]] = [:]
    private var flags: [String: Bool] = [:]
    /// The kind of the pattern, `Regex` or `String`, and its text.
    private var pattern: (kind: String, text: [UInt8])?
    private(set) var steps: [StepFields] = []
    /// The names of members of other kinds.
    private var others: [String] = []

    /// The number of steps: this one and all inside it.
    private var count = 1

    /// A sequence inside a sequence is possible; deeper nesting is an attack.
    private static let deepest = 8
    /// The most steps in all.
    ///
    /// The longest real lists have seven, and each step runs for every text and every added token.
    private static let mostSteps = 32
    /// The longest text that a step looks for or writes, in bytes.
    ///
    /// Real ones have up to a hundred.
    private static let longestWritten = 256
    /// The longest text of a member, in bytes.
    ///
    /// A normalizer's character table has about 400 KB.
    private static let longestText = 4 << 20

    init(_ reader: inout JSONReader, role: String, file: String, depth: Int = 0) throws(TokenizationError) {
        guard depth < Self.deepest else { throw reader.malformed }
        self.role = role
        self.file = file
        try reader.object { (reader, name) throws(TokenizationError) in
            let name = String(decoding: name.prefix(64), as: UTF8.self)
            switch (name, try reader.peek()) {
            case ("type", UInt8(ascii: "\"")):
                type = String(decoding: try reader.string().prefix(64), as: UTF8.self)
            case ("pattern", UInt8(ascii: "{")):
                try reader.object { (reader, kind) throws(TokenizationError) in
                    pattern = (String(decoding: kind.prefix(64), as: UTF8.self), try reader.string())
                }
            case ("normalizers", UInt8(ascii: "[")), ("pretokenizers", UInt8(ascii: "[")):
                try reader.array { (reader) throws(TokenizationError) in
                    let step = try StepFields(&reader, role: role, file: file, depth: depth + 1)
                    count += step.count
                    guard count <= Self.mostSteps else {
                        throw .unsupportedStep(
                            file: file,
                            found: "a \(role) of more than \(Self.mostSteps) steps"
                        )
                    }
                    steps.append(step)
                }
            case (_, UInt8(ascii: "\"")):
                let text = try reader.string()
                guard text.count <= Self.longestText else { throw reader.malformed }
                texts[name] = text
            case (_, UInt8(ascii: "t")), (_, UInt8(ascii: "f")):
                flags[name] = try reader.isNext("t")
                try reader.skip()
            case (_, UInt8(ascii: "n")): try reader.skip()
            default:
                others.append(name)
                try reader.skip()
            }
        }
    }

    /// The steps in order, with the contents of sequences in place of the sequences.
    var flattened: [StepFields] {
        type == "Sequence" || type.isEmpty && !steps.isEmpty ? steps.flatMap(\.flattened) : [self]
    }

    /// The error that names what is not supported in this step.
    func unsupported(_ detail: String = "") -> TokenizationError {
        let subject = "the \(role) \(type)"
        return .unsupportedStep(file: file, found: detail.isEmpty ? subject : "\(subject) with \(detail)")
    }

    /// Refuses members that are not known for this kind of step, and texts that are too long for one.
    func requireOnly(_ names: Set<String> = []) throws(TokenizationError) {
        let found = texts.keys.sorted() + flags.keys.sorted() + others + (pattern == nil ? [] : ["pattern"])
        if let foreign = found.first(where: { !names.contains($0) }) { throw unsupported("its \(foreign)") }
        let written = texts.filter { $0.key != "precompiled_charsmap" }.map(\.value.count)
        let longest = max(written.max() ?? 0, pattern?.text.count ?? 0)
        guard longest <= Self.longestWritten else { throw unsupported("a text of \(longest) bytes") }
    }

    func text(_ name: String) throws(TokenizationError) -> [UInt8] {
        guard let text = texts[name] else {
            throw .missingField(file: file, field: "\(role) \(type): \(name)")
        }
        return text
    }

    func optionalText(_ name: String) -> String? {
        texts[name].map { String(decoding: $0.prefix(64), as: UTF8.self) }
    }

    func flag(_ name: String) -> Bool? { flags[name] }

    /// The text that is looked for as written; nil if the pattern is a regular expression.
    var literal: [UInt8]? { pattern?.kind == "String" ? pattern?.text : nil }

    /// The regular expression that is looked for; nil if the pattern is a text.
    var expression: String? {
        pattern?.kind == "Regex" ? pattern.map { String(decoding: $0.text.prefix(256), as: UTF8.self) } : nil
    }
}
