package import CLIPEngine
internal import CLIPFiles

/// Embeds the pictures of shards, with a bounded number of them in hand, also across the border of two shards.
///
/// Results come in the shards' order, whatever is done first, so that what is made of them does not depend on time.
package struct BulkRun: Sendable {
    private let engine: EmbeddingEngine
    private let isNormalized: Bool
    private let pictureExtension: String?

    /// - Parameters:
    ///   - normalizing: whether embeddings are brought to length one.
    ///   - pictureExtension: of an archive's pictures; nil for any of a picture.
    package init(engine: EmbeddingEngine, normalizing: Bool = false, pictureExtension: String? = nil) {
        (self.engine, isNormalized, self.pictureExtension) = (engine, normalizing, pictureExtension)
    }

    /// What has become of a shard and its pictures, in their order.
    package enum Delivery: Sendable {
        case begin(Shard)
        case embedding(key: String, [Float])
        /// A picture has none.
        case failure(key: String, reason: String)
        /// Nor has one whose file is not there.
        case missing(key: String, reason: String)
        /// Something else than a picture is at fault, so the shard cannot be finished; of a list the rest may be left out.
        case fault(key: String, ShardFault)
        /// The shard is over: so many pictures were passed over, and this has ended its archive before its end.
        case end(passedOver: Int, ArchiveError?)
    }

    private struct Attempt: Sendable {
        let index: Int
        /// Of its shard.
        let number: Int
        let byteCount: Int
        let result: Result<Delivery, EmbeddingError>
    }

    /// The most pictures in hand, and the most bytes of those but one: more than a batch, so that some are read and decoded while the
    /// model works on others.
    private static let (picturesInHand, bytesInHand) = (64, 128 << 20)

    /// Goes through shards.
    ///
    /// - Parameters:
    ///   - nextShard: asked for shards before they are begun.
    ///   - receive: called with each result; an error that it throws ends the work.
    /// - Throws: `engine` where the engine failed, by no fault of a picture.
    package func run<Failure: Error>(
        _ nextShard: @escaping () -> Shard?,
        receive: (Delivery) throws(Failure) -> Void
    ) async throws(BulkRunError<Failure>) {
        let mostBytes = engine.configuration.maxImageBytes
        var items = BulkItems(wanted: pictureExtension, mostBytes: mostBytes, nextShard: nextShard)
        let failure = await withTaskGroup(of: Attempt.self, returning: BulkRunError<Failure>?.self) { group in
            var window = InputWindow<Result<Delivery, EmbeddingError>>(
                count: .max,
                width: Self.picturesInHand
            )
            var (byteCount, running, isOver) = (0, 0, false)
            func startWhatFits() {
                while !isOver, running == 0 || byteCount < Self.bytesInHand, let index = window.start() {
                    switch items.next() {
                    case nil: isOver = true
                    case .begin(let shard): window.finish(index, .success(.begin(shard)))
                    case .end(let passedOver, let error):
                        window.finish(index, .success(.end(passedOver: passedOver, error)))
                    case .item(.failed(let key, let reason)):
                        window.finish(index, .success(.failure(key: key, reason: reason)))
                    case .item(.faulty(let key, let fault)):
                        items.leave(items.begun)
                        window.finish(index, .success(.fault(key: key, fault)))
                    case .item(let item):
                        byteCount += item.byteCount
                        running += 1
                        let number = items.begun
                        group.addTask { await attempt(item, index, ofShard: number) }
                    }
                }
            }
            do throws(BulkRunError<Failure>) {
                while true {
                    startWhatFits()
                    var hasDelivered = false
                    while let next = window.deliver() {
                        hasDelivered = true
                        try deliver(next.result, to: receive)
                    }
                    // What was delivered has made room.
                    if hasDelivered, !isOver { continue }
                    guard let attempt = await group.next() else { return nil }
                    byteCount -= attempt.byteCount
                    running -= 1
                    if case .success(.fault) = attempt.result { items.leave(attempt.number) }
                    window.finish(attempt.index, attempt.result)
                }
            } catch {
                group.cancelAll()
                return error
            }
        }
        if let failure { throw failure }
    }

    private func deliver<Failure: Error>(
        _ result: Result<Delivery, EmbeddingError>,
        to receive: (Delivery) throws(Failure) -> Void
    ) throws(BulkRunError<Failure>) {
        switch result {
        case .failure(let error): throw .engine(error)
        case .success(let delivery):
            do throws(Failure) {
                try receive(delivery)
            } catch {
                throw .receiver(error)
            }
        }
    }

    private func attempt(_ item: BulkItem, _ index: Int, ofShard number: Int) async -> Attempt {
        Attempt(index: index, number: number, byteCount: item.byteCount, result: await result(of: item))
    }

    private func result(of item: BulkItem) async -> Result<Delivery, EmbeddingError> {
        let (key, bytes): (String, [UInt8])
        switch item {
        case .failed(let key, let reason): return .success(.failure(key: key, reason: reason))
        case .faulty(let key, let fault): return .success(.fault(key: key, fault))
        case .picture(let name, let content): (key, bytes) = (name, content)
        case .file(let path, _):
            key = path
            do throws(FileError) {
                let limit = engine.configuration.maxImageBytes
                bytes = try FileContents.readPlain(path, limit: limit, followingLinks: true)
            } catch {
                return .success(Self.outcome(of: path, error))
            }
        }
        do throws(EmbeddingError) {
            let embedding = try await engine.embed(images: [.encoded(bytes)]).embeddings[0]
            let values = isNormalized ? embedding.normalized.values : embedding.values
            return .success(.embedding(key: key, values))
        } catch {
            if let fault = ShardFault(error) { return .success(.fault(key: key, fault)) }
            guard EmbeddingPipeline.Fault.refused(error).isTheInputs else { return .failure(error) }
            return .success(.failure(key: key, reason: error.description))
        }
    }

    /// What has become of a file that was not read.
    private static func outcome(of path: String, _ error: FileError) -> Delivery {
        guard case .unreadable(_, let cause) = error else {
            return .failure(key: path, reason: error.description)
        }
        if let fault = ShardFault(cause) { return .fault(key: path, fault) }
        return cause.isAbsence
            ? .missing(key: path, reason: error.description) : .failure(key: path, reason: error.description)
    }
}

/// Why shards were not embedded to the end; what is finished stays.
package enum BulkRunError<Receiver: Error>: Error {
    /// The engine failed, by no fault of a picture.
    case engine(EmbeddingError)
    /// Who receives the results has failed.
    case receiver(Receiver)
}

extension BulkRunError: CustomStringConvertible {
    /// The cause's sentence.
    package var description: String {
        switch self {
        case .engine(let error): error.description
        case .receiver(let error): "\(error)"
        }
    }
}
