import CLIPEngine
import Testing

@Suite("Admission")
struct AdmissionGateTests {
    @Test("A request is turned away at once when the limit is reached, and let in when there is room again")
    func limit() throws {
        let gate = AdmissionGate(limit: 4)
        for _ in 1...4 { try gate.enter(items: 1) }
        #expect(throws: EmbeddingError.overloaded(retryAfterSeconds: 1)) { try gate.enter(items: 1) }
        gate.leave(items: 1)
        try gate.enter(items: 1)
    }

    @Test("One request may be larger than the limit, and locks nobody out")
    func largeRequest() throws {
        let gate = AdmissionGate(limit: 8)
        try gate.enter(items: 4000)
        for _ in 1...6 { try gate.enter(items: 1) }
        #expect(throws: EmbeddingError.overloaded(retryAfterSeconds: 1)) { try gate.enter(items: 1) }
        gate.leave(items: 4000)
        try gate.enter(items: 2)
    }
}
