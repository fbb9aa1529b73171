/// One line of a `.gitignore`, as gitignore(5) has it.
package struct IgnorePattern: Equatable, Sendable {
    /// What it says of paths that it fits: whether they are passed over, or looked at after all.
    package let isExclusion: Bool
    private let fitsFoldersOnly: Bool
    /// Between slashes; `**` stands for any number of them.
    private let parts: [[UInt8]]

    /// - Parameter line: nil for an empty line and a comment.
    package init?(_ line: some Collection<UInt8>) {
        var text = Array(line)
        if text.last == UInt8(ascii: "\r") { text.removeLast() }
        while text.last == UInt8(ascii: " "), text.dropLast().last != UInt8(ascii: "\\") { text.removeLast() }
        guard let first = text.first, first != UInt8(ascii: "#") else { return nil }
        isExclusion = first != UInt8(ascii: "!")
        if !isExclusion { text.removeFirst() }
        fitsFoldersOnly = text.last == UInt8(ascii: "/")
        if fitsFoldersOnly { text.removeLast() }
        guard !text.isEmpty else { return nil }
        let isAnchored = text.contains(UInt8(ascii: "/"))
        if text.first == UInt8(ascii: "/") { text.removeFirst() }
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        self.parts = isAnchored ? parts : [Self.anything] + parts
    }

    private static let anything = Array("**".utf8)

    /// Whether it fits a path.
    ///
    /// - Parameter path: its parts, from the folder on that the pattern belongs to.
    package func fits(_ path: ArraySlice<[UInt8]>, isFolder: Bool) -> Bool {
        guard isFolder || !fitsFoldersOnly else { return false }
        return Self.fits(parts[...], path)
    }

    private static func fits(_ parts: ArraySlice<[UInt8]>, _ path: ArraySlice<[UInt8]>) -> Bool {
        guard let part = parts.first else { return path.isEmpty }
        if part == anything {
            // At the end it stands for what is inside, of which there is something.
            guard parts.count > 1 else { return !path.isEmpty }
            return (path.startIndex...path.endIndex).contains { fits(parts.dropFirst(), path[$0...]) }
        }
        guard let name = path.first, fits(part[...], name[...]) else { return false }
        return fits(parts.dropFirst(), path.dropFirst())
    }

    /// Whether a pattern without slashes fits a name, with `*`, `?`, `[...]` and `\`.
    private static func fits(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (pattern, name) = (pattern, name)
        // Where to go on if what follows the last star does not fit.
        var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.drop { $0 == UInt8(ascii: "*") }
                retry = (pattern, name)
                continue
            }
            if let sign = name.first, let rest = Self.rest(of: pattern, behind: sign) {
                (pattern, name) = (rest, name.dropFirst())
                continue
            }
            if pattern.isEmpty, name.isEmpty { return true }
            guard let last = retry, !last.name.isEmpty else { return false }
            retry = (last.pattern, last.name.dropFirst())
            (pattern, name) = (last.pattern, last.name.dropFirst())
        }
    }

    /// What is left of a pattern behind the part that fits a byte; nil if it does not fit.
    private static func rest(of pattern: ArraySlice<UInt8>, behind sign: UInt8) -> ArraySlice<UInt8>? {
        guard let first = pattern.first else { return nil }
        switch first {
        case UInt8(ascii: "?"): return pattern.dropFirst()
        case UInt8(ascii: "["): return rest(ofSet: pattern.dropFirst(), behind: sign)
        case UInt8(ascii: "\\"):
            let literal = pattern.dropFirst()
            return literal.first == sign ? literal.dropFirst() : nil
        default: return first == sign ? pattern.dropFirst() : nil
        }
    }

    /// The same for `[a-z]`, `[!0-9]` and the like; a set that does not end fits nothing.
    private static func rest(ofSet set: ArraySlice<UInt8>, behind sign: UInt8) -> ArraySlice<UInt8>? {
        var set = set
        let isNegated = set.first == UInt8(ascii: "!") || set.first == UInt8(ascii: "^")
        if isNegated { set = set.dropFirst() }
        var (isFound, isFirst) = (false, true)
        while let first = set.first, isFirst || first != UInt8(ascii: "]") {
            isFirst = false
            guard let (low, behind) = Self.sign(of: set) else { return nil }
            var rest = behind
            var high = low
            if rest.first == UInt8(ascii: "-"), rest.count > 1, rest.dropFirst().first != UInt8(ascii: "]") {
                guard let end = Self.sign(of: rest.dropFirst()) else { return nil }
                (high, rest) = end
            }
            if low <= sign, sign <= high { isFound = true }
            set = rest
        }
        guard set.first == UInt8(ascii: "]"), isFound != isNegated else { return nil }
        return set.dropFirst()
    }

    private static func sign(of set: ArraySlice<UInt8>) -> (UInt8, ArraySlice<UInt8>)? {
        let literal = set.first == UInt8(ascii: "\\") ? set.dropFirst() : set
        return literal.first.map { ($0, literal.dropFirst()) }
    }
}
