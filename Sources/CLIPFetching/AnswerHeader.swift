/// What is read of an answer's header: where it redirects, and how its body is packed.
///
/// libcurl reads status, lengths and framing; these two are read here, since it resolves a redirect's target in
/// ways of its own and would unpack any number of packings.
struct AnswerHeader {
    /// The most bytes of all header lines of one answer, interim ones included: four times what common web
    /// servers send at most.
    ///
    /// libcurl itself bounds one line, but before 8.3 not their sum.
    static let maxBytes = 64 * 1024

    /// Bytes of header lines so far.
    private(set) var count = 0
    /// The value of the `Location` field; nil without one.
    private(set) var location: [UInt8]?
    /// Whether programs would read it in different ways: several `Location` fields that do not agree, or a field that
    /// counts here and goes on in the next line, which libcurl passes over and others do not (RFC 9112, 5.2).
    private(set) var isAmbiguous = false
    /// How the body is packed, in lower case, in the order in which it was done; words that mean no packing left out.
    ///
    /// What interim answers say is in it too: libcurl forgets that in some versions only.
    private(set) var packings: [String] = []
    /// Whether the body was packed on the way, with `Transfer-Encoding`, in another form than chunks.
    private(set) var transferPacking: String?

    /// Whether the next line is a status line: the first of all, and the first behind an interim answer.
    ///
    /// Nothing else tells it. A line within a header may begin with `HTTP/`, too, and is a field like any other to libcurl.
    private var isAtStart = true
    /// Whether the last line was a field that counts here.
    private var isInField = false

    /// Whether the lines are too many.
    var isTooLong: Bool { count > Self.maxBytes }

    /// Whether a line ends a header, as libcurl sees it.
    static func isEnd(_ line: UnsafeRawBufferPointer) -> Bool {
        line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n")
    }

    /// Takes one line, with its end.
    mutating func read(_ line: UnsafeRawBufferPointer) {
        count += line.count
        guard !isTooLong else { return }
        if isAtStart {
            isAtStart = false
            // Where an interim answer points is not where the final one does.
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

    /// Takes a line behind the body: it counts, and says nothing.
    mutating func readTrailer(_ line: UnsafeRawBufferPointer) {
        count += line.count
    }

    /// Reads a field; false where it is none of those that count here.
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

    /// The packings that IANA lists, and others that programs name so; those of request bodies are the same.
    ///
    /// Hosts and stores put other words there too (`utf-8`, `binary`, `aws-chunked`), which `requests` and browsers pass
    /// over; what is no picture then is refused as such.
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
