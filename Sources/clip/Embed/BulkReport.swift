internal import CLIPBulk
internal import CLIPFiles
internal import Foundation

/// What a person sees of shards that are embedded: a line that counts, which shards are not as they should be, and the sum.
struct BulkReport {
    private let start = ContinuousClock.now
    private let isShown = Terminal.isInteractive
    private var drawn: ContinuousClock.Instant?
    private var (written, finishedBefore, embedded, failed) = (0, 0, 0, 0)
    private var statuses: [CommandStatus] = []

    private static let interval = Duration.milliseconds(200)

    /// What the command ends with; nil where every shard is as it should be.
    ///
    /// Of several, the one that matters most to who runs it again: first what may be gone by then, then what is wrong with the command, and
    /// last what is wrong with archives and pictures.
    var status: CommandStatus? {
        Self.order.first { statuses.contains($0) } ?? statuses.first
    }

    private static let order: [CommandStatus] = [
        .tryLater, .unusableSetting, .usage, .unusableInput, .missingInput,
    ]

    mutating func countEmbedding() {
        embedded += 1
        draw()
    }

    mutating func countFailure() {
        failed += 1
        draw()
    }

    /// Takes back what belongs to a shard that is not written.
    mutating func takeBack(embedded: Int, failed: Int) {
        self.embedded -= embedded
        self.failed -= failed
    }

    mutating func countShard() { written += 1 }
    mutating func countFinished() { finishedBefore += 1 }

    /// Tells what is wrong with a shard.
    mutating func complain(_ shard: String, _ sentence: String, _ status: CommandStatus) {
        clear()
        Terminal.complain("\(shard.printable): \(sentence.printable)\n")
        statuses.append(status)
    }

    /// Tells why a picture has no embedding, where no file does.
    mutating func complain(_ key: String, _ reason: String) {
        clear()
        Terminal.complain("\(key.isEmpty ? "''" : key.printable): \(reason.printable)\n")
        statuses.append(.answerIsNo)
    }

    /// Writes the sum to standard output.
    mutating func end() throws(CommandFailure) {
        clear()
        let rate = String(format: "%.1f", Double(embedded) / seconds)
        try Terminal.write(
            line: "\(written) shards written: \(embedded) embeddings (\(rate)/s), \(failed) failures. "
                + "\(finishedBefore) shards were finished before, \(statuses.count) are to be looked at."
        )
    }

    mutating func clear() {
        guard drawn != nil else { return }
        Terminal.complain("\r\u{1B}[K")
        drawn = nil
    }

    private var seconds: Double { max((ContinuousClock.now - start) / .seconds(1), 0.001) }

    private mutating func draw() {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let drawn, now - drawn < Self.interval { return }
        drawn = now
        let text =
            "\(written) shards, \(finishedBefore) finished before: \(embedded) embeddings, \(failed) failures"
            + String(format: "  %.1f/s", Double(embedded) / seconds)
        Terminal.complain("\r\u{1B}[K\(text.prefix(max(0, Terminal.columns - 1)))")
    }
}
