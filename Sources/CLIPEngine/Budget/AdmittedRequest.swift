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
    /// What was let in so far, with what the first was let in with, and how many items were computed.
    private let state = Mutex(State())

    private struct State {
        var demands: [AdmissionPlan.Demand] = []
        var entry: AdmissionGate.Entry?
        var computed = 0
    }

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
        let entry = try await gate.enter(demand, terms: terms)
        state.withLock { state in
            if state.demands.isEmpty { state.entry = entry }
            state.demands.append(demand)
        }
    }

    /// Notes how many tokens its texts turned out to have.
    func note(tokens: Int) {
        costs?.note(tokens: tokens, estimated: self.tokens)
    }

    /// Takes note that so many of the items that came with the request are done, and others are not.
    func finished(_ count: Int) {
        let progress = state.withLock { state -> (AdmissionPlan.Demand, Double)? in
            guard let demand = state.demands.first, demand.items > 1 else { return nil }
            let done = min(demand.work, demand.workOfItem * Double(count))
            state.demands[0].finish(done)
            return (demand, done)
        }
        if let (demand, done) = progress { gate.progress(demand, by: done) }
    }

    /// Takes note that so many items were computed by the network, and not known already.
    func computed(_ count: Int) {
        state.withLock { $0.computed += count }
    }

    /// Lets everything out.
    func end() {
        let ended = state.withLock { state in
            defer { state = State() }
            return state
        }
        // Items that were known took no time, and would make others' wait look short.
        if !isList, ended.demands.count == 1, ended.computed == ended.demands[0].items,
            let entry = ended.entry
        {
            gate.learn(from: entry)
        }
        for demand in ended.demands { gate.leave(demand) }
    }

    /// More texts than this are a list: a few batches' worth.
    private static let mostTextsOfSmall = 64
}

extension ImageSource {
    fileprivate var isURL: Bool {
        if case .url = self { true } else { false }
    }
}
