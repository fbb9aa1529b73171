/// Names that one pattern stands for, as a shell's braces have it: `{00..12}`, `{a..e..2}`, `{train,val}`, within each other and repeated.
///
/// A backslash takes a brace or comma as it is. Braces that hold neither a range nor a comma stay as they are. The reference is bash.
package enum BracePattern {
    /// The most names that a pattern may stand for.
    package static let mostNames = 1_000_000
    /// The most bytes of all its names.
    private static let mostBytes = 1 << 28

    /// All names in their order.
    package static func names(of pattern: String) throws(PatternError) -> [String] {
        guard depth(of: pattern) <= mostDepth else { throw .tooDeep(pattern: pattern, limit: mostDepth) }
        var room = Room(names: mostNames, bytes: mostBytes)
        guard let names = expand(Array(pattern.unicodeScalars)[...], &room) else {
            throw .tooMany(pattern: pattern, limit: mostNames)
        }
        return names.map { String(String.UnicodeScalarView($0)) }
    }

    private typealias Text = ArraySlice<Unicode.Scalar>
    private static let mostDepth = 64

    /// What may still be made of a pattern.
    private struct Room {
        var names: Int
        var bytes: Int

        /// Whether so many names of a length fit.
        mutating func takes(_ count: Int, of length: Int) -> Bool {
            let (sum, isTooMany) = count.multipliedReportingOverflow(by: length + 1)
            guard count <= names, !isTooMany, sum <= bytes else { return false }
            bytes -= sum
            return true
        }
    }

    private static func depth(of pattern: String) -> Int {
        var (depth, most) = (0, 0)
        for scalar in pattern.unicodeScalars where scalar == "{" || scalar == "}" {
            depth = max(0, depth + (scalar == "{" ? 1 : -1))
            most = max(most, depth)
        }
        return most
    }

    /// nil where they are too many.
    private static func expand(_ text: Text, _ room: inout Room) -> [[Unicode.Scalar]]? {
        var names: [[Unicode.Scalar]] = [[]]
        /// Puts every ending behind every name.
        func append(_ endings: [[Unicode.Scalar]]) -> Bool {
            let longest = (names.map(\.count).max() ?? 0) + (endings.map(\.count).max() ?? 0)
            let (count, isTooMany) = names.count.multipliedReportingOverflow(by: endings.count)
            guard !isTooMany, room.takes(count, of: longest) else { return false }
            names = names.flatMap { name in endings.map { name + $0 } }
            return true
        }
        var plain: [Unicode.Scalar] = []
        var rest = text
        while let first = rest.first {
            if first == "\\", rest.count > 1 {
                plain.append(rest[rest.startIndex + 1])
                rest = rest.dropFirst(2)
                continue
            }
            guard first == "{", let group = Group(rest) else {
                plain.append(first)
                rest = rest.dropFirst()
                continue
            }
            guard append([plain]) else { return nil }
            plain = []
            rest = group.behind
            if let range = group.range {
                guard let members = range.members(atMost: room.names), append(members) else { return nil }
                continue
            }
            var endings: [[Unicode.Scalar]] = []
            for part in group.parts {
                guard let some = expand(part, &room), endings.count + some.count <= room.names else {
                    return nil
                }
                endings += some
            }
            guard append(endings) else { return nil }
        }
        return append([plain]) ? names : nil
    }

    /// Braces with what is in them.
    private struct Group {
        /// What stands between commas.
        let parts: [Text]
        let range: Range?
        let behind: Text

        /// - Parameter text: begins with a brace; nil where that means nothing.
        init?(_ text: Text) {
            var (depth, start, parts) = (0, text.startIndex + 1, [Text]())
            var index = text.startIndex
            while index < text.endIndex {
                switch text[index] {
                case "\\": index += 1
                case "{": depth += 1
                case "}":
                    depth -= 1
                    guard depth == 0 else { break }
                    parts.append(text[start..<index])
                    self.parts = parts
                    behind = text[(index + 1)...]
                    range = parts.count == 1 ? Range(parts[0]) : nil
                    if parts.count == 1, range == nil { return nil }
                    return
                case "," where depth == 1:
                    parts.append(text[start..<index])
                    start = index + 1
                default: break
                }
                index += 1
            }
            return nil
        }
    }

    /// `1..9`, `001..100..5` or `a..z`.
    private struct Range {
        private let first: Int
        private let last: Int
        private let step: Int
        /// How many digits all numbers have, the sign included; 0 for as many as they need.
        private let width: Int
        private let areLetters: Bool

        init?(_ text: Text) {
            let parts = String(String.UnicodeScalarView(text)).split(
                separator: "..",
                omittingEmptySubsequences: false
            ).map(String.init)
            guard (2...3).contains(parts.count) else { return nil }
            var step = 1
            if parts.count == 3 {
                guard let told = Range.number(parts[2]), told != .min else { return nil }
                step = max(1, abs(told))
            }
            self.step = step
            if let first = Range.number(parts[0]), let last = Range.number(parts[1]) {
                (self.first, self.last, areLetters) = (first, last, false)
                let isPadded = parts[0...1].contains { part in
                    let digits = part.drop { $0 == "-" || $0 == "+" }
                    return digits.count > 1 && digits.first == "0"
                }
                width = isPadded ? max(parts[0].utf8.count, parts[1].utf8.count) : 0
                return
            }
            guard let first = Range.letter(parts[0]), let last = Range.letter(parts[1]) else { return nil }
            (self.first, self.last, areLetters, width) = (first, last, true, 0)
        }

        private static func number(_ text: String) -> Int? {
            guard text.utf8.count <= 18 else { return nil }
            return Int(text)
        }

        private static func letter(_ text: String) -> Int? {
            guard text.utf8.count == 1, let byte = text.utf8.first else { return nil }
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            return isLetter ? Int(byte) : nil
        }

        /// nil where they are too many.
        func members(atMost limit: Int) -> [[Unicode.Scalar]]? {
            let count = abs(last - first) / step + 1
            guard count <= limit else { return nil }
            return (0..<count).map { index in
                let number = first <= last ? first + index * step : first - index * step
                if areLetters { return [Unicode.Scalar(UInt8(number))] }
                let digits = String(abs(number))
                let sign = number < 0 ? "-" : ""
                let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count - sign.utf8.count))
                return Array((sign + zeros + digits).unicodeScalars)
            }
        }
    }
}
