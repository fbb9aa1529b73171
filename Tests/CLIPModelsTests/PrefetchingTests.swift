import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("The choice of how weights are prefetched", .timeLimit(.minutes(5)))
struct PrefetchingTests {
    private static let place = "prefetches pages in turn"

    private func withCopies(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-prefetching-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    @Test("Is measured once, and kept with the packed weights", arguments: [TinyModel.quick, .odd, .resNet])
    func kept(model: TinyModel) throws {
        try withCopies { directory in
            let made = try model.load(
                copy: PackedCopy(directory: directory, key: "tiny"),
                leastPrefetchedBytes: 0
            )
            let engine = made.context.engine
            let copy = try PackedCopy(directory: directory, key: "tiny")
            #expect(copy.isComplete)
            let byte = copy.bytes(named: Self.place)?.mappedBytes.first
            #expect(
                byte == (engine.canPrefetchPagesInTurn(.f32) ? engine.prefetchesPagesInTurn ? 1 : 0 : nil)
            )
            let again = try model.load(copy: copy, leastPrefetchedBytes: 0).context.engine
            #expect(again.prefetchesPagesInTurn == engine.prefetchesPagesInTurn)
        }
    }

    @Test("Of a packed copy is obeyed, whatever would be measured now", arguments: [UInt8(0), 1])
    func obeyed(byte: UInt8) throws {
        try withCopies { directory in
            let copy = try PackedCopy(directory: directory, key: "chosen")
            withUnsafeBytes(of: byte) { copy.keep($0, named: Self.place) }
            copy.finish()
            let loaded = try TinyModel.quick.load()
            let engine = loaded.context.engine
            engine.prefetchesPagesInTurn = byte == 0
            try loaded.clip.choosePrefetching(
                format: .f32,
                keptIn: PackedCopy(directory: directory, key: "chosen"),
                in: loaded.context
            )
            #expect(engine.prefetchesPagesInTurn == (byte == 1) || !engine.canPrefetchPagesInTurn(.f32))
        }
    }

    @Test("Is made for every family", arguments: FamilyGolden.all)
    func families(name: String) throws {
        let golden = try FamilyGolden(name)
        let model = try golden.load(leastPrefetchedBytes: 0)
        guard let shape = model.clip.configuration.text else { return }
        let texts = try model.clip.textEmbeddings(of: golden.captions, in: model.context)
        #expect(Closeness.worstRowError(texts, golden.textEmbeddings, width: golden.width) < 2e-6)
        #expect(!shape.readsWholeContext || !model.context.engine.prefetchesPagesInTurn)
    }

    @Test("Does not refuse a checkpoint whose caption cannot be computed")
    func failing() throws {
        // A table in its file is read row by row, and this one's first row is no number.
        let model = try FamilyGolden("worldwide").load(leastMappedBytes: 0, leastPrefetchedBytes: 0) {
            weights in
            let table = weights.filter {
                $0.key.hasSuffix("embeddings.weight") || $0.key.hasSuffix("embedding.weight")
            }
            .max { $0.value.floats.count < $1.value.floats.count }
            if let table { weights[table.key]?.floats[0] = .nan }
        }
        #expect(!model.context.engine.prefetchesPagesInTurn)
        #expect(throws: ModelError.self) {
            try model.clip.textEmbeddings(of: [[0, 599]], in: model.context)
        }
    }

    @Test("Is not measured for a model whose weights stay in a cache")
    func small() throws {
        try withCopies { directory in
            _ = try TinyModel.quick.load(copy: PackedCopy(directory: directory, key: "tiny"))
            let copy = try PackedCopy(directory: directory, key: "tiny")
            #expect(copy.isComplete && copy.bytes(named: Self.place) == nil)
        }
    }
}
