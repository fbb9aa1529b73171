/// What went wrong with a statement or a connection, as PostgreSQL tells it.
package struct PostgresFault: Error, Equatable, Sendable {
    /// SQLSTATE (PostgreSQL's documentation, appendix A); empty where there is none.
    package var code = ""
    /// The server's or libpq's sentence.
    package let cause: String
    /// Whether the connection is gone.
    package var isLost = false

    /// Whether the same may work if it is tried again: nothing of it was done, or all.
    package var isPassing: Bool {
        // Serialisation, deadlocks, too many connections, a server that starts or ends.
        isLost && code.isEmpty
            || ["40001", "40P01", "53300", "57P01", "57P02", "57P03"].contains(code) || code.hasPrefix("08")
    }

    static func unexpected(_ what: String) -> PostgresFault {
        PostgresFault(code: "XX001", cause: "it answers otherwise than was asked: \(what)")
    }

    /// The error that people see.
    package func error(of address: PostgresAddress) -> IndexError {
        let (index, cause) = (address.display, address.concealing(cause))
        switch code {
        case "28000", "28P01", "42501", "3D000", "25006": return .refused(index: index, cause: cause)
        // Undefined table: that of which everything else depends is gone.
        case "42P01" where cause.contains("facts"): return .notFound(path: index)
        case "53100": return .diskFull(path: index)
        case "55P03": return .busy(path: index)
        case "XX001", "XX002": return .damaged(path: index, what: cause)
        default:
            return isPassing
                ? .unreachable(index: index, cause: cause) : .database(index: index, cause: cause)
        }
    }

    /// The code and the sentence of libpq's message for a connection that failed, which has both in one text.
    ///
    /// - Parameter needsPassword: whether there was no password to send, which has no code.
    package init(ofConnection message: String, needsPassword: Bool = false) {
        let lines = message.split(whereSeparator: \.isNewline).map(String.init)
        isLost = true
        // With verbose messages: `connection to server at "..." failed: FATAL:  28P01: password authentication failed ...`, where the
        // first word is in the server's language, and each host has a line.
        let matches = lines.compactMap { $0.firstMatch(of: /:  ([0-9A-Z]{5}): (.+)$/) }
        if let match = matches.first {
            (code, cause) = (String(match.1), String(match.2))
        } else {
            cause = lines.first ?? "there is no connection"
            if needsPassword { code = "28P01" }
        }
    }

    package init(code: String = "", cause: String, isLost: Bool = false) {
        (self.code, self.cause, self.isLost) = (code, cause, isLost)
    }
}
