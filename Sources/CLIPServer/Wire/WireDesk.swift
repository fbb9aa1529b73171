import CLIPEngine
internal import CLIPJSON

/// Reads and writes JSON: what is short on the spot, what is long on threads of its own.
///
/// Megabytes of JSON take seconds, for which neither an event loop nor the cooperative pool may be held: everybody else's
/// requests pass there.
struct WireDesk: Sendable {
    let pool = WorkPool(name: "wire", threads: 2)

    /// Longest body that is read on the calling task.
    private static let longestInPlace = 64 << 10
    /// Longest body that is read in a few milliseconds; longer ones leave a thread to others.
    private static let longestCheap = 1 << 20
    /// Most numbers that are written on the calling task.
    static let mostNumbersInPlace = 16_384

    /// What a route wants of a body that is read by pydantic's lax rules.
    ///
    /// - Parameter problems: what is wrong with the request beside its body, which is told along.
    func read<Body: Sendable>(
        _ input: RouteInput,
        beside problems: FieldProblems = FieldProblems(),
        _ body: @escaping @Sendable (inout FieldReader) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        try await read(input) { () throws(APIError) in
            var fields = try Self.keyed(input) { () throws(APIError) in
                let fields = try BodyFields.read(
                    of: input.body,
                    contentType: input.contentType,
                    beside: problems
                )
                return (fields, fields.text("api_key"))
            }
            return try body(&fields)
        }
    }

    /// What a route wants of a body that is a JSON object, whatever its content type says.
    func read<Body: Sendable>(
        plain input: RouteInput,
        _ body: @escaping @Sendable (PlainFields) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        try await read(input) { () throws(APIError) in
            let fields = try Self.keyed(input) { () throws(APIError) in
                let fields = try PlainFields(of: input.body)
                // What is no key is none's concern where none is wanted.
                return (fields, fields.string("api_key"))
            }
            return try body(fields)
        }
    }

    /// What a route wants of a form.
    func read<Body: Sendable>(
        _ input: RouteInput,
        boundary: String,
        _ body: @escaping @Sendable (Multipart) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        try await read(input) { () throws(APIError) in
            let form = try Self.keyed(input) { () throws(APIError) in
                let form = try Multipart(input.body, boundary: boundary)
                return (form, form.parts.first { $0.name == "api_key" }.map { JSONText(utf8: $0.content) })
            }
            return try body(form)
        }
    }

    private func read<Body: Sendable>(
        _ input: RouteInput,
        _ body: @escaping @Sendable () throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        let read: @Sendable () -> Result<Body, APIError> = {
            do throws(APIError) { return .success(try body()) } catch { return .failure(error) }
        }
        guard input.body.count > Self.longestInPlace else { return try read().get() }
        let isCostly = input.body.count > Self.longestCheap
        guard let result = await pool.run(for: input.terms.client, isCostly: isCostly, { _ in read() }) else {
            throw .embedding(.cancelled, place: nil)
        }
        return try result.get()
    }

    /// The fields of a body, once its key was looked at, if it has to have one.
    ///
    /// Who has no key learns nothing of what else is wrong.
    private static func keyed<Fields>(
        _ input: RouteInput,
        _ fields: () throws(APIError) -> (Fields, key: JSONText?)
    ) throws(APIError) -> Fields {
        do throws(APIError) {
            let (fields, key) = try fields()
            guard let keys = input.keys else { return fields }
            guard let key, keys.contains(key.utf8) else { throw .unauthorized }
            return fields
        } catch {
            throw input.keys == nil ? error : .unauthorized
        }
    }

    /// An answer's body, on the calling task or, where it is long, elsewhere.
    ///
    /// - Throws: `cancelled`, when the client leaves in the middle.
    func write(
        isLong: Bool,
        for client: String?,
        _ body: @escaping @Sendable (_ isUnwanted: () -> Bool) -> [UInt8]
    ) async throws(EmbeddingError) -> [UInt8] {
        guard isLong else { return body { false } }
        let bytes = await pool.run(for: client) { cancellation in body { cancellation.isRequested } }
        guard let bytes, !Task.isCancelled else { throw .cancelled }
        return bytes
    }
}
