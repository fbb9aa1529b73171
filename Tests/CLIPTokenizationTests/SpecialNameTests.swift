import CLIPTestSupport
import CLIPTokenization
import Testing

@Suite("Special tokens are called what the model's own code calls them")
struct SpecialNameTests {
    private struct Golden: Decodable {
        let caption: String
        let ids: [Int32]

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            caption = try values.decode(String.self)
            ids = try values.decode([Int32].self)
        }
    }

    private func tokenizer(_ configuration: String) throws -> CaptionTokenizer {
        let directory = try TemporaryDirectory()
        return try withExtendedLifetime(directory) {
            try CaptionTokenizer(
                directory: directory.path,
                recipe: TextRecipe(openCLIPConfig: Array(configuration.utf8))
            )
        }
    }

    @Test("Perception Encoder's captions have the ids of its own tokenizer, cut where they are too long")
    func perceptionEncoder() throws {
        let tokenizer = try tokenizer(
            #"""
            {"vision_cfg": {"image_size": 336, "timm_model_name": "vit_pe_core_large_patch14_336"},
            "text_cfg": {"context_length": 32}}
            """#
        )
        let cases = try Fixture.decode([Golden].self, from: "special_names/captions.json")
        #expect(cases.count >= 15)
        for golden in cases {
            let tokens = try tokenizer.tokens(for: golden.caption, truncating: true)
            #expect(tokens.ids == golden.ids, "\(golden.caption.debugDescription)")
        }
    }

    @Test("Other models in open_clip's layout keep OpenAI's names, which Roboflow's server has for CLIP")
    func others() throws {
        let tokenizer = try tokenizer(#"{"vision_cfg": {"layers": 12}, "text_cfg": {"context_length": 77}}"#)
        #expect(try tokenizer.tokens(for: "<|endoftext|>").ids == [49406, 49407, 49407])
        #expect(try tokenizer.tokens(for: "<end_of_text>").ids.count > 3)
    }
}
