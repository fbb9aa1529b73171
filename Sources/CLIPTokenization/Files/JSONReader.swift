internal import CLIPJSON

/// Reads the JSON of vocabularies, which has a million values, without building a tree.
typealias JSONReader = JSONStream<TokenizationError>

extension JSONReader {
    /// A file is an object, and a vocabulary lies four levels deep in it.
    private static var deepest: Int { 33 }

    /// Reads JSON that was found to be UTF-8.
    init(_ bytes: [UInt8], file: String) {
        self.init(bytes, deepest: Self.deepest) { .malformedJSON(file: file, offset: $0.stop) }
    }
}
