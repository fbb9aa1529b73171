import CLIPEngine
import CZlib

/// The compression of a request's body.
enum BodyEncoding: Equatable, Sendable {
    /// No compression.
    case identity
    /// gzip, or deflate in either of the two forms that clients call by that name.
    case packed

    /// The content encodings that IANA lists, and others that programs use.
    private static let packings: Set<String> = [
        "aes128gcm", "br", "brotli", "bzip2", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "lz4",
        "lzma", "lzo", "pack200-gzip", "snappy", "x-bzip2", "x-compress", "x-gzip", "x-lz4",
        "x-snappy-framed", "x-xz", "xz", "zip", "zlib", "zstd",
    ]

    /// Reads the Content-Encoding fields.
    ///
    /// Words that are no encoding (`utf-8`, `aws-chunked`) are ignored, as by the reference server, which reads none.
    ///
    /// - Throws: 415 for encodings that this server cannot decompress, and for several at once.
    init(_ values: [String]) throws(APIError) {
        let names = values.flatMap { $0.lowercased().split(separator: ",") }
            .map { $0.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" } }
            .filter(Self.packings.contains)
        switch names {
        case []: self = .identity
        case ["gzip"], ["x-gzip"], ["deflate"]: self = .packed
        default: throw .bodyEncodingNotSupported
        }
    }
}

/// Decompresses bodies within the limit for bodies and the engine's budget, on threads that may be busy for long.
struct BodyUnpacker: Sendable {
    let limit: Int
    let budget: ByteBudget
    let pool: WorkPool

    /// A compressed body up to this size is decompressed quickly, whatever it contains.
    private static let mostCheapBytes = 4 << 10

    /// The decompressed bytes, and the reservation that counts them.
    ///
    /// - Parameters:
    ///   - held: the budget's bytes that the compressed body holds.
    ///   - client: the sender.
    func unpack(
        _ packed: [UInt8],
        held: Int,
        client: String?
    ) async throws(APIError) -> ([UInt8], ByteReservation) {
        // The bytes are counted in a first pass: nothing is held while the request waits for room, and a decompression
        // bomb takes no room.
        let count = try await run(packed, for: client) { [limit] (inflater, isUnwanted) throws(APIError) in
            var count = 0
            try inflater.all(unless: isUnwanted) { piece throws(APIError) in
                count += piece.count
                guard count <= limit else { throw .bodyTooLarge(limit: limit) }
            }
            return count
        }
        let room: ByteReservation
        do throws(ByteBudgetError) {
            room = try await budget.reserve(count, for: .input, beside: held, client: client)
        } catch {
            switch error {
            case .cancelled: throw .embedding(.cancelled, place: nil)
            case .noRoom: throw .noRoomForBody
            case .tooLarge(_, let most): throw .bodyTooLargeForMemory(limit: most)
            }
        }
        let bytes = try await run(packed, for: client) { (inflater, isUnwanted) throws(APIError) in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count)
            try inflater.all(unless: isUnwanted) { piece throws(APIError) in bytes += piece }
            return bytes
        }
        return (bytes, room)
    }

    private func run<Value: Sendable>(
        _ packed: [UInt8],
        for client: String?,
        _ work:
            @escaping @Sendable (_ inflater: Inflater, _ isUnwanted: () -> Bool) throws(APIError) -> Value
    ) async throws(APIError) -> Value {
        let result = await pool.run(for: client, isCostly: packed.count > Self.mostCheapBytes) {
            (cancellation) -> Result<Value, APIError> in
            do throws(APIError) {
                return .success(try work(Inflater(packed), { cancellation.isRequested }))
            } catch {
                return .failure(error)
            }
        }
        guard let result else { throw .embedding(.cancelled, place: nil) }
        return try result.get()
    }
}

/// The state of zlib for one body.
private final class Inflater {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let output = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256 << 10)
    private let packed: [UInt8]
    private let isReady: Bool

    /// Cancellation is checked after this many compressed bytes, because blocks may decompress to nothing.
    private static let step = 32 << 10

    init(_ packed: [UInt8]) {
        self.packed = packed
        stream.initialize(to: z_stream())
        // A zlib header has 8 in its low four bits, and together with the next byte it is a multiple of 31; gzip has a
        // mark of its own.
        let isWrapped =
            packed.starts(with: [0x1F, 0x8B])
            || packed.count >= 2 && packed[0] & 0x0F == 8 && (Int(packed[0]) << 8 | Int(packed[1])) % 31 == 0
        isReady =
            inflateInit2_(
                stream,
                isWrapped ? 15 + 32 : -15,
                ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)
            ) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
        output.deallocate()
    }

    /// Passes on all decompressed bytes, piece by piece; a file may have several gzip members.
    func all(
        unless isUnwanted: () -> Bool,
        _ take: (UnsafeMutableBufferPointer<UInt8>.SubSequence) throws(APIError) -> Void
    ) throws(APIError) {
        guard isReady else { throw .embedding(.failed("zlib has no memory"), place: nil) }
        var offset = 0
        while true {
            guard !isUnwanted() else { throw .embedding(.cancelled, place: nil) }
            let (status, consumed, produced) = step(from: offset)
            offset += consumed
            try take(output[..<produced])
            switch status {
            case Z_STREAM_END:
                // Another gzip member may follow.
                guard offset < packed.count else { return }
                guard packed[offset...].starts(with: [0x1F, 0x8B]) else { throw .bodyNotUnpackable }
                inflateReset(stream)
            case Z_OK where consumed + produced > 0: break
            // There was no output: the data is damaged, or its end is missing.
            default: throw .bodyNotUnpackable
            }
        }
    }

    private func step(from offset: Int) -> (status: Int32, consumed: Int, produced: Int) {
        packed.withUnsafeBufferPointer { input in
            let offered = min(input.count - offset, Self.step)
            stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + offset) }
            stream.pointee.avail_in = uInt(offered)
            stream.pointee.next_out = output.baseAddress
            stream.pointee.avail_out = uInt(output.count)
            let status = inflate(stream, Z_NO_FLUSH)
            return (
                status, offered - Int(stream.pointee.avail_in), output.count - Int(stream.pointee.avail_out)
            )
        }
    }
}
