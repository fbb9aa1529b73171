internal import CLIPBulk
internal import CLIPFiles

/// Writes what a run delivers, a shard's files after the other's, and tells of shards that are not as they should be.
struct ShardOutput {
    private let folder: OutputFolder
    private(set) var report = BulkReport()
    private var present: Present?

    /// The shard whose results come in.
    private struct Present {
        let shard: Shard
        var writer: ShardWriter?
        var isGivenUp = false
        var embedded = 0
        var failed = 0
        /// Of those that failed.
        var missing = 0
    }

    init(_ folder: OutputFolder) { self.folder = folder }

    /// The next shard that is not finished.
    mutating func next(of shards: AnyIterator<Shard>) -> Shard? {
        while let shard = shards.next() {
            // What its list has is not known, so it cannot be held against a record.
            guard !shard.isFaulty else { return shard }
            do throws(OutputError) {
                switch try folder.verdict(on: shard) {
                case .isToBeWritten: return shard
                case .isFinished(_, _, let damage):
                    report.countFinished()
                    if let damage { report.complain(shard.title, damage, .unusableInput) }
                }
            } catch {
                report.complain(shard.title, error.description, error.exitStatus)
            }
        }
        return nil
    }

    mutating func take(_ delivery: BulkRun.Delivery) throws(OutputError) {
        switch delivery {
        case .begin(let shard): present = Present(shard: shard)
        case .embedding(let key, let values):
            guard let writer = try writer() else { return }
            try writer.append(key: key, values)
            present?.embedded += 1
            report.countEmbedding()
        case .failure(let key, let reason): try fail(key, reason)
        case .missing(let key, let reason):
            try fail(key, reason)
            present?.missing += 1
        case .fault(let key, let fault): giveUp(fault, at: key)
        case .end(let passedOver, let error): try end(passedOver: passedOver, error)
        }
    }

    /// Writes the sum to standard output.
    mutating func end() throws(CommandFailure) { try report.end() }

    private mutating func fail(_ key: String, _ reason: String) throws(OutputError) {
        guard let writer = try writer() else { return }
        try writer.fail(key: key, reason: reason)
        present?.failed += 1
        report.countFailure()
    }

    private mutating func end(passedOver: Int, _ error: ArchiveError?) throws(OutputError) {
        defer { present = nil }
        guard let current = present, !current.isGivenUp else { return }
        if let error {
            report.complain(current.shard.title, error.description, error.exitStatus)
            guard !error.isOfWholeArchive else { return leave() }
        }
        guard current.embedded > 0 || current.failed > current.missing || current.missing == 0 else {
            return giveUp(.nothingThere)
        }
        _ = try writer()?.finish(passedOver: passedOver, damage: error?.description)
        report.countShard()
    }

    /// nil where the shard was given up.
    private mutating func writer() throws(OutputError) -> ShardWriter? {
        guard let current = present else { preconditionFailure("A shard begins before it has rows.") }
        guard !current.isGivenUp else { return nil }
        if let writer = current.writer { return writer }
        let writer = try folder.writer(for: current.shard)
        present?.writer = writer
        return writer
    }

    private mutating func giveUp(_ fault: ShardFault, at key: String? = nil) {
        guard let current = present, !current.isGivenUp else { return }
        let name = key.map { "\(current.shard.title): \($0)" } ?? current.shard.title
        report.complain(name, "\(fault) The shard is not finished.", fault.exitStatus)
        leave()
    }

    /// What was written of the shard goes, since nobody will find it in a file.
    private mutating func leave() {
        report.takeBack(embedded: present?.embedded ?? 0, failed: present?.failed ?? 0)
        present?.writer = nil
        present?.isGivenUp = true
    }
}

extension Shard {
    /// What it is called in complaints.
    var title: String {
        switch content {
        case .archive(let path): path
        case .files: name
        }
    }
}
