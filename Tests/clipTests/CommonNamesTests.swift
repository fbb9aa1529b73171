import CLIPHub
import CLIPModels
import CLIPTokenization
import Testing

@Suite("Names that more than one leaf knows")
struct CommonNamesTests {
    @Test("The hub fetches the kinds of models that can be built, and no other")
    func families() {
        let fetched = CheckpointSelection.families.flatMap { [$0, $0 + "_vision_model", $0 + "_text_model"] }
        #expect(Set(fetched) == Set(ModelConfiguration.modelTypes))
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
