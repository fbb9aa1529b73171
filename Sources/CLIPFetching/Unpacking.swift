private import CZlib

/// Decodes a body from gzip or deflate, a little at a time.
///
/// libcurl could decode it, but up to 1.6 MB before any other transfer gets its turn. For a hostile body that is 0.2 s
/// of the one thread that all fetches share.
final class Unpacking {
    /// The encoded bytes that are read at once: 2 ms of the most expensive ones (blocks of nothing but code tables).
    private static let inputStep = 32 << 10
    /// The bytes that come out at once, in about a millisecond.
    private static let outputStep = 512 << 10
    /// The most bytes that deflate makes of one byte.
    private static let largestRatio = 1032

    /// The bytes that came out so far.
    private(set) var bytes: [UInt8] = []
    private(set) var isDone = false
    private let packed: FetchedImage
    private let limit: Int
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let isReady: Bool
    private var offset = 0

    /// - Parameter limit: the most bytes that may come out.
    init(_ packed: FetchedImage, limit: Int) {
        self.packed = packed
        self.limit = limit
        stream.initialize(to: z_stream())
        // Some hosts send deflate without its zlib wrapper under the same name. The wrapper's first byte has 8 in its
        // low bits, and its first two bytes are divisible by 31; gzip has a mark of its own.
        let head = packed.bytes.prefix(2).map(Int.init)
        let isWrapped =
            head == [0x1F, 0x8B]
            || head.count == 2 && head[0] & 0x0F == 8 && (head[0] << 8 | head[1]).isMultiple(of: 31)
        let windowBits = isWrapped ? MAX_WBITS + 32 : -MAX_WBITS
        isReady =
            inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    }

    deinit {
        if isReady { inflateEnd(stream) }
        stream.deallocate()
    }

    /// The most bytes that can come out.
    var capacity: Int { min(limit, (packed.bytes.count + 1) * Self.largestRatio) }

    /// Reserves memory for everything that can come out, at once, since memory that is not written to costs nothing.
    func reserve() {
        bytes.reserveCapacity(capacity)
    }

    /// Decodes a little more.
    func step() throws(FetchingError) {
        guard isReady else { throw .noRoom }
        let start = offset
        let count = min(Self.outputStep, limit - bytes.count + 1)
        var status = Z_OK
        let piece = [UInt8](unsafeUninitializedCapacity: count) { output, produced in
            packed.bytes.withUnsafeBufferPointer { input in
                let offered = min(Self.inputStep, input.count - start)
                stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
                stream.pointee.avail_in = uInt(offered)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = uInt(count)
                status = inflate(stream, Z_NO_FLUSH)
                offset = start + offered - Int(stream.pointee.avail_in)
                produced = count - Int(stream.pointee.avail_out)
            }
        }
        guard piece.count <= limit - bytes.count else { throw .tooManyBytes(limit: limit) }
        bytes += piece
        let rest = packed.bytes[offset...]
        switch status {
        case Z_STREAM_END:
            // Bytes after the last member are ignored, as by browsers and `requests`.
            isDone = !rest.starts(with: [0x1F, 0x8B])
            if !isDone { inflateReset(stream) }
        case Z_OK where !rest.isEmpty || piece.count == count: break
        // The data are damaged or end early.
        default: throw .badEncoding
        }
    }
}
