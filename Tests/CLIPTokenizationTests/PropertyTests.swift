import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("What holds for any text")
struct PropertyTests {
    private let tokenizer: CaptionTokenizer

    init() throws {
        tokenizer = CaptionTokenizer(vocabulary: try SharedVocabulary.openAI.get(), contextLength: 1 << 30)
    }

    /// Scalars of all planes, most of them from the first.
    private func randomText(_ random: inout SeededRandom) -> [UInt32] {
        (0..<Int.random(in: 0...24, using: &random)).map { _ in
            let top =
                [0x80, 0x100, 0x600, 0x3000, 0x1_0000, 0x2_0000, 0x11_0000].randomElement(using: &random)
                ?? 0x80
            let scalar = UInt32.random(in: 0..<UInt32(top), using: &random)
            return 0xD800...0xDFFF ~= scalar ? 0xFFFD : scalar
        }
    }

    private func string(_ scalars: [UInt32]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars.compactMap { Unicode.Scalar($0) })
        return String(view)
    }

    @Test("5,000 random texts have ids within the vocabulary, and twice the same")
    func randomTexts() throws {
        var random = SeededRandom(seed: 1)
        for _ in 0..<5_000 {
            let caption = string(randomText(&random))
            let ids = try tokenizer.tokens(for: caption).ids
            #expect(ids.first == 49_406 && ids.last == 49_407 && ids.allSatisfy { 0..<49_408 ~= $0 })
            #expect(ids.count <= 2 + 64 * caption.unicodeScalars.count)
        }
    }

    @Test("Composition, lower case and removal of controls have nothing left to do the second time")
    func idempotence() {
        var random = SeededRandom(seed: 2)
        for _ in 0..<2_000 {
            let text = randomText(&random)
            let composed = CanonicalComposition.normalized(text)
            #expect(CanonicalComposition.normalized(composed) == composed)
            let lower = LowerCase.lowercased(text)
            #expect(LowerCase.lowercased(lower) == lower)
            let plain = CharacterRepairs.removingControls(text)
            #expect(CharacterRepairs.removingControls(plain) == plain)
        }
    }

    @Test("A caption is cleaned as canonically equivalent ones are")
    func canonicalEquivalence() throws {
        for (composed, decomposed) in [
            ("각 한글", "\u{1100}\u{1161}\u{11A8} \u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"),
            ("é", "e\u{301}"),
        ] {
            #expect(try tokenizer.tokens(for: composed) == tokenizer.tokens(for: decomposed))
        }
    }

    @Test(
        "The work for a caption grows with its length and no faster",
        .timeLimit(.minutes(5)),
        arguments: [
            "a", "ab ", "&", "&amp;", "&#", "&#1", "&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\u{301}",
            "\u{301}\u{316}", "Ã©",
            "Ã ", "Ã", "à¤", "ð", "\u{1B}[", "\u{1B}[1;", "\n", "\r", "<|endoftext|>", "Σ", "Σ'", "'",
            "\u{1100}\u{1161}", "😀",
            "&amp;#38;", "é£", "\u{85}",
        ]
    )
    func longTexts(unit: String) throws {
        #if DEBUG
        let length = 3_000
        #else
        let length = 1_000_000
        #endif
        let caption = String(repeating: unit, count: length / unit.unicodeScalars.count)
        _ = try tokenizer.tokens(for: caption)
    }
}
