import CLIPEngine
import HTTPTypes
import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An answer as it goes out.
struct ServerResponse: Sendable {
    var status: Int
    /// Without those that every answer has: length, date, connection.
    var fields: HTTPFields
    var body: [UInt8]
    /// Whether the connection ends with it.
    var closes = false
    /// Whether only the fields are asked for.
    var isHead = false
    /// What keeps the body counted until it has left.
    var room: ByteReservation?

    /// The status line and the fields.
    func head(to request: RequestHead?, closes: Bool, date: String) -> ByteBuffer {
        var text = "HTTP/1.1 \(status) \(Self.reasons[status] ?? "")\r\n"
        for field in fields { text += "\(field.name.rawName): \(field.value)\r\n" }
        // RFC 9110, 8.6: a 204 has no length, and a 304 would have that of what is not sent.
        if status != 204, status != 304 { text += "content-length: \(body.count)\r\n" }
        text += "date: \(date)\r\n"
        if closes {
            text += "connection: close\r\n"
        } else if request?.isOld == true {
            text += "connection: keep-alive\r\n"
        }
        return ByteBuffer(string: text + "\r\n")
    }

    /// The words behind the statuses that this server answers.
    static let reasons = [
        200: "OK", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
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

/// The time as HTTP writes it, written once a second.
final class HTTPDate: Sendable {
    private let written = Mutex<(second: Int, text: String)>((-1, ""))

    /// The time now, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    func text(second: Int = HTTPDate.now) -> String {
        written.withLock { written in
            if written.second != second { written = (second, Self.format(second)) }
            return written.text
        }
    }

    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec
    }

    /// Source for the calendar: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    static func format(_ second: Int) -> String {
        let days = second / 86_400
        let clock = second % 86_400
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(dayNames[(days + 4) % 7]), \(two(day)) \(monthNames[month - 1]) \(year) "
            + "\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60)) GMT"
    }

    private static let dayNames = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
