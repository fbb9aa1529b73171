/// A body of several parts, as browsers' forms and `curl -F` send it.
///
/// Source: RFC 7578, and RFC 2046, section 5.1.
package struct Multipart: Sendable {
    /// One field of the form.
    package struct Part: Sendable {
        package let name: String
        package let content: ArraySlice<UInt8>
    }

    package let parts: [Part]

    /// A form has a few fields, and at most as many pictures as a request may have.
    static let mostParts = 1024
    private static let longestHead = 16 << 10

    /// Splits a body into its parts.
    ///
    /// - Throws: 400 for a body that is cut off, has a part without a name, or has too many parts.
    package init(_ body: [UInt8], boundary: String) throws(APIError) {
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ $0 >= 0x20 }) else {
            throw Self.fault("has no usable boundary")
        }
        let mark = Array("\r\n--\(boundary)".utf8)
        // The first boundary has no line break before it.
        var position: Int
        if body.starts(with: mark.dropFirst(2)) {
            position = mark.count - 2
        } else if let first = Self.find(mark, in: body, from: 0) {
            position = first + mark.count
        } else {
            throw Self.fault("does not begin with its boundary")
        }
        var parts: [Part] = []
        while true {
            if body[position...].starts(with: "--".utf8) { break }
            while position < body.count, body[position] == 0x20 || body[position] == 0x09 { position += 1 }
            guard body[position...].starts(with: "\r\n".utf8) else { throw Self.fault("is cut off") }
            guard parts.count < Self.mostParts else { throw Self.fault("has too many parts") }
            // In a part without header fields the empty line comes at once.
            guard
                let headEnd = Self.find(
                    Array("\r\n\r\n".utf8),
                    in: body,
                    from: position,
                    within: Self.longestHead
                ), let end = Self.find(mark, in: body, from: headEnd + 2)
            else { throw Self.fault("is cut off") }
            let name = try Self.name(inHead: String(decoding: body[position..<headEnd], as: UTF8.self))
            parts.append(Part(name: name, content: body[min(headEnd + 4, end)..<end]))
            position = end + mark.count
        }
        self.parts = parts
    }

    private static func fault(_ wrong: String) -> APIError {
        .invalidField(FieldFault(nil, "The multipart body \(wrong)."))
    }

    private static func name(inHead head: String) throws(APIError) -> String {
        for line in head.split(whereSeparator: \.isNewline) {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, halves[0].lowercased() == "content-disposition" else { continue }
            for piece in MediaType.pieces(of: String(halves[1])) {
                if let name = MediaType.parameter("name", in: piece) { return name }
            }
        }
        throw fault("has a part without a name")
    }

    /// The first place of `word` at or after `start`.
    private static func find(
        _ word: [UInt8],
        in body: [UInt8],
        from start: Int,
        within limit: Int = .max
    ) -> Int? {
        let last =
            min(body.count, start.addingReportingOverflow(limit).overflow ? body.count : start + limit)
            - word.count
        guard start <= last else { return nil }
        return body.withUnsafeBufferPointer { body in
            var position = start
            while position <= last {
                // Every word searched for begins with a carriage return, which is rare in other data.
                if body[position] == word[0], word.indices.allSatisfy({ body[position + $0] == word[$0] }) {
                    return position
                }
                position += 1
            }
            return nil
        }
    }
}
