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

    @Test("What a process left that was killed while it wrote goes after an hour")
    func leftovers() throws {
        try withDirectory { directory in
            try make(in: directory)
            for (name, age) in [
                ("old.packed.safetensors.1.tmp", 4_000.0), ("young.content.2.tmp", 60), ("other", 4_000),
            ] {
                let path = "\(directory)/\(name)"
                try Data([1]).write(to: URL(fileURLWithPath: path))
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -age)],
                    ofItemAtPath: path
                )
            }
            try make(in: directory, key: "another")
            let left = try files(in: directory).filter { !$0.hasSuffix(".packed.safetensors") }
            #expect(left == ["other", "young.content.2.tmp"])
        }
    }

    // MARK: What a checkpoint contains

    private func content(of path: String, notedIn directory: String) throws -> String {
        try ModelDirectory(path: path).weights().content(notedIn: directory)
    }

    @Test("The content is that of the bytes, wherever they lie, and changes with any of them")
    func content() throws {
        try withDirectory { notes in
            try TinyModel.quick.withDirectory(.openCLIP) { path in
                let first = try content(of: path, notedIn: notes)
                #expect(try content(of: path, notedIn: notes) == first)
                #expect(
                    try content(of: path, notedIn: "/dev/null/notes") == first,
                    "Without notes it is summed up."
                )
                #expect(try files(in: notes).count == 1)
                let other = try TinyModel.quick.withDirectory(.openCLIP) {
                    try content(of: $0, notedIn: notes)
                }
                #expect(other == first)
                #expect(try files(in: notes).count == 2)

                let file = "\(path)/open_clip_model.safetensors"
                let attributes = try FileManager.default.attributesOfItem(atPath: file)
                let handle = try #require(FileHandle(forUpdatingAtPath: file))
                let end = try handle.seekToEnd()
                try handle.seek(toOffset: end / 2)
                try handle.write(contentsOf: [1, 2, 3])
                try handle.close()
                let date = try #require(attributes[.modificationDate] as? Date)
                // Even where it claims to be as old as before.
                try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
                #expect(try content(of: path, notedIn: notes) != first)
            }
        }
    }

    @Test("A note that is damaged, or of other files, is not believed")
    func damagedNotes() throws {
        try withDirectory { notes in
            try TinyModel.quick.withDirectory(.openCLIP) { path in
                let first = try content(of: path, notedIn: notes)
                let note = "\(notes)/\(try files(in: notes)[0])"
                let whole = try Data(contentsOf: URL(fileURLWithPath: note))
                let sum = try #require(whole.range(of: Data(first.utf8)))
                var other = whole
                other[sum.upperBound - 1] ^= 1
                var elsewhere = whole
                elsewhere[0] ^= 1
                let empty = Data()
                let huge = Data(repeating: 0x31, count: 1 << 19)
                for damaged in [other, elsewhere, whole.dropLast(), whole.prefix(10), empty, huge] {
                    try damaged.write(to: URL(fileURLWithPath: note))
                    #expect(try content(of: path, notedIn: notes) == first)
                    #expect(try Data(contentsOf: URL(fileURLWithPath: note)) == whole, "It is made anew.")
                }
            }
        }
    }
}
