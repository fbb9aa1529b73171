import CLIPEngine
import CLIPHub
import CLIPModels
import CLIPTokenization
import CLIPWeights
import Testing

@Suite("Names that more than one leaf knows")
struct CommonNamesTests {
    @Test("The hub fetches the files that a tokenizer is read of, and conversion copies them")
    func tokenizers() {
        #expect(Set(CheckpointSelection.tokenizers) == Set(CaptionTokenizer.fileNames))
        #expect(Set(CheckpointConversion.companions).isSuperset(of: CaptionTokenizer.fileNames))
    }

    @Test("The hub fetches weights of every name that a directory may have, in the same order of preference")
    func weights() {
        // A plain name is OpenCLIP's, too, where there is no config.json.
        let names = ModelDirectory.weightNames.reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        #expect(names == CheckpointSelection.weightNames)
    }

    @Test("A configuration that no network can be made of is refused by name, whatever else is fetched")
    func verdicts() {
        let openCLIP = #"{"model_cfg": {"embed_dim": 64, "vision_cfg": {VISION}, "text_cfg": {TEXT}}}"#
        for (file, json, says) in [
            ("config.json", #"{"model_type": "bert"}"#, "bert"),
            ("config.json", #"{"model_type": "siglip2"}"#, "NaFlex"),
            ("0_CLIPModel/config.json", #"{"model_type": "clip", "projection_dim": "x"}"#, "projection_dim"),
            ("config.json", "[1", "JSON"),
            (
                "open_clip_config.json",
                openCLIP.replacing("VISION", with: #""timm_model_name": "eva02_large_patch14_clip_224""#)
                    .replacing("TEXT", with: ""), "timm_model_name"
            ),
            (
                "open_clip_config.json",
                openCLIP.replacing("VISION", with: "")
                    .replacing("TEXT", with: #""hf_model_name": "xlm-roberta-base""#), "hf_model_name"
            ),
        ] {
            let refusal = ConfigurationVerdict.refusal(of: file, Array(json.utf8))
            #expect(refusal?.contains(says) == true, "\(json): \(refusal ?? "nothing")")
        }
        let fine = openCLIP.replacing("VISION", with: "").replacing("TEXT", with: "")
        #expect(ConfigurationVerdict.refusal(of: "open_clip_config.json", Array(fine.utf8)) == nil)
        for type in ModelConfiguration.modelTypes {
            let json = #"{"model_type": "\#(type)"}"#
            #expect(ConfigurationVerdict.refusal(of: "config.json", Array(json.utf8)) == nil, "\(type)")
        }
    }

    @Test("Captions are read as a Perception Encoder's where the network is one, and nowhere else")
    func perceptionEncoders() throws {
        var found: [Bool] = []
        for trunk in TimmTrunk.known {
            let json = """
                {"model_cfg": {
                    "embed_dim": \(trunk.transformer.encoder.width),
                    "vision_cfg": {
                        "timm_model_name": "\(trunk.name)", "image_size": \(trunk.imageSize),
                        "timm_pool": "\(trunk.pool)", "timm_proj": "\(trunk.pool == "map" ? "none" : "linear")"
                    },
                    "text_cfg": {"width": 64, "heads": 1, "layers": 1}
                }}
                """
            let network = try ModelConfiguration(openCLIPConfig: Array(json.utf8))
            let recipe = try TextRecipe(openCLIPConfig: Array(json.utf8))
            #expect(
                recipe.specialNames == (network.isPerceptionEncoder ? .openCLIP : .openAI),
                "\(trunk.name)"
            )
            found.append(network.isPerceptionEncoder)
        }
        #expect(Set(found) == [true, false])
    }
}
