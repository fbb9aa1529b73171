import CLIPHub
import CLIPTestSupport
import Testing

@Suite("The words of the hub's errors")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "invalidName": HubError.invalidName("x"),
            "unknownName": HubError.unknownName("x", similar: []),
            "invalidRevision": HubError.invalidRevision("x"),
            "repositoryNotFound": HubError.repositoryNotFound("a/b", hasToken: false),
            "revisionNotFound": HubError.revisionNotFound("a/b", revision: "x"),
            "fileNotFound": HubError.fileNotFound("a/b", file: "x"),
            "address": HubError.address("https://a.example/b/c", name: "b/c"),
            "renamed": HubError.renamed("a/b", to: "c/d"),
            "damaged": HubError.damaged("a/b", file: "x", obstacle: nil),
            "gated": HubError.gated("a/b", hasToken: true),
            "invalidToken": HubError.invalidToken,
            "forbidden": HubError.forbidden("a/b"),
            "tooManyRequests": HubError.tooManyRequests(host: "a.example", seconds: 8),
            "badStatus": HubError.badStatus(500, host: "a.example"),
            "unreachable": HubError.unreachable(host: "a.example", .refused),
            "offline": HubError.offline("a/b", revision: "main", cached: []),
            "unsettled": HubError.unsettled("a/b", file: "x"),
            "noUsableFiles": HubError.noUsableFiles("a/b", .noWeights(["x"])),
            "corrupt": HubError.corrupt("a/b", file: "x"),
            "wrongSize": HubError.wrongSize(file: "x", expected: 8, received: 7),
            "redirectRefused": HubError.redirectRefused(host: "a.example", .notSecure),
            "invalidAnswer": HubError.invalidAnswer(host: "a.example", .noTag),
            "noSpace": HubError.noSpace(needed: 8, available: 7, path: "/x"),
            "cacheUnusable": HubError.cacheUnusable(path: "/x", reason: "Permission denied"),
            "cancelled": HubError.cancelled,
            "transportUnavailable": HubError.transportUnavailable,
            "invalidConfiguration": HubError.invalidConfiguration(["HF_ENDPOINT is no address; mend it."]),
        ]
        #expect(try Words.complaints(of: samples, type: "HubError", in: "CLIPHub/HubError.swift") == [])
    }

    @Test("What is wrong completes a sentence, with a remedy")
    func rest() {
        let faults: [ConnectionFault] = [
            .hostNotFound, .proxy, .refused, .certificate, .notSecured, .stalled, .lost, .notHTTP, .stopped,
        ]
        let files: [FileDefect] = [
            .onlyPickles(["x.bin"]), .noConfiguration([]), .noWeights((0..<20).map { "\($0)" }),
            .unreadable("config.json"), .foreignConfiguration("config.json"),
            .notBuilt(file: "config.json", reason: "It is another's. Use one of ours."),
            .onlyPickles(["0/x.bin"]),
        ]
        let redirects: [RedirectDefect] = [.notSecure, .notHTTP, .tooMany(10), .nowhere]
        let answers: [AnswerDefect] = [
            .noCommit, .noTag, .changed, .wrongRange, .endlessHeader,
            .noSize(file: "x"), .otherCommit(asked: "a", given: "b"), .otherFile("x", asked: "a", given: "b"),
            .endlessBody(file: "x"),
        ]
        let errors =
            faults.map { HubError.unreachable(host: "a.example", $0) }
            + files.map { HubError.noUsableFiles("a/b", $0) }
            + redirects.map { HubError.redirectRefused(host: "a.example", $0) }
            + answers.map { HubError.invalidAnswer(host: "a.example", $0) }
            + [
                .unknownName("x", similar: ["y"]), .repositoryNotFound("a/b", hasToken: true),
                .gated("a/b", hasToken: false), .tooManyRequests(host: "a.example", seconds: nil),
                .offline("a/b", revision: "main", cached: ["c"]), .address("https://a.example", name: nil),
                .damaged("a/b", file: "x", obstacle: "\(HubError.forbidden("a/b"))"),
            ]
        for error in errors {
            #expect(Words.faults(of: "\(error)") == [], "\(error)")
            #expect(Words.hasRemedy("\(error)"), "\(error)")
        }
    }

    @Test("Where a model is known under another name, or its pickles can be converted, the words say how")
    func elsewhere() {
        let meta =
            "\(HubError.noUsableFiles("facebook/PE-Core-B16-224", .foreignConfiguration("config.json")))"
        #expect(meta.contains("Ask for PE-Core-B16-224 instead") && meta.contains("timm/PE-Core-B-16"))
        let ours = "\(HubError.noUsableFiles("timm/PE-Core-B-16", .noWeights(["x"])))"
        #expect(!ours.contains("instead"))
        for (files, source) in [
            (["open_clip_pytorch_model.bin"], "b/open_clip_pytorch_model.bin"),
            (["0_CLIPModel/pytorch_model.bin"], "b/0_CLIPModel/pytorch_model.bin"),
            (["0_CLIPModel/1.bin", "0_CLIPModel/2.bin"], "b/0_CLIPModel"), (["1.bin", "2.bin"], "b"),
        ] {
            let words = "\(HubError.noUsableFiles("a/b", .onlyPickles(files)))"
            let commands = "hf download a/b --local-dir b, then clip convert \(source) b-safetensors,"
            #expect(words.contains(commands), "\(words)")
        }
    }
}
