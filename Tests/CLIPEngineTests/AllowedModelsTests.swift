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

    @Test(
        "A repository is two parts that lead nowhere else",
        arguments: [
            ("google/siglip2-base-patch16-256", true), ("a/b", true), ("a", false), ("a/b/c", false),
            ("../b", false), ("a/..", false), ("./b", false), ("a/.b", false), ("-a/b", false), ("/b", false),
            ("a/", false), ("a/b@main", false), ("a/b c", false), ("a/b%2e", false), ("a/가", false),
            ("a/b..c", false), ("a/" + String(repeating: "b", count: 97), false), ("a\\b/c", false),
        ]
    )
    func isRepository(name: String, expected: Bool) {
        #expect(AllowedModels.isRepository(name) == expected)
    }

    @Test("What no model can be called is refused by the flag's name, and a name that nobody knows")
    func problems() {
        let known = ["ViT-B-32", "RN50"]
        for pattern in ["../up", "a b", "a/b/c", "", "*/../x", "가"] {
            let problems = AllowedModels.matching([pattern]).problems(names: nil)
            #expect(problems.count == 1 && problems[0].contains("--allow-models"), "\(pattern)")
        }
        #expect(AllowedModels.matching(["ViT-B-32", "RN*", "x/*"]).problems(names: known) == [])
        #expect(AllowedModels.matching(["ViT-B-33"]).problems(names: nil) == [], "Nothing is known.")
        let problems = AllowedModels.matching(["ViT-B-33"]).problems(names: known)
        #expect(problems.count == 1 && problems[0].contains("ViT-B-33"))
    }
}
