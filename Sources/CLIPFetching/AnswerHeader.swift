/// The fields of an answer's header that are read here: where it redirects, and how its body is encoded.
///
/// libcurl reads status, lengths and framing. These two fields are read here, because libcurl resolves a redirect's
/// target in ways of its own and would decode any number of nested encodings.
struct AnswerHeader {
    /// The most bytes of all header lines of one answer, including interim answers: four times what common web servers
    /// send.
    ///
    /// libcurl itself limits a single line, but before version 8.3 not their sum.
    static let maxBytes = 64 * 1024

    /// The bytes of the header lines so far.
    private(set) var count = 0
    /// The value of the `Location` field; nil if there is none.
    private(set) var location: [UInt8]?
    /// Whether programs would read the header in different ways.
    ///
    /// This is so if several `Location` fields differ, or if one of the two fields continues on the next line, which
    /// libcurl ignores and other programs do not (RFC 9112, 5.2).
    private(set) var isAmbiguous = false
    /// The encodings of the body, in lower case, in the order in which they were applied; words for no encoding are
    /// left out.
    ///
    /// Encodings in interim answers are included, because only some versions of libcurl forget those.
    private(set) var packings: [String] = []
    /// The encoding in `Transfer-Encoding`, if the body has one other than chunks.
    private(set) var transferPacking: String?

    /// Whether the next line is a status line: the first line of all, and the first after an interim answer.
    ///
    /// Nothing else tells this. A line within a header may begin with `HTTP/` too, and libcurl treats it as a field
    /// like any other.
    private var isAtStart = true
    /// Whether the last line was one of the two fields.
    private var isInField = false

    /// Whether there are too many bytes of lines.
    var isTooLong: Bool { count > Self.maxBytes }

    /// Whether a line ends a header, by libcurl's rule.
    static func isEnd(_ line: UnsafeRawBufferPointer) -> Bool {
        line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n")
    }

    /// Takes one line, including its end.
    mutating func read(_ line: UnsafeRawBufferPointer) {
        count += line.count
        guard !isTooLong else { return }
        if isAtStart {
            isAtStart = false
            // An interim answer's target is not the final answer's.
            location = nil
            isAmbiguous = false
        } else if Self.isEnd(line) {
            isAtStart = true
            isInField = false
        } else if line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t") {
            isAmbiguous = isAmbiguous || isInField
        } else {
            isInField = readField(line)
        }
    }

    /// Takes a line after the body, which counts but is not read.
    mutating func readTrailer(_ line: UnsafeRawBufferPointer) {
        count += line.count
    }

    /// Reads a field; returns false if it is not one of the two.
    private mutating func readField(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        switch name {
        case "location": readLocation(Self.trimmed(line[(colon + 1)...]))
        case "content-encoding":
            packings += Self.list(line[(colon + 1)...]).filter(Self.knownPackings.contains)
        case "transfer-encoding":
            transferPacking =
                Self.list(line[(colon + 1)...]).first { $0 != "chunked" && $0 != "identity" }
                ?? transferPacking
        default: return false
        }
        return true
    }

    private mutating func readLocation(_ value: [UInt8]) {
        guard !value.isEmpty else { return }
        isAmbiguous = isAmbiguous || location.map { $0 != value } ?? false
        location = value
    }

    /// The encodings that IANA lists, and other names that programs use; the server knows the same for request bodies.
    ///
    /// Hosts and stores put other words there as well (`utf-8`, `binary`, `aws-chunked`), which `requests` and browsers
    /// ignore. If the body is not a picture then, it is refused as such.
    private static let knownPackings: Set<String> = [
        "aes128gcm", "br", "brotli", "bzip2", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "lz4",
        "lzma", "lzo", "pack200-gzip", "snappy", "x-bzip2", "x-compress", "x-gzip", "x-lz4",
        "x-snappy-framed", "x-xz", "xz", "zip", "zlib", "zstd",
    ]

    private static func trimmed(_ value: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { " \t\r\n".utf8.contains(byte) }
        let start = value.drop(while: isBlank)
        return Array(Array(start.reversed().drop(while: isBlank)).reversed())
    }

    private static func list(_ value: Slice<UnsafeRawBufferPointer>) -> [String] {
        String(decoding: value, as: UTF8.self).lowercased()
            .split { $0 == "," || $0.isWhitespace }.map { String($0.prefix { $0 != ";" }.prefix(32)) }
    }
}
