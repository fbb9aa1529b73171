import CLIPFiles
import CLIPIndex
import Synchronization

/// A file's index that remembers in what order it was asked and written, and answers slowly where that is wanted.
final class StoreProbe: IndexStore {
    let file: IndexFile
    let longestPending: Duration
    /// How long it takes to say what is known of a file, and of a content.
    private let (fileTime, contentTime): (Duration, Duration)

    struct Notes {
        /// Files that were asked about before the first commit that had something, and until now.
        var askedBeforeCommit: Int?
        var asked = 0
        /// Contents that are asked about at the same time, and the most that were.
        var (contents, mostContents) = (0, 0)
    }
    private let state = Mutex(Notes())
    var notes: Notes { state.withLock { $0 } }

    init(
        _ file: IndexFile,
        longestPending: Duration = .seconds(2),
        fileTime: Duration = .zero,
        contentTime: Duration = .zero
    ) {
        (self.file, self.longestPending) = (file, longestPending)
        (self.fileTime, self.contentTime) = (fileTime, contentTime)
    }

    var model: IndexedModel { file.model }
    var hashKey: IndexHashKey { file.hashKey }
    var filesAtOnce: Int { 1 }

    func standings(of files: [IndexedFile]) async throws(IndexError) -> [FileStanding] {
        state.withLock { $0.asked += files.count }
        try? await Task.sleep(for: fileTime)
        return try file.standings(of: files)
    }

    func standing(ofHash hash: [UInt8]) async throws(IndexError) -> ContentStanding {
        state.withLock { notes in
            notes.contents += 1
            notes.mostContents = max(notes.mostContents, notes.contents)
        }
        defer { state.withLock { $0.contents -= 1 } }
        try? await Task.sleep(for: contentTime)
        return try file.standing(ofHash: hash)
    }

    func commit(_ findings: [IndexFile.Finding]) throws(IndexError) -> [Int] {
        state.withLock { notes in
            if !findings.isEmpty { notes.askedBeforeCommit = notes.askedBeforeCommit ?? notes.asked }
        }
        return try file.commit(findings)
    }

    func leftPath(
        ofContent content: Int,
        besides path: String,
        taken: Set<[UInt8]>
    ) throws(IndexError) -> String? {
        try file.leftPath(ofContent: content, besides: path, taken: taken)
    }

    func markMissing(
        below folder: String,
        except seen: SeenFiles,
        sparing spared: SparedPaths
    ) throws(IndexError) -> Int {
        try file.markMissing(below: folder, except: seen, sparing: spared)
    }

    func markMissing(paths: [String], below gone: [String]) throws(IndexError) -> Int {
        try file.markMissing(paths: paths, below: gone)
    }

    func failures(below folder: String?, after last: IndexFailure?) throws(IndexError) -> [IndexFailure] {
        try file.failures(below: folder, after: last)
    }

    func fileCount(below folder: String) throws(IndexError) -> Int { try file.fileCount(below: folder) }
    func forget(_ failures: [IndexFailure]) throws(IndexError) -> Int { try file.forget(failures) }
    func prune() throws(IndexError) -> Int { try file.prune() }
    func tidy() throws(IndexError) -> (vectors: Int, bytes: Int)? { try file.tidy() }
    func beginWalk() {}
    func release(_ paths: [String], hashes: [[UInt8]]) {}
    func setSearch(approximate: Bool) {}
}
