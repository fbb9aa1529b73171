import CLIPTestSupport
import CLIPTokenization
import Foundation
import Testing

/// A small tokenizer of pieces, and what its reference made of some hundred strings.
struct PieceFixture: CustomTestStringConvertible {
    let name: String

    /// Every kind: models of sentencepiece by themselves, and with the rules of transformers and open_clip around.
    static let all = [
        "unigram", "unigram-bytes", "bpe", "bpe-symbols", "t5", "siglip", "siglip-file", "xlm-roberta",
        "gemma",
        "siglip2", "open-clip-t5", "open-clip-gemma", "open-clip-whitespace", "bert",
    ].map { PieceFixture(name: $0) }

    var testDescription: String { name }

    var directory: String { Fixture.url("pieces/\(name)").path }

    /// Texts and their ids.
    func cases() throws -> [(text: String, ids: [Int32])] {
        try Fixture.decode([[String]].self, from: "pieces/\(name)/cases.json").map { golden in
            (golden[0], golden[1].split(separator: " ").compactMap { Int32($0) })
        }
    }

    func tokenizer() throws -> CaptionTokenizer {
        try CaptionTokenizer(directory: directory, recipe: TextRecipe(besideFilesIn: directory))
    }

    /// The bytes of the file that holds its vocabulary, and that file's name.
    func vocabulary() throws -> (name: String, bytes: [UInt8]) {
        for name in ["tokenizer.json", "tokenizer.model", "spiece.model"] {
            if let bytes = try? Fixture.bytes("pieces/\(self.name)/\(name)") { return (name, bytes) }
        }
        return ("", [])
    }
}
