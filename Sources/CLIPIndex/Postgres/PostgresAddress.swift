internal import CLIPFiles
internal import CPq

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A database that holds an index, as `postgresql://user@host:port/database?parameters` names it.
///
/// The address is libpq's own (PostgreSQL's documentation, 34.1.1.2), as are its variables and files for passwords. What the index
/// wants beside that are two parameters: `clip_schema`, the schema of its tables, and `clip_wait`, for how many seconds a database
/// that goes away is waited for.
package struct PostgresAddress: Equatable, Sendable {
    /// The address that libpq gets: with the password, and without our parameters.
    package let connection: String
    /// What people may see of it: neither password nor parameters, but the schema, where it is not the usual one.
    package let display: String
    /// The schema that has the index's tables.
    package let schema: String
    /// For how long a database that goes away is waited for.
    package let patience: Duration
    /// What must not be seen in any message.
    package let secrets: [String]

    /// Whether a name is the address of a database, and not that of a file.
    package static func isAddress(_ name: String) -> Bool {
        schemes.contains { name.utf8.starts(with: $0.utf8) }
    }

    private static let usualSchema = "clip"
    private static let schemes = ["postgresql://", "postgres://"]

    /// - Throws: `address`, with nothing of what was given.
    package init(_ name: String) throws(IndexError) {
        guard let scheme = Self.schemes.first(where: { name.utf8.starts(with: $0.utf8) }) else {
            throw .address(what: "it does not begin with postgresql://")
        }
        guard !name.utf8.contains(0) else { throw .address(what: "it has a zero byte") }
        // From here on other users of the machine see no password in a list of processes.
        cpq_hide_passwords()
        let rest = name.utf8.dropFirst(scheme.utf8.count)
        // As libpq reads it: what stands before the first @ are user and password, and these may have question marks.
        var start = rest.startIndex
        if let mark = rest.firstIndex(where: { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "/") }),
            rest[mark] == UInt8(ascii: "@")
        {
            start = rest.index(after: mark)
        }
        let query = rest[start...].firstIndex(of: UInt8(ascii: "?"))
        var (schema, seconds, others) = (Self.usualSchema, 60.0, [String]())
        if let query {
            for part in rest[rest.index(after: query)...].split(separator: UInt8(ascii: "&")) {
                let text = String(decoding: part, as: UTF8.self)
                if let value = try Self.value(of: "clip_schema", text) {
                    schema = value
                } else if let value = try Self.value(of: "clip_wait", text) {
                    guard let number = Double(value), (0...86_400).contains(number) else {
                        throw .address(what: "clip_wait is no number of seconds up to a day")
                    }
                    seconds = number
                } else {
                    others.append(text)
                }
            }
        }
        guard Self.isSchema(schema) else {
            throw .address(
                what: "clip_schema is no name for a schema: up to 63 bytes, not beginning with pg_"
            )
        }
        let base = String(decoding: rest[..<(query ?? rest.endIndex)], as: UTF8.self)
        connection = scheme + base + (others.isEmpty ? "" : "?" + others.joined(separator: "&"))
        self.schema = schema
        patience = .seconds(seconds)
        let options = try Self.options(of: connection)
        secrets = ["password", "sslpassword"].compactMap { options[$0] }.filter { !$0.isEmpty }
        let user = options["user"].map { "\($0)@" } ?? ""
        let host = options["host"] ?? options["hostaddr"] ?? ""
        let port = options["port"].map { ":\($0)" } ?? ""
        let place = schema == Self.usualSchema ? "" : "?clip_schema=\(PercentText.of(schema.utf8))"
        display = "postgresql://\(user)\(host)\(port)/\(options["dbname"] ?? "")\(place)"
    }

    /// A schema's name as SQL has it.
    var quotedSchema: String { Self.quoted(schema) }

    /// A name as SQL has it, whatever stands in it.
    static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// A message of libpq without what must not be seen.
    package func concealing(_ message: String) -> String {
        secrets.reduce(message) { Self.replacing($1, in: $0) }
    }

    private static func isSchema(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count) && !name.lowercased().hasPrefix("pg_")
            && name.lowercased() != "information_schema"
            && !name.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    /// A parameter's value, if it is the one of that name.
    private static func value(of name: String, _ text: String) throws(IndexError) -> String? {
        guard text.utf8.starts(with: "\(name)=".utf8) else { return nil }
        var (bytes, rest) = ([UInt8](), Array(text.utf8.dropFirst(name.utf8.count + 1))[...])
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 2 else {
                throw .address(what: "\(name) has a % without two digits behind it")
            }
            bytes.append(UInt8(16 * digits[0] + digits[1]))
            rest = rest.dropFirst(2)
        }
        guard let value = String(validating: bytes, as: UTF8.self) else {
            throw .address(what: "\(name) is not UTF-8")
        }
        return value
    }

    /// What libpq makes of an address; its own complaints quote what may be the password, so nobody sees them.
    private static func options(of connection: String) throws(IndexError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        let list = PQconninfoParse(connection, &message)
        PQfreemem(message)
        guard let list else {
            throw .address(
                what:
                    "a parameter is unknown, or a sign in a name or password has to be written as % and two digits"
            )
        }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        var option = list
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { options[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return options
    }

    private static func replacing(_ secret: String, in message: String) -> String {
        let (secret, all) = (Array(secret.utf8), Array(message.utf8))
        var (result, rest) = ([UInt8](), all[...])
        while !rest.isEmpty {
            if rest.starts(with: secret) {
                result += Array("***".utf8)
                rest = rest.dropFirst(secret.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
