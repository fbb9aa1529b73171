import CLIPTokenization
import CZlib

/// A vocabulary as the lists that its files are made of, for writing right and wrong ones.
struct WrittenVocabulary {
    var tokens: [(text: String, id: Int)]
    var merges: [(String, String)]

    static let startOfText = "<|startoftext|>"
    static let endOfText = "<|endoftext|>"

    /// Bytes, merges that make "cat", "the" and "aa" out of them, and the special tokens.
    static func small() -> WrittenVocabulary {
        let characters = ByteAlphabet.characters.map { String(decoding: $0, as: UTF8.self) }
        let merges = [("a", "t</w>"), ("c", "at</w>"), ("t", "h"), ("th", "e</w>"), ("a", "a"), ("aa", "aa")]
        let texts =
            characters + characters.map { $0 + "</w>" } + merges.map { $0.0 + $0.1 } + [
                startOfText, endOfText,
            ]
        return WrittenVocabulary(tokens: texts.enumerated().map { ($1, $0) }, merges: merges)
    }

    /// The embedded one.
    static func openAI() throws -> WrittenVocabulary {
        let (tokens, merges) = try PackedMerges.written()
        let texts = tokens.map { String(decoding: $0, as: UTF8.self) }
        return WrittenVocabulary(
            tokens: texts.enumerated().map { ($1, $0) },
            merges: merges.map { (texts[$0.0], texts[$0.1]) }
        )
    }

    var vocabularyJSON: String {
        "{" + tokens.map { "\(Self.quoted($0.text)): \($0.id)" }.joined(separator: ", ") + "}"
    }

    var mergesText: String {
        "#version: 0.2\n" + merges.map { "\($0.0) \($0.1)\n" }.joined()
    }

    /// With the special tokens beside the model's tokens, as Hugging Face writes them.
    func tokenizerJSON(mergesAsPairs: Bool, type: String = "BPE", suffix: String = "</w>") -> String {
        let list = merges.map { pair in
            mergesAsPairs
                ? "[\(Self.quoted(pair.0)), \(Self.quoted(pair.1))]" : Self.quoted(pair.0 + " " + pair.1)
        }
        let added = tokens.filter { $0.text.hasPrefix("<|") }.map { token in
            "{\"id\": \(token.id), \"content\": \(Self.quoted(token.text)), \"special\": true, \"lstrip\": false}"
        }
        return """
            {"version": "1.0", "truncation": null, "added_tokens": [\(added.joined(separator: ","))],
            "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"x": [1.5e3, -2, true]}, {"type": "Lowercase"}]},
            "model": {"type": "\(type)", "dropout": null, "unk_token": "<|endoftext|>",
            "continuing_subword_prefix": "", "end_of_word_suffix": "\(suffix)", "fuse_unk": false,
            "vocab": \(vocabularyJSON), "merges": [\(list.joined(separator: ", "))]}}
            """
    }

    func gzip() throws -> [UInt8] {
        try Self.packed(Array(("\"bpe_simple_vocab_16e6.txt#version: 0.2\n" + mergesText.dropFirst(14)).utf8))
    }

    static func packed(_ bytes: [UInt8]) throws -> [UInt8] {
        var result = CLIP_GZIP_MALFORMED
        let packed = [UInt8](unsafeUninitializedCapacity: bytes.count + 1_024) { buffer, count in
            result = clip_gzip_pack(bytes, bytes.count, buffer.baseAddress, buffer.count, &count)
        }
        guard result == CLIP_GZIP_DONE else { throw TokenizationError.malformedGzip(file: "packing") }
        return packed
    }

    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\\(scalar)"
            case "\u{0}"..<" ":
                out += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            // Escapes as Python writes them, for a part of the alphabet.
            case "\u{100}"..."\u{120}": out += "\\u0" + String(scalar.value, radix: 16)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
