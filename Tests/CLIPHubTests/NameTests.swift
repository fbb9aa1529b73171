import CLIPHub
import Testing

@Suite("Names of the hub")
struct NameTests {
    @Test(
        "A repository is an owner and a name",
        arguments: [
            "google/siglip2-base-patch16-256", "a/b", "timm/vit_base_patch32_clip_224.openai", "0x/1.2_3",
        ]
    )
    func repository(text: String) throws {
        #expect("\(try HubRepository(text))" == text)
        #expect(try HubRepository(text).folder == "models--" + text.replacing("/", with: "--"))
    }

    @Test(
        "What is no repository's name is refused",
        arguments: [
            "", "gpt2", "a/b/c", "/b", "a/", "a/..", "../b", "a/b..c", "a/.b", "a/b.", "-a/b", "a/b-",
            "a--b/c",
            "a/b--c", "a/b.git", "a/b c", "a/ü", "a/b\n", "a\\b/c", "a/" + String(repeating: "b", count: 96),
        ]
    )
    func noRepository(text: String) {
        #expect(throws: HubError.invalidName(text)) { try HubRepository(text) }
    }

    @Test("A revision is behind an @, and main where there is none")
    func revision() throws {
        #expect(try HubRequest("a/b").revision == "main")
        #expect(try HubRequest("a/b@refs/pr/7").revision == "refs/pr/7")
        #expect(try HubRequest("a/b@v1.0").revision == "v1.0")
        #expect("\(try HubRequest("a/b@v1.0"))" == "a/b@v1.0")
        #expect("\(try HubRequest("a/b@main"))" == "a/b")
        #expect(!(try HubRequest("a/b@abcdef0")).isPinned)
        #expect(try HubRequest("a/b@" + String(repeating: "0f", count: 20)).isPinned)
    }

    @Test("An address of a page is refused with the name that it is of")
    func addresses() {
        for (text, name) in [
            ("https://huggingface.co/acme/mini", "acme/mini"), ("http://hf.co/acme/mini/", "acme/mini"),
            ("HTTPS://mirror.example/acme/mini/tree/main", "acme/mini"),
            ("https://huggingface.co/acme/mini/tree/refs%2Fpr%2F7", "acme/mini@refs/pr/7"),
            ("https://huggingface.co/acme/mini/blob/v1/config.json?x=y#z", "acme/mini@v1"),
            ("https://huggingface.co/datasets/acme/mini", nil), ("https://huggingface.co", nil),
            ("hf-hub:acme/mini", "acme/mini"), ("hf-hub:acme/mini@v1", "acme/mini@v1"), ("hf-hub:x", nil),
            ("https://huggingface.co/acme/..", nil), ("https://huggingface.co/acme/mini/tree/%2E%2E", nil),
        ] {
            #expect(throws: HubError.address(text, name: name)) { try HubRequest(text) }
        }
    }

    @Test(
        "What would be another path of the cache is no revision",
        arguments: [
            "", "..", "../x", "a/../b", "/x", "x/", "a//b", ".x", "-x", "x.lock", "x y", "x\0", "a\\b", "é",
        ]
    )
    func noRevision(text: String) {
        #expect(throws: HubError.invalidRevision(text)) {
            try HubRequest(repository: HubRepository("a/b"), revision: text)
        }
    }

    @Test("Roboflow's nine are known, and all of the table can be asked for")
    func known() throws {
        let nine = [
            "RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-16", "ViT-B-32", "ViT-L-14",
            "ViT-L-14-336px",
        ]
        #expect(KnownModel.all.filter(\.isRoboflows).map(\.name).sorted() == nine.sorted())
        for known in KnownModel.all {
            let request = try known.request
            #expect(known.revision == nil || request.isPinned, "\(known.name)")
            #expect(KnownModel.named(known.name) == known)
        }
        #expect(Set(KnownModel.all.map { $0.name.lowercased() }).count == KnownModel.all.count)
        // An earlier state of this one has no quick_gelu, and its embeddings are others.
        #expect(KnownModel.named("RN50")?.revision == "b5ad1dd2714e05200953a70eb508a352fc52b803")
    }

    @Test("OpenAI's spellings are read, and names that are much like one are told")
    func spellings() {
        #expect(KnownModel.named("ViT-L/14@336px")?.name == "ViT-L-14-336px")
        #expect(KnownModel.named("vit-b-32")?.name == "ViT-B-32")
        #expect(KnownModel.named("ViT-B-33") == nil)
        #expect(KnownModel.names(similarTo: "ViT-B-33").first == "ViT-B-32")
        #expect(KnownModel.names(similarTo: "something-else-entirely") == [])
        #expect(KnownModel.names(similarTo: String(repeating: "x", count: 100_000)) == [])
    }
}
