/// Why bytes on a connection are not a request that this server accepts (RFC 9112).
///
/// After any of these faults the beginning of the next message is uncertain, so the connection ends with the answer.
package enum MessageFault: Error, Equatable, Sendable {
    /// The first line is not `METHOD TARGET HTTP/1.1`.
    case requestLine
    case versionNotSupported
    case targetTooLong(limit: Int)
    case fieldsTooLarge(limit: Int)
    case tooManyFields(limit: Int)
    /// A line is not `name: value`, or ends with a line feed alone.
    case fieldLine
    case noHost
    case invalidHost
    case contentLength
    /// The length does not fit into 64 bits.
    case contentLengthOutOfRange
    /// The message has both a length and a transfer encoding: two readers might see two different messages.
    case lengthAndEncoding
    case transferEncoding
    case transferEncodingNotSupported
    /// A chunk of a body, or what follows the last one, is malformed.
    case chunk

    /// The status code.
    package var status: Int {
        switch self {
        case .requestLine, .fieldLine, .noHost, .invalidHost, .contentLength, .lengthAndEncoding,
            .transferEncoding, .chunk:
            400
        case .contentLengthOutOfRange: 413
        case .targetTooLong: 414
        case .fieldsTooLarge, .tooManyFields: 431
        case .transferEncodingNotSupported: 501
        case .versionNotSupported: 505
        }
    }

    /// The sentence for the sender.
    package var sentence: String {
        switch self {
        case .requestLine:
            "The request's first line must be a method, a path and HTTP/1.1, with one blank between."
        case .versionNotSupported:
            "This server speaks HTTP/1.1 and HTTP/1.0. Send the request as one of these."
        case .targetTooLong(let limit):
            "The request's first line is longer than \(limit) bytes. Send it as a body."
        case .fieldsTooLarge(let limit):
            "The request's header fields are larger than \(limit) bytes. Send fewer."
        case .tooManyFields(let limit): "The request has more than \(limit) header fields. Send fewer."
        case .fieldLine:
            "A header field must be a name, a colon and a value on one line that ends with CR and LF."
        case .noHost: "A request of HTTP/1.1 must have exactly one Host field."
        case .invalidHost: "The Host field must be a host name or an address, with a port or without."
        case .contentLength: "The Content-Length field must be one whole number in decimal digits."
        case .contentLengthOutOfRange:
            "The Content-Length field announces more than any server accepts. Send less at once."
        case .lengthAndEncoding:
            "A request must have either a Content-Length or a Transfer-Encoding field, not both."
        case .transferEncoding:
            "The Transfer-Encoding field must be 'chunked', once, in a request of HTTP/1.1."
        case .transferEncodingNotSupported:
            "This server takes bodies in the transfer coding 'chunked' and in no other. Send the body as it is."
        case .chunk:
            "The chunked body is malformed. Send each chunk as its length in hexadecimal digits, CR LF, its bytes, CR LF."
        }
    }
}
