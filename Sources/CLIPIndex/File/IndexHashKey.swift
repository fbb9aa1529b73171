internal import CLIPEngine

/// What the contents of an index are hashed with.
package struct IndexHashKey: Equatable, Sendable {
    package let bytes: [UInt8]

    /// - Parameter bytes: sixteen.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    private init(drawn bytes: [UInt8]) { self.bytes = bytes }

    static func random() -> IndexHashKey {
        var generator = SystemRandomNumberGenerator()
        return IndexHashKey(drawn: (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// The hash of a file's bytes.
    package func hash(of content: [UInt8]) -> [UInt8] {
        func word(_ half: ArraySlice<UInt8>) -> UInt64 { half.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        return ContentHash(of: content, key: ContentHash.Key(low: word(bytes[..<8]), high: word(bytes[8...])))
            .bytes
    }
}
