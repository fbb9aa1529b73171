internal import CLIPEngine
internal import CLIPFiles
internal import Synchronization

/// An index file that is searched for as long as a server runs: another one in its place is opened anew, and one that is gone
/// is told of.
///
/// An open file stays readable for whoever has it open, though nobody else finds it any more. One that is read without locks, since
/// nobody may write beside it, is opened anew when it was written.
package final class FollowedIndex: SearchableIndex {
    private struct Opened {
        var number: FileNumber
        var index: ImageIndex
    }

    package let model: IndexedModel
    private let path: String
    private let threads: Int
    private let opened: Mutex<Opened>
    /// Looks at the file, which may take long where it is another machine's.
    private let pool = WorkPool(name: "index", threads: 1)

    /// Opens an index.
    ///
    /// - Parameter threads: that a search takes.
    package init(_ path: String, threads: Int) throws(IndexError) {
        let number = try FileStamp(path).number
        let file = try IndexFile.open(path)
        model = file.model
        (self.path, self.threads) = (path, threads)
        opened = Mutex(Opened(number: number, index: ImageIndex(file, threads: threads)))
    }

    package func search(_ queries: [ImageIndex.Query]) async throws(IndexError) -> ImageIndex.Result {
        try await ask { (index) async throws(IndexError) in try await index.search(queries) }
    }

    package func embedding(ofFile path: String) async throws(IndexError) -> (id: Int, [Float])? {
        try await ask { (index) async throws(IndexError) in try await index.embedding(ofFile: path) }
    }

    package func embedding(ofID id: Int) async throws(IndexError) -> [Float]? {
        try await ask { (index) async throws(IndexError) in try await index.embedding(ofID: id) }
    }

    package func file(ofID id: Int) async throws(IndexError) -> (path: String, look: IndexFile.Look)? {
        try await ask { (index) async throws(IndexError) in try await index.file(ofID: id) }
    }

    package var hashKey: IndexHashKey { opened.withLock { $0.index.hashKey } }

    package func id(ofHash hash: [UInt8]) async throws(IndexError) -> Int? {
        try await ask { (index) async throws(IndexError) in try await index.id(ofHash: hash) }
    }

    private func ask<Value>(
        _ body: (ImageIndex) async throws(IndexError) -> Value
    ) async throws(IndexError) -> Value {
        let index = try await current()
        do throws(IndexError) {
            return try await body(index)
        } catch {
            // It was written while it was read.
            guard index.file.isOutdated else { throw error }
            return try await body(current())
        }
    }

    /// The index that is there now.
    private func current() async throws(IndexError) -> ImageIndex {
        let found = await pool.run { [self] _ in
            Result { () throws(IndexError) in try look() }
        }
        // Of a request that was given up nobody sees the answer.
        return try found?.get() ?? opened.withLock { $0.index }
    }

    private func look() throws(IndexError) -> ImageIndex {
        let number = try FileStamp(path).number
        let known = opened.withLock { $0 }
        if number == known.number, !known.index.file.isOutdated { return known.index }
        // Nobody else is on this thread, and those who search meanwhile need not wait.
        let file = try IndexFile.open(path)
        try file.require(model)
        let index = ImageIndex(file, threads: threads)
        opened.withLock { $0 = Opened(number: number, index: index) }
        return index
    }
}
