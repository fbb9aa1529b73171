internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The bytes of an archive from its beginning to its end, of which a piece is in memory.
package final class ArchiveStream {
    /// Nil where the bytes came with it.
    private let descriptor: Int32?
    /// What the file looked like before it was read; nil where it is none.
    let look: ArchiveLook?
    private var piece: [UInt8]
    /// What was taken of the piece.
    private var taken = 0
    /// How many bytes were taken or passed over.
    package private(set) var offset = 0

    private static let pieceSize = 1 << 20

    /// - Parameter path: a file or a pipe.
    package init(path: String) throws(ArchiveError) {
        let descriptor = FileName.withPath(path) { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw ArchiveError(code: errno) }
        (self.descriptor, piece) = (descriptor, [])
        look = ArchiveLook(descriptor: descriptor)
    }

    package init(bytes: [UInt8]) {
        (descriptor, piece, look) = (nil, bytes, nil)
    }

    deinit {
        if let descriptor { close(descriptor) }
    }

    /// The next bytes; fewer at the end.
    func take(_ count: Int) throws(ArchiveError) -> [UInt8] {
        var bytes: [UInt8] = []
        // The number may be a lie, so no room is made for what has not been read.
        while bytes.count < count, try fill() {
            let part = min(count - bytes.count, piece.count - taken)
            bytes += piece[taken..<taken + part]
            taken += part
        }
        offset += bytes.count
        return bytes
    }

    /// Passes over bytes.
    ///
    /// - Returns: whether there were so many.
    func skip(_ count: Int) throws(ArchiveError) -> Bool {
        var rest = count
        while rest > 0, try fill() {
            let part = min(rest, piece.count - taken)
            taken += part
            rest -= part
            offset += part
            if rest > Self.pieceSize { rest -= try jump(rest - 1) }
        }
        return rest == 0
    }

    /// Moves on in a file without reading it.
    ///
    /// - Returns: by how many bytes; 0 where that cannot be done.
    private func jump(_ count: Int) throws(ArchiveError) -> Int {
        guard let descriptor, taken == piece.count else { return 0 }
        var status = stat()
        let place = lseek(descriptor, 0, SEEK_CUR)
        // At a pipe there is no place. A file that ends before is read to its end, which then is found too early.
        guard place >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            count <= Int(status.st_size) - Int(place), lseek(descriptor, off_t(count), SEEK_CUR) >= 0
        else { return 0 }
        offset += count
        return count
    }

    /// Whether there is a byte to take; reads the next piece where the last one is used up.
    private func fill() throws(ArchiveError) -> Bool {
        guard taken == piece.count else { return true }
        guard let descriptor else { return false }
        var (result, code) = (0, Int32(0))
        piece = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
            repeat {
                result = read(descriptor, buffer.baseAddress, Self.pieceSize)
                code = errno
            } while result < 0 && code == EINTR
            count = max(0, result)
        }
        taken = 0
        guard result >= 0 else { throw ArchiveError(code: code) }
        return result > 0
    }
}
