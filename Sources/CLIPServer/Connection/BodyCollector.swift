import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads request bodies into memory, within bounds of size and time.
struct BodyCollector: Sendable {
    let maxBytes: Int
    let timeLimit: Duration
    /// Room made at once for a body that announces its length.
    ///
    /// An announcement costs nothing, so it is not believed beyond this.
    private static let maxReservation = 8 << 20

    /// The body of a request, contiguous.
    ///
    /// - Throws: `APIError` for a body that is too large (told before any of it is read, if its length is announced),
    ///   too slow or cut off; the parser's own error for one that is not HTTP.
    func bytes(of request: Request) async throws -> [UInt8] {
        let announced = request.headers[.contentLength].flatMap(Int.init)
        if let announced, announced > maxBytes { throw APIError.bodyTooLarge(limit: maxBytes) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(announced ?? 0, Self.maxReservation))
        let deadline = ContinuousClock.now + timeLimit
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= maxBytes else {
                    throw APIError.bodyTooLarge(limit: maxBytes)
                }
                guard ContinuousClock.now < deadline else { throw APIError.bodyTooSlow }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch let error as APIError {
            throw error
        } catch let error as HTTPParserError {
            throw error
        } catch {
            throw APIError.bodyIncomplete
        }
        if let announced, bytes.count < announced { throw APIError.bodyIncomplete }
        return bytes
    }
}
