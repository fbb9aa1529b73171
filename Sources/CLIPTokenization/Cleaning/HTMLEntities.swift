/// Replaces HTML's character references by the characters that they stand for.
///
/// There are two ways: leniently, as Python's `html.unescape`, and strictly, as ftfy.
package enum HTMLEntities {
    private static let ampersand: UInt32 = 0x26
    private static let semicolon: UInt32 = 0x3B
    private static let numberSign: UInt32 = 0x23

    /// `html.unescape`: HTML5's rules, where the semicolon may be missing and the longest known name wins.
    package static func unescaped(_ text: [UInt32]) -> [UInt32] {
        replacingReferences(in: text, by: lenientReference)
    }

    /// ftfy's `unescape_html`: only complete references with a semicolon, and some names in capitals.
    package static func unescapedStrictly(_ text: [UInt32]) -> [UInt32] {
        replacingReferences(in: text, by: strictReference)
    }

    private struct Reference {
        var replacement: [UInt32]
        var end: Int
    }

    private static func replacingReferences(
        in text: [UInt32],
        by reference: ([UInt32], Int) -> Reference?
    ) -> [UInt32] {
        guard var index = text.firstIndex(of: ampersand) else { return text }
        var out = Array(text[..<index])
        out.reserveCapacity(text.count)
        while index < text.count {
            if text[index] == ampersand, let found = reference(text, index) {
                out.append(contentsOf: found.replacement)
                index = found.end
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    private static func lenientReference(_ text: [UInt32], at start: Int) -> Reference? {
        if start + 1 < text.count, text[start + 1] == numberSign {
            guard let number = number(text, at: start + 2) else { return nil }
            let hasSemicolon = number.end < text.count && text[number.end] == semicolon
            return Reference(
                replacement: characters(numbered: number.value),
                end: hasSemicolon ? number.end + 1 : number.end
            )
        }
        var end = start + 1
        while end < text.count, end - start <= 32, !endsName(text[end]) { end += 1 }
        guard end > start + 1 else { return nil }
        if end < text.count, text[end] == semicolon { end += 1 }
        var name: [UInt8] = text[(start + 1)..<end].prefix { $0 < 0x80 }.map { UInt8($0) }
        // The whole name is tried first, then ever shorter beginnings of at least two letters.
        while name.count > 1 {
            if let replacement = Tables.shared.entities[name] {
                return Reference(replacement: replacement, end: start + 1 + name.count)
            }
            name.removeLast()
        }
        // No beginning is a known name, so all of it stays and is not examined again.
        return Reference(replacement: Array(text[start..<end]), end: end)
    }

    private static func strictReference(_ text: [UInt32], at start: Int) -> Reference? {
        var end = start + 1
        let isNumber = end < text.count && text[end] == numberSign
        if isNumber { end += 1 }
        let first = end
        while end < text.count, end - first <= 24, isAlphanumeric(text[end]) { end += 1 }
        guard 1...24 ~= end - first, end < text.count, text[end] == semicolon else { return nil }
        let replacement: [UInt32]?
        if isNumber {
            let number = number(text, at: first)
            replacement = number?.end == end ? number.map { characters(numbered: $0.value) } : nil
        } else {
            let name = text[first...end].map { UInt8($0) }
            replacement = Tables.shared.entities[name] ?? Tables.shared.loudEntities[name]
        }
        // ftfy takes a semicolon in the outcome as a sign that it did not understand the reference.
        guard let replacement, replacement != [semicolon] || !isNumber else { return nil }
        return Reference(replacement: replacement, end: end + 1)
    }

    /// The value of a numeric reference after its `#`; a value beyond Unicode is limited to 0x110000.
    private static func number(_ text: [UInt32], at start: Int) -> (value: UInt32, end: Int)? {
        var index = start
        let isHexadecimal = index < text.count && (text[index] == 0x78 || text[index] == 0x58)
        if isHexadecimal { index += 1 }
        let first = index
        var value: UInt32 = 0
        while index < text.count, let digit = digit(text[index], hexadecimal: isHexadecimal) {
            value = min(value * (isHexadecimal ? 16 : 10) + digit, 0x110000)
            index += 1
        }
        return index > first ? (value, index) : nil
    }

    private static func digit(_ scalar: UInt32, hexadecimal: Bool) -> UInt32? {
        switch scalar {
        case 0x30...0x39: scalar - 0x30
        case 0x41...0x46 where hexadecimal: scalar - 0x41 + 10
        case 0x61...0x66 where hexadecimal: scalar - 0x61 + 10
        default: nil
        }
    }

    /// HTML5's table of numeric references that stand for another character than their number, or for none.
    private static func characters(numbered number: UInt32) -> [UInt32] {
        switch number {
        case 0, 0xD800...0xDFFF, 0x110000...: [0xFFFD]
        case 0x80...0x9F: [CodePage.windows1252.scalar(for: UInt8(number))]
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: []
        case _ where number & 0xFFFE == 0xFFFE: []
        default: [number]
        }
    }

    private static func endsName(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09, 0x0A, 0x0C, 0x20, 0x3C, ampersand, numberSign, semicolon: true
        default: false
        }
    }

    private static func isAlphanumeric(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}

private struct Tables: Sendable {
    static let shared = Tables()

    let entities = read(TextTables.entities)
    let loudEntities = read(TextTables.loudEntities)

    /// Reads entries such as `amp;=26` and `NotEqualTilde;=2242+338`.
    private static func read(_ table: String) -> [[UInt8]: [UInt32]] {
        var entities: [[UInt8]: [UInt32]] = [:]
        for entry in Array(table.utf8).split(whereSeparator: { $0 == 0x20 || $0 == 0x0A }) {
            guard let equals = entry.firstIndex(of: 0x3D) else { continue }
            let numbers = entry[(equals + 1)...].split(separator: 0x2B)
            entities[Array(entry[..<equals])] = numbers.map { digits in
                digits.reduce(0) { $0 << 4 | UInt32($1 >= 0x61 ? $1 - 0x61 + 10 : $1 - 0x30) }
            }
        }
        return entities
    }
}
