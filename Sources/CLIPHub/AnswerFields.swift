package import Foundation

/// The header fields of an answer that downloads look at, by their names in lower case.
package struct AnswerFields: Equatable, Sendable {
    private var values: [String: String] = [:]
    private var byteCount = 0

    /// More than any hub sends; a header without end ends there.
    private static let limit = 1 << 18
    /// Seconds that nobody means: what asks for more asks for nothing.
    private static let longestPause = 1_000_000_000
    /// More than any file of weights has; so many of them can be added up.
    package static let mostBytes = 1 << 40

    package init() {}

    /// Takes a line of a header as it came; false once there are too many.
    ///
    /// The line of the status begins a new header: what stood in one before, such as `100 Continue`, does not count.
    package mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
        byteCount += line.count
        guard byteCount <= Self.limit else { return false }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            values = [:]
        } else if let colon = text.firstIndex(of: ":") {
            values[text[..<colon].lowercased()] =
                text[text.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return true
    }

    /// The last value of a field; nil for one that is missing or empty.
    package subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A field that is a number of bytes, `mostBytes` at most.
    package func count(_ name: String) -> Int? { self[name].flatMap(Self.count) }

    private static func count(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else { return nil }
        return Int(text).flatMap { $0 <= mostBytes ? $0 : nil }
    }

    /// What the body is packed with; nil for the plain one.
    package var packing: String? {
        self["content-encoding"].flatMap { $0.lowercased() == "identity" ? nil : $0 }
    }

    /// The commit that a file is of.
    package var commit: String? { self["x-repo-commit"].flatMap { HubRequest.isCommit($0) ? $0 : nil } }

    /// What names a file's bytes; nil where it cannot be a file's name.
    ///
    /// The linked file's tag, or else the answer's own: `W/`, quotes and what a server adds that packs (`-gzip`) are taken off.
    package var tag: String? {
        guard var text = self["x-linked-etag"] ?? self["etag"] else { return nil }
        if text.hasPrefix("W/") { text.removeFirst(2) }
        text = text.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        for suffix in ["-gzip", ";gzip", "-br"] where text.hasSuffix(suffix) {
            text.removeLast(suffix.count)
        }
        let isName =
            (1...200).contains(text.utf8.count) && text.first != "."
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."),
                    UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "+"):
                    true
                default: false
                }
            }
        return isName ? text : nil
    }

    /// How many bytes the file has; nil where nobody says, or only how many it has when packed.
    ///
    /// - Parameter isRedirect: the length of a redirect's own body says nothing.
    package func fileSize(isRedirect: Bool) -> Int? {
        count("x-linked-size") ?? (isRedirect || packing != nil ? nil : count("content-length"))
    }

    /// Whether a size is given that no file has.
    ///
    /// - Parameter isRedirect: the length of a redirect's own body says nothing.
    package func hasWrongSize(isRedirect: Bool) -> Bool {
        let name = self["x-linked-size"] != nil ? "x-linked-size" : "content-length"
        guard name == "x-linked-size" || (!isRedirect && packing == nil) else { return false }
        return self[name] != nil && count(name) == nil
    }

    /// `Content-Range`: where the part begins, and the whole's size where that is known.
    package var range: (start: Int, total: Int?)? {
        guard let text = self["content-range"]?.lowercased(), text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2,
            let first = parts[0].split(separator: "-", omittingEmptySubsequences: false).first,
            let start = Self.count(first.trimmingCharacters(in: .whitespaces))
        else { return nil }
        return (start, Self.count(parts[1].trimmingCharacters(in: .whitespaces)))
    }

    /// How long the server wants to be left alone: `RateLimit` with nothing remaining (`"api";r=0;t=55`), else `Retry-After`
    /// in seconds or as a date.
    package func pause(now: Date = Date()) -> Duration? {
        if let limit = self["ratelimit"] {
            var numbers: [String: Int] = [:]
            for part in limit.split(separator: ";") {
                let pair = part.split(separator: "=").map { $0.trimmingCharacters(in: .whitespaces) }
                if pair.count == 2, let number = Int(pair[1]) { numbers[pair[0]] = number }
            }
            if let seconds = numbers["t"], (0..<Self.longestPause).contains(seconds), (numbers["r"] ?? 0) == 0
            {
                return .seconds(seconds + 1)
            }
        }
        guard let text = self["retry-after"] else { return nil }
        if let seconds = Double(text), seconds >= 0, seconds < Double(Self.longestPause) {
            return .seconds(seconds)
        }
        guard (25...32).contains(text.utf8.count), text.hasSuffix("GMT") else { return nil }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        guard let seconds = format.date(from: text)?.timeIntervalSince(now),
            seconds < Double(Self.longestPause)
        else { return nil }
        return .seconds(max(0, seconds))
    }
}
