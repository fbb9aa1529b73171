import CLIPEngine
import CLIPFiles
import CLIPIndex
import CLIPTestSupport
import Synchronization
import Testing

@Suite("Files of an index's pictures", .timeLimit(.minutes(1)))
struct IndexedFilesTests {
    /// An index that is slow to say where files are, as a disk may be.
    private final class HeldFiles: SearchableIndex {
        let model = IndexedModel(name: "held", precision: "f32", sample: [1, 0])
        let hashKey: IndexHashKey
        private let state = Mutex((asked: 0, isHeld: true))

        init() throws {
            hashKey = try #require(IndexHashKey(bytes: [UInt8](repeating: 7, count: 16)))
        }

        var asked: Int { state.withLock { $0.asked } }

        func release() { state.withLock { $0.isHeld = false } }

        func file(ofID id: Int) async throws(IndexError) -> (path: String, look: IndexFile.Look)? {
            state.withLock { $0.asked += 1 }
            while state.withLock({ $0.isHeld }) { try? await Task.sleep(for: .milliseconds(2)) }
            return ("/none/\(id).jpg", IndexFile.Look(bytes: 1, modified: 1))
        }

        func search(_ queries: [ImageIndex.Query]) async throws(IndexError) -> ImageIndex.Result {
            ImageIndex.Result(matches: queries.map { _ in [] }, searched: 0)
        }

        func embedding(ofFile path: String) async throws(IndexError) -> (id: Int, [Float])? { nil }
        func embedding(ofID id: Int) async throws(IndexError) -> [Float]? { nil }
        func id(ofHash hash: [UInt8]) async throws(IndexError) -> Int? { nil }
    }

    @Test("No more than 64 are looked at or wait for that, and more are refused at once")
    func bounded() async throws {
        let folder = try TemporaryDirectory()
        let model = ModelSource(name: "held", directory: "\(folder.path)/model")
        try TinyModel.quick.write(to: model.directory, .openCLIP)
        let engine = try EmbeddingEngine(configuration: EngineConfiguration(models: [model], cores: 2))
        let index = try HeldFiles()
        let pictures = try PictureSearch(index, by: engine, threads: 1)
        @Sendable func fault(_ id: Int) async -> PictureSearchError? {
            do throws(PictureSearchError) {
                _ = try await pictures.picture(ofID: id, terms: RequestTerms())
                return nil
            } catch {
                return error
            }
        }
        try await withThrowingTaskGroup(of: PictureSearchError?.self) { group in
            for id in 0..<64 { group.addTask { await fault(id) } }
            try await eventually { index.asked == 64 }
            #expect(await fault(64) == .engine(.overloaded(retryAfterSeconds: 1), term: nil))
            index.release()
            var missing = 0
            for try await fault in group {
                if case .changedFile? = fault { missing += 1 }
            }
            #expect(missing == 64)
        }
        // All were given back.
        #expect(await fault(65) == .changedFile(path: "/none/65.jpg"))
        engine.shutdown()
    }
}
