package import CLIPEngine
package import CLIPFiles

/// Brings an index up to date: embeds what is new, and keeps the vectors of what has moved.
///
/// Some files are read and decoded while the model works on others, so it takes as long as the engine alone.
package struct IndexUpdate: Sendable {
    let file: any IndexStore
    let engine: EmbeddingEngine
    /// Whether files are tried again that were no pictures when they looked as they do.
    private let retries: Bool
    /// Whether links are read that were put in the place of files; set to what the rules of folders say.
    package var followsLinks = false
    /// Whether to begin with no more files: those in hand are done and written.
    package var isStopped: @Sendable () -> Bool = { false }

    package init(_ file: any IndexStore, by engine: EmbeddingEngine, retries: Bool = false) {
        (self.file, self.engine, self.retries) = (file, engine, retries)
    }

    /// Files in hand at once: more than a batch.
    private static let filesInHand = 64
    /// What is found out is written when there is so much, or after a time.
    private static let mostPending = 1024

    /// The most bytes of the files in hand but one, beside which the engine needs room for decoding.
    private var mostBytesInHand: Int { engine.configuration.memoryBudget / 4 }

    /// Goes through the files below folders.
    ///
    /// What the index has below a folder and is not there is marked as missing, unless nothing at all is there. What could not be looked
    /// at, or is below that, stays as it is.
    ///
    /// - Parameter entering: is told of every folder before its names are read, and of the one that was named above it.
    package func run(
        folders: [String],
        rules: FolderWalk.Rules,
        entering: ((_ top: String, _ folder: String, _ parts: [[UInt8]]) -> Void)? = nil,
        _ tell: @escaping (IndexEvent) -> Void
    ) async throws(IndexUpdateError) -> IndexTally {
        var update = self
        update.followsLinks = rules.followsLinks
        var state = State(tell: tell)
        for folder in folders {
            (state.seen, state.spared) = (SeenFiles(), SparedPaths())
            var isEmpty = true
            var walk = FolderWalk(folder: folder, rules: rules) { entering?(folder, $0, $1) }
            do throws(IndexError) { try await file.beginWalk() } catch { throw .index(error) }
            let isWhole = try await update.run(&state) { state in
                guard let entry = walk.next() else { return .end }
                guard let found = Self.take(entry, &state) else { return .passed }
                isEmpty = false
                return .file(found)
            }
            // What was not looked at is not missing.
            guard isWhole else { break }
            do throws(IndexError) {
                let indexed = try await file.fileCount(below: folder)
                if isEmpty, indexed > 0 {
                    tell(.emptyFolder(path: folder, indexed: indexed))
                } else {
                    state.tally.missing += try await file.markMissing(
                        below: folder,
                        except: state.seen,
                        sparing: state.spared
                    )
                }
            } catch {
                throw .index(error)
            }
        }
        return state.tally
    }

    /// The file that a walk has come to; nil where it was something else, which is counted.
    static func take(_ entry: FolderWalk.Entry, _ state: inout State) -> IndexedFile? {
        switch entry {
        case .file(let path, let look): return (path, look)
        case .passedOver(let reason): state.tally.passOver(reason)
        case .deadLink(let path): state.spared.insert(path)
        case .unreadable(let path, let cause):
            state.fail(path, "It cannot be read: \(cause). What the index has of it stays.")
        }
        return nil
    }

    /// Goes through files that are named; what is not named stays as it is.
    package func run(
        files: some Sequence<String>,
        _ tell: @escaping (IndexEvent) -> Void
    ) async throws(IndexUpdateError) -> IndexTally {
        var state = State(tell: tell)
        state.areNamed = true
        var names = files.makeIterator()
        _ = try await run(&state) { state in
            guard let path = names.next() else { return .end }
            if let look = IndexFile.Look(at: path) { return .file((path, look)) }
            state.fail(path, "It is not there, or no file.")
            return .passed
        }
        return state.tally
    }

    // MARK: One file after the other

    /// - Returns: whether all were gone through, to the end.
    func run(
        _ state: inout State,
        next: (inout State) -> Step
    ) async throws(IndexUpdateError) -> Bool {
        var isAtEnd = false
        let failure = await withTaskGroup(of: Attempt.self, returning: IndexUpdateError?.self) { group in
            do throws(IndexUpdateError) {
                while !isAtEnd, !isStopped(), !Task.isCancelled {
                    var asked: [IndexedFile] = []
                    gathering: while asked.count < file.filesAtOnce {
                        switch next(&state) {
                        case .file(let found): asked.append(found)
                        // Among many that are passed over, what was found out before is written in time.
                        case .passed where ContinuousClock.now - state.drained > file.longestPending:
                            break gathering
                        case .passed: continue
                        case .end:
                            isAtEnd = true
                            break gathering
                        }
                    }
                    try await take(asked, &group, &state)
                    try await drain(&group, &state)
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
        return isAtEnd && state.held.isEmpty
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
            while state.inHand > 0, !hasRoom(for: look, state), let attempt = await group.next() {
                try await take(attempt, &state)
            }
            group.addTask { [done = state.done] in
                defer { done.add() }
                return await attempt(path, look)
            }
            state.inHand += 1
            state.bytesInHand += held(look)
        }
    }

    private func hasRoom(for look: IndexFile.Look, _ state: State) -> Bool {
        state.inHand < Self.filesInHand && state.bytesInHand + held(look) <= mostBytesInHand
    }

    /// What a file takes in memory; of one that is too large no more is read than shows that.
    private func held(_ look: IndexFile.Look) -> Int {
        min(max(look.bytes, 0), engine.configuration.maxImageBytes)
    }

    /// Takes what is done, and writes what was found out some time ago: also while nothing new is begun.
    private func drain(
        _ group: inout TaskGroup<Attempt>,
        _ state: inout State
    ) async throws(IndexUpdateError) {
        while state.taken < state.done.value, let attempt = await group.next() {
            try await take(attempt, &state)
        }
        state.drained = .now
        if state.hasNews, state.drained - state.written > file.longestPending { try await write(&state) }
    }

    /// Takes what comes of all files in hand, and writes it.
    private func finish(
        _ group: inout TaskGroup<Attempt>,
        _ state: inout State
    ) async throws(IndexUpdateError) {
        while let attempt = await group.next() { try await take(attempt, &state) }
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
                state.held = []
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
            if state.tally.files % 256 == 0 { state.tell(.progress(state.tally)) }
            return false
        case .held:
            state.held.append((path, look))
            return false
        case .known(.current), .known(.failed), .known(.unknown): return true
        }
    }

    private func take(_ attempt: Attempt, _ state: inout State) async throws(IndexUpdateError) {
        let (path, look) = (attempt.path, attempt.look)
        state.taken += 1
        state.inHand -= 1
        state.bytesInHand -= held(look)
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
        case .vanished:
            if state.areNamed { state.fail(path, "It is not there any more.") }
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
