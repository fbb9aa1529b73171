/// Base64 as Python's `base64.b64decode` reads it, which is what clients of the wire contract were written against.
///
/// Characters outside the standard alphabet are passed over, so that wrapped lines decode; a text that stops in the
/// middle of a group of four, padding included, is refused. After complete padding the rest is ignored.
/// Source of the rules: CPython 3.11, `Modules/binascii.c`, `binascii_a2b_base64_impl` with `strict_mode=False`.
@_spi(Benchmarks)
public enum Base64 {
    /// The decoded bytes; nil if the text ends in the middle of a group.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        text.withContiguousStorageIfAvailable { decode(contiguous: $0) } ?? decode(Array(text))
    }

    /// The part after the prefix of a `data:` URL, or the whole text if it has none.
    package static func payload(of text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // The scheme may be in capitals (RFC 3986, 3.1).
        let hasScheme = text.starts(with: "data:".utf8) { byte, letter in
            byte == letter || (0x41...0x5A).contains(byte) && byte | 0x20 == letter
        }
        // A media type and its parameters are short; a longer search would only scan the payload.
        guard hasScheme, let comma = text.prefix(256).firstIndex(of: UInt8(ascii: ",")) else {
            return text
        }
        return text[(comma + 1)...]
    }

    private static func decode(contiguous text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var isWhole = true
        let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 3) { output, count in
            var index = 0
            var group: UInt32 = 0
            var digits = 0
            var pads = 0
            decoding: while index < text.count {
                if digits == 0 {
                    while index + 4 <= text.count {
                        let a = UInt32(table[Int(text[index])])
                        let b = UInt32(table[Int(text[index + 1])])
                        let c = UInt32(table[Int(text[index + 2])])
                        let d = UInt32(table[Int(text[index + 3])])
                        guard (a | b | c | d) < 64 else { break }
                        let word = a << 18 | b << 12 | c << 6 | d
                        output[count] = UInt8(truncatingIfNeeded: word >> 16)
                        output[count + 1] = UInt8(truncatingIfNeeded: word >> 8)
                        output[count + 2] = UInt8(truncatingIfNeeded: word)
                        count += 3
                        index += 4
                        pads = 0
                    }
                    guard index < text.count else { break }
                }
                let character = text[index]
                index += 1
                if character == UInt8(ascii: "=") {
                    if digits >= 2 {
                        pads += 1
                        if digits + pads >= 4 {
                            digits = 0
                            break decoding
                        }
                    }
                    continue
                }
                let digit = table[Int(character)]
                guard digit < 64 else { continue }
                pads = 0
                group = group << 6 | UInt32(digit)
                digits += 1
                switch digits {
                case 2:
                    output[count] = UInt8(truncatingIfNeeded: group >> 4)
                    count += 1
                case 3:
                    output[count] = UInt8(truncatingIfNeeded: group >> 2)
                    count += 1
                case 4:
                    output[count] = UInt8(truncatingIfNeeded: group)
                    count += 1
                    digits = 0
                    group = 0
                default: break
                }
            }
            isWhole = digits == 0
        }
        return isWhole ? bytes : nil
    }

    /// The digit of each character of the standard alphabet; 64 marks all others.
    private static let table: [UInt8] = {
        var table = [UInt8](repeating: 64, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (digit, character) in alphabet.utf8.enumerated() { table[Int(character)] = UInt8(digit) }
        return table
    }()
}
