import CLIPKernels
import CLIPModels
import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("The choice of how weights are fetched", .timeLimit(.minutes(5)))
struct FetchingTests {
    private static let place = "fetches pages in turn"

    private func withCopies(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-fetching-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    @Test("Is measured once, and kept with the packed weights", arguments: [TinyModel.quick, .odd, .resNet])
    func kept(model: TinyModel) throws {
        try withCopies { directory in
            let made = try model.load(
                copy: PackedCopy(directory: directory, key: "tiny"),
                leastFetchedBytes: 0
            )
            let engine = made.context.engine
            let copy = try PackedCopy(directory: directory, key: "tiny")
            #expect(copy.isComplete)
            let byte = copy.bytes(named: Self.place)?.mappedBytes.first
            #expect(byte == (engine.multipliesPanels(.f32) ? engine.fetchesPagesInTurn ? 1 : 0 : nil))
            let again = try model.load(copy: copy, leastFetchedBytes: 0).context.engine
            #expect(again.fetchesPagesInTurn == engine.fetchesPagesInTurn)
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
            engine.fetchesPagesInTurn = byte == 0
            try loaded.clip.chooseFetching(
                format: .f32,
                keptIn: PackedCopy(directory: directory, key: "chosen"),
                in: loaded.context
            )
            #expect(engine.fetchesPagesInTurn == (byte == 1) || !engine.multipliesPanels(.f32))
        }
    }

    @Test("Is not measured for a model whose weights stay in a cache")
    func small() throws {
        try withCopies { directory in
            _ = try TinyModel.quick.load(copy: PackedCopy(directory: directory, key: "tiny"))
            #expect(try PackedCopy(directory: directory, key: "tiny").bytes(named: Self.place) == nil)
        }
    }
}
