/// Tells whether bytes are UTF-8, by table 3-7 of the Unicode standard: no overlong forms and no surrogates.
public enum UTF8Check {
    /// Whether all of the bytes are UTF-8.
    ///
    /// ASCII is checked eight bytes at a time, because base64 is megabytes of it.
    public static func isValid(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { raw in
            var index = 0
            while index < raw.count {
                if index + 8 <= raw.count,
                    raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    index += 8
                    continue
                }
                let length = lengthOfScalar(raw, at: index)
                guard length > 0 else { return false }
                index += length
            }
            return true
        }
    }

    /// The number of bytes of the scalar that begins here; zero if there is none.
    private static func lengthOfScalar(_ raw: UnsafeRawBufferPointer, at index: Int) -> Int {
        let lead = raw[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard index + length <= raw.count, second.contains(raw[index + 1]) else { return 0 }
        for offset in 2..<max(2, length) where raw[index + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
