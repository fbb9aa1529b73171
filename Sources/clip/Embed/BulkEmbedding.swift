import ArgumentParser
internal import CLIPBulk
internal import CLIPEngine
internal import CLIPFiles

/// Shards that are embedded into files, or onto standard output.
struct BulkEmbedding {
    private let options: BulkOptions
    private let isNormalized: Bool
    private let environment: Environment
    private let shards: AnyIterator<Shard>

    /// - Parameters:
    ///   - images: files and folders, where no archives are named.
    ///   - most: the most bytes of a picture.
    init(
        _ options: BulkOptions,
        images: [String],
        _ selection: FileOptions,
        most: Int,
        normalizing: Bool,
        _ environment: Environment
    ) throws {
        (self.options, isNormalized, self.environment) = (options, normalizing, environment)
        let own = try options.selection()
        if options.shards.isEmpty {
            let files = try PictureFiles(images, selection, most: most)
            shards = AnyIterator(FileShards(files, size: options.shardSize ?? 10_000, selection: own))
        } else {
            let archives = try options.archives().enumerated().filter { own.takes($0.offset) }.map(\.element)
            shards = AnyIterator(archives.makeIterator())
        }
    }

    func run(by engine: EmbeddingEngine) async throws {
        guard let output = options.output else { return try await print(by: engine) }
        let sample = try await ModelSample(of: engine)
        var settings = OutputSettings(
            model: sample.name,
            precision: sample.precision,
            sample: sample.embedding
        )
        settings.format = try options.fileFormat()
        settings.numbers = try options.numberType()
        settings.isNormalized = isNormalized
        settings.decoding = engine.decoding.rawValue
        settings.pictureExtension = options.pictureExtension
        let folder = try attempt { () throws(OutputError) in
            try OutputFolder(
                output,
                settings: settings,
                replacing: options.replace,
                retrying: options.retry
            )
        }
        try await write(to: folder, by: engine)
    }

    /// Writes a shard's files after the other's.
    private func write(to folder: OutputFolder, by engine: EmbeddingEngine) async throws {
        var files = ShardOutput(folder)
        try await run(by: engine, next: { files.next(of: shards) }) { (delivery) throws(CommandFailure) in
            try attempt { () throws(OutputError) in try files.take(delivery) }
        }
        try files.end()
        if let status = files.report.status { throw ExitCode(status.rawValue) }
    }

    /// Prints a line for each picture of archives.
    private func print(by engine: EmbeddingEngine) async throws {
        var report = BulkReport()
        var present: Shard?
        try await run(by: engine, next: { shards.next() }) { (delivery) throws(CommandFailure) in
            switch delivery {
            case .begin(let shard): present = shard
            case .embedding(let key, let values):
                try Terminal.write(
                    line: "{\"image\":\(JSONText.string(key)),\"embedding\":\(JSONText.numbers(values))}"
                )
            case .failure(let key, let reason), .missing(let key, let reason): report.complain(key, reason)
            case .fault(let key, let fault): report.complain(key, fault.description, fault.exitStatus)
            case .end(_, let error):
                if let error, let present {
                    report.complain(present.title, error.description, error.exitStatus)
                }
            }
        }
        if let status = report.status { throw ExitCode(status.rawValue) }
    }

    private func run(
        by engine: EmbeddingEngine,
        next: @escaping () -> Shard?,
        receive: (BulkRun.Delivery) throws(CommandFailure) -> Void
    ) async throws(CommandFailure) {
        let run = BulkRun(
            engine: engine,
            normalizing: isNormalized,
            pictureExtension: options.pictureExtension
        )
        do throws(BulkRunError<CommandFailure>) {
            try await run.run(next, receive: receive)
        } catch {
            switch error {
            case .engine(let error): throw CommandFailure(error, environment)
            case .receiver(let error): throw error
            }
        }
    }

    private func attempt<Value>(_ body: () throws(OutputError) -> Value) throws(CommandFailure) -> Value {
        do throws(OutputError) { return try body() } catch { throw CommandFailure(error) }
    }
}
