package import CLIPEngine
internal import CLIPFiles

/// Brings an index up to date: embeds what is new, and keeps the vectors of what has moved.
///
/// Some files are read and decoded while the model works on others, so it takes as long as the engine alone.
package struct IndexUpdate: Sendable {
    let file: IndexFile
    private let engine: EmbeddingEngine
    /// Whether files are tried again that were no pictures when they looked as they do.
    private let retries: Bool
    /// Whether to begin with no more files: those in hand are done and written.
    package var isStopped: @Sendable () -> Bool = { false }

    package init(_ file: IndexFile, by engine: EmbeddingEngine, retries: Bool = false) {
        (self.file, self.engine, self.retries) = (file, engine, retries)
    }

    /// Files in hand at once: more than a batch.
    private static let filesInHand = 64
    /// What is found out is written when there is so much, or after so long: what a kill can lose.
    private static let mostPending = 1024
    private static let longestPending = Duration.seconds(2)

    /// Goes through the files below folders.
    ///
    /// What the index has below a folder and is not there is marked as missing, unless nothing at all is there.
    ///
    /// - Parameter entering: is told of every folder before its names are read, and of the one that was named above it.
    package func run(
        folders: [String],
        rules: FolderWalk.Rules,
        entering: ((_ top: String, _ folder: String, _ parts: [[UInt8]]) -> Void)? = nil,
        _ tell: @escaping (IndexEvent) -> Void
    ) async throws(IndexUpdateError) -> IndexTally {
        var state = State(tell: tell)
        for folder in folders {
            state.seen = SeenFiles()
            var isEmpty = true
            var walk = FolderWalk(folder: folder, rules: rules) { entering?(folder, $0, $1) }
            var isWhole = true
            try await run(&state) { state in
                while let entry = walk.next() {
                    switch entry {
                    case .passedOver: state.tally.passedOver += 1
                    case .unreadable(let path, let cause):
                        isWhole = false
                        state.fail(path, "It cannot be read: \(cause).")
                    case .file(let path, let look):
                        isEmpty = false
                        return (path, look)
                    }
                }
                return nil
            }
            // What was not looked at is not missing.
            if isStopped() { break }
            try index { () throws(IndexError) in
                let indexed = try file.fileCount(below: folder)
                if isEmpty, indexed > 0 {
                    tell(.emptyFolder(path: folder, indexed: indexed))
                } else if isWhole {
                    // A folder that cannot be read would take its files along.
                    state.tally.missing += try file.markMissing(below: folder, except: state.seen)
                }
            }
        }
        return state.tally
    }

    /// Goes through files that are named; what is not named stays as it is.
    package func run(
        files: some Sequence<String>,
        _ tell: @escaping (IndexEvent) -> Void
    ) async throws(IndexUpdateError) -> IndexTally {
        var state = State(tell: tell)
        var names = files.makeIterator()
        try await run(&state) { state in
            while let path = names.next() {
                if let look = IndexFile.Look(at: path) { return (path, look) }
                state.fail(path, "It is not there, or no file.")
            }
            return nil
        }
        return state.tally
    }

    // MARK: One file after the other

    struct State {
        var tally = IndexTally()
        var seen = SeenFiles()
        /// What was found out and is not written yet.
        var pending: [IndexFile.Finding] = []
        /// Paths that others have come from.
        var left: Set<String> = []
        var written = ContinuousClock.now
        let tell: (IndexEvent) -> Void

        init(tell: @escaping (IndexEvent) -> Void) { self.tell = tell }

        mutating func fail(_ path: String, _ reason: String) {
            tally.unreadable += 1
            tell(.failed(path: path, reason: reason))
        }
    }

    private struct Attempt: Sendable {
        enum Result: Sendable {
            case known(content: Int)
            case embedded(hash: [UInt8], [Float])
            case refused(EmbeddingError)
            case unreadable(cause: String)
            case unusable(IndexError)
        }

        let path: String
        let look: IndexFile.Look
        let result: Result
    }

    func run(
        _ state: inout State,
        next: (inout State) -> (path: String, look: IndexFile.Look)?
    ) async throws(IndexUpdateError) {
        let failure = await withTaskGroup(of: Attempt.self, returning: IndexUpdateError?.self) { group in
            do throws(IndexUpdateError) {
                var inHand = 0
                while !isStopped(), let (path, look) = next(&state) {
                    guard try isNew(path, look, &state) else { continue }
                    if inHand == Self.filesInHand, let attempt = await group.next() {
                        inHand -= 1
                        try take(attempt, &state)
                    }
                    group.addTask { await attempt(path, look) }
                    inHand += 1
                    if Task.isCancelled { break }
                }
                while let attempt = await group.next() { try take(attempt, &state) }
                try write(&state)
                return nil
            } catch {
                group.cancelAll()
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Whether a file is to be read: it is not known as it is.
    private func isNew(
        _ path: String,
        _ look: IndexFile.Look,
        _ state: inout State
    ) throws(IndexUpdateError) -> Bool {
        switch try index({ () throws(IndexError) in try file.known(path, look) }) {
        case .current(let id, isMissing: false):
            state.seen.insert(id)
            state.tally.unchanged += 1
            if state.tally.files % 256 == 0 { state.tell(.progress(state.tally)) }
            return false
        case .failed(let reason) where !retries:
            state.tally.failedBefore += 1
            _ = reason
            return false
        case .current, .failed, .unknown: return true
        }
    }

    private func attempt(_ path: String, _ look: IndexFile.Look) async -> Attempt {
        Attempt(path: path, look: look, result: await result(path))
    }

    private func result(_ path: String) async -> Attempt.Result {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileContents.read(path, limit: engine.configuration.maxImageBytes)
        } catch {
            guard case .unreadable(_, let cause) = error else { return .unreadable(cause: "\(error)") }
            return .unreadable(cause: cause)
        }
        let hash = file.hashKey.hash(of: bytes)
        do throws(IndexError) {
            if let content = try file.content(ofHash: hash) { return .known(content: content) }
        } catch {
            return .unusable(error)
        }
        do throws(EmbeddingError) {
            let embedding = try await engine.embed(images: [.encoded(bytes)]).embeddings[0]
            return .embedded(hash: hash, embedding.values)
        } catch {
            return .refused(error)
        }
    }

    private func take(_ attempt: Attempt, _ state: inout State) throws(IndexUpdateError) {
        let (path, look) = (attempt.path, attempt.look)
        func found(_ result: IndexFile.Finding.Result) {
            state.pending.append(IndexFile.Finding(path: path, look: look, result: result))
        }
        switch attempt.result {
        case .embedded(let hash, let embedding):
            state.tally.embedded += 1
            found(.embedded(hash: hash, embedding))
        case .known(let content):
            let origin = try index { () throws(IndexError) in
                try file.leftPath(ofContent: content, besides: path)
            }
            if let origin, state.left.insert(origin).inserted {
                state.tally.moved += 1
                state.tell(.moved(from: origin, to: path))
                found(.moved(from: origin, content: content))
            } else {
                state.tally.copies += 1
                found(.known(content: content))
            }
        case .refused(let error) where EmbeddingPipeline.Fault.refused(error).isTheInputs:
            state.tally.failed += 1
            state.tell(.failed(path: path, reason: error.description))
            found(.failed(reason: error.description))
        case .refused(let error): throw .engine(error)
        case .unreadable(let cause): state.fail(path, "It cannot be read: \(cause).")
        case .unusable(let error): throw .index(error)
        }
        let isDue = ContinuousClock.now - state.written > Self.longestPending
        if state.pending.count >= Self.mostPending || isDue { try write(&state) }
        state.tell(.progress(state.tally))
    }

    private func write(_ state: inout State) throws(IndexUpdateError) {
        let pending = state.pending
        state.pending = []
        state.written = .now
        for id in try index({ () throws(IndexError) in try file.commit(pending) }) { state.seen.insert(id) }
    }

    private func index<Value>(_ body: () throws(IndexError) -> Value) throws(IndexUpdateError) -> Value {
        do throws(IndexError) { return try body() } catch { throw .index(error) }
    }
}

/// Why an index was not brought up to date to the end; what was written stays.
package enum IndexUpdateError: Error, Equatable, Sendable {
    case index(IndexError)
    /// The engine failed, by no fault of a picture.
    case engine(EmbeddingError)
}

extension IndexUpdateError: CustomStringConvertible {
    /// The cause's sentence.
    package var description: String {
        switch self {
        case .index(let error): error.description
        case .engine(let error): error.description
        }
    }
}
