internal import CLIPEngine

/// A body of several parts, as forms with files and `curl -F` send it.
///
/// Source: RFC 7578, and RFC 2046, section 5.1.
package struct Multipart: Sendable {
    /// One field of the form.
    package struct Part: Sendable {
        package let name: String
        package let content: ArraySlice<UInt8>
    }

    /// In order; those whose names are too long are passed over.
    package let parts: [Part]

    /// A form has a few fields, and at most as many pictures as a request may have.
    static let mostParts = 1024
    private static let longestHead = 16 << 10

    /// Splits a body into its parts.
    ///
    /// - Parameter isUnwanted: whether nobody waits for it any more.
    /// - Throws: 400 for one that is cut off, has a part without a name, or far too many parts; `cancelled`.
    package init(
        _ body: [UInt8],
        boundary: String,
        unless isUnwanted: () -> Bool = { false }
    ) throws(APIError) {
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
            throw Self.fault("does not have the boundary that its Content-Type names")
        }
        var parts: [Part] = []
        var count = 0
        while true {
            if body[position...].starts(with: "--".utf8) { break }
            while position < body.count, body[position] == 0x20 || body[position] == 0x09 { position += 1 }
            guard body[position...].starts(with: "\r\n".utf8) else {
                throw Self.fault(Self.wrong(behindBoundary: body[position...]))
            }
            guard !isUnwanted() else { throw .embedding(.cancelled, place: nil) }
            guard count < Self.mostParts else { throw Self.fault("has too many parts") }
            count += 1
            // In a part without header fields the empty line comes at once.
            guard
                let headEnd = Self.find(
                    Array("\r\n\r\n".utf8),
                    in: body,
                    from: position,
                    within: Self.longestHead
                )
            else { throw Self.fault(Self.wrong(withHead: body[position...])) }
            guard let end = Self.find(mark, in: body, from: headEnd + 2) else {
                throw Self.fault("is cut off: its last boundary is missing")
            }
            let name = try Self.name(inHead: String(decoding: body[position..<headEnd], as: UTF8.self))
            if FieldName.isShort(name) {
                parts.append(Part(name: name, content: body[min(headEnd + 4, end)..<end]))
            }
            position = end + mark.count
        }
        self.parts = parts
    }

    private static func fault(_ wrong: String) -> APIError {
        .invalidField(FieldFault(nil, "The multipart body \(wrong)."))
    }

    private static let onlyLineFeeds = "has lines that end in LF alone, where CRLF belongs"

    /// What is wrong with a boundary that no line break of a form follows.
    private static func wrong(behindBoundary rest: ArraySlice<UInt8>) -> String {
        // A carriage return, or one of the two dashes, may be the last byte that came.
        guard rest.count > 1, let first = rest.first else { return "is cut off behind a boundary" }
        return first == 0x0A
            ? onlyLineFeeds : "has a boundary with something else than a line break behind it"
    }

    /// What is wrong with a part whose head does not end.
    private static func wrong(withHead rest: ArraySlice<UInt8>) -> String {
        if rest.prefix(longestHead).firstRange(of: [0x0A, 0x0A]) != nil { return onlyLineFeeds }
        return rest.count > longestHead
            ? "has a part whose head is longer than \(longestHead) bytes" : "is cut off in the head of a part"
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
