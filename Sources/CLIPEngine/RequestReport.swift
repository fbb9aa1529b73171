/// Embeddings of all items of one request, in its order.
public struct EmbeddingResult: Sendable {
    /// One embedding an item.
    public let embeddings: [Embedding]
    /// Which model answered and what it cost.
    public let report: RequestReport
    /// Keeps the embeddings of a list, and the text that is made from them, counted in the engine's budget; nil for a
    /// few embeddings.
    ///
    /// A front end that writes them holds it until the client has read them.
    package var room: ByteReservation?
}

/// Similarities of one subject to each prompt, in the request's order.
public struct ComparisonResult: Sendable {
    /// One cosine for each prompt.
    public let similarities: [Float]
    /// Which model answered and what it cost.
    public let report: RequestReport
}

/// Which model answered a request, and where the time went.
public struct RequestReport: Sendable {
    /// The name of the model that answered.
    public let model: String
    /// How long bringing the model into memory took, including fetching its files; nil if this request did not cause
    /// the load.
    public let loadTime: Duration?
    /// Wall time by stage.
    public var timings: StageTimings
    /// The number of tokens of all texts, special tokens included.
    public var tokenCount = 0

    /// Whether this request had to load the model.
    public var wasColdStart: Bool { loadTime != nil }
}

extension RequestReport {
    /// What a request cost that had nothing to embed.
    package init(model: String, timings: StageTimings) {
        self.init(model: model, loadTime: nil, timings: timings)
    }
}

/// The wall time of one request by stage.
///
/// Stages of different items overlap, so their sum can exceed the total.
public struct StageTimings: Equatable, Sendable {
    /// Fetching image URLs: the slowest item.
    public var fetch: Duration = .zero
    /// Decoding, resizing and normalising images: the slowest item, waiting for a thread included.
    public var decode: Duration = .zero
    /// Turning texts into token ids.
    public var tokenize: Duration = .zero
    /// Waiting for the model: until the last item's batch began.
    public var queue: Duration = .zero
    /// The model's forward passes: from the first batch's start to the last one's end.
    public var forward: Duration = .zero
    /// Ranking labels for what was embedded, waiting for a thread included.
    public var rank: Duration = .zero
    /// Comparing with the pictures of an index, waiting for others' comparisons included.
    public var search: Duration = .zero

    /// All stages zero.
    public init() {}

    /// These timings with the time of waiting for the model and running it.
    func adding(_ outcome: Batcher.Outcome) -> StageTimings {
        var timings = self
        timings.queue = outcome.queue
        timings.forward = outcome.forward
        return timings
    }

    /// The sum of each stage, for two parts of a request that ran one after the other.
    func followed(by next: StageTimings) -> StageTimings {
        var sum = self
        sum.fetch += next.fetch
        sum.decode += next.decode
        sum.tokenize += next.tokenize
        sum.queue += next.queue
        sum.forward += next.forward
        sum.rank += next.rank
        sum.search += next.search
        return sum
    }

    /// The longer of each stage, for two parts of a request that ran side by side.
    func merged(with other: StageTimings) -> StageTimings {
        var merged = self
        merged.fetch = max(fetch, other.fetch)
        merged.decode = max(decode, other.decode)
        merged.tokenize = max(tokenize, other.tokenize)
        merged.queue = max(queue, other.queue)
        merged.forward = max(forward, other.forward)
        merged.rank = max(rank, other.rank)
        merged.search = max(search, other.search)
        return merged
    }
}
