import CLIPEngine
import Testing

@Suite("The batch planner")
struct BatchPlannerTests {
    private typealias Planner = BatchPlanner<Int>

    private func planner(images: Int = 3, textTokens: Int = 10) -> Planner {
        var limits = BatchLimits()
        limits.images = images
        limits.textTokens = textTokens
        return Planner(limits: limits)
    }

    /// The items of a request, which carry these numbers.
    private func items(_ request: Int, _ payloads: Int..., weight: Int = 1) -> [Planner.Item] {
        items(request, payloads, weight: weight)
    }

    private func items(_ request: Int, _ payloads: [Int], weight: Int = 1) -> [Planner.Item] {
        payloads.enumerated().map { index, payload in
            Planner.Item(request: request, index: index, payload: payload, weight: weight)
        }
    }

    /// What the items of the next batch carry, for one thread among `idle`.
    private func payloads(_ planner: inout Planner, among idle: Int = 1) -> [Int]? {
        planner.nextStep(among: idle)?.items.map(\.payload)
    }

    @Test("Nothing waiting gives no batch")
    func empty() {
        var planner = planner()
        #expect(planner.isEmpty)
        #expect(payloads(&planner) == nil)
    }

    @Test("What waits of one kind rides together up to the limit, in order of arrival")
    func order() {
        var planner = planner(images: 3)
        for number in 1...7 { planner.append(items(number, number), to: .images) }
        #expect(payloads(&planner) == [1, 2, 3])
        #expect(payloads(&planner) == [4, 5, 6])
        #expect(payloads(&planner) == [7])
        #expect(planner.isEmpty)
    }

    @Test("Texts are limited by their tokens, not by their number")
    func tokens() {
        var planner = planner(textTokens: 10)
        for (number, weight) in [4, 6, 1, 9, 3].enumerated() {
            planner.append(items(number, number, weight: weight), to: .texts)
        }
        #expect(payloads(&planner) == [0, 1])
        #expect(payloads(&planner) == [2, 3])
        #expect(payloads(&planner) == [4])
    }

    @Test("Texts that begin alike cost their common tokens once, in any order")
    func prefixes() {
        var planner = planner(textTokens: 10)
        let texts: [[Int32]] = [
            [1, 2, 3, 4], [1, 2, 3, 5], [7, 2, 3, 4], [1, 2, 8, 9], [1, 2, 3, 4], [6, 6],
        ]
        for (number, tokens) in texts.enumerated() {
            let item = Planner.Item(
                request: number,
                index: 0,
                payload: number,
                weight: tokens.count,
                tokens: tokens
            )
            planner.append([item], to: .texts)
        }
        // Four tokens, one, and four.
        #expect(payloads(&planner) == [0, 1, 2])
        // Four, three and two.
        #expect(payloads(&planner) == [3, 4, 5])
        #expect(planner.isEmpty)
    }

    @Test("Texts that leave no thread enough to do alone are computed together")
    func fewTokens() {
        func threads(_ shared: ([Int32]) -> [Int32]) -> [Int] {
            var limits = BatchLimits()
            (limits.textTokens, limits.leastTokensAlone, limits.textParts) = (100, 10, 4)
            var planner = Planner(limits: limits)
            let items = (0..<8).map { number in
                let tokens: [Int32] = [1, 2, 3, Int32(10 + number)]
                return Planner.Item(
                    request: 1,
                    index: number,
                    payload: number,
                    weight: tokens.count,
                    tokens: shared(tokens)
                )
            }
            planner.append(items, to: .texts)
            var steps: [Int] = []
            while let step = planner.nextStep(among: 2) { steps.append(step.threads) }
            return steps
        }
        #expect(threads { $0 } == [2], "eleven tokens")
        #expect(threads { _ in [] }.count > 1, "thirty-two tokens")
        #expect(threads { _ in [] }.first == 1)
    }

    @Test("A text above the limit still goes, alone")
    func longText() {
        var planner = planner(textTokens: 10)
        planner.append(items(1, 1, weight: 77), to: .texts)
        planner.append(items(2, 2, weight: 1), to: .texts)
        #expect(payloads(&planner) == [1])
        #expect(payloads(&planner) == [2])
    }

    @Test("Images and texts take turns, so that neither starves the other")
    func turns() {
        var planner = planner(images: 1, textTokens: 1)
        for number in 1...3 {
            planner.append(items(number, number), to: .images)
            planner.append(items(10 + number, 10 + number), to: .texts)
        }
        var lanes: [BatchLane] = []
        while let step = planner.nextStep(among: 1) { lanes.append(step.lane) }
        #expect(lanes == [.texts, .images, .texts, .images, .texts, .images])
    }

    @Test("A long request gives up its turn after each batch, so that a short one waits for one batch only")
    func fairness() {
        var planner = planner(images: 2)
        planner.append(items(1, Array(1...5)), to: .images)
        planner.append(items(2, 20), to: .images)
        planner.append(items(3, 30), to: .images)
        #expect(payloads(&planner) == [20, 30])
        #expect(payloads(&planner) == [1, 2])
        planner.append(items(4, 40), to: .images)
        #expect(payloads(&planner) == [40, 3])
        #expect(payloads(&planner) == [4, 5])
    }

    @Test("Requests of more than a batch end one after the other, and shorter ones pass them")
    func oneAfterTheOther() {
        var planner = planner(images: 2)
        for number in 1...3 {
            planner.append(items(number, Array(10 * number + 1...10 * number + 5)), to: .images, of: "one")
        }
        #expect(payloads(&planner) == [11, 12])
        #expect(payloads(&planner) == [13, 14])
        #expect(payloads(&planner) == [15, 21])
        for number in 4...5 { planner.append(items(number, number), to: .images, of: "one") }
        // They have every second turn.
        #expect(payloads(&planner) == [22, 23])
        #expect(payloads(&planner) == [4, 5])
        planner.append(items(6, 6), to: .images, of: "one")
        #expect(payloads(&planner) == [24, 25])
        // What is left of a turn goes to the longer ones.
        #expect(payloads(&planner) == [6, 31])
        planner.append(items(7, 7), to: .images, of: "other")
        #expect(payloads(&planner) == [32, 7])
        planner.remove(request: 3)
        #expect(planner.isEmpty)
    }

    @Test("A request that does not fit beside another keeps its place")
    func place() {
        var planner = planner(textTokens: 10)
        planner.append(items(1, 1, weight: 6), to: .texts)
        planner.append(items(2, 2, weight: 6), to: .texts)
        planner.append(items(3, 3, weight: 4), to: .texts)
        #expect(payloads(&planner) == [1])
        #expect(payloads(&planner) == [2, 3])
    }

    @Test("Clients have equal parts of every batch, however many requests are theirs")
    func clients() {
        var planner = planner(images: 2)
        for number in 1...6 {
            planner.append(items(number, 10 * number + 1, 10 * number + 2), to: .images, of: "many")
        }
        planner.append(items(7, 70), to: .images, of: "one")
        planner.append(items(8, 80), to: .images, of: "one")
        #expect(payloads(&planner) == [11, 70])
        #expect(payloads(&planner) == [12, 80])
        planner.remove(request: 4)
        var left: [Int] = []
        while let payloads = payloads(&planner) { left += payloads }
        #expect(left == [21, 22, 31, 32, 51, 52, 61, 62])
        #expect(planner.isEmpty)
    }

    @Test("The many small requests of one client have as much of a batch as the large ones of another")
    func crowd() {
        var planner = planner(textTokens: 10)
        for number in 1...40 { planner.append(items(number, number), to: .texts, of: "crowd") }
        planner.append(items(50, Array(repeating: 0, count: 200)), to: .texts, of: "heavy")
        for batch in 0..<8 {
            let ofCrowd = payloads(&planner)?.filter { $0 > 0 }
            #expect(ofCrowd == Array(5 * batch + 1...5 * batch + 5))
        }
        #expect(payloads(&planner) == Array(repeating: 0, count: 10))
    }

    @Test("A single item is never behind all turns of its client's long requests", arguments: 1...4)
    func single(clients: Int) {
        var planner = planner(images: 2)
        let names = (0..<clients).map { "client \($0)" }
        for (number, name) in names.enumerated() {
            for request in 0..<10 {
                planner.append(
                    items(100 * number + request, Array(repeating: 0, count: 20)),
                    to: .images,
                    of: name
                )
            }
        }
        for turns in 0..<5 {
            for _ in 0..<turns { _ = payloads(&planner) }
            for (number, name) in names.enumerated() {
                planner.append(items(100 * number + 50, number + 1), to: .images, of: name)
            }
            // Two turns of each client.
            let taken = (0..<2 * clients).compactMap { _ in payloads(&planner) }.joined().filter { $0 > 0 }
            #expect(taken.sorted() == Array(1...clients))
        }
    }

    @Test("A request that is removed leaves nothing behind")
    func removal() {
        var planner = planner(images: 8)
        planner.append(items(1, 1), to: .images)
        planner.append(items(2, 2), to: .images)
        planner.append(items(1, 3), to: .texts)
        planner.remove(request: 1)
        #expect(payloads(&planner) == [2])
        #expect(planner.isEmpty)
    }

    @Test("Idle threads divide what waits, each with a pass of its own")
    func division() {
        var planner = planner(images: 8, textTokens: 100)
        planner.append(items(1, Array(1...8)), to: .images)
        let first = planner.nextStep(among: 2)
        #expect(first?.items.map(\.payload) == [1, 2, 3, 4] && first?.threads == 1)
        #expect(payloads(&planner, among: 1) == [5, 6, 7, 8])
        planner.append(items(1, Array(1...6), weight: 10), to: .texts)
        #expect(payloads(&planner, among: 3) == [1, 2])
        #expect(payloads(&planner, among: 2) == [3, 4])
        #expect(payloads(&planner, among: 1) == [5, 6])
    }

    @Test("Fewer items than idle threads, or a remainder, make one pass that threads share")
    func sharing() {
        var planner = planner(images: 8, textTokens: 100)
        planner.append(items(1, 1), to: .images)
        #expect(planner.nextStep(among: 2)?.threads == 2)
        planner.append(items(1, Array(1...3)), to: .images)
        let step = planner.nextStep(among: 2)
        #expect(step?.threads == 2 && step?.items.count == 3)
        planner.append(items(1, 1, weight: 12), to: .texts)
        #expect(planner.nextStep(among: 4)?.threads == 2, "Six tokens a thread are the least.")
        planner.append(items(1, 1, weight: 5), to: .texts)
        #expect(planner.nextStep(among: 4)?.threads == 1)
        #expect(planner.isEmpty)
    }

    @Test("By columns the fewest tokens are shared, among as many threads as there are parts")
    func columns() {
        var limits = BatchLimits()
        (limits.imageParts, limits.textParts) = (12, 3)
        var planner = Planner(limits: limits)
        planner.append(items(1, 1, weight: 2), to: .texts)
        #expect(planner.nextStep(among: 8)?.threads == 3)
        planner.append(items(1, 1), to: .images)
        #expect(planner.nextStep(among: 10)?.threads == 10)
        planner.append(items(1, 1), to: .images)
        #expect(planner.nextStep(among: 16)?.threads == 12)
    }

    @Test("Networks without tokens share no pass")
    func convolutions() {
        var limits = BatchLimits()
        limits.tokensPerImage = nil
        var planner = Planner(limits: limits)
        planner.append(items(1, 1), to: .images)
        #expect(planner.nextStep(among: 4)?.threads == 1)
    }

    @Test("Where both kinds wait, idle threads are divided between them")
    func bothKinds() {
        var planner = planner(images: 8, textTokens: 100)
        planner.append(items(1, Array(1...4)), to: .images)
        planner.append(items(2, Array(1...8), weight: 10), to: .texts)
        let texts = planner.nextStep(among: 2)
        #expect(texts?.lane == .texts && texts?.items.count == 8 && texts?.threads == 1)
        let images = planner.nextStep(among: 1)
        #expect(images?.lane == .images && images?.items.count == 4 && images?.threads == 1)
    }

    @Test("All threads compute a photograph, and all the captions that come with it", arguments: [1, 8])
    func photographWithCaptions(captions: Int) {
        var planner = planner(images: 8, textTokens: 100)
        planner.append(items(1, 1), to: .images)
        planner.append(items(2, Array(1...captions), weight: 12), to: .texts)
        let texts = planner.nextStep(among: 2)
        #expect(texts?.lane == .texts && texts?.items.count == captions && texts?.threads == 2)
        let images = planner.nextStep(among: 2)
        #expect(images?.lane == .images && images?.threads == 2)
        #expect(planner.isEmpty)
    }

    @Test("What fewer items than threads wait for could be shared, and nothing else")
    func nextToShare() {
        var planner = planner(images: 8, textTokens: 100)
        #expect(planner.nextToShare(among: 2) == nil)
        planner.append(items(1, 1), to: .images)
        #expect(planner.nextToShare(among: 2).map { $0 == (.images, 1) } == true)
        #expect(planner.nextToShare(among: 1) == nil)
        planner.append(items(2, 1), to: .images)
        #expect(planner.nextToShare(among: 2) == nil && planner.nextToShare(among: 3)?.weight == 2)
        planner.append(items(3, 1, weight: 12), to: .texts)
        #expect(planner.nextToShare(among: 2) == nil, "Two images wait, which need no thread to wait.")
        #expect(planner.nextToShare(among: 3).map { $0 == (.texts, 12) } == true, "It is the texts' turn.")
        planner.append(items(4, 1, weight: 5), to: .texts, isOfList: true)
        #expect(planner.nextToShare(among: 3) == nil)
    }

    @Test("What is removed no longer counts when the rest is divided")
    func removalAndDivision() {
        var planner = planner(images: 8)
        planner.append(items(1, Array(1...6)), to: .images)
        planner.append(items(2, Array(1...2)), to: .images)
        planner.remove(request: 1)
        #expect(payloads(&planner, among: 2) == [1])
        #expect(payloads(&planner, among: 2) == [2])
        #expect(planner.isEmpty)
    }

    @Test("Small requests overtake lists, which get every fourth batch and smaller ones")
    func lists() {
        var limits = BatchLimits()
        (limits.textTokens, limits.listTokens) = (3, 2)
        var planner = Planner(limits: limits)
        planner.append(items(1, Array(100..<110)), to: .texts, isOfList: true)
        #expect(payloads(&planner) == [100, 101])
        for number in 1...13 { planner.append(items(number, number), to: .texts) }
        #expect(payloads(&planner) == [1, 2, 3])
        #expect(payloads(&planner) == [4, 5, 6])
        #expect(payloads(&planner) == [7, 8, 9])
        #expect(payloads(&planner) == [102, 103])
        #expect(payloads(&planner) == [10, 11, 12])
        #expect(payloads(&planner) == [13])
        #expect(payloads(&planner) == [104, 105])
        planner.remove(request: 1)
        #expect(planner.isEmpty)
    }
}
