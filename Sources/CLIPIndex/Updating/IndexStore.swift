/// What bringing an index up to date asks of the place where it is kept.
///
/// Where several processes may do so at once, a file or a content is one process's from the moment it was asked about and found
/// to be new, until what came of it is written.
package protocol IndexStore: Sendable {
    /// The model whose vectors it holds.
    var model: IndexedModel { get }
    /// What contents are hashed with.
    var hashKey: IndexHashKey { get }
    /// How many files are best asked about at once.
    var filesAtOnce: Int { get }
    /// What is found out is written after so long: what a kill can lose, and others have to do again.
    var longestPending: Duration { get }

    /// Notes that a folder is gone through from now on: what others write meanwhile is not missing.
    func beginWalk() async throws(IndexError)

    /// What is known of files, in their order.
    func standings(of files: [IndexedFile]) async throws(IndexError) -> [FileStanding]

    /// What is known of a content.
    func standing(ofHash hash: [UInt8]) async throws(IndexError) -> ContentStanding

    /// Writes what was found out, all of it or nothing.
    ///
    /// - Returns: the numbers of the files that have vectors.
    func commit(_ findings: [IndexFile.Finding]) async throws(IndexError) -> [Int]

    /// Leaves files to other processes of which nothing was found out, and contents that got no vector.
    func release(_ paths: [String], hashes: [[UInt8]]) async throws(IndexError)

    /// A path of a content whose file has gone from a disk that is there; nil where none has of those that are looked at, or they
    /// are another machine's.
    ///
    /// - Parameters:
    ///   - path: the file that has the content now.
    ///   - taken: those that other files have come from, as long as that is not written.
    func leftPath(
        ofContent content: Int,
        besides path: String,
        taken: Set<[UInt8]>
    ) async throws(IndexError) -> String?

    /// How many files it has below a folder, those aside that are missing.
    func fileCount(below folder: String) async throws(IndexError) -> Int

    /// Marks files below a folder as missing; their vectors stay.
    ///
    /// - Parameters:
    ///   - seen: those that are there.
    ///   - spared: what could not be looked at stays as it is.
    /// - Returns: how many.
    func markMissing(
        below folder: String,
        except seen: SeenFiles,
        sparing spared: SparedPaths
    ) async throws(IndexError) -> Int

    /// Marks files as missing, and what is below folders that are gone; their vectors stay.
    ///
    /// - Returns: how many.
    func markMissing(paths: [String], below gone: [String]) async throws(IndexError) -> Int

    /// Forgets files that are missing, and the contents that no file has any more.
    ///
    /// - Returns: how many files.
    func prune() async throws(IndexError) -> Int

    /// The next files that were no pictures, in the order of their paths as bytes; none at the end.
    ///
    /// - Parameters:
    ///   - folder: those below it; nil for all.
    ///   - last: they come after this one.
    func failures(
        below folder: String?,
        after last: IndexFailure?
    ) async throws(IndexError) -> [IndexFailure]

    /// Forgets files that were no pictures, as far as nothing else was found out about them since.
    ///
    /// - Returns: how many.
    func forget(_ failures: [IndexFailure]) async throws(IndexError) -> Int

    /// Gives the room back that forgotten vectors had; nil where that is not worth it, or happens by itself.
    func tidy() async throws(IndexError) -> (vectors: Int, bytes: Int)?

    /// Has searches go through a graph, which is quicker and may miss some of the best, or through all vectors.
    func setSearch(approximate: Bool) async throws(IndexError)
}

/// A file that an index is asked about.
package typealias IndexedFile = (path: String, look: IndexFile.Look)

/// What an index knows of a file.
package enum FileStanding: Equatable, Sendable {
    case known(IndexFile.Known)
    /// It is new, and another process has it in hand.
    case held
}

/// What an index knows of a content.
package enum ContentStanding: Equatable, Sendable {
    /// It has a vector of this number.
    case known(Int)
    /// It is new, and whoever asked has it in hand.
    case new
    /// It is new, and another process has it in hand.
    case held
}

/// One process writes to a file, by ``IndexLock``, so nothing is ever in another one's hands.
extension IndexFile: IndexStore {
    package var filesAtOnce: Int { 1 }
    package var longestPending: Duration { .seconds(2) }

    package func standings(of files: [IndexedFile]) throws(IndexError) -> [FileStanding] {
        var standings: [FileStanding] = []
        for file in files { standings.append(.known(try known(file.path, file.look))) }
        return standings
    }

    package func standing(ofHash hash: [UInt8]) throws(IndexError) -> ContentStanding {
        try content(ofHash: hash).map(ContentStanding.known) ?? .new
    }

    package func tidy() throws(IndexError) -> (vectors: Int, bytes: Int)? {
        let vectors = try compact()
        let free = try freePart()
        guard vectors > 0 || free >= Self.worthwhile else { return nil }
        return (vectors, try shrink())
    }

    package func beginWalk() {}
    package func release(_ paths: [String], hashes: [[UInt8]]) {}
    /// A file has no graph, and needs none.
    package func setSearch(approximate: Bool) {}
}
