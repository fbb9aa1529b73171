/// The tokens `<0x00>` to `<0xFF>`, in which characters that a vocabulary lacks are written byte by byte.
struct ByteTokens: Sendable {
    /// The token of each byte; -1 where there is none.
    private let ids: [Int32]

    /// The tokens of a vocabulary, by what it calls them.
    ///
    /// Some may lack, as `<0x09>` does in Gemma's, which has a token for the tabulator itself.
    init(_ id: (_ name: [UInt8]) -> Int32?) {
        ids = (0..<256).map { id(Self.name(of: UInt8($0))) ?? -1 }
    }

    /// What the token of a byte is called.
    static func name(of byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
    }

    /// The largest of them; -1 where there is none.
    var largest: Int32 { ids.max() ?? -1 }

    /// The first byte that has no token.
    var firstMissing: UInt8? { ids.firstIndex(of: -1).map { UInt8($0) } }

    /// Appends the tokens of these bytes; false, and nothing, where one of them has none.
    func append(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, to ids: inout [Int32]) -> Bool {
        guard bytes.allSatisfy({ self.ids[Int($0)] >= 0 }) else { return false }
        for byte in bytes { ids.append(self.ids[Int(byte)]) }
        return true
    }
}
