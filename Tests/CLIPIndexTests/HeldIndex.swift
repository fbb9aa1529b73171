import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Synchronization
import Testing

/// An index of two pictures that answers when it is told to, and remembers what it was asked together.
final class HeldIndex: SearchableIndex {
    let model = IndexedModel(name: "held", precision: "f32", sample: [1, 0])
    let hashKey: IndexHashKey
    private struct State {
        var isHeld = true
        var passes: [[ImageIndex.Query]] = []
        var error: IndexError?
    }
    private let state = Mutex(State())

    init() throws {
        hashKey = try #require(IndexHashKey(bytes: [UInt8](repeating: 7, count: 16)))
    }

    var passes: [[ImageIndex.Query]] { state.withLock { $0.passes } }

    func release(failing error: IndexError? = nil) {
        state.withLock { ($0.isHeld, $0.error) = (false, error) }
    }

    func search(_ queries: [ImageIndex.Query]) async throws(IndexError) -> ImageIndex.Result {
        state.withLock { $0.passes.append(queries) }
        while state.withLock({ $0.isHeld }) { try? await Task.sleep(for: .milliseconds(2)) }
        if let error = state.withLock({ $0.error }) { throw error }
        return ImageIndex.Result(
            matches: queries.map { query in
                // What was asked goes back, so that everybody can see whose answer it is.
                [ImageIndex.Match(id: query.top, paths: ["/\(query.top)"], score: 1)]
            },
            searched: 2
        )
    }

    func embedding(ofFile path: String) async throws(IndexError) -> (id: Int, [Float])? { nil }
    func embedding(ofID id: Int) async throws(IndexError) -> [Float]? { nil }
    func file(ofID id: Int) async throws(IndexError) -> (path: String, look: IndexFile.Look)? { nil }
    func id(ofHash hash: [UInt8]) async throws(IndexError) -> Int? { nil }
}
