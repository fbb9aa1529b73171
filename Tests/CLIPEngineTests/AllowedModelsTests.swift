import CLIPEngine
import Testing

@Suite("Which models requests may have brought")
struct AllowedModelsTests {
    private let offers = [
        ("ViT-B-32", "timm/vit_base_patch32_clip_224.openai"), ("RN50", "timm/resnet50_clip.openai"),
        ("siglip2-b16", "google/siglip2-base-patch16-256"), ("mine", nil),
    ].map { name, repository in
        ModelProvider.Offer(name: name, origin: repository.map { ModelOrigin(repository: $0) })
    }

    @Test(
        "Names and repositories are allowed by what fits all of them",
        arguments: [
            (AllowedModels.none, []), (.known, ["ViT-B-32", "RN50", "siglip2-b16", "mine"]),
            (.roboflow, ["ViT-B-32", "RN50"]), (.matching(["ViT-B-32"]), ["ViT-B-32"]),
            (.matching(["ViT-B-3"]), []), (.matching(["*"]), ["ViT-B-32", "RN50", "siglip2-b16", "mine"]),
            (.matching(["ViT-*", "mine"]), ["ViT-B-32", "mine"]), (.matching(["*32"]), ["ViT-B-32"]),
            (.matching(["V*B*2"]), ["ViT-B-32"]), (.matching(["V*B*3"]), []),
            (.matching(["timm/*"]), ["ViT-B-32", "RN50"]), (.matching(["*/siglip2-*"]), ["siglip2-b16"]),
            (.matching(["timm*"]), []), (.matching(["google/siglip2-base-patch16-256"]), ["siglip2-b16"]),
        ] as [(AllowedModels, [String])]
    )
    func names(allowed: AllowedModels, expected: [String]) {
        #expect(offers.filter(allowed.allow).map(\.name) == expected)
    }

    @Test("Requests may name repositories only where a pattern is of repositories")
    func repositories() {
        let name = "google/siglip2-base-patch16-256"
        for allowed in [AllowedModels.none, .known, .roboflow, .matching(["*", "siglip2-*", "google*"])] {
            #expect(!allowed.allowsRepository(name), "\(allowed)")
        }
        for pattern in [name, "google/*", "*/*", "*/siglip2-*", "google/*256"] {
            #expect(AllowedModels.matching([pattern]).allowsRepository(name), "\(pattern)")
        }
        #expect(!AllowedModels.matching(["google/siglip2", "googl/*", "*/siglip"]).allowsRepository(name))
    }

    @Test("By default those that Roboflow's server has may be brought, Perception Encoder's two among them")
    func roboflow() {
        for (name, isAllowed) in [
            ("ViT-B-16", true), ("PE-Core-L14-336", true), ("PE-Core-B16-224", true),
            ("PE-Core-T16-384", false),
        ] {
            #expect(AllowedModels.roboflow.allow(ModelProvider.Offer(name: name)) == isAllowed, "\(name)")
        }
    }

    @Test("What no model can be called is refused by the flag's name, and a name that nobody knows")
    func problems() {
        let provider = ModelProvider(
            names: ["ViT-B-32", "RN50"],
            isRepository: { $0.wholeMatch(of: /[a-z]+\/[a-z]+/) != nil },
            offers: { [] }
        ) { name, _ async throws(EmbeddingError) in
            throw .unknownModel(name)
        }
        for pattern in ["../up", "a b", "a/b/c", "", "*/../x", "가", "a/b1"] {
            for provider in [nil, provider] {
                let problems = AllowedModels.matching([pattern]).problems(provider)
                #expect(problems.count == 1 && problems[0].contains("--allow-models"), "\(pattern)")
            }
        }
        #expect(AllowedModels.matching(["ViT-B-32", "RN*", "x/*"]).problems(provider) == [])
        #expect(AllowedModels.matching(["ViT-B-33"]).problems(nil) == [], "Nothing is known.")
        let problems = AllowedModels.matching(["ViT-B-33"]).problems(provider)
        #expect(problems.count == 1 && problems[0].contains("ViT-B-33"))
    }
}
