package import Foundation

/// The header fields of an answer that downloads use, by their names in lower case.
package struct AnswerFields: Equatable, Sendable {
    private var values: [String: String] = [:]
    private var byteCount = 0

    /// The most bytes of a header, more than any hub sends; this ends a header without end.
    private static let limit = 1 << 18
    /// Pauses longer than this many seconds are ignored, because no server means them.
    private static let longestPause = 1_000_000_000
    /// The most bytes of a file, more than any file of weights has, and small enough to add up many of them.
    package static let mostBytes = 1 << 40

    package init() {}

    /// Takes a line of a header as it came; returns false if there are too many.
    ///
    /// A status line begins a new header: the fields of an earlier one, such as `100 Continue`, are dropped.
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

    /// The last value of a field; nil if it is missing or empty.
    package subscript(name: String) -> String? {
        values[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The value of a field as a number of bytes, at most `mostBytes`.
    package func count(_ name: String) -> Int? { self[name].flatMap(Self.count) }

    private static func count(_ text: some StringProtocol) -> Int? {
        guard text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else { return nil }
        return Int(text).flatMap { $0 <= mostBytes ? $0 : nil }
    }

    /// The content encoding of the body; nil if it is not encoded.
    package var packing: String? {
        self["content-encoding"].flatMap { $0.lowercased() == "identity" ? nil : $0 }
    }

    /// The commit to which a file belongs.
    package var commit: String? { self["x-repo-commit"].flatMap { HubRequest.isCommit($0) ? $0 : nil } }

    /// The tag that names a file's bytes; nil if it cannot be a file's name.
    ///
    /// It is the linked file's tag or else the answer's own, without `W/`, quotes and what a compressing server adds
    /// (`-gzip`).
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

    /// The bytes of the file; nil if the server does not say, or gives only the size after compression.
    ///
    /// - Parameter isRedirect: whether the answer is a redirect, whose own length says nothing.
    package func fileSize(isRedirect: Bool) -> Int? {
        count("x-linked-size") ?? (isRedirect || packing != nil ? nil : count("content-length"))
    }

    /// Whether the size is one that no file has.
    ///
    /// - Parameter isRedirect: whether the answer is a redirect, whose own length says nothing.
    package func hasWrongSize(isRedirect: Bool) -> Bool {
        let name = self["x-linked-size"] != nil ? "x-linked-size" : "content-length"
        guard name == "x-linked-size" || (!isRedirect && packing == nil) else { return false }
        return self[name] != nil && count(name) == nil
    }

    /// The beginning of the part in `Content-Range`, and the size of the whole if it is known.
    package var range: (start: Int, total: Int?)? {
        guard let text = self["content-range"]?.lowercased(), text.hasPrefix("bytes ") else { return nil }
        let parts = text.dropFirst(6).split(separator: "/")
        guard parts.count == 2,
            let first = parts[0].split(separator: "-", omittingEmptySubsequences: false).first,
            let start = Self.count(first.trimmingCharacters(in: .whitespaces))
        else { return nil }
        return (start, Self.count(parts[1].trimmingCharacters(in: .whitespaces)))
    }

    /// How long the server asks clients to wait.
    ///
    /// It is in `RateLimit` with nothing remaining (`"api";r=0;t=55`), or else in `Retry-After` in seconds or as a
    /// date.
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
