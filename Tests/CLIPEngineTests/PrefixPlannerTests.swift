import CLIPEngine
import Testing

@Suite("Which prefixes of captions are kept")
struct PrefixPlannerTests {
    private typealias Planner = PrefixPlanner<[Int32]>

    /// Captions with a template's tokens and a different ending each.
    private func captions(_ template: [Int32], _ numbers: Range<Int32>) -> [[Int32]] {
        numbers.map { template + [1_000 + $0, 99] }
    }

    /// Computes captions one after the other, and keeps what is wanted.
    @discardableResult
    private func compute(_ captions: [[Int32]], by planner: inout Planner, bytes: Int = 1) -> [[Int32]] {
        captions.flatMap { caption in
            let choice = planner.choose(for: [caption])
            for tokens in choice.wanted { planner.finish(tokens, with: (tokens, bytes)) }
            return choice.wanted
        }
    }

    @Test("A template is kept when enough captions have come with it, and serves those that come then")
    func template() {
        var planner = Planner(limit: 100)
        let template: [Int32] = [1, 2, 3, 4]
        #expect(compute(captions(template, 0..<7), by: &planner) == [])
        #expect(compute(captions(template, 7..<8), by: &planner) == [template])
        let choice = planner.choose(for: captions(template, 8..<20))
        #expect(choice.known == [template] && choice.wanted.isEmpty)
        #expect(planner.choose(for: [[1, 2, 3, 4]]).known.isEmpty, "The last token is computed.")
    }

    @Test("Captions that have nothing in common keep nothing but what all begin with")
    func unlike() {
        var planner = Planner(limit: 100)
        let wanted = compute((0..<500).map { [1, 100 + $0, 99] }, by: &planner)
        #expect(wanted == [[1]])
    }

    @Test("A longer prefix is kept beside a shorter one when it serves almost as many")
    func longer() {
        var planner = Planner(limit: 100)
        compute((0..<100).map { [1, 100 + $0, 99] }, by: &planner)
        let wanted = compute(captions([1, 2, 3, 4, 5, 6], 0..<200), by: &planner)
        #expect(wanted == [[1, 2, 3, 4, 5, 6]])
    }

    @Test("Each pass fills two prefixes at most, and each prefix is filled by one pass")
    func passes() {
        var planner = Planner(limit: 100)
        let templates: [[Int32]] = [[1, 2, 3], [1, 4, 5], [1, 6, 7]]
        let all = templates.flatMap { captions($0, 0..<40) }
        let first = planner.choose(for: all).wanted
        #expect(first.count == Planner.mostWanted)
        let second = planner.choose(for: all).wanted
        #expect(Set(second).isDisjoint(with: first))
        planner.finish(first[0], with: nil)
        #expect(planner.choose(for: all).wanted.contains(first[0]), "What failed is tried again.")
        planner.finish(first[1], with: (first[1], 10))
        let third = planner.choose(for: all)
        #expect(third.known == [first[1]] && !third.wanted.contains(first[1]))
    }

    @Test("Bytes are limited; what was not used for longest goes, and clearing forgets all")
    func limit() {
        var planner = Planner(limit: 25)
        for first: Int32 in 1...5 { compute(captions([first, 2, 3], 0..<20), by: &planner, bytes: 10) }
        #expect(planner.byteCount == 20)
        #expect(planner.choose(for: captions([5, 2, 3], 30..<31)).known == [[5, 2, 3]])
        #expect(planner.choose(for: captions([1, 2, 3], 30..<31)).known.isEmpty)
        planner.removeAll()
        #expect(planner.byteCount == 0 && planner.choose(for: captions([5, 2, 3], 40..<41)).known.isEmpty)
    }

    @Test("Long captions do not count without end")
    func long() {
        var planner = Planner(limit: 100)
        let text = (0..<70).map { Int32($0) }
        let wanted = compute((0..<20).map { text + [$0 + 100, 99] }, by: &planner)
        #expect(wanted == [Array(text.prefix(Planner.longest))])
    }
}
