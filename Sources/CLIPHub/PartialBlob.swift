internal import Foundation

/// A blob that is being fetched: what has come so far, on disk, and its digest.
///
/// Used by one thread, under the blob's lock. It stays when the process dies, and the next one goes on with it.
package final class PartialBlob {
    package let path: String
    package let tag: String
    /// How many bytes it is to have; nil where nobody says.
    package let size: Int?
    /// How many are here.
    package private(set) var count = 0
    /// Why bytes could not be written.
    package private(set) var failure: HubError?
    /// Whether more bytes came than there are.
    package private(set) var isTooLong = false
    private let descriptor: Int32
    private var digest: Digest?
    /// The most bytes that are taken.
    private let limit: Int
    private let freeBytes: () -> Int?
    /// At how many bytes it is looked whether there is room for more.
    private var nextLook = 0

    /// How often it is looked whether there is room.
    private static let lookEvery = 1 << 20

    /// Opens what is there of an earlier try, or an empty file.
    ///
    /// - Parameters:
    ///   - limit: the most bytes where nobody says how many there are.
    ///   - freeBytes: the room that is left, which is looked at before for files whose size is known.
    package init(
        path: String,
        tag: String,
        size: Int?,
        limit: Int,
        freeBytes: @escaping () -> Int?
    ) throws(HubError) {
        self.path = path
        self.tag = tag
        self.size = size
        self.limit = size ?? limit
        self.freeBytes = freeBytes
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw CacheFile.failure(path) }
        let present = CacheFile.size(at: path) ?? 0
        try begin()
        guard present > 0 else { return }
        guard present <= self.limit else {
            try reset()
            return
        }
        // Git's digest begins with the size; it is made at the end where nobody says one.
        if let digest {
            guard try CacheFile.read(path, upTo: present, { digest.add($0) }) else {
                try reset()
                return
            }
        }
        count = present
    }

    deinit { close(descriptor) }

    private func begin() throws(HubError) {
        digest =
            switch BlobIdentity(tag: tag) {
            case .sha256: try Digest(.sha256)
            case .gitSHA1: if let size { try BlobIdentity.gitSHA1.digest(size: size) } else { nil }
            case .opaque: nil
            }
    }

    /// Throws away what is here.
    func reset() throws(HubError) {
        guard ftruncate(descriptor, 0) == 0 else { throw CacheFile.failure(path) }
        count = 0
        isTooLong = false
        failure = nil
        nextLook = 0
        try begin()
    }

    /// Adds bytes at the end; false where they cannot be, or there should be none.
    package func append(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard piece.count <= limit - count else {
            isTooLong = true
            return false
        }
        guard hasRoom() else { return false }
        var offset = 0
        while offset < piece.count {
            let written = pwrite(
                descriptor,
                piece.baseAddress.map { $0 + offset },
                piece.count - offset,
                off_t(count + offset)
            )
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                failure =
                    errno == ENOSPC || errno == EDQUOT
                    ? .noSpace(
                        needed: (size ?? count) - count,
                        available: 0,
                        path: CacheFile.parent(of: path)
                    )
                    : CacheFile.failure(path)
                // What was written of the piece is not counted, and is written again.
                return false
            }
            offset += written
        }
        digest?.add(piece)
        count += piece.count
        return true
    }

    /// Whether more may be written of a file without a size: what has no end leaves room for others.
    private func hasRoom() -> Bool {
        guard size == nil, count >= nextLook else { return true }
        nextLook = count + Self.lookEvery
        guard let free = freeBytes(), free < HubCache.slack else { return true }
        failure = .noSpace(needed: HubCache.slack, available: free, path: CacheFile.parent(of: path))
        return false
    }

    /// Puts the bytes on the disk and says whether they are what the tag says.
    func isRight() throws(HubError) -> Bool {
        // A try before may have left more behind than was counted.
        guard ftruncate(descriptor, off_t(count)) == 0, fsync(descriptor) == 0 else {
            throw CacheFile.failure(path)
        }
        if let digest {
            self.digest = nil
            return digest.finish() == tag
        }
        return try CacheFile.identity(of: path, tag: tag) == tag
    }
}
