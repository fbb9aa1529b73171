import CLIPTestSupport
import Foundation
import Testing
import clip

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("Serving the pictures of an index", .timeLimit(.minutes(5)))
struct ServePicturesTests {
    private let folder: TemporaryDirectory
    private var index: String { "\(folder.path)/photos.index" }
    private var pictures: String { "\(folder.path)/pictures" }

    init() throws {
        folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        for name in ["png-rgb.png", "jpeg-grey.jpg"] {
            try folder.write(Fixture.bytes("imaging/\(name)"), to: "pictures/\(name)")
        }
    }

    private func makeIndex(_ arguments: String...) async throws {
        let outcome = try await Command.start(["index", pictures, "--index", index] + arguments).outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    private func answer(
        _ port: Int,
        _ path: String,
        _ body: String? = nil
    ) async throws -> (status: Int, text: String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        var request = URLRequest(url: url)
        if let body {
            request.httpMethod = "POST"
            request.httpBody = Data(body.utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }

    @Test(
        "A server with an index searches it while it grows; CLIP_INDEX, which is for other commands, gives it none"
    )
    func serves() async throws {
        try await makeIndex()
        let (running, port) = try await Command.serving(["--index", index])
        let first = try await answer(port, "/search", #"{"text":"고양이"}"#)
        #expect(first.status == 200 && first.text.contains(#""searched":2"#), "\(first.text)")
        #expect(first.text.contains("\(pictures)/png-rgb.png"))
        #expect(try await answer(port, "/thumbnails/1").status == 200)
        try folder.write(Fixture.bytes("imaging/jpeg-cmyk.jpg"), to: "pictures/new.jpg")
        try await makeIndex()
        let second = try await answer(port, "/search", #"{"like":1}"#)
        #expect(second.status == 200 && second.text.contains(#""searched":3"#), "\(second.text)")
        running.process.terminate()
        #expect(await running.outcome().status == 0)

        let (other, otherPort) = try await Command.serving([], environment: ["CLIP_INDEX": index])
        #expect(try await answer(otherPort, "/search", #"{"text":"a"}"#).status == 404)
        other.process.terminate()
        #expect(await other.outcome().status == 0)
        let (third, thirdPort) = try await Command.serving([], environment: ["CLIP_SERVE_INDEX": index])
        #expect(try await answer(thirdPort, "/search", #"{"text":"a"}"#).status == 200)
        third.process.terminate()
        #expect(await third.outcome().status == 0)
    }

    @Test("What cannot be searched is refused at the start, with a sentence and a status of its own")
    func refused() async throws {
        try folder.write("something else", to: "foreign")
        try await makeIndex()
        let damaged = "\(folder.path)/damaged"
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: index)))
        try folder.write(
            Array(bytes[..<4096]) + [UInt8](repeating: 0xFF, count: bytes.count - 4096),
            to: "damaged"
        )
        let cases: [(String, CommandStatus, String)] = [
            ("\(folder.path)/none", .missingInput, "There is no index"),
            ("\(folder.path)/foreign", .unusableInput, "is no index of this program"),
            (folder.path, .unusableInput, "is no index of this program"),
            (damaged, .unusableInput, "damaged"),
        ]
        for (path, status, words) in cases {
            let outcome = try await Command.run("serve", "--port", "0", "--index", path)
            #expect(outcome.status == status.rawValue, "\(path): \(outcome.errors)")
            #expect(outcome.errors.contains("--index (CLIP_SERVE_INDEX)") && outcome.errors.contains(words))
            let checked = try await Command.run("doctor", "--index", path)
            #expect(checked.status == CommandStatus.answerIsNo.rawValue)
        }
    }

    @Test("An index of another model, or of another precision, is refused at the start")
    func otherModel() async throws {
        let model = "\(folder.path)/tiny"
        try TinyModel.quick.write(to: model, .openCLIP)
        try await makeIndex()
        let none = try await Command.run("serve", "--port", "0", "--index", index, "--model", model)
        #expect(none.status == CommandStatus.unusableSetting.rawValue, "\(none.errors)")
        #expect(none.errors.contains("The index holds vectors of clip-mini"), "\(none.errors)")
        let weights = try await Command.run(
            "serve",
            "--port",
            "0",
            "--index",
            index,
            "--model",
            "clip-mini=\(model)"
        )
        #expect(weights.status == CommandStatus.unusableInput.rawValue, "\(weights.errors)")
        let precision = try await Command.run(
            "serve",
            "--port",
            "0",
            "--index",
            index,
            environment: ["CLIP_PRECISION": "int8"]
        )
        #expect(precision.status == CommandStatus.unusableInput.rawValue, "\(precision.errors)")
        #expect(precision.errors.contains("made in f32, not in int8"), "\(precision.errors)")
    }

    @Test("Where no model is named, the index' is the server's, as it is a search's")
    func ownModel() async throws {
        let model = "\(folder.path)/tiny"
        try TinyModel.quick.write(to: model, .openCLIP)
        try await makeIndex("--model", model)
        let (running, port) = try await Command.serving(["--index", index])
        let found = try await answer(port, "/search", #"{"text":"a"}"#)
        #expect(found.status == 200 && found.text.contains(#""searched":2"#), "\(found.text)")
        #expect(try await answer(port, "/info").text.contains(#""default_model":"tiny""#))
        running.process.terminate()
        #expect(await running.outcome().status == 0)
    }
}
