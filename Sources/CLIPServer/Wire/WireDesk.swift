import CLIPEngine
internal import CLIPJSON

/// Reads and writes JSON: short texts on the calling task, long ones on threads of its own.
///
/// Megabytes of JSON take seconds, for which neither an event loop nor the cooperative pool may be held: everybody else's
/// requests pass there.
package struct WireDesk: Sendable {
    /// Asks whether nobody waits for what is being read any more.
    package typealias Unwanted = @Sendable () -> Bool

    let pool = WorkPool(name: "wire", threads: 2)

    /// The longest body, in bytes, that is read on the calling task.
    private static let longestInPlace = 64 << 10
    /// The longest body, in bytes, that is read in a few milliseconds; longer ones leave one thread to others.
    private static let longestCheap = 1 << 20
    /// The largest number of values that are written on the calling task.
    static let mostNumbersInPlace = 16_384

    package init() {}

    /// What a route wants of a body that is read by pydantic's lax rules.
    ///
    /// - Parameters:
    ///   - isOfAnyType: whether the content type may be any; Roboflow's server takes nothing that is not said to be JSON.
    ///   - problems: problems of the request beside its body, which are reported together with those of the body.
    func read<Body: Sendable>(
        _ input: RouteInput,
        isOfAnyType: Bool = false,
        beside problems: FieldProblems = FieldProblems(),
        _ body: @escaping @Sendable (inout FieldReader) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        try await read(input) { (isUnwanted) throws(APIError) in
            var fields = try Self.keyed(input) { () throws(APIError) in
                let fields = try BodyFields.read(
                    of: input.body,
                    contentType: isOfAnyType ? "application/json" : input.contentType,
                    beside: problems
                )
                return (fields, fields.text("api_key"))
            }
            fields.isUnwanted = isUnwanted
            return try body(&fields)
        }
    }

    /// What a route wants of a body that is a JSON object, whatever its content type says.
    package func read<Body: Sendable>(
        plain input: RouteInput,
        _ body: @escaping @Sendable (PlainFields) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        try await read(input) { (isUnwanted) throws(APIError) in
            var fields = try Self.keyed(input) { () throws(APIError) in
                let fields = try PlainFields(of: input.body)
                // The key field is not checked if no key is needed.
                return (fields, fields.string("api_key"))
            }
            fields.isUnwanted = isUnwanted
            return try body(fields)
        }
    }

    /// Reads a form.
    func read<Body: Sendable>(
        _ input: RouteInput,
        boundary: String,
        _ body: @escaping @Sendable (Multipart) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        try await read(input) { (isUnwanted) throws(APIError) in
            let form = try Self.keyed(input) { () throws(APIError) in
                let form = try Multipart(input.body, boundary: boundary, unless: isUnwanted)
                return (form, form.parts.first { $0.name == "api_key" }.map { JSONText(utf8: $0.content) })
            }
            return try body(form)
        }
    }

    /// - Parameter body: takes the body apart, and stops where its client has left.
    /// - Throws: `cancelled` where the client has left, whatever the body is.
    private func read<Body: Sendable>(
        _ input: RouteInput,
        _ body: @escaping @Sendable (@escaping Unwanted) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        guard input.body.count > Self.longestInPlace else { return try body { false } }
        let isCostly = input.body.count > Self.longestCheap
        let read: @Sendable (WorkPool.Cancellation) -> Result<Body, APIError> = { cancellation in
            do throws(APIError) {
                return .success(try body { cancellation.isRequested })
            } catch {
                return .failure(error)
            }
        }
        guard let result = await pool.run(for: input.terms.client, isCostly: isCostly, read),
            !Task.isCancelled
        else { throw .embedding(.cancelled, place: nil) }
        return try result.get()
    }

    /// The fields of a body, after its key was checked, if it needs one.
    ///
    /// A client without a key learns nothing about other mistakes.
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

    /// Writes an answer's body on the calling task or, if it is long, on a thread of the pool.
    ///
    /// - Throws: `cancelled` if the client leaves meanwhile.
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
