import CLIPEngine
import CLIPTestSupport
import Testing

@Suite("What requests are told that they wait")
struct AdmissionEstimateTests {
    private typealias Planner = BatchPlanner<Int>

    /// A request of texts that weigh alike.
    private struct Request {
        let client: String
        let count: Int
        let weight: Int

        var demand: AdmissionPlan.Demand {
            AdmissionPlan.Demand(items: count, work: Double(count * weight), client: client)
        }
    }

    /// Admission and the planner with the same requests in hand.
    private struct Queue {
        var plan = AdmissionPlan(places: 1_000_000, cores: 1)
        var planner: Planner
        private var last = 0

        init(limit: Int) {
            var limits = BatchLimits()
            limits.textTokens = limit
            planner = Planner(limits: limits)
        }

        mutating func take(_ request: Request) -> Int {
            last += 1
            #expect(plan.enter(request.demand, id: 0) == .admitted)
            planner.append(
                (0..<request.count).map {
                    Planner.Item(request: last, index: $0, payload: 0, weight: request.weight)
                },
                to: .texts,
                of: request.client
            )
            return last
        }

        /// What the plan says that a request waits.
        func told(_ request: Request) -> Double {
            var plan = plan
            guard case .refused(let wait) = plan.enter(request.demand, id: 0, patience: 0) else { return 0 }
            return wait
        }

        /// The work that is done before a request's last item is.
        mutating func work(until request: Int, of count: Int) -> Int {
            var (work, left) = (0, count)
            while left > 0, let step = planner.nextStep(among: 1) {
                work += step.items.reduce(0) { $0 + $1.weight }
                left -= step.items.count { $0.request == request }
            }
            return work
        }
    }

    @Test("It is what the queue makes them wait, whatever others ask for", arguments: UInt64(0)..<40)
    func order(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let limit = 512
        let clients = (0..<Int.random(in: 1...6, using: &random)).map { "client \($0)" }
        func request(_ client: String, most: Int) -> Request {
            Request(
                client: client,
                count: Int.random(in: 1...most, using: &random),
                weight: Int.random(in: 10...77, using: &random)
            )
        }
        // Each of them has requests of its own kind in hand.
        var queue = Queue(limit: limit)
        for client in clients {
            let most = [1, 8, 64].randomElement(using: &random) ?? 1
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                _ = queue.take(request(client, most: most))
            }
        }
        for most in [1, 64] {
            let asked = request(clients[0], most: most)
            let told = queue.told(asked)
            var after = queue
            let number = after.take(asked)
            let waited = Double(after.work(until: number, of: asked.count) - asked.count * asked.weight)
            // Some batches are under way or shared, and a turn may be an item larger than another.
            let batches = Double(2 * limit)
            #expect(waited <= 1.5 * told + batches, "waited \(waited), told \(told)")
            // What fits in a batch may pass longer requests.
            guard asked.count * asked.weight > limit else { continue }
            #expect(waited >= told / 2 - batches, "waited \(waited), told \(told)")
        }
    }
}
