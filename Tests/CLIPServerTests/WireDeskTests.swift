import CLIPEngine
import CLIPServer
import Dispatch
import Synchronization
import Testing

@Suite("Long bodies that are read on threads of their own", .timeLimit(.minutes(1)))
struct WireDeskTests {
    @Test("What nobody waits for any more is not read to its end")
    func leaves() async {
        let list = Array(repeating: "\"a cat\"", count: 20_000).joined(separator: ",")
        let input = RouteInput(body: Array("{\"input\":[\(list)]}".utf8))
        let desk = WireDesk()
        let (began, beginning) = AsyncStream<Void>.makeStream()
        let left = DispatchSemaphore(value: 0)
        let textsRead = Atomic(0)
        let task = Task {
            try await desk.read(plain: input) { (fields) throws(APIError) in
                beginning.yield()
                left.wait()
                let texts = try fields.texts("input") ?? []
                textsRead.store(texts.count, ordering: .relaxed)
                return texts.count
            }
        }
        for await _ in began { break }
        task.cancel()
        left.signal()
        await #expect(throws: APIError.embedding(.cancelled, place: nil)) { try await task.value }
        #expect(textsRead.load(ordering: .relaxed) == 0)
    }

    @Test("Lists of fields and the parts of a form are passed over where nobody waits for them")
    func passedOver() throws {
        let body = Array(#"{"text":["a","b"],"labels":["c"]}"#.utf8)
        var fields = try BodyFields.read(of: body, contentType: "application/json")
        fields.isUnwanted = { true }
        #expect(throws: APIError.embedding(.cancelled, place: nil)) { try ClassifyBody(&fields) }
        let form = Array("--b\r\nContent-Disposition: form-data; name=x\r\n\r\n1\r\n--b--".utf8)
        #expect(throws: APIError.embedding(.cancelled, place: nil)) {
            try Multipart(form, boundary: "b", unless: { true })
        }
        #expect(try Multipart(form, boundary: "b").parts.count == 1)
    }
}
