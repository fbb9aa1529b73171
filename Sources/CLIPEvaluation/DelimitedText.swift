internal import CLIPFiles

/// The rows of a CSV file (RFC 4180), or of the same form with tabs.
///
/// A field in quotes may contain separators and line ends; two quotes in it mean one. A quote inside an unquoted field
/// is an ordinary character. Lines end with LF or CRLF; empty lines are skipped.
package struct DelimitedText: Sendable {
    /// A row and the line where it begins, counted from one.
    package struct Row: Equatable, Sendable {
        package let line: Int
        package let content: Content

        package init(line: Int, content: Content) {
            self.line = line
            self.content = content
        }
    }

    /// The contents of a row.
    package enum Content: Equatable, Sendable {
        case fields([String])
        /// Text follows a closing quote before the field's end; the rest of the line is skipped.
        case textAfterQuote
    }

    /// A quoted field is never closed, so it would swallow the rest of the file.
    package struct UnbalancedQuote: Error, Equatable {
        /// The line of the opening quote.
        package let line: Int

        package init(line: Int) {
            self.line = line
        }
    }

    private let bytes: [UInt8]
    private let separator: UInt8
    private var position = 0
    private var line = 1

    /// - Parameter separator: an ASCII character.
    package init(_ text: some StringProtocol, separator: Unicode.Scalar) {
        bytes = Array(text.utf8)
        self.separator = UInt8(ascii: separator)
    }

    /// A file's bytes as text, decoded as `TextFile` does.
    package static func text(of contents: [UInt8], file: String) throws(EvaluationError) -> String {
        let text: String
        do throws(FileError) {
            text = try TextFile.text(of: contents, name: file)
        } catch {
            throw .notText(cause: error.description)
        }
        // If no line ends with a line feed, carriage returns end the lines, as in files of old spreadsheets.
        return text.utf8.contains(UInt8(ascii: "\n")) ? text : text.replacing("\r", with: "\n")
    }

    /// The next row; nil at the end.
    package mutating func next() throws(UnbalancedQuote) -> Row? {
        while endOfLine() { advanceLine() }
        guard position < bytes.count else { return nil }
        let first = line
        var fields: [String] = []
        while true {
            guard let field = try field() else {
                while position < bytes.count, !endOfLine() { position += 1 }
                advanceLine()
                return Row(line: first, content: .textAfterQuote)
            }
            fields.append(field)
            guard position < bytes.count, bytes[position] == separator else { break }
            position += 1
        }
        advanceLine()
        return Row(line: first, content: .fields(fields))
    }

    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// The field that begins at the current position, up to its separator or line end; nil if text follows its closing
    /// quote.
    private mutating func field() throws(UnbalancedQuote) -> String? {
        guard position < bytes.count, bytes[position] == Self.quote else {
            let start = position
            while position < bytes.count, bytes[position] != separator, !endOfLine() { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        let opening = line
        var content: [UInt8] = []
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard position < bytes.count, bytes[position] == Self.quote else {
                    let isEnd = position == bytes.count || bytes[position] == separator || endOfLine()
                    return isEnd ? String(decoding: content, as: UTF8.self) : nil
                }
                position += 1
            } else if byte == Self.lineFeed {
                line += 1
            }
            content.append(byte)
        }
        throw UnbalancedQuote(line: opening)
    }

    /// Whether the current position is a line end.
    private func endOfLine() -> Bool {
        guard position < bytes.count else { return false }
        if bytes[position] == Self.lineFeed { return true }
        guard bytes[position] == Self.carriageReturn else { return false }
        return position + 1 == bytes.count || bytes[position + 1] == Self.lineFeed
    }

    private mutating func advanceLine() {
        guard position < bytes.count else { return }
        if bytes[position] == Self.carriageReturn { position += 1 }
        if position < bytes.count, bytes[position] == Self.lineFeed { position += 1 }
        line += 1
    }
}
