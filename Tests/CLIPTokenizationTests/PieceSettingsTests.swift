import CLIPTestSupport
import CLIPTokenization
import Foundation
import Testing

/// A small tokenizer with members of its files set or taken away, and what its reference makes of some texts then.
struct PieceSettingsCase: Decodable, CustomTestStringConvertible {
    let vocabulary: String
    let members: [String: [String: Member]]
    let removed: [String]
    /// What sequences are filled up to; 0 leaves them.
    let length: Int
    let texts: [[String]]

    /// A member as it stands in the file, whatever it is.
    indirect enum Member: Codable {
        case null
        case flag(Bool)
        case number(Int)
        case text(String)
        case list([Member])
        case object([String: Member])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? value.decode(Int.self) {
                self = .number(number)
            } else if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let list = try? value.decode([Member].self) {
                self = .list(list)
            } else {
                self = .object(try value.decode([String: Member].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .null: try value.encodeNil()
            case .flag(let flag): try value.encode(flag)
            case .number(let number): try value.encode(number)
            case .text(let text): try value.encode(text)
            case .list(let list): try value.encode(list)
            case .object(let members): try value.encode(members)
            }
        }
    }

    var testDescription: String {
        let parts = members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)".prefix(160) }
        return "\(vocabulary) \(parts) \(length)"
    }

    static func all() throws -> [PieceSettingsCase] {
        try Fixture.decode([PieceSettingsCase].self, from: "pieces/settings.json")
    }

    /// The files of the vocabulary with the members, in a directory of their own.
    func directory() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            let bytes = Data(try Fixture.bytes("pieces/\(vocabulary)/\(name)"))
            var file = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
            for key in removed where name == "tokenizer_config.json" { file[key] = nil }
            for (key, member) in members[name] ?? [:] {
                let value = try JSONSerialization.jsonObject(
                    with: JSONEncoder().encode(member),
                    options: .fragmentsAllowed
                )
                let path = key.split(separator: ".").map(String.init)
                if path.count == 2 {
                    var inner = try #require(file[path[0]] as? [String: Any])
                    inner[path[1]] = value
                    file[path[0]] = inner
                } else {
                    file[key] = value
                }
            }
            try directory.write([UInt8](JSONSerialization.data(withJSONObject: file)), to: name)
        }
        return directory
    }
}

@Suite("Settings beside a tokenizer of pieces change ids as they do in transformers, or are refused")
struct PieceSettingsTests {
    @Test("Every text has transformers' ids under other settings", arguments: try PieceSettingsCase.all())
    func references(_ golden: PieceSettingsCase) throws {
        let directory = try golden.directory()
        let recipe =
            golden.length == 0
            ? try TextRecipe(besideFilesIn: directory.path)
            : .transformers(modelType: "siglip", contextLength: golden.length)
        let tokenizer = try CaptionTokenizer(directory: directory.path, recipe: recipe)
        #expect(golden.texts.count > 10)
        for pair in golden.texts {
            let ids = pair[1].split(separator: " ").compactMap { Int32($0) }
            #expect(
                try tokenizer.tokens(for: pair[0], truncating: true).ids == ids,
                "\(pair[0].debugDescription)"
            )
        }
    }

    /// Why a small tokenizer is refused whose settings are these; nil where it is read.
    private func refusal(
        _ fixture: String,
        _ settings: String,
        length: Int = 64,
        file: (String) -> String = { $0 }
    ) throws -> TokenizationError? {
        let directory = try TemporaryDirectory()
        let (name, bytes) = try PieceFixture(name: fixture).vocabulary()
        try directory.write(file(String(decoding: bytes, as: UTF8.self)), to: name)
        try directory.write(settings, to: "tokenizer_config.json")
        do throws(TokenizationError) {
            let recipe = TextRecipe.transformers(modelType: "siglip", contextLength: length)
            _ = try CaptionTokenizer(directory: directory.path, recipe: recipe)
            return nil
        } catch {
            return error
        }
    }

    @Test("Sequences that transformers would fill up to fewer tokens than the network reads are refused")
    func longestSequence() throws {
        func settings(_ length: String) -> String {
            #"{"tokenizer_class": "GemmaTokenizer", "model_max_length": \#(length)}"#
        }
        for length in ["64", "65", "1000000000000000019884624838656", "1e30", "null"] {
            #expect(try refusal("gemma", settings(length)) == nil, "\(length)")
        }
        for length in ["63", "16", "0", "-3"] {
            let found = "model_max_length \(length) where the network reads 64"
            #expect(
                try refusal("gemma", settings(length))
                    == .unsupportedStep(file: "tokenizer_config.json", found: found)
            )
        }
        // open_clip says itself how far sequences are filled up.
        let directory = try TemporaryDirectory()
        try directory.write(try PieceFixture(name: "gemma").vocabulary().bytes, to: "tokenizer.json")
        try directory.write(settings("16"), to: "tokenizer_config.json")
        let config =
            #"{"text_cfg": {"hf_tokenizer_name": "x", "no_causal_mask": true, "context_length": 64}}"#
        let recipe = try TextRecipe(openCLIPConfig: Array(config.utf8))
        let tokenizer = try CaptionTokenizer(directory: directory.path, recipe: recipe)
        #expect(try tokenizer.tokens(for: "a cat").ids.count == 64)
    }

    @Test("A file that cuts texts at their beginning is refused, unless the settings say otherwise")
    func truncation() throws {
        func cut(_ side: String) -> (String) -> String {
            {
                $0.replacingOccurrences(
                    of: #""truncation":null"#,
                    with: #""truncation":{"direction":"\#(side)","max_length":9,"stride":0}"#
                )
            }
        }
        let settings = #"{"tokenizer_class": "GemmaTokenizer"}"#
        let right = #"{"tokenizer_class": "GemmaTokenizer", "truncation_side": "right"}"#
        #expect(
            try refusal("gemma", settings, file: cut("Left"))
                == .unsupportedStep(
                    file: "tokenizer.json",
                    found: "a truncation.direction that is not Right"
                )
        )
        #expect(try refusal("gemma", right, file: cut("Left")) == nil)
        #expect(try refusal("gemma", settings, file: cut("Right")) == nil)
        #expect(try refusal("gemma", settings, file: cut("Up")) != nil)
    }

    @Test(
        "Tokens that BERT's class needs and that are said to be none, or are none of the vocabulary, are refused",
        arguments: ["cls_token", "sep_token", "unk_token"]
    )
    func vacant(_ task: String) throws {
        for token in ["null", "\"[FOO]\""] {
            let settings = #"{"tokenizer_class": "BertTokenizer", "\#(task)": \#(token)}"#
            guard case .missingSpecialToken("tokenizer.json", _)? = try refusal("bert", settings) else {
                Issue.record("\(task) \(token) is not refused")
                continue
            }
        }
    }

    @Test("A file that the family's own tokenizer cannot read is told to lack the class that can")
    func missingClass() throws {
        let error = try refusal("gemma", "{}")
        #expect(
            error
                == .missingField(
                    file: "tokenizer_config.json",
                    field: "tokenizer_class, and SiglipTokenizer has no model BPE"
                )
        )
    }

    @Test(
        "OpenAI's sequences that are filled up, or cut, before their beginning are refused, but where open_clip reads"
    )
    func leftOfCLIP() throws {
        let small = WrittenVocabulary.small()
        func read(_ files: [String: String], findsKnownTokens: Bool = true) throws {
            let directory = try TemporaryDirectory()
            try directory.write(small.tokenizerJSON(mergesAsPairs: true), to: "tokenizer.json")
            for (name, text) in files { try directory.write(text, to: name) }
            _ = try Vocabulary(directory: directory.path, findsKnownTokens: findsKnownTokens)
        }
        let left = ["tokenizer_config.json": #"{"padding_side": "left"}"#]
        #expect(
            throws: TokenizationError.unsupportedTokenizer(
                file: "tokenizer_config.json",
                found: "padding_side left"
            )
        ) {
            try read(left)
        }
        try read(left, findsKnownTokens: false)
        try read(["tokenizer_config.json": #"{"padding_side": "right"}"#])
        for field in ["padding", "truncation"] {
            let json = small.tokenizerJSON(mergesAsPairs: true)
            let file = #"{"\#(field)": {"direction": "Left"}, "# + json.drop { $0 != "{" }.dropFirst()
            #expect(
                throws: TokenizationError.unsupportedTokenizer(
                    file: "tokenizer.json",
                    found: "\(field) with the direction Left"
                )
            ) {
                try read(["tokenizer.json": file])
            }
            try read(["tokenizer.json": file], findsKnownTokens: false)
            try read(["tokenizer.json": file.replacingOccurrences(of: "\"Left\"", with: "\"Right\"")])
        }
    }
}
