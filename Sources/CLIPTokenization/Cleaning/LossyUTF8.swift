/// ftfy's repairs of bytes that were UTF-8 before a program damaged them.
package enum LossyUTF8 {
    /// `restore_byte_a0`: puts back a byte A0 that became a space, if the bytes are UTF-8 with it.
    package static func restoringSpaces(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(0x20) else { return bytes }
        return replacingSequences(in: restoringGraveWords(bytes)) { bytes, index in
            guard let length = spacedLength(bytes, index) else { return nil }
            return (bytes[index..<(index + length)].map { $0 == 0x20 ? 0xA0 : $0 }, length)
        }
    }

    /// `replace_lossy_sequences`: a sequence that lost a byte becomes U+FFFD.
    ///
    /// A lost byte appears as 0x1A or as a question mark.
    package static func replacingLosses(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 == 0x1A || $0 == 0x3F }) else { return bytes }
        return replacingSequences(in: bytes) { bytes, index in
            lossyLength(bytes, index).map { ([0xEF, 0xBF, 0xBD], $0) }
        }
    }

    /// Handles "à", which as a word of its own keeps its space, except in Portuguese contractions ("à" and "quele",
    /// "às").
    private static func restoringGraveWords(_ bytes: [UInt8]) -> [UInt8] {
        let contractions: [[UInt8]] = [" ", "quele", "quela", "quilo", "s "].map { Array($0.utf8) }
        return replacingSequences(in: bytes) { bytes, index in
            guard bytes[index] == 0xC3, index + 1 < bytes.count, bytes[index + 1] == 0x20,
                !contractions.contains(where: { bytes[(index + 2)...].starts(with: $0) })
            else { return nil }
            return ([0xC3, 0xA0, 0x20], 2)
        }
    }

    private static func replacingSequences(
        in bytes: [UInt8],
        by sequence: ([UInt8], Int) -> (replacement: [UInt8], length: Int)?
    ) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if let (replacement, length) = sequence(bytes, index) {
                out.append(contentsOf: replacement)
                index += length
            } else {
                out.append(bytes[index])
                index += 1
            }
        }
        return out
    }

    /// The length of a sequence that is probably UTF-8 if its space was the byte A0.
    ///
    /// ftfy chose the lead bytes so that the outcome is a likely character.
    private static func spacedLength(_ bytes: [UInt8], _ index: Int) -> Int? {
        func isSpace(_ offset: Int) -> Bool { index + offset < bytes.count && bytes[index + offset] == 0x20 }
        func isLikely(_ offset: Int) -> Bool {  // 85 often stands for an ellipsis, A0 for a space
            index + offset < bytes.count && 0x80...0xBF ~= bytes[index + offset]
                && bytes[index + offset] != 0x85 && bytes[index + offset] != 0xA0
        }
        func isContinuation(_ offset: Int) -> Bool {
            index + offset < bytes.count && 0x80...0xBF ~= bytes[index + offset]
        }
        switch bytes[index] {
        case 0xC2, 0xC3, 0xC5, 0xCE, 0xD0, 0xD9:
            return isSpace(1) ? 2 : nil
        case 0xE0...0xE3:
            if bytes[index] >= 0xE2, isSpace(1), isLikely(2) { return 3 }
            return isLikely(1) && isSpace(2) ? 3 : nil
        case 0xF0:
            let spaces = (1...3).filter { isSpace($0) }.count
            let rest = (1...3).filter { isContinuation($0) }.count
            return spaces == 1 && rest == 2 ? 4 : nil
        default:
            return nil
        }
    }

    /// The length of a UTF-8 or CESU-8 sequence in which at least one byte was lost.
    private static func lossyLength(_ bytes: [UInt8], _ index: Int) -> Int? {
        func at(_ offset: Int) -> UInt8? { index + offset < bytes.count ? bytes[index + offset] : nil }
        func isLost(_ offset: Int) -> Bool { at(offset) == 0x1A || at(offset) == 0x3F }
        func isByte(_ offset: Int) -> Bool { at(offset).map { 0x80...0xBF ~= $0 } ?? false }
        func isByteOrLost(_ offset: Int) -> Bool { isByte(offset) || at(offset) == 0x1A }
        func isHalf(_ offset: Int, _ second: ClosedRange<UInt8>) -> Bool {
            at(offset) == 0xED && at(offset + 1).map { second ~= $0 } ?? false
        }
        let lead = bytes[index]
        switch lead {
        case 0x1A:
            return 1
        case 0xC2...0xDF:
            return at(1) == 0x1A || (lead <= 0xC3 && at(1) == 0x3F) ? 2 : nil
        case 0xE0...0xEF:
            if isHalf(0, 0xA0...0xAF), isHalf(3, 0xB0...0xBF) {
                let first = isLost(2) && (isLost(5) || isByte(5))
                let second = (isLost(2) || isByte(2)) && isLost(5)
                if first || second { return 6 }
            }
            return (isLost(1) && isByteOrLost(2)) || (isByteOrLost(1) && isLost(2)) ? 3 : nil
        case 0xF0...0xF4:
            let isLossy = (1...3).contains { lost in
                isLost(lost) && (1...3).allSatisfy { $0 == lost || isByteOrLost($0) }
            }
            return isLossy ? 4 : nil
        default:
            return nil
        }
    }
}
