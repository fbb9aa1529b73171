import CLIPEngine
import CLIPTestSupport
import Synchronization
import Testing

extension EmbeddingEngineTests {
    @Test("What is wrong with an image or a text, or never fits, is told before any label is computed")
    func faultsBeforeLabels() async throws {
        try await withEngine(changing: { engine in
            (engine.textCacheBytes, engine.memoryBudget) = (1 << 20, 64 << 20)
        }) { engine in
            let labels = try LabelSet(names: (0..<200).map { "label \($0)" })
            let long = String(repeating: "cat ", count: 100)
            await #expect(throws: EmbeddingError.textTooLong(index: 1, count: 102, limit: 77)) {
                try await engine.classify(texts: ["a", long], among: labels)
            }
            await #expect(throws: EmbeddingError.image(index: 0, .unknownFormat(looksLike: nil))) {
                try await engine.classify(images: [.encoded([1, 2, 3])], among: labels)
            }
            let image = ImageSource.encoded(try picture())
            for (images, texts) in [([image], []), ([], ["a"])] {
                await #expect {
                    images.isEmpty
                        ? try await engine.classify(texts: texts, among: labels, answerBytes: 1 << 30)
                        : try await engine.classify(images: images, among: labels, answerBytes: 1 << 30)
                } throws: { error in
                    guard case .tooMuchMemory(let bytes, let limit) = error as? EmbeddingError else {
                        return false
                    }
                    return bytes > 1 << 30 && limit < 64 << 20
                }
            }
            #expect(engine.cacheStatistics(of: "tiny")?.texts?.misses == 0)
            let cache = engine.statistics.labelCache
            #expect((cache.hits, cache.misses, cache.entries) == (0, 0, 0))
            #expect(engine.statistics.itemsInHand == 0)
        }
    }

    @Test("A request has its places until its labels are ranked, and the time of that is a stage")
    func ranking() async throws {
        try await withEngine(changing: { engine in
            (engine.textCacheBytes, engine.maxTexts) = (4 << 20, 3_000)
        }) { engine in
            let names = (0..<3_000).map { "label number \($0)" }
            let labels = try LabelSet(names: names)
            // From now on labels and texts are known, and ranking is what is left.
            _ = try await engine.classify(texts: [names[0]], among: labels)
            _ = try await engine.embed(texts: names)
            let isDone = Atomic(false)
            async let ranked = {
                defer { isDone.store(true, ordering: .releasing) }
                return try await engine.classify(texts: names, among: labels, top: 100)
            }()
            var (wasInHand, leftAt) = (false, ContinuousClock.Instant?.none)
            while !isDone.load(ordering: .acquiring) {
                if engine.statistics.itemsInHand > 0 {
                    wasInHand = true
                } else if wasInHand, leftAt == nil {
                    leftAt = .now
                }
                await Task.yield()
            }
            let end = ContinuousClock.now
            let result = try await ranked
            #expect(wasInHand && result.report.timings.rank > .zero)
            if let leftAt { #expect(leftAt.duration(to: end) < result.report.timings.rank / 2) }
            #expect(result.predictions.count == 3_000 && engine.statistics.itemsInHand == 0)
        }
    }

    @Test("Lists of texts with labels that are lists themselves do not wait for each other")
    func listsOfLists() async throws {
        try await withEngine(changing: { $0.maxPendingItems = 8 }) { engine in
            let texts = (0..<70).map { "text \($0)" }
            let found = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    let labels = try LabelSet(names: (0..<80).map { "label \($0) of \(number)" })
                    group.addTask {
                        try await engine.classify(texts: texts, among: labels, top: 1).predictions.count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(found == 8 * 70 && engine.statistics.itemsInHand == 0)
        }
    }

    @Test("What ranking costs is learnt, and is left of a request's work when its items are done")
    func costOfRanking() {
        let meter = CostMeter()
        #expect(meter.estimate(rankings: 1_000_000) == 0)
        for _ in 0..<4 { meter.spendOnRanking(.milliseconds(250), multiplications: 1_000_000_000) }
        #expect(abs(meter.estimate(rankings: 2_000_000_000) - 0.5) < 1e-9)
        var demand = AdmissionPlan.Demand(items: 4, work: 8, workAfter: 3)
        #expect(demand.work == 11 && demand.workOfItem == 2)
        demand.finish(demand.workOfItem * 4)
        #expect(demand.work == 3)
        var plan = AdmissionPlan(places: 8, cores: 1)
        #expect(plan.enter(AdmissionPlan.Demand(items: 1, workAfter: 10), id: 0) == .admitted)
        #expect(plan.enter(AdmissionPlan.Demand(items: 1), id: 0, patience: 5) == .refused(after: 10))
    }
}
