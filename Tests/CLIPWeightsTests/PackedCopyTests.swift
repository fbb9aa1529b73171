import CLIPTestSupport
import CLIPWeights
import Foundation
import Testing

@Suite("A packed copy of a checkpoint's weights")
struct PackedCopyTests {
    /// A directory that is gone afterwards.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-packed-\(UUID().uuidString)/deep").path
        defer {
            try? FileManager.default.removeItem(atPath: (directory as NSString).deletingLastPathComponent)
        }
        try body(directory)
    }

    private static let pieces: [(name: String, bytes: [UInt8])] = [
        ("a 0..<3 bf16 brgemm:avx512", Array(0..<200)), ("quoted \"name\" \\", [7]),
        ("whole", Array(repeating: 9, count: 128)),
    ]

    private func make(in directory: String, key: String = "key") throws {
        let copy = try PackedCopy(directory: directory, key: key)
        #expect(!copy.isComplete)
        for piece in Self.pieces { piece.bytes.withUnsafeBytes { copy.keep($0, named: piece.name) } }
        copy.finish()
    }

    private func files(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    @Test("What was kept is found again, each piece at a multiple of 64 bytes")
    func found() throws {
        try withDirectory { directory in
            try make(in: directory)
            let copy = try PackedCopy(directory: directory, key: "key")
            #expect(copy.isComplete && copy.refusal == nil)
            for piece in Self.pieces {
                let view = try #require(copy.bytes(named: piece.name))
                #expect(Array(view.mappedBytes.prefix(piece.bytes.count)) == piece.bytes)
                #expect(Int(bitPattern: view.mappedBytes.baseAddress) % 64 == 0)
            }
            #expect(copy.bytes(named: "other") == nil)
            #expect(try files(in: directory).count == 1, "No temporary file is left.")
        }
    }

    @Test("A copy with another key is another copy")
    func otherKey() throws {
        try withDirectory { directory in
            try make(in: directory)
            let other = try PackedCopy(directory: directory, key: "other key")
            #expect(!other.isComplete && other.refusal == nil)
        }
    }

    @Test("One that was cut off, changed or is of something else is refused with a reason, and made anew")
    func distrust() throws {
        try withDirectory { directory in
            let damages: [(String, (inout Data) -> Void)] = [
                ("cut off", { $0.removeLast(64) }),
                ("nearly empty", { $0 = $0.prefix(5) }),
                ("a flipped bit", { $0[$0.count - 100] ^= 1 }),
                ("longer", { $0.append(0) }),
                (
                    "another key inside",
                    { data in
                        let range = data.range(of: Data(#""key":"key""#.utf8))
                        data.replaceSubrange(range ?? 0..<0, with: Data(#""key":"kez""#.utf8))
                    }
                ),
                ("no safetensors file", { $0 = Data(repeating: 0x41, count: 1_000) }),
            ]
            for (what, damage) in damages {
                try make(in: directory)
                let path = "\(directory)/\(try files(in: directory)[0])"
                var data = try Data(contentsOf: URL(fileURLWithPath: path))
                damage(&data)
                try data.write(to: URL(fileURLWithPath: path))
                let copy = try PackedCopy(directory: directory, key: "key")
                #expect(!copy.isComplete && copy.refusal != nil, "\(what)")
                for piece in Self.pieces { piece.bytes.withUnsafeBytes { copy.keep($0, named: piece.name) } }
                copy.finish()
                #expect(try PackedCopy(directory: directory, key: "key").isComplete, "\(what)")
                try FileManager.default.removeItem(atPath: path)
            }
        }
    }

    @Test("A copy that is not finished leaves nothing behind")
    func abandoned() throws {
        try withDirectory { directory in
            do {
                let copy = try PackedCopy(directory: directory, key: "key")
                [UInt8](repeating: 1, count: 100).withUnsafeBytes { copy.keep($0, named: "a") }
            }
            #expect(try files(in: directory).isEmpty)
        }
    }

    @Test("Where nothing can be written it says so")
    func unwritable() {
        #expect {
            try PackedCopy(directory: "/dev/null/copies", key: "key")
        } throws: { error in
            guard case .unwritableFile = error as? WeightError else { return false }
            return true
        }
    }

    @Test("The eight copies that were used last stay")
    func pruning() throws {
        try withDirectory { directory in
            for number in 0..<11 {
                try make(in: directory, key: "key \(number)")
                // The clock of files is coarse; a minute between them is not.
                for file in try files(in: directory) {
                    let path = "\(directory)/\(file)"
                    let date =
                        try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
                    try FileManager.default.setAttributes(
                        [.modificationDate: try #require(date).addingTimeInterval(-60)],
                        ofItemAtPath: path
                    )
                }
            }
            #expect(try files(in: directory).count == 8)
            #expect(try PackedCopy(directory: directory, key: "key 10").isComplete)
            #expect(try !PackedCopy(directory: directory, key: "key 0").isComplete)
        }
    }

    @Test("The fingerprint changes with the file")
    func fingerprint() throws {
        try TinyModel.quick.withDirectory(.openCLIP) { path in
            let directory = try ModelDirectory(path: path)
            let first = try directory.weights().fingerprint()
            #expect(try directory.weights().fingerprint() == first)
            let file = "\(path)/open_clip_model.safetensors"
            var data = try Data(contentsOf: URL(fileURLWithPath: file))
            data[data.count - 1] ^= 1
            try data.write(to: URL(fileURLWithPath: file))
            #expect(try directory.weights().fingerprint() != first)
        }
    }
}
