import CLIPEngine
import CLIPTestSupport
import CZlib
import Foundation
import Testing

@Suite("Whether a vocabulary is whole", .timeLimit(.minutes(5)))
struct VocabularyFitTests {
    /// A vocabulary of bytes, of `merges` merges, and of the special tokens.
    private struct Files {
        var tokens: [String]
        var merges: [String]

        init(merges count: Int) {
            let kept = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
            let all = kept + (0..<(256 - kept.count)).map { 0x100 + $0 }
            let letters = all.compactMap(Unicode.Scalar.init).map { String($0) }
            let pairs = letters.flatMap { one in letters.prefix(4).map { (one, $0) } }.prefix(count)
            merges = pairs.map { "\($0.0) \($0.1)" }
            tokens = letters + letters.map { $0 + "</w>" } + pairs.map { $0.0 + $0.1 }
            tokens += ["<|startoftext|>", "<|endoftext|>"]
        }

        func vocabularyJSON() throws -> Data {
            try JSONEncoder().encode(
                Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($1, $0) })
            )
        }

        var mergesText: String { "#version: 0.2\n" + merges.joined(separator: "\n") + "\n" }

        func gzip() throws -> Data {
            let bytes = Array(mergesText.utf8)
            var result = CLIP_GZIP_MALFORMED
            let packed = [UInt8](unsafeUninitializedCapacity: bytes.count + 1024) { buffer, count in
                result = clip_gzip_pack(bytes, bytes.count, buffer.baseAddress, buffer.count, &count)
            }
            try #require(result == CLIP_GZIP_DONE)
            return Data(packed)
        }
    }

    /// Why a checkpoint with a table of so many rows is refused; nil where it is not.
    private func refusal(rows: Int, _ files: [String: Data], isOpenCLIP: Bool = false) throws -> String? {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-fit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        // 2 stands for the largest id in old files, so that end-of-text contradicts nothing.
        let configuration =
            #"{"model_type": "clip", "text_config": {"vocab_size": \#(rows), "eos_token_id": 2}}"#
        var files = files
        if isOpenCLIP {
            let configuration =
                #"{"model_cfg": {"embed_dim": 512, "vision_cfg": {}, "text_cfg": {"vocab_size": \#(rows)}}}"#
            files["open_clip_config.json"] = Data(configuration.utf8)
            files["open_clip_model.safetensors"] = Data("weights".utf8)
        } else {
            files["config.json"] = Data(configuration.utf8)
            files["model.safetensors"] = Data("weights".utf8)
        }
        for (name, data) in files { try data.write(to: directory.appendingPathComponent(name)) }
        do throws(EmbeddingError) {
            _ = try TokenizerSource(model: ModelSource(name: "tiny", directory: directory.path))
            return nil
        } catch {
            guard case .modelUnavailable("tiny", let cause) = error else {
                return "not by the model: \(error)"
            }
            return cause
        }
    }

    @Test(
        "Where end-of-text has not the largest id, transformers pools elsewhere, and open_clip never has such a vocabulary"
    )
    func specialsFirst() throws {
        var files = Files(merges: 40)
        files.tokens = files.tokens.suffix(2) + files.tokens.dropLast(2)
        let written = [
            "vocab.json": try files.vocabularyJSON(), "merges.txt": Data(files.mergesText.utf8),
        ]
        let rows = files.tokens.count
        #expect(try refusal(rows: rows, written) == nil)
        let found = try #require(try refusal(rows: rows, written, isOpenCLIP: true))
        #expect(found.contains("from token \(rows - 1)") && found.contains("end-of-text is 1."), "\(found)")
    }

    private func expect(
        _ isWhole: Bool,
        rows: Int,
        _ files: [String: Data],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let refusal = try refusal(rows: rows, files)
        #expect((refusal == nil) == isWhole, "\(refusal ?? "loaded")", sourceLocation: sourceLocation)
        guard let refusal else { return }
        #expect(
            refusal.contains("\(rows)") && refusal.contains("vocabulary has"),
            "\(refusal)",
            sourceLocation: sourceLocation
        )
        #expect(Words.faults(of: refusal) == [], sourceLocation: sourceLocation)
    }

    @Test(
        "With ids in the file, the table is as long, or longer up to a multiple of 8 to 1,024",
        arguments: [
            (614, true), (613, false), (615, false), (616, true), (624, true), (640, true), (1024, true),
            (1536, false), (6144, false), (4866, false), (49_408, false),
        ]
    )
    func numbered(rows: Int, isWhole: Bool) throws {
        let files = Files(merges: 100)
        try expect(
            isWhole,
            rows: rows,
            ["vocab.json": files.vocabularyJSON(), "merges.txt": Data(files.mergesText.utf8)]
        )
    }

    @Test(
        "Without ids in the file, the table is exactly as long",
        arguments: [614, 613, 615, 616, 640, 49_408]
    )
    func ordered(rows: Int) throws {
        let files = Files(merges: 100)
        try expect(rows == 614, rows: rows, ["bpe_simple_vocab_16e6.txt.gz": files.gzip()])
    }

    @Test(
        "OpenAI's vocabulary goes with any table that is long enough",
        arguments: [49_407, 49_408, 49_409, 50_000]
    )
    func openAI(rows: Int) throws {
        try expect(rows >= 49_408, rows: rows, [:])
    }
}
