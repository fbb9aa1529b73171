import CLIPEngine
import Testing

@Suite("Admission")
struct AdmissionGateTests {
    @Test("A request is turned away at once when the limit is reached, and let in when there is room again")
    func limit() throws {
        let gate = AdmissionGate(limit: 4)
        try gate.enter(items: 3)
        try gate.enter(items: 1)
        #expect(throws: EmbeddingError.overloaded(retryAfterSeconds: 1)) { try gate.enter(items: 1) }
        gate.leave(items: 1)
        try gate.enter(items: 1)
    }

    @Test("One request may be larger than the limit, so that long lists of texts need not be cut")
    func largeRequest() throws {
        let gate = AdmissionGate(limit: 4)
        try gate.enter(items: 4000)
        #expect(throws: EmbeddingError.overloaded(retryAfterSeconds: 1)) { try gate.enter(items: 1) }
        gate.leave(items: 4000)
        try gate.enter(items: 1)
    }
}
