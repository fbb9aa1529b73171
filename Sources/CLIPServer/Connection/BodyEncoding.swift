import CLIPEngine
import CZlib

/// How a request's body is packed.
enum BodyEncoding: Equatable, Sendable {
    /// As it is.
    case identity
    /// gzip, or deflate in either of the two ways that clients understand that word.
    case packed

    /// What a Content-Encoding field says.
    ///
    /// - Throws: 415 for encodings that are not known, and for several at once.
    init(_ values: [String]) throws(APIError) {
        let names = values.flatMap { $0.lowercased().split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" } }
            .filter { !$0.isEmpty && $0 != "identity" }
        switch names {
        case []: self = .identity
        case ["gzip"], ["x-gzip"], ["deflate"]: self = .packed
        default: throw .bodyEncodingNotSupported
        }
    }
}

/// Unpacks bodies, under the limit for bodies and within the engine's budget.
struct BodyUnpacker: Sendable {
    let limit: Int
    let budget: ByteBudget

    /// What is unpacked before others get a turn: about a millisecond.
    private static let step = 256 << 10

    /// The bytes that were packed, and what keeps them counted.
    func unpack(_ packed: [UInt8]) async throws(APIError) -> ([UInt8], ByteReservation?) {
        // A zlib header is 8 in its low four bits and divides by 31 with the next byte; gzip has its own mark.
        let isWrapped =
            packed.starts(with: [0x1F, 0x8B])
            || packed.count >= 2 && packed[0] & 0x0F == 8 && (Int(packed[0]) << 8 | Int(packed[1])) % 31 == 0
        let windowBits: Int32 = isWrapped ? 15 + 32 : -15
        // Counted first: what is held while others are waited for could be what they wait for, and a bomb takes no room.
        var count = 0
        try await inflate(packed, windowBits) { piece throws(APIError) in
            count += piece.count
            guard count <= limit else { throw .bodyTooLarge(limit: limit) }
        }
        let room: ByteReservation
        do throws(ByteBudgetError) {
            room = try await budget.reserve(count, for: .input)
        } catch {
            guard case .tooLarge(_, let most) = error else { throw .embedding(.cancelled, place: nil) }
            throw .bodyTooLargeForMemory(limit: most)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        try await inflate(packed, windowBits) { piece throws(APIError) in bytes += piece }
        return (bytes, room)
    }

    /// Hands out what is packed, piece by piece.
    private func inflate(
        _ packed: [UInt8],
        _ windowBits: Int32,
        _ take: ([UInt8]) throws(APIError) -> Void
    ) async throws(APIError) {
        let inflater = Inflater(windowBits: windowBits)
        var offset = 0
        while true {
            try take(try inflater.next(packed, &offset, atMost: Self.step))
            if inflater.isDone {
                guard offset == packed.count else { throw .bodyNotUnpackable }
                return
            }
            if Task.isCancelled { throw .embedding(.cancelled, place: nil) }
            await Task.yield()
        }
    }
}

/// zlib's state, on its way through one body.
private final class Inflater {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let isReady: Bool
    private(set) var isDone = false

    /// What is read before others get a turn, whatever comes of it: 2 ms of blocks with tables of codes and nothing else.
    private static let inputStep = 32 << 10

    init(windowBits: Int32) {
        stream.initialize(to: z_stream())
        isReady =
            inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
    }

    /// The next bytes; all members of a file of several are unpacked.
    func next(_ packed: [UInt8], _ offset: inout Int, atMost count: Int) throws(APIError) -> [UInt8] {
        guard isReady else { throw .embedding(.failed("zlib has no memory"), place: nil) }
        var status = Z_OK
        let start = offset
        var left = packed.count - start
        let piece = [UInt8](unsafeUninitializedCapacity: count) { output, produced in
            packed.withUnsafeBufferPointer { input in
                let source = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
                stream.pointee.next_in = source
                // What is not taken now comes again.
                stream.pointee.avail_in = uInt(min(left, Self.inputStep))
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = uInt(count)
                let offered = Int(stream.pointee.avail_in)
                status = inflate(stream, Z_NO_FLUSH)
                left -= offered - Int(stream.pointee.avail_in)
                produced = count - Int(stream.pointee.avail_out)
            }
        }
        offset = packed.count - left
        switch status {
        case Z_STREAM_END:
            // Another member may follow.
            isDone = left == 0 || !packed[offset...].starts(with: [0x1F, 0x8B])
            if !isDone { inflateReset(stream) }
        case Z_OK where left > 0 || piece.count == count: break
        // Nothing came of it, or all was taken and the end is missing.
        default: throw .bodyNotUnpackable
        }
        return piece
    }
}
