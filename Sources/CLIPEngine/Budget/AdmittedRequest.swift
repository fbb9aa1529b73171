internal import Synchronization

/// A request from its admission to its end.
///
/// Images named by URL are admitted one by one, once they are fetched, so a request that waits for a slow host takes no
/// place from others.
final class AdmittedRequest: Sendable {
    /// Whether it is a list, which other requests may overtake.
    let isList: Bool
    private let gate: AdmissionGate
    private let costs: CostMeter?
    private let terms: RequestTerms
    /// The estimated tokens of all texts.
    private let tokens: Int
    /// Lets the request's images wait for room one at a time.
    let turnstile = Turnstile()
    /// The bytes of the budget that the request holds to its end.
    var heldBytes: Int { terms.heldBytes }
    var client: String? { terms.client }
    /// What was admitted so far.
    private let demands = Mutex<[AdmissionPlan.Demand]>([])

    private init(
        gate: AdmissionGate,
        costs: CostMeter?,
        terms: RequestTerms,
        tokens: Int,
        isList: Bool
    ) {
        self.gate = gate
        self.costs = costs
        self.terms = terms
        self.tokens = tokens
        self.isList = isList
    }

    /// Admits the items that came with a request.
    ///
    /// - Parameters:
    ///   - rankings: the multiplications that rank labels for the items when these are embedded.
    ///   - costs: the recent costs of the model's items; nil if the model still has to be loaded.
    static func begin(
        at gate: AdmissionGate,
        images: [ImageSource],
        texts: [String],
        rankings: Int = 0,
        costs: CostMeter?,
        terms: RequestTerms
    ) async throws(EmbeddingError) -> AdmittedRequest {
        let tokens = texts.reduce(0) { $0 + CostMeter.estimatedTokens(of: $1) }
        let isList = texts.count > mostTextsOfSmall || images.count > ModelWorker.mostImagesOfSmall
        let request = AdmittedRequest(
            gate: gate,
            costs: costs,
            terms: terms,
            tokens: tokens,
            isList: isList
        )
        let brought = images.count { !$0.isURL }
        if brought + texts.count > 0 {
            try await request.enter(
                AdmissionPlan.Demand(
                    items: brought + texts.count,
                    work: costs?.estimate(images: brought, tokens: tokens) ?? 0,
                    workAfter: costs?.estimate(rankings: rankings) ?? 0,
                    isList: isList,
                    client: terms.client
                )
            )
        }
        return request
    }

    /// Admits one image that was fetched.
    func enterFetched() async throws(EmbeddingError) {
        try await enter(
            AdmissionPlan.Demand(
                items: 1,
                work: costs?.estimate(images: 1, tokens: 0) ?? 0,
                client: terms.client
            )
        )
    }

    private func enter(_ demand: AdmissionPlan.Demand) async throws(EmbeddingError) {
        try await gate.enter(demand, terms: terms)
        demands.withLock { $0.append(demand) }
    }

    /// Notes how many tokens the texts really have.
    func note(tokens: Int) {
        costs?.note(tokens: tokens, estimated: self.tokens)
    }

    /// Notes that this many of the items that came with the request are done, while others are not.
    func finished(_ count: Int) {
        let progress = demands.withLock { demands -> (AdmissionPlan.Demand, Double)? in
            guard let demand = demands.first, demand.items > 1 else { return nil }
            let done = min(demand.work, demand.workOfItem * Double(count))
            demands[0].finish(done)
            return (demand, done)
        }
        if let (demand, done) = progress { gate.progress(demand, by: done) }
    }

    /// Notes that labels were ranked for some of the items, with this many multiplications.
    func ranked(_ multiplications: Int) {
        let work = costs?.estimate(rankings: multiplications) ?? 0
        let progress = demands.withLock { demands -> (AdmissionPlan.Demand, Double)? in
            guard let demand = demands.first else { return nil }
            let done = min(demand.work, work)
            demands[0].finish(done)
            return (demand, done)
        }
        if let (demand, done) = progress { gate.progress(demand, by: done) }
    }

    /// Does work that takes places of its own, while the request gives its places back.
    ///
    /// A list that waited for places while it held some could wait for another one that waits for it.
    func withoutPlaces<Value: Sendable>(
        _ work: () async throws(EmbeddingError) -> Value
    ) async throws(EmbeddingError) -> Value {
        let demands = leave()
        let value = try await work()
        for demand in demands { try await enter(demand) }
        return value
    }

    /// Ends everything that was admitted.
    func end() { _ = leave() }

    private func leave() -> [AdmissionPlan.Demand] {
        let demands = demands.withLock { demands in
            defer { demands = [] }
            return demands
        }
        for demand in demands { gate.leave(demand) }
        return demands
    }

    /// Requests with more texts than this are lists; it is a few batches' worth.
    static let mostTextsOfSmall = 64
}

extension ImageSource {
    fileprivate var isURL: Bool {
        if case .url = self { true } else { false }
    }
}
