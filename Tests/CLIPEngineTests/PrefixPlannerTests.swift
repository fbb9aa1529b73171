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
    private func compute(_ captions: [[Int32]], by planner: inout Planner) -> [[Int32]] {
        captions.flatMap { caption in
            let choice = planner.choose(for: [caption])
            for tokens in choice.wanted { planner.finish(tokens, with: tokens) }
            return choice.wanted
        }
    }

    @Test("A template is kept when enough captions have come with it, and serves those that come then")
    func template() {
        var planner = Planner(limit: 100, bytesPerToken: 1)
        let template: [Int32] = [1, 2, 3, 4]
        #expect(compute(captions(template, 0..<7), by: &planner) == [])
        #expect(compute(captions(template, 7..<8), by: &planner) == [template])
        let choice = planner.choose(for: captions(template, 8..<20))
        #expect(choice.known == [template] && choice.wanted.isEmpty)
        #expect(planner.choose(for: [[1, 2, 3, 4]]).known.isEmpty, "The last token is computed.")
    }

    @Test("Captions that have nothing in common keep nothing but what all begin with")
    func unlike() {
        var planner = Planner(limit: 100, bytesPerToken: 1)
        let wanted = compute((0..<500).map { [1, 100 + $0, 99] }, by: &planner)
        #expect(wanted == [[1]])
    }

    @Test("A template is kept when eight have come with it, also after many captions of other kinds")
    func longer() {
        var planner = Planner(limit: 100, bytesPerToken: 1)
        compute((0..<20_000).map { [1, 100 + $0, 99] }, by: &planner)
        let wanted = compute(captions([1, 2, 3, 4, 5, 6], 0..<8), by: &planner)
        #expect(wanted == [[1, 2, 3, 4, 5, 6]])
    }

    @Test("Each pass fills two prefixes at most, and each prefix is filled by one pass")
    func passes() {
        var planner = Planner(limit: 100, bytesPerToken: 1)
        let templates: [[Int32]] = [[1, 2, 3], [1, 4, 5], [1, 6, 7]]
        let all = templates.flatMap { captions($0, 0..<40) }
        let first = planner.choose(for: all).wanted
        #expect(first.count == Planner.mostWanted)
        let second = planner.choose(for: all).wanted
        #expect(Set(second).isDisjoint(with: first))
        planner.finish(first[0], with: nil)
        #expect(planner.choose(for: all).wanted.contains(first[0]), "What failed is tried again.")
        planner.finish(first[1], with: first[1])
        let third = planner.choose(for: all)
        #expect(third.known == [first[1]] && !third.wanted.contains(first[1]))
    }

    @Test("Bytes are limited; what was not used for longest goes, and clearing forgets all")
    func limit() {
        var planner = Planner(limit: 140, bytesPerToken: 10)
        for first: Int32 in 1...5 { compute(captions([first, 2, 3], 0..<20), by: &planner) }
        #expect(planner.byteCount == 60)
        #expect(planner.choose(for: captions([5, 2, 3], 30..<31)).known == [[5, 2, 3]])
        let again = planner.choose(for: captions([1, 2, 3], 30..<31))
        #expect(again.known.isEmpty && again.wanted == [[1, 2, 3]])
        planner.finish([1, 2, 3], with: nil)
        planner.removeAll()
        #expect(planner.byteCount == 0 && planner.choose(for: captions([5, 2, 3], 40..<41)).known.isEmpty)
    }

    @Test("What does not fit is not wanted, and what is being filled counts")
    func room() {
        var planner = Planner(limit: 140, bytesPerToken: 10)
        // Half of the bytes are for what is being filled: seven tokens.
        let wanted = planner.choose(for: captions(Array(1...9), 0..<20)).wanted
        #expect(wanted == [Array(1...7)] && planner.byteCount == 70)
        #expect(planner.choose(for: captions([20, 21, 22], 0..<20)).wanted.isEmpty, "There is no room now.")
        planner.finish(wanted[0], with: wanted[0])
        #expect(planner.byteCount == 70)
        #expect(planner.choose(for: captions([20, 21, 22], 0..<20)).wanted == [[20, 21, 22]])
        var none = Planner(limit: 10, bytesPerToken: 10)
        #expect(none.choose(for: captions([1, 2, 3], 0..<50)).wanted.isEmpty)
    }

    @Test("Long captions do not count without end")
    func long() {
        var planner = Planner(limit: 100, bytesPerToken: 1)
        let text = (0..<70).map { Int32($0) }
        let wanted = compute((0..<20).map { text + [$0 + 100, 99] }, by: &planner)
        #expect(wanted == [Array(text.prefix(Planner.longest))])
    }
}
