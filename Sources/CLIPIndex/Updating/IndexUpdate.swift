package import CLIPEngine
package import CLIPFiles

/// Brings an index up to date: embeds what is new, and keeps the vectors of what has moved.
///
/// Some files are read and decoded while the model works on others, so it takes as long as the engine alone.
package struct IndexUpdate: Sendable {
    let file: any IndexStore
    private let engine: EmbeddingEngine
    /// Whether files are tried again that were no pictures when they looked as they do.
    private let retries: Bool
    /// Whether to begin with no more files: those in hand are done and written.
    package var isStopped: @Sendable () -> Bool = { false }

    package init(_ file: any IndexStore, by engine: EmbeddingEngine, retries: Bool = false) {
        (self.file, self.engine, self.retries) = (file, engine, retries)
    }

    /// Files in hand at once: more than a batch.
    private static let filesInHand = 64
    /// What is found out is written when there is so much, or after a time.
    private static let mostPending = 1024

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
            state.isWhole = true
            var isEmpty = true
            var walk = FolderWalk(folder: folder, rules: rules) { entering?(folder, $0, $1) }
            do throws(IndexError) { try await file.beginWalk() } catch { throw .index(error) }
            try await run(&state) { state in
                while let entry = walk.next() {
                    switch entry {
                    case .passedOver: state.tally.passedOver += 1
                    case .unreadable(let path, let cause):
                        state.isWhole = false
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
            do throws(IndexError) {
                let indexed = try await file.fileCount(below: folder)
                if isEmpty, indexed > 0 {
                    tell(.emptyFolder(path: folder, indexed: indexed))
                } else if state.isWhole {
                    // A folder that cannot be read would take its files along.
                    state.tally.missing += try await file.markMissing(below: folder, except: state.seen)
                }
            } catch {
                throw .index(error)
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
        /// Paths that others have come from, as long as that is not written.
        var left: Set<[UInt8]> = []
        /// Files that another process has in hand.
        var held: [IndexedFile] = []
        /// Files of which nothing was found out.
        var released: [String] = []
        /// Hashes of contents that are no pictures.
        var releasedHashes: [[UInt8]] = []
        var written = ContinuousClock.now
        /// Whether something is known of all files that were gone through.
        var isWhole = true
        /// Files that are being read.
        var inHand = 0
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
            case held
            case embedded(hash: [UInt8], [Float])
            case refused(hash: [UInt8], EmbeddingError)
            case unreadable(cause: String)
            case unusable(IndexError)
        }

        let path: String
        let look: IndexFile.Look
        let result: Result
    }

    func run(
        _ state: inout State,
        next: (inout State) -> IndexedFile?
    ) async throws(IndexUpdateError) {
        let failure = await withTaskGroup(of: Attempt.self, returning: IndexUpdateError?.self) { group in
            do throws(IndexUpdateError) {
                var isAtEnd = false
                while !isAtEnd, !isStopped(), !Task.isCancelled {
                    var asked: [IndexedFile] = []
                    while asked.count < file.filesAtOnce, let found = next(&state) { asked.append(found) }
                    isAtEnd = asked.count < file.filesAtOnce
                    try await take(asked, &group, &state)
                }
                try await finish(&group, &state)
                try await takeHeld(&group, &state)
                return nil
            } catch {
                group.cancelAll()
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Begins with those of some files that are to be read, and takes what has come of others meanwhile.
    private func take(
        _ files: [IndexedFile],
        _ group: inout TaskGroup<Attempt>,
        _ state: inout State
    ) async throws(IndexUpdateError) {
        guard !files.isEmpty else { return }
        let standings: [FileStanding]
        do throws(IndexError) { standings = try await file.standings(of: files) } catch {
            throw .index(error)
        }
        for ((path, look), standing) in zip(files, standings) where isNew(path, look, standing, &state) {
            if state.inHand == Self.filesInHand, let attempt = await group.next() {
                state.inHand -= 1
                try await take(attempt, &state)
            }
            group.addTask { await attempt(path, look) }
            state.inHand += 1
        }
    }

    /// Takes what comes of all files in hand, and writes it.
    private func finish(
        _ group: inout TaskGroup<Attempt>,
        _ state: inout State
    ) async throws(IndexUpdateError) {
        while let attempt = await group.next() { try await take(attempt, &state) }
        state.inHand = 0
        try await write(&state)
    }

    /// Waits for what other processes have in hand, and takes over what they have left.
    private func takeHeld(
        _ group: inout TaskGroup<Attempt>,
        _ state: inout State
    ) async throws(IndexUpdateError) {
        var changed = ContinuousClock.now
        while !state.held.isEmpty, !isStopped(), !Task.isCancelled {
            let files = state.held
            state.held = []
            for start in stride(from: 0, to: files.count, by: file.filesAtOnce) {
                let part = files[start..<min(start + file.filesAtOnce, files.count)]
                try await take(Array(part), &group, &state)
            }
            try await finish(&group, &state)
            if state.held.count < files.count {
                changed = .now
            } else if ContinuousClock.now - changed > Self.longestHeld {
                for (path, _) in state.held {
                    state.fail(path, "Another process has had it in hand for too long.")
                }
                (state.held, state.isWhole) = ([], false)
            } else {
                try? await Task.sleep(for: Self.heldInterval)
            }
        }
    }

    /// How long to wait for another process with which nothing gets on.
    private static let longestHeld = Duration.seconds(300)
    private static let heldInterval = Duration.milliseconds(500)

    /// Whether a file is to be read: it is not known as it is.
    private func isNew(
        _ path: String,
        _ look: IndexFile.Look,
        _ standing: FileStanding,
        _ state: inout State
    ) -> Bool {
        switch standing {
        case .known(.current(let id, isMissing: false)):
            state.seen.insert(id)
            state.tally.unchanged += 1
            if state.tally.files % 256 == 0 { state.tell(.progress(state.tally)) }
            return false
        case .known(.failed) where !retries:
            state.tally.failedBefore += 1
            return false
        case .held:
            state.held.append((path, look))
            return false
        case .known(.current), .known(.failed), .known(.unknown): return true
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
            switch try await file.standing(ofHash: hash) {
            case .known(let content): return .known(content: content)
            case .held: return .held
            case .new: break
            }
        } catch {
            return .unusable(error)
        }
        do throws(EmbeddingError) {
            let embedding = try await engine.embed(images: [.encoded(bytes)]).embeddings[0]
            return .embedded(hash: hash, embedding.values)
        } catch {
            return .refused(hash: hash, error)
        }
    }

    private func take(_ attempt: Attempt, _ state: inout State) async throws(IndexUpdateError) {
        let (path, look) = (attempt.path, attempt.look)
        func found(_ result: IndexFile.Finding.Result) {
            state.pending.append(IndexFile.Finding(path: path, look: look, result: result))
        }
        switch attempt.result {
        case .embedded(let hash, let embedding):
            state.tally.embedded += 1
            found(.embedded(hash: hash, embedding))
        case .known(let content):
            let origin: String?
            do throws(IndexError) {
                origin = try await file.leftPath(ofContent: content, besides: path, taken: state.left)
            } catch {
                throw .index(error)
            }
            if let origin, state.left.insert(FileName.bytes(of: origin)).inserted {
                state.tally.moved += 1
                state.tell(.moved(from: origin, to: path))
                found(.moved(from: origin, content: content))
            } else {
                state.tally.copies += 1
                found(.known(content: content))
            }
        case .refused(let hash, let error) where EmbeddingPipeline.Fault.refused(error).isTheInputs:
            state.releasedHashes.append(hash)
            state.tally.failed += 1
            state.tell(.failed(path: path, reason: error.description))
            found(.failed(reason: error.description))
        case .refused(_, let error): throw .engine(error)
        case .unreadable(let cause):
            state.fail(path, "It cannot be read: \(cause).")
            state.released.append(path)
        case .held:
            state.held.append((path, look))
            state.released.append(path)
        case .unusable(let error): throw .index(error)
        }
        let isDue = ContinuousClock.now - state.written > file.longestPending
        if state.pending.count >= Self.mostPending || isDue { try await write(&state) }
        state.tell(.progress(state.tally))
    }

    private func write(_ state: inout State) async throws(IndexUpdateError) {
        let (pending, released, hashes) = (state.pending, state.released, state.releasedHashes)
        (state.pending, state.released, state.releasedHashes) = ([], [], [])
        state.written = .now
        do throws(IndexError) {
            for id in try await file.commit(pending) { state.seen.insert(id) }
            state.left = []
            if !released.isEmpty || !hashes.isEmpty { try await file.release(released, hashes: hashes) }
        } catch {
            throw .index(error)
        }
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
