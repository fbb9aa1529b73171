internal import Foundation

/// Makes text of the bytes of files and pipes: UTF-8, or the encoding that a byte order mark names; nothing is guessed.
package enum TextFile {
    /// The bytes as text, without their byte order mark.
    ///
    /// - Parameter name: what errors call the source.
    /// - Throws: an error that names the line which is not UTF-8, and what helps.
    package static func text(of bytes: [UInt8], name: String) throws(FileError) -> String {
        for (mark, encoding, title) in marks where bytes.starts(with: mark) {
            let content = bytes.dropFirst(mark.count)
            guard encoding != .utf8 else { return try utf8(content, name: name) }
            guard content.count % (title == "UTF-32" ? 4 : 2) == 0,
                let text = String(bytes: content, encoding: encoding)
            else {
                throw .notAsMarked(name: name, encoding: title)
            }
            return text
        }
        return try utf8(bytes[...], name: name)
    }

    /// The lines of a text, without their ends, which may be LF, CRLF or CR.
    ///
    /// Text after the last line end is a line only if it is not empty.
    package static func lines(of text: String) -> [String] {
        var lines: [String] = []
        for line in split(Array(text.utf8)[...]) { lines.append(String(decoding: line, as: UTF8.self)) }
        return lines
    }

    /// Byte order marks, the longer ones first, because UTF-32's begins like UTF-16's.
    private static let marks: [(mark: [UInt8], encoding: String.Encoding, title: String)] = [
        ([0xFF, 0xFE, 0, 0], .utf32LittleEndian, "UTF-32"), ([0, 0, 0xFE, 0xFF], .utf32BigEndian, "UTF-32"),
        ([0xEF, 0xBB, 0xBF], .utf8, "UTF-8"), ([0xFF, 0xFE], .utf16LittleEndian, "UTF-16"),
        ([0xFE, 0xFF], .utf16BigEndian, "UTF-16"),
    ]

    private static func utf8(_ bytes: ArraySlice<UInt8>, name: String) throws(FileError) -> String {
        if let text = String(validating: bytes, as: UTF8.self) {
            guard text.utf8.lazy.filter({ $0 == 0 }).count <= bytes.count / 4 else {
                throw .zeroBytes(name: name)
            }
            return text
        }
        // No encoding of bytes has zeros in text; UTF-16 has one in every end of a line.
        guard !bytes.contains(0) else { throw .zeroBytes(name: name) }
        let lines = split(bytes)
        let number = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw .notUTF8(name: name, line: number + 1)
    }

    private static func split(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = start
        while index < bytes.endIndex {
            let byte = bytes[index]
            guard byte == 0x0A || byte == 0x0D else {
                index += 1
                continue
            }
            lines.append(bytes[start..<index])
            if byte == 0x0D, index + 1 < bytes.endIndex, bytes[index + 1] == 0x0A { index += 1 }
            index += 1
            start = index
        }
        if start < bytes.endIndex { lines.append(bytes[start...]) }
        return lines
    }
}
