import CLIPHub
import Foundation
import Testing

@Suite("Where the hub and its cache are")
struct ConfigurationTests {
    private func configuration(_ environment: [String: String]) -> HubConfiguration {
        HubConfiguration(environment: environment)
    }

    @Test("The cache is by the first variable that is set")
    func cache() {
        var environment = ["HOME": "/home/me"]
        func path() -> String { configuration(environment).cacheDirectory }
        #expect(path() == "/home/me/.cache/huggingface/hub")
        environment["XDG_CACHE_HOME"] = "/xdg"
        #expect(path() == "/xdg/huggingface/hub")
        environment["HF_HOME"] = "~/hf"
        #expect(path() == "/home/me/hf/hub")
        environment["HUGGINGFACE_HUB_CACHE"] = "/old"
        #expect(path() == "/old")
        environment["HF_HUB_CACHE"] = "/new"
        #expect(path() == "/new")
        environment["HF_HUB_CACHE"] = ""
        #expect(path() == "/old")
    }

    @Test("The token is the variable's, or the file's unless that is forbidden")
    func token() throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent(
            "clip-token-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        try Data("of-the-file\n".utf8).write(to: home.appendingPathComponent("token"))
        try Data("of-a-path".utf8).write(to: home.appendingPathComponent("other"))
        let base = ["HF_HOME": home.path]
        #expect(configuration(base).token == "of-the-file")
        #expect(configuration(base.merging(["HF_TOKEN": " given\r\n"]) { $1 }).token == "given")
        let path = ["HF_TOKEN_PATH": home.appendingPathComponent("other").path]
        #expect(configuration(base.merging(path) { $1 }).token == "of-a-path")
        let none = ["HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]
        #expect(configuration(base.merging(none) { $1 }).token == nil)
    }

    @Test("Offline, mirrors, links and times", arguments: ["1", "ON", "yes", "True"])
    func switches(yes: String) {
        #expect(configuration(["HF_HUB_OFFLINE": yes]).isOffline)
        #expect(configuration(["TRANSFORMERS_OFFLINE": yes]).isOffline)
        #expect(!configuration(["HF_HUB_OFFLINE": "0"]).isOffline)
        #expect(!configuration(["HF_HUB_DISABLE_SYMLINKS": yes]).usesLinks)
        #expect(configuration(["HF_ENDPOINT": "https://mirror/"]).endpoint == "https://mirror")
        #expect(configuration(["HF_HUB_DOWNLOAD_TIMEOUT": "30"]).stallTimeLimit == .seconds(30))
        #expect(configuration(["HF_HUB_ETAG_TIMEOUT": "x"]).answerTimeLimit == .seconds(10))
    }

    @Test(
        "An address with a password is refused, and the password is not repeated",
        arguments: [
            "https://me:secret@mirror", "http://secret@mirror/", "https://me:secret@mirror/a?b#c",
            "me:secret@mirror",
        ]
    )
    func password(address: String) async throws {
        let configuration = configuration(["HF_ENDPOINT": address, "HF_HUB_CACHE": "/nowhere"])
        let problems = configuration.validate()
        #expect(problems.count == 1 && problems[0].hasPrefix("HF_ENDPOINT is not the address of a hub"))
        let hub = ModelHub(configuration)
        let failure = await #expect(throws: HubError.self) {
            try await hub.snapshot(of: HubRequest("acme/plain")) { event in
                #expect(!"\(event)".contains("secret"))
            }
        }
        for text in problems + [failure.map { "\($0)" } ?? "", String(reflecting: failure)] {
            #expect(!text.contains("secret"), "\(text)")
        }
    }

    @Test("What cannot be used is named")
    func problems() {
        #expect(configuration([:]).validate() == [])
        #expect(configuration(["HF_ENDPOINT": "mirror"]).validate().count == 1)
        for name in ["HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT"] {
            for text in ["abc", "0", "-1", "1e9", "nan", "10s"] {
                let problems = configuration([name: text]).validate()
                #expect(problems.count == 1 && problems[0].hasPrefix("\(name)='\(text)'"), "\(problems)")
            }
            #expect(configuration([name: ""]).validate() == [])
        }
        #expect(configuration(["HF_TOKEN": "a b"]).validate().count == 1)
    }
}
