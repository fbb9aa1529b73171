import HTTPTypes

/// A request without its body, checked as RFC 9112 requires.
struct RequestHead: Sendable {
    /// How the end of the body is found.
    enum Framing: Equatable, Sendable {
        case none
        case length(Int)
        case chunked
    }

    /// Method and header fields.
    let request: HTTPRequest
    /// The path with its escapes as sent; `*` for the whole server.
    let path: String
    /// The part after the question mark.
    let query: String?
    /// The server's name in the request, with its port if given.
    let host: String?
    let framing: Framing
    /// Whether the client may send more requests on the connection.
    let keepsAlive: Bool
    /// Whether the version is HTTP/1.0, in which connections stay open only on request.
    let isOld: Bool
    /// Whether the client waits for "100 Continue" before it sends the body.
    let expectsContinue: Bool

    var method: HTTPRequest.Method { request.method }
    var fields: HTTPFields { request.headerFields }
}

extension RequestHead {
    /// The largest number of header fields in a request.
    static let mostFields = 256

    /// Reads the lines of a head, each of which ends with CR and LF, without the empty line at its end.
    init(lines bytes: ArraySlice<UInt8>) throws(MessageFault) {
        var rest = bytes
        let line = Self.nextLine(&rest)
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, let method = HTTPRequest.Method(Self.text(parts[0])), !parts[1].isEmpty,
            parts[1].allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .requestLine }
        let isOld = try Self.isOld(version: parts[2])
        let target = try Target(Self.text(parts[1]), method: method)

        var fields = HTTPFields()
        while !rest.isEmpty {
            guard fields.count < Self.mostFields else { throw .tooManyFields(limit: Self.mostFields) }
            fields.append(try Self.field(Self.nextLine(&rest)))
        }
        let hosts = fields[values: .hostName]
        guard hosts.count == 1 || (isOld && hosts.isEmpty) else { throw .noHost }
        guard hosts.allSatisfy(Self.isHost), target.authority.map(Self.isHost) ?? true else {
            throw .invalidHost
        }
        host = target.authority ?? hosts.first
        path = target.path
        query = target.query
        framing = try Self.framing(fields, isOld: isOld)
        self.isOld = isOld
        let options = Self.list(fields, .connection)
        keepsAlive =
            method != .connect && !options.contains("close") && (!isOld || options.contains("keep-alive"))
        expectsContinue = !isOld && Self.list(fields, .expect).contains("100-continue")
        request = HTTPRequest(
            method: method,
            scheme: nil,
            authority: nil,
            path: nil,
            headerFields: fields
        )
    }

    /// The parts of a request's target.
    private struct Target {
        var path: String
        var query: String?
        /// The host, if the target contains it; it outweighs the Host field.
        var authority: String?

        init(_ text: String, method: HTTPRequest.Method) throws(MessageFault) {
            var origin = text[...]
            if method == .connect {
                (path, authority) = (text, text)
                return
            }
            if text == "*", method == .options {
                path = text
                return
            }
            if !text.hasPrefix("/") {
                let lower = text.prefix(8).lowercased()
                guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else {
                    throw .requestLine
                }
                let rest = text.dropFirst(scheme.count)
                let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
                guard end > rest.startIndex else { throw .requestLine }
                authority = String(rest[..<end])
                origin = rest[end...]
            }
            // Some clients send a fragment, which only matters to themselves.
            origin = origin.prefix { $0 != "#" }
            let halves = origin.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            path = halves.first.map { $0.isEmpty ? "/" : String($0) } ?? "/"
            query = halves.count > 1 ? String(halves[1]) : nil
        }
    }

    // MARK: Lines

    private static func nextLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
        let line = rest[rest.startIndex..<end]
        rest = end < rest.endIndex ? rest[(end + 1)...] : rest[end...]
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// A later version of HTTP/1 is read as the latest known one (RFC 9110, 2.5).
    private static func isOld(version: ArraySlice<UInt8>) throws(MessageFault) -> Bool {
        let bytes = Array(version)
        let isVersion =
            bytes.count == 8 && bytes.starts(with: "HTTP/".utf8) && isDigit(bytes[5])
            && bytes[6] == UInt8(ascii: ".") && isDigit(bytes[7])
        guard isVersion else { throw .requestLine }
        guard bytes[5] == UInt8(ascii: "1") else { throw .versionNotSupported }
        return bytes[7] == UInt8(ascii: "0")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Reads one `name: value` line.
    ///
    /// A blank before the colon or the name is refused, because proxies interpret it differently.
    private static func field(_ line: ArraySlice<UInt8>) throws(MessageFault) -> HTTPField {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = HTTPField.Name(text(line[..<colon]))
        else { throw .fieldLine }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw .fieldLine }
        return HTTPField(name: name, value: text(value))
    }

    // MARK: Fields

    /// The options of a field that is a list, on one or several lines, in lower case.
    private static func list(_ fields: HTTPFields, _ name: HTTPField.Name) -> [String] {
        fields[values: name].flatMap { value in
            value.lowercased().split(separator: ",").map { part in
                String(
                    part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }
                        .reversed()
                )
            }
        }
    }

    private static func isHost(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-._~%!$&'()*+;=:[]".utf8.contains(byte)
            }
        }
    }

    private static func framing(_ fields: HTTPFields, isOld: Bool) throws(MessageFault) -> Framing {
        let lengths = fields[values: .contentLength]
        guard fields.contains(.transferEncoding) else {
            return try lengths.isEmpty ? .none : .length(length(lengths))
        }
        guard lengths.isEmpty else { throw .lengthAndEncoding }
        guard !isOld else { throw .transferEncoding }
        let codings = list(fields, .transferEncoding)
        if codings == ["chunked"], fields[values: .transferEncoding].count == 1 { return .chunked }
        let isKnown = codings.allSatisfy { $0 == "chunked" }
        throw isKnown ? .transferEncoding : .transferEncodingNotSupported
    }

    /// The length on which all values agree; a value may be a list, if a proxy has joined two fields.
    private static func length(_ values: [String]) throws(MessageFault) -> Int {
        var length: Int?
        for value in values {
            for part in value.split(separator: ",", omittingEmptySubsequences: false) {
                let digits = part.utf8.filter { $0 != 0x20 && $0 != 0x09 }
                guard !digits.isEmpty, digits.allSatisfy(isDigit),
                    part.utf8.drop(while: { $0 == 0x20 || $0 == 0x09 }).prefix(digits.count).elementsEqual(
                        digits
                    )
                else { throw .contentLength }
                let significant = digits.drop { $0 == UInt8(ascii: "0") }
                guard significant.count <= 18 else { throw .contentLengthOutOfRange }
                let number = significant.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
                guard length == nil || length == number else { throw .contentLength }
                length = number
            }
        }
        return length ?? 0
    }
}
