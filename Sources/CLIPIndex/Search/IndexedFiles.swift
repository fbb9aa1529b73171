package import CLIPEngine
internal import CLIPFiles
internal import Synchronization

/// Reads the files of an index' pictures, as long as they are what was indexed.
///
/// Links are followed, as they may have been when the index was made: it is the content that has to be the indexed one, by its
/// hash. So whoever can write to an indexed folder cannot have other files shown that only the server may read.
final class IndexedFiles: Sendable {
    private let index: any SearchableIndex
    private let engine: EmbeddingEngine
    /// Disks may be slow, or away; then these threads wait, and neither those that decode nor those that search.
    private let pool = WorkPool(name: "picture", threads: 2)
    private let inHand = Atomic(0)

    /// Files that are looked at, read or decoded at once, or wait for that; a page asks for a few at a time.
    static let mostInHand = 64

    init(_ index: any SearchableIndex, by engine: EmbeddingEngine) {
        (self.index, self.engine) = (index, engine)
    }

    /// A picture's file, which is there and looks as it did when it was indexed.
    func picture(ofID id: Int, terms: RequestTerms) async throws(PictureSearchError) -> IndexedPicture {
        // Looking can take as long as reading, where the disk is slow or away.
        try take()
        defer { release() }
        let found: (path: String, look: IndexFile.Look)?
        do throws(IndexError) { found = try await index.file(ofID: id) } catch { throw .index(error) }
        guard let (path, look) = found else { throw Task.isCancelled ? Self.cancelled : .noPicture(id: id) }
        guard let isSame = await pool.run(for: terms.client, { _ in IndexFile.Look(at: path) == look }) else {
            throw Self.cancelled
        }
        guard isSame else { throw .changedFile(path: path) }
        return IndexedPicture(id: id, path: path, look: look)
    }

    /// Takes a file in hand, if there are not too many.
    private func take() throws(PictureSearchError) {
        guard inHand.add(1, ordering: .relaxed).newValue <= Self.mostInHand else {
            release()
            throw .engine(.overloaded(retryAfterSeconds: 1), term: nil)
        }
    }

    private func release() { inHand.subtract(1, ordering: .relaxed) }

    /// A small JPEG of a picture.
    func thumbnail(
        of picture: IndexedPicture,
        terms: RequestTerms
    ) async throws(PictureSearchError) -> [UInt8] {
        try take()
        defer { release() }
        let bytes = picture.look.bytes
        let limit = engine.configuration.maxImageBytes
        guard bytes <= limit else {
            let fault = ImageFault.tooLarge("\(bytes) bytes; the limit is \(limit) (--max-image-bytes)")
            throw .undecodableFile(path: picture.path, fault)
        }
        let room = try await telling(of: picture) { () async throws(EmbeddingError) in
            try await engine.roomForFile(ofBytes: bytes, terms: terms)
        }
        defer { room.release() }
        let content = try await contents(of: picture, for: terms.client)
        var terms = terms
        terms.heldBytes += bytes
        return try await telling(of: picture) { [terms] () async throws(EmbeddingError) in
            try await engine.thumbnail(of: content, terms: terms)
        }
    }

    /// The bytes of a picture's file, if they are the indexed ones.
    private func contents(
        of picture: IndexedPicture,
        for client: String?
    ) async throws(PictureSearchError) -> [UInt8] {
        let key = index.hashKey
        let read = await pool.run(for: client) { _ in
            Self.read(picture.path, as: picture.look).map { (bytes: $0, hash: key.hash(of: $0)) }
        }
        guard let read else { throw Self.cancelled }
        guard let (bytes, hash) = read else { throw .changedFile(path: picture.path) }
        let id: Int?
        do throws(IndexError) { id = try await index.id(ofHash: hash) } catch { throw .index(error) }
        guard id == picture.id else {
            throw Task.isCancelled ? Self.cancelled : .changedFile(path: picture.path)
        }
        return bytes
    }

    /// The bytes of a plain file that looks as it should before and after it was opened; nil for anything else.
    static func read(_ path: String, as look: IndexFile.Look, followingLinks: Bool = true) -> [UInt8]? {
        // What has been put in its place may be a device, which even opening can change, or a pipe, which could be waited for.
        guard IndexFile.Look(at: path) == look else { return nil }
        let bytes = try? FileContents.readPlain(
            path,
            limit: look.bytes,
            followingLinks: followingLinks,
            as: look
        )
        return bytes?.count == look.bytes ? bytes : nil
    }

    private static let cancelled = PictureSearchError.engine(.cancelled, term: nil)

    /// What the engine has against a picture, told as what it is: the server's own file.
    private func telling<Value: Sendable>(
        of picture: IndexedPicture,
        _ work: () async throws(EmbeddingError) -> Value
    ) async throws(PictureSearchError) -> Value {
        do throws(EmbeddingError) {
            return try await work()
        } catch {
            switch error {
            case .image(_, .noMemory), .image(_, .stopped): throw .engine(error, term: nil)
            case .image(_, let fault): throw .undecodableFile(path: picture.path, fault)
            default: throw .engine(error, term: nil)
            }
        }
    }
}

/// A picture of an index whose file is there.
package struct IndexedPicture: Sendable {
    /// The picture's number in the index.
    package let id: Int
    /// Where it is, for the log.
    package let path: String
    let look: IndexFile.Look

    /// The same as long as the file is the same.
    package var tag: String {
        let mark = "\(id) \(look.bytes) \(look.modified)"
        let hash = ContentHash(of: Array(mark.utf8), key: ContentHash.Key(low: 0, high: 0)).bytes
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension PictureSearch {
    /// A picture by its number, whose file has to be there as it was indexed.
    package func picture(
        ofID id: Int,
        terms: RequestTerms
    ) async throws(PictureSearchError) -> IndexedPicture {
        try await files.picture(ofID: id, terms: terms)
    }

    /// A picture as a small JPEG, upright and without metadata.
    package func thumbnail(
        of picture: IndexedPicture,
        terms: RequestTerms
    ) async throws(PictureSearchError) -> [UInt8] {
        try await files.thumbnail(of: picture, terms: terms)
    }
}
