import CLIPEngine
import HTTPTypes
import NIOCore

/// An answer in HTTP.
struct ServerResponse: Sendable {
    var status: Int
    /// The header fields, without those of every answer: length, date, connection.
    var fields: HTTPFields
    var body: [UInt8]
    /// Whether the connection ends after it.
    var closes = false
    /// Whether only the head is sent, for HEAD requests.
    var isHead = false
    /// The reservation that counts the body until it has been sent.
    var room: ByteReservation?

    /// The status line and the header fields.
    func head(to request: RequestHead?, closes: Bool, date: String) -> ByteBuffer {
        var text = "HTTP/1.1 \(status) \(Self.reasons[status] ?? "")\r\n"
        for field in fields { text += "\(field.name.rawName): \(field.value)\r\n" }
        // By RFC 9110, 8.6, a 204 has no length, and a 304 would have the length of a body that is not sent.
        if status != 204, status != 304 { text += "content-length: \(body.count)\r\n" }
        text += "date: \(date)\r\n"
        if closes {
            text += "connection: close\r\n"
        } else if request?.isOld == true {
            text += "connection: keep-alive\r\n"
        }
        return ByteBuffer(string: text + "\r\n")
    }

    /// The reason phrases of the statuses that this server sends.
    static let reasons = [
        200: "OK", 204: "No Content", 304: "Not Modified", 308: "Permanent Redirect", 400: "Bad Request",
        401: "Unauthorized",
        403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 408: "Request Timeout", 413: "Content Too Large", 414: "URI Too Long",
        415: "Unsupported Media Type", 422: "Unprocessable Content", 424: "Failed Dependency",
        429: "Too Many Requests",
        431: "Request Header Fields Too Large", 499: "Client Closed Request", 500: "Internal Server Error",
        501: "Not Implemented", 503: "Service Unavailable", 505: "HTTP Version Not Supported",
        507: "Insufficient Storage",
    ]

    static let goOn = "HTTP/1.1 100 Continue\r\n\r\n"
}
