internal import CLIPFetching
internal import CLIPJSON
internal import HTTPTypes
internal import NIOCore

@testable internal import CLIPServer

extension Parser {
    /// The most bytes of the answer to a wrong body: what was sent is not sent back.
    private static let mostAnswerBytes = 1 << 16

    // MARK: JSON bodies

    /// Reads a body as each of the routes does; every refusal has to be our own JSON, and short.
    static func readBody(_ bytes: [UInt8]) {
        check {
            () throws(APIError) in
            var fields = try fields(of: bytes)
            _ = try EmbedImageBody(&fields).sources()
        }
        check {
            () throws(APIError) in
            var fields = try fields(of: bytes)
            _ = try EmbedTextBody(&fields)
        }
        check {
            () throws(APIError) in
            var fields = try fields(of: bytes)
            let body = try CompareBody(&fields)
            _ = try body.comparisonSubject()
            _ = try body.comparisonPrompts()
        }
        check {
            () throws(APIError) in
            var fields = try fields(of: bytes)
            _ = try ClassifyBody(&fields)
        }
        check(in: OpenAIRoutes.form) {
            () throws(APIError) in _ = try EmbeddingsBody(PlainFields(of: bytes))
        }
        check(in: TEIRoutes.form) { () throws(APIError) in _ = try TEIEmbedBody(PlainFields(of: bytes)) }
        check(in: WeaviateRoutes.form) {
            () throws(APIError) in _ = try WeaviateVectorizeBody(PlainFields(of: bytes))
        }
    }

    /// Reads a form after a first line that is its Content-Type.
    static func readForm(_ bytes: [UInt8]) {
        let halves = bytes.split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let type = MediaType(String(decoding: halves[0], as: UTF8.self)) else {
            return
        }
        check {
            () throws(APIError) in
            let body = Array(halves[1])
            let form = try Multipart(body, boundary: type.boundary ?? "b")
            let size = form.parts.reduce(0) { $0 + $1.content.count }
            precondition(size <= body.count, "The parts of a form are longer than it.")
            _ = try EmbedImageBody(form, query: RoboflowQuery(nil, family: .clip), family: .clip).sources()
        }
    }

    private static func fields(of bytes: [UInt8]) throws(APIError) -> FieldReader {
        // A zero byte, which never occurs in JSON, separates the body from the query.
        let halves = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        return try BodyFields.read(
            of: Array(halves[0]),
            contentType: "application/json",
            beside: RoboflowQuery.problems(
                in: halves.count > 1 ? String(decoding: halves[1], as: UTF8.self) : nil
            )
        )
    }

    private static func check(in form: ErrorForm = .plain, _ read: () throws(APIError) -> Void) {
        do {
            try read()
        } catch {
            precondition(
                (400..<500).contains(error.status),
                "A body is its sender's fault, not \(error.status)."
            )
            let answer = form.body(error)
            precondition(answer.count <= mostAnswerBytes, "A refusal has \(answer.count) bytes.")
            precondition((try? JSONDocument.read(answer)) != nil, "A refusal is not JSON.")
        }
    }

    // MARK: Messages

    /// Decodes a connection's bytes, all at once and in pieces; both ways have to give the same result.
    static func readHead(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let whole = parts(of: bytes.dropFirst(), pieces: .max)
        let divided = parts(of: bytes.dropFirst(), pieces: Int(first % 61) + 1)
        precondition(
            whole == divided,
            "What a message means depends on how it arrives:\n\(whole)\n\(divided)"
        )
    }

    /// Describes what was decoded; a body is given as its bytes up to the next other part.
    private static func parts(of bytes: ArraySlice<UInt8>, pieces: Int) -> [String] {
        var decoder = RequestDecoder()
        var found: [String] = []
        var body: [UInt8] = []
        var rest = bytes
        func end() {
            if !body.isEmpty { found.append("body \(body)") }
            body = []
        }
        do {
            while !rest.isEmpty {
                let piece = rest.prefix(pieces)
                rest = rest.dropFirst(piece.count)
                decoder.take(ByteBuffer(bytes: piece))
                while let part = try decoder.next() {
                    switch part {
                    case .head(let head):
                        end()
                        let fields = head.fields.map { "\($0.name): \($0.value)" }
                        found.append(
                            "\(head.method) \(head.path) \(head.query ?? "-") \(head.framing) \(fields)"
                        )
                    case .body(let buffer): body += buffer.readableBytesView
                    case .end:
                        end()
                        found.append("end")
                    }
                }
                decoder.compact()
            }
            end()
        } catch {
            end()
            // Which limit was exceeded may depend on the bytes that had come by then, but not whether one was.
            found.append("fault")
        }
        return found
    }

    // MARK: URLs

    /// Reads a URL and, after a line feed, the target of a redirect; every program has to read the results the same
    /// way.
    static func readURL(_ bytes: [UInt8]) {
        let halves = bytes.split(
            separator: UInt8(ascii: "\n"),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let url = try? ImageURL(String(decoding: halves[0], as: UTF8.self), maxBytes: 8192) else {
            return
        }
        check(url)
        if halves.count > 1, let next = try? ImageURL(redirect: Array(halves[1]), from: url, maxBytes: 8192) {
            check(next)
        }
    }

    private static func check(_ url: ImageURL) {
        let text = url.text
        precondition(
            text.hasPrefix("http://") || text.hasPrefix("https://"),
            "A scheme came through: \(text)"
        )
        precondition(text.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "A URL holds blanks: \(text)")
        precondition(
            (try? ImageURL(text, maxBytes: .max))?.text == text,
            "A URL is read otherwise again: \(text)"
        )
    }
}
