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
    /// Whether there were several `Location` fields that do not agree.
    private(set) var hasTwoLocations = false
    /// How the body is packed, in lower case, in the order in which it was done; `identity` left out.
    private(set) var packings: [String] = []
    /// Whether the body was packed on the way, with `Transfer-Encoding`, in another form than chunks.
    private(set) var transferPacking: String?

    /// Whether the lines are too many.
    var isTooLong: Bool { count > Self.maxBytes }

    /// Takes one line, with its end.
    mutating func read(_ line: UnsafeRawBufferPointer) {
        count += line.count
        guard !isTooLong else { return }
        if line.starts(with: "HTTP/".utf8) {
            // What an interim answer said is not the final one's.
            let read = count
            self = AnswerHeader()
            count = read
            return
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        switch name {
        case "location": readLocation(Self.trimmed(line[(colon + 1)...]))
        case "content-encoding":
            packings += Self.list(line[(colon + 1)...]).filter { $0 != "identity" && $0 != "none" }
        case "transfer-encoding":
            transferPacking =
                Self.list(line[(colon + 1)...]).first { $0 != "chunked" && $0 != "identity" }
                ?? transferPacking
        default: break
        }
    }

    private mutating func readLocation(_ value: [UInt8]) {
        guard !value.isEmpty else { return }
        hasTwoLocations = hasTwoLocations || location.map { $0 != value } ?? false
        location = value
    }

    private static func trimmed(_ value: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { " \t\r\n".utf8.contains(byte) }
        let start = value.drop(while: isBlank)
        return Array(Array(start.reversed().drop(while: isBlank)).reversed())
    }

    private static func list(_ value: Slice<UnsafeRawBufferPointer>) -> [String] {
        String(decoding: value, as: UTF8.self).lowercased()
            .split { $0 == "," || $0.isWhitespace }.map { String($0.prefix(32)) }
    }
}
