internal import Synchronization

/// A request that was let in, until it is let out.
///
/// Images that are named by URL are let in one by one, once they are there: whoever waits for a slow host holds no place that
/// others could have.
final class AdmittedRequest: Sendable {
    /// Whether it is a list, which others may overtake.
    let isList: Bool
    private let gate: AdmissionGate
    private let costs: CostMeter?
    private let terms: RequestTerms
    /// Of all texts, as they are estimated.
    private let tokens: Int
    /// Where its images wait for room, one at a time.
    let turnstile = Turnstile()
    /// What it holds of the budget to its end.
    var heldBytes: Int { terms.heldBytes }
    var client: String? { terms.client }
    /// What was let in so far.
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

    /// Lets in what a request has brought along.
    ///
    /// - Parameter costs: what the model's items have cost lately; nil where it is still to be loaded.
    static func begin(
        at gate: AdmissionGate,
        images: [ImageSource],
        texts: [String],
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
                    isList: isList,
                    client: terms.client
                )
            )
        }
        return request
    }

    /// Lets in one image that was fetched.
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

    /// Notes how many tokens its texts turned out to have.
    func note(tokens: Int) {
        costs?.note(tokens: tokens, estimated: self.tokens)
    }

    /// Takes note that so many of the items that came with the request are done, and others are not.
    func finished(_ count: Int) {
        let progress = demands.withLock { demands -> (AdmissionPlan.Demand, Double)? in
            guard let demand = demands.first, demand.items > 1 else { return nil }
            let done = min(demand.work, demand.workOfItem * Double(count))
            demands[0].finish(done)
            return (demand, done)
        }
        if let (demand, done) = progress { gate.progress(demand, by: done) }
    }

    /// Lets everything out.
    func end() {
        let demands = demands.withLock { demands in
            defer { demands = [] }
            return demands
        }
        for demand in demands { gate.leave(demand) }
    }

    /// More texts than this are a list: a few batches' worth.
    private static let mostTextsOfSmall = 64
}

extension ImageSource {
    fileprivate var isURL: Bool {
        if case .url = self { true } else { false }
    }
}
