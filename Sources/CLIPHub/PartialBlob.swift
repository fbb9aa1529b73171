internal import Foundation

/// A blob that is being fetched: the bytes on disk so far, and their digest.
///
/// It is used by one thread, under the blob's lock. It remains when the process dies, and the next process continues
/// it.
package final class PartialBlob {
    package let path: String
    package let tag: String
    /// The number of bytes that it will have; nil if it is not known.
    package let size: Int?
    /// The number of bytes that are here.
    package private(set) var count = 0
    /// Why bytes could not be written.
    package private(set) var failure: HubError?
    /// Whether more bytes came than it should have.
    package private(set) var isTooLong = false
    private let descriptor: Int32
    private var digest: Digest?
    /// The most bytes that are accepted.
    private let limit: Int
    private let freeBytes: () -> Int?
    /// The number of bytes at which the free room is checked again.
    private var nextLook = 0

    /// The number of bytes between two checks of the free room.
    private static let lookEvery = 1 << 20

    /// Opens what is left of an earlier try, or an empty file.
    ///
    /// - Parameters:
    ///   - limit: the most bytes if their number is not known.
    ///   - freeBytes: the free room, which is checked beforehand if the size is known.
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
        // Git's digest begins with the size; if that is not known, the digest is made at the end.
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

    /// Removes all bytes that are here.
    func reset() throws(HubError) {
        guard ftruncate(descriptor, 0) == 0 else { throw CacheFile.failure(path) }
        count = 0
        isTooLong = false
        failure = nil
        nextLook = 0
        try begin()
    }

    /// Adds bytes at the end; returns false if that fails or there should be no more.
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
                // The part of the piece that was written does not count, and will be written again.
                return false
            }
            offset += written
        }
        digest?.add(piece)
        count += piece.count
        return true
    }

    /// Whether more may be written of a file whose size is not known, so that an endless one leaves room for other
    /// programs.
    private func hasRoom() -> Bool {
        guard size == nil, count >= nextLook else { return true }
        nextLook = count + Self.lookEvery
        guard let free = freeBytes(), free < HubCache.slack else { return true }
        failure = .noSpace(needed: HubCache.slack, available: free, path: CacheFile.parent(of: path))
        return false
    }

    /// Puts the bytes on the disk, and says whether they agree with the tag.
    func isRight() throws(HubError) -> Bool {
        // An earlier try may have left more bytes in the file than were counted.
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
