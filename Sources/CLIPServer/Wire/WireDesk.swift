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

    /// What a route wants of a body.
    func read<Body: Sendable>(
        _ input: RouteInput,
        knowsQuery: Bool = true,
        _ body: @escaping @Sendable (inout FieldReader) throws(APIError) -> Body
    ) async throws(APIError) -> Body {
        let read: @Sendable () -> Result<Body, APIError> = {
            do throws(APIError) {
                var fields = try Self.fields(of: input, knowsQuery: knowsQuery)
                return .success(try body(&fields))
            } catch {
                return .failure(error)
            }
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
    private static func fields(of input: RouteInput, knowsQuery: Bool) throws(APIError) -> FieldReader {
        do throws(APIError) {
            let fields = try BodyFields.read(
                of: input.body,
                contentType: input.contentType,
                query: knowsQuery ? input.query : nil
            )
            guard let keys = input.keys else { return fields }
            guard let word = fields.text("api_key"), keys.contains(word.utf8) else { throw .unauthorized }
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
