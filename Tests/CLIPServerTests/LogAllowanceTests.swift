import CLIPServer
import Testing

@Suite("What is logged of a crowd")
struct LogAllowanceTests {
    @Test("Of each status a hundred lines are written at once, then fifty a second, and the rest is counted")
    func allowance() {
        let allowance = LogAllowance()
        let start = ContinuousClock.now
        let first = (1...1000).count { _ in allowance.take(404, at: start) != nil }
        #expect(first == 100)
        #expect(allowance.take(400, at: start) == 0)
        #expect(allowance.take(404, at: start + .milliseconds(10)) == nil)
        #expect(allowance.take(404, at: start + .milliseconds(40)) == 901)
        #expect(allowance.take(404, at: start + .seconds(1)) == 0)
        let later = (1...1000).count { _ in allowance.take(404, at: start + .seconds(100)) != nil }
        #expect(later == 100)
    }
}
