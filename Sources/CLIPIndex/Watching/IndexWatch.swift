package import CLIPFiles

/// Keeps an index up to date with folders: goes through them once, and then through what changes in them.
package struct IndexWatch: Sendable {
    private let update: IndexUpdate
    private let folders: [String]
    private let rules: FolderWalk.Rules

    /// - Parameters:
    ///   - update: with `isStopped`, which ends this, too.
    ///   - folders: their whole paths.
    package init(_ update: IndexUpdate, folders: [String], rules: FolderWalk.Rules) {
        (self.update, self.folders, self.rules) = (update, folders, rules)
    }

    /// How often it is looked whether there is something to do.
    private static let interval = Duration.milliseconds(100)
    /// How long it waits for another process that writes the index.
    private static let pause = Duration.seconds(1)

    /// Runs until the update is stopped.
    ///
    /// - Parameters:
    ///   - tell: gets what happens.
    ///   - done: gets what came of each pass that found something, and of the first one in any case, with the number of folders that
    ///     are watched.
    package func run(
        _ tell: @escaping (IndexEvent) -> Void,
        done: (IndexTally, _ folders: Int) async -> Void
    ) async throws(IndexWatchError) {
        let watch = try FolderWatch(rules: rules)
        defer { watch.end() }
        var update = update
        let isStopped = update.isStopped
        update.isStopped = { isStopped() || watch.failure != nil }
        func walk(_ folders: [String]) async throws(IndexWatchError) -> IndexTally {
            let tally = try await Self.translating { () async throws(IndexUpdateError) in
                try await update.run(
                    folders: folders,
                    rules: rules,
                    entering: { watch.add(top: $0, folder: $1, parts: $2) },
                    tell
                )
            }
            if let failure = watch.failure { throw failure }
            return tally
        }
        await done(try await walk(folders), watch.count)
        while !isStopped(), !Task.isCancelled {
            let tally: IndexTally
            do throws(IndexWatchError) {
                switch watch.take(folders, at: .now) {
                case .nothing:
                    try? await Task.sleep(for: Self.interval)
                    continue
                case .everything(let tops): tally = try await walk(tops)
                case .changes(let changes):
                    tally = try await Self.translating { () async throws(IndexUpdateError) in
                        try await update.run(changes: changes, rules: rules, watch: watch, tell)
                    }
                    if let failure = watch.failure { throw failure }
                }
            } catch {
                guard case .update(.index(.busy)) = error else { throw error }
                // Somebody else writes for long, such as who forgets files; what had changed is not known any more by then.
                watch.lookAtAll()
                try? await Task.sleep(for: Self.pause)
                continue
            }
            if tally.hasChanges { await done(tally, watch.count) }
        }
    }

    private static func translating<Value>(
        _ body: () async throws(IndexUpdateError) -> Value
    ) async throws(IndexWatchError) -> Value {
        do throws(IndexUpdateError) { return try await body() } catch { throw .update(error) }
    }
}

extension IndexTally {
    /// Whether the index is another than before, or something failed.
    var hasChanges: Bool { embedded + moved + copies + failed + unreadable + missing > 0 }
}
