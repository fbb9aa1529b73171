/// Bytes of tar archives, member by member.
struct MadeArchive {
    private(set) var bytes: [UInt8] = []

    /// Appends a header alone.
    ///
    /// - Parameters:
    ///   - size: the twelve bytes of the size; octal digits by default.
    ///   - change: has the last word before the sum is made.
    mutating func header(
        _ name: String,
        type: Character = "0",
        size: Int = 0,
        magic: String = "ustar\u{0}00",
        change: (inout [UInt8]) -> Void = { _ in }
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: [UInt8], at place: Int) {
            block.replaceSubrange(place..<place + text.count, with: text)
        }
        put(Array(name.utf8.prefix(100)), at: 0)
        put(Array("0000644".utf8), at: 100)
        put(Self.octal(size, digits: 11), at: 124)
        put(Array("00000000000".utf8), at: 136)
        put(Array(String(type).utf8), at: 156)
        put(Array(magic.utf8), at: 257)
        change(&block)
        Self.sum(&block)
        bytes += block
    }

    /// Gives a header the sum of its bytes.
    static func sum(_ block: inout [UInt8]) {
        block.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let sum = block.reduce(0) { $0 + Int($1) }
        block.replaceSubrange(148..<156, with: octal(sum, digits: 6) + [0, 0x20])
    }

    static func octal(_ number: Int, digits: Int) -> [UInt8] {
        let text = String(number, radix: 8)
        return Array((String(repeating: "0", count: max(0, digits - text.count)) + text).utf8)
    }

    /// Appends bytes, filled up to a whole block.
    mutating func content(_ content: [UInt8]) {
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func file(_ name: String, _ content: [UInt8]) {
        header(name, size: content.count)
        self.content(content)
    }

    mutating func records(_ text: String, type: Character = "x") {
        header("PaxHeaders/x", type: type, size: text.utf8.count)
        content(Array(text.utf8))
    }

    /// One record with its own length.
    static func record(_ name: String, _ value: String) -> String {
        let rest = " \(name)=\(value)\n"
        var length = rest.utf8.count
        while "\(length)".utf8.count + rest.utf8.count != length {
            length = "\(length)".utf8.count + rest.utf8.count
        }
        return "\(length)\(rest)"
    }

    mutating func raw(_ more: [UInt8]) { bytes += more }

    mutating func end() { bytes += [UInt8](repeating: 0, count: 1024) }
}
