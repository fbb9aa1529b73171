/// The tokens `<0x00>` to `<0xFF>`, which write characters that a vocabulary lacks byte by byte.
struct ByteTokens: Sendable {
    /// The token of each byte; -1 if it has none.
    private let ids: [Int32]

    /// Looks the tokens up in a vocabulary by their names.
    ///
    /// Some may be missing, as `<0x09>` is in Gemma's vocabulary, which has a token for the tab itself.
    init(_ id: (_ name: [UInt8]) -> Int32?) {
        ids = (0..<256).map { id(Self.name(of: UInt8($0))) ?? -1 }
    }

    /// The name of a byte's token.
    static func name(of byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
    }

    /// The largest of these tokens; -1 if there are none.
    var largest: Int32 { ids.max() ?? -1 }

    /// The first byte that has no token.
    var firstMissing: UInt8? { ids.firstIndex(of: -1).map { UInt8($0) } }

    /// Appends the tokens of these bytes; if one has no token, it appends nothing and returns false.
    func append(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, to ids: inout [Int32]) -> Bool {
        guard bytes.allSatisfy({ self.ids[Int($0)] >= 0 }) else { return false }
        for byte in bytes { ids.append(self.ids[Int(byte)]) }
        return true
    }
}
