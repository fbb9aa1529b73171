import CLIPEngine
import CLIPHub
import Foundation
import Testing
import clip

@Suite("How models are named at the shell")
struct ModelChoiceTests {
    private func choice(_ text: String, isThere: Bool = false) throws -> ModelChoice {
        try ModelChoice(text, exists: { _ in isThere })
    }

    @Test("A known name, a repository and a revision are the hub's")
    func hub() throws {
        #expect(try choice("ViT-B-32").name == "ViT-B-32")
        #expect(try choice("vit-l/14@336px").name == "ViT-L-14-336px")
        let known = try #require(KnownModel.named("ViT-B-32"))
        #expect(try choice("ViT-B-32").place == .hub(known.request))
        let siglip = try choice("google/siglip2-base-patch16-256")
        #expect(siglip.name == "siglip2-base-patch16-256")
        #expect(try siglip.place == .hub(HubRequest("google/siglip2-base-patch16-256")))
        let other = try choice("ViT-B-32@refs/pr/1")
        #expect(other.name == "ViT-B-32")
        #expect(try other.place == .hub(HubRequest("\(known.repository)@refs/pr/1")))
        let large = try choice("mine=ViT-L/14@336px@v2")
        #expect(large.name == "mine")
        #expect(try large.place == .hub(HubRequest("timm/vit_large_patch14_clip_336.openai@v2")))
        let pull = try choice("apple/x@refs/pr/7")
        #expect(pull.name == "x")
        #expect(try pull.place == .hub(HubRequest("apple/x@refs/pr/7")))
    }

    @Test("Another name stands before an equals sign, of whatever follows")
    func names() throws {
        #expect(try choice("mine=ViT-B-32").name == "mine")
        #expect(try choice("mine=acme/plain").place == .hub(HubRequest("acme/plain")))
        #expect(try choice("mine=/models/a").place == .directory("/models/a"))
    }

    @Test(
        "What can be nothing but a path is one, there or not",
        arguments: ["/models/a", "./a", "../a", "~/a", "a/", ".", "a/model.safetensors", "x.safetensors"]
    )
    func paths(path: String) throws {
        #expect(try choice(path).place == .directory(path))
    }

    @Test(
        "What is there wins over the hub",
        arguments: ["ViT-B-32", "google/siglip2-base-patch16-256", "a", "/data/lr=0.1/a"]
    )
    func directories(path: String) throws {
        #expect(try choice(path, isThere: true).place == .directory(path))
        #expect(try choice(path, isThere: true).name == path.split(separator: "/").last.map(String.init))
    }

    @Test("A file of weights has the name of its folder, where all are called so")
    func files() throws {
        #expect(try choice("/models/mine/model.safetensors").name == "mine")
        #expect(try choice("/models/mine.safetensors").name == "mine")
    }

    @Test(
        "What is none of them is refused, with what it might be",
        arguments: ["ViT-B-33", "nothing", "a/b/c", "a/b@..", "ViT-B-32@..", "ViT-B-33@main"]
    )
    func refusals(text: String) {
        #expect(throws: CommandFailure.self) { try choice(text) }
    }

    @Test(
        "An address is refused with what to type, with a slash behind it and with a query, too",
        arguments: ["", "/", "?download=true", "/tree/main"]
    )
    func addresses(end: String) {
        for start in ["", "mine="] {
            let failure = #expect(throws: CommandFailure.self) {
                try choice(start + "https://huggingface.co/acme/mini" + end)
            }
            #expect(failure?.description.contains("write acme/mini instead") == true)
        }
    }

    @Test(
        "What requests may bring by default has a known name each: CLIP's nine, and Perception Encoder's two"
    )
    func roboflow() {
        let allowed = KnownModel.all.filter { known in
            AllowedModels.roboflow.allow(ModelProvider.Offer(name: known.name))
        }
        let encoders = allowed.map(\.name).filter { $0.hasPrefix("PE-Core-") }
        #expect(allowed.count == 11 && encoders.sorted() == ["PE-Core-B16-224", "PE-Core-L14-336"])
        #expect(KnownModel.all.filter(\.isRoboflows).allSatisfy { allowed.contains($0) })
    }

    @Test("A download's line has figures, and never more columns than there are")
    func lines() {
        let text = { (columns: Int) in
            DownloadText.line(
                name: "ViT-B-32",
                done: 312_000_000,
                total: 605_000_000,
                fetched: 156_000_000,
                seconds: 3,
                columns: columns
            )
        }
        #expect(text(200) == "ViT-B-32: 312 of 605 MB  51 %  52.0 MB/s  0:06 left")
        #expect(text(20).count == 19)
        let unknown = DownloadText.line(
            name: "a",
            done: 1_500_000,
            total: nil,
            fetched: 1_500_000,
            seconds: 0,
            columns: 80
        )
        #expect(unknown.hasPrefix("a: 2 MB"))
        let empty = DownloadText.line(name: "a", done: 0, total: 0, fetched: 0, seconds: 0, columns: 80)
        #expect(empty == "a: 0 of 0 MB  100 %  0.0 MB/s")
    }

    @Test("Nobody there is status 69, a name that is none 66, a wrong setting 78")
    func statuses() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-pull-\(UUID().uuidString)"
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = ["HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_CACHE": folder.path]
        let offline = try await Command.run("pull", "--offline", "ViT-B-32", environment: environment)
        #expect(offline.status == 69)
        #expect(offline.errors.contains("network is switched off"))
        let unknown = try await Command.run("pull", "ViT-B-33", environment: environment)
        #expect(unknown.status == 66)
        #expect(unknown.errors.contains("Do you mean ViT-B-32"))
        for path in ["", "./a", "/models/a"] {
            #expect(try await Command.run("pull", path, environment: environment).status == 66)
        }
        for (name, value) in ["HF_ENDPOINT": "ftp://x", "HF_TOKEN": "a b", "HF_HUB_DOWNLOAD_TIMEOUT": "abc"] {
            let settings = environment.merging([name: value]) { $1 }
            let failed = try await Command.run("pull", "ViT-B-32", environment: settings)
            #expect(failed.status == 78)
            #expect(failed.errors.contains(name))
        }
        let list = try await Command.run("pull", "--list", environment: environment)
        #expect(list.status == 0)
        #expect(list.lines.count == KnownModel.all.count)
        let model = try await Command.run(
            "embed",
            "--offline",
            "--model",
            "acme/none",
            "--text",
            "a",
            environment: environment
        )
        #expect(model.status == 69)
        #expect(model.errors.contains("The model none cannot be had"))
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }
}
