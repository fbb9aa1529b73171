import CLIPIndex
import Testing

@Suite("When changed names are looked at")
struct ChangePlanTests {
    private let start = ContinuousClock.now

    private func place(_ name: String, in folder: Int32 = 1) -> ChangePlan.Place {
        ChangePlan.Place(folder: folder, name: Array(name.utf8))
    }

    @Test("What was closed comes soon and once, in the order of folders and names")
    func closed() {
        var plan = ChangePlan()
        for name in ["b", "a", "b"] { plan.note(place(name), isDone: true, at: start) }
        plan.note(place("z", in: 0), isDone: true, at: start)
        #expect(plan.take(at: start).isEmpty)
        let soon = start + ChangePlan.settling
        #expect(plan.take(at: soon) == [place("z", in: 0), place("a"), place("b")])
        #expect(plan.take(at: soon).isEmpty)
    }

    @Test("What is being written is left alone until it is closed, or nothing happens to it any more")
    func written() {
        var plan = ChangePlan()
        plan.note(place("a"), isDone: false, at: start)
        let later = start + .seconds(1)
        plan.note(place("a"), isDone: false, at: later)
        #expect(plan.take(at: start + ChangePlan.quiet).isEmpty)
        #expect(plan.take(at: later + ChangePlan.quiet) == [place("a")])
        plan.note(place("a"), isDone: false, at: later)
        plan.note(place("a"), isDone: true, at: later)
        #expect(plan.take(at: later + ChangePlan.settling) == [place("a")])
        plan.note(place("a"), isDone: true, at: later)
        plan.note(place("a"), isDone: false, at: later)
        #expect(plan.take(at: later + ChangePlan.settling).isEmpty)
    }

    @Test("More changes than it keeps are as if some were lost")
    func many() {
        var plan = ChangePlan()
        for number in 0...ChangePlan.most { plan.note(place("\(number)"), isDone: true, at: start) }
        #expect(plan.isOverflown)
        #expect(plan.take(at: start + .seconds(9)).isEmpty)
        plan.note(place("a"), isDone: true, at: start)
        #expect(plan.take(at: start + .seconds(9)).isEmpty)
        plan.clear()
        #expect(!plan.isOverflown)
        plan.overflow()
        #expect(plan.isOverflown)
    }
}
