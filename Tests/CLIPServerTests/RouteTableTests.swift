import CLIPEngine
import CLIPServer
import CLIPTestSupport
import Foundation
import Testing

@Suite("Which route a request is for")
struct RouteTableTests {
    private static func route(method: String, path: String) throws(APIError) -> Route? {
        let route = RouteTable.match(path)?.route
        try RouteTable.check(method, at: route)
        return route
    }

    @Test("Every route answers its methods", arguments: RouteTable.all)
    func known(route: Route) throws {
        for method in route.methods {
            #expect(try Self.route(method: method, path: route.path) == route)
        }
        #expect(throws: APIError.methodNotAllowed(allowed: route.methods)) {
            try Self.route(method: "DELETE", path: route.path)
        }
    }

    @Test("Unknown paths are not found when read, and not allowed otherwise")
    func unknown() {
        for path in [
            "/clip/ViT-B-16/embed_image", "/CLIP/compare", "", "//", "/x/", "/healthz/x",
        ] {
            #expect(throws: APIError.notFound) { try Self.route(method: "GET", path: path) }
            #expect(throws: APIError.notFound) { try Self.route(method: "HEAD", path: path) }
            #expect(throws: APIError.methodNotAllowed(allowed: ["GET", "HEAD"])) {
                try Self.route(method: "POST", path: path)
            }
        }
    }

    @Test(
        "A path of no route has the form of the shape whose paths begin like it, and otherwise none of a shape's"
    )
    func formsOfUnknownPaths() throws {
        let form = try #require(RouteTable.form(below: "/v1/files"))
        #expect(form.body(.notFound) == OpenAIRoutes.form.body(.notFound))
        for path in ["/v1", "/v2/models", "/V1/files", "/", ""] {
            #expect(RouteTable.form(below: path) == nil)
        }
        let starts = RouteTable.shapes.compactMap(\.start)
        for start in starts {
            #expect(RouteTable.form(below: start) != nil)
            #expect(RouteTable.all.contains { $0.path.hasPrefix(start) }, "\(start)")
            #expect(starts.filter { $0.hasPrefix(start) } == [start], "\(start)")
        }
    }

    @Test("A shape is named in its own folder and in the table, and nowhere else")
    func shapesAreNamedOnce() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/CLIPServer"
        ).standardizedFileURL
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: sources.appending(path: "Shapes").path
        )
        let files = try #require(FileManager.default.enumerator(atPath: sources.path))
        var tables = 0
        for case let path as String in files where path.hasSuffix(".swift") {
            let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
            let isTable = path == "Routing/RouteTable.swift"
            for folder in folders where !path.hasPrefix("Shapes/\(folder)/") {
                let named = text.contains("\(folder)Routes") || text.contains("\(folder.lowercased())_")
                #expect(named == isTable, "\(folder) in \(path)")
            }
            tables += isTable ? 1 : 0
        }
        #expect(tables == 1 && folders.count > 5)
    }

    @Test("A path may spell its letters with percent escapes")
    func escapes() throws {
        #expect(try Self.route(method: "POST", path: "/clip/embed%5Ftext")?.path == "/clip/embed_text")
        #expect(try Self.route(method: "POST", path: "%2fclip%2Fcompare")?.path == "/clip/compare")
        for path in ["/clip/embed%5", "/clip/embed%5ftext%", "/clip/embed%+5text", "/clip/embed%255Ftext"] {
            #expect(throws: APIError.notFound) { try Self.route(method: "GET", path: path) }
        }
    }

    @Test("A slash at the end changes nothing", arguments: RouteTable.all.filter { $0.path != "/" })
    func trailingSlash(route: Route) throws {
        for slashes in ["/", "//", "%2F"] {
            #expect(try Self.route(method: route.methods[0], path: route.path + slashes) == route)
        }
    }

    @Test(
        "What is no percent escape stays as it is",
        arguments: [
            ("a%20b", "a b"), ("%C3%a9", "é"), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%+1", "%+1"),
            ("%ff", "\u{FFFD}"), ("a+b", "a+b"), ("", ""),
        ]
    )
    func percentEncoding(text: String, expected: String) {
        #expect(PercentEncoding.decoded(text) == expected)
    }

    @Test("A plus is a blank in form data only")
    func formEncoding() {
        #expect(PercentEncoding.decoded("a+b%2B", isForm: true) == "a b+")
    }

    @Test("The name of a model is what stands behind clip/ in its id")
    func modelNames() throws {
        #expect(try RouteContext.modelName(ofID: "clip/ViT-B-32") == "ViT-B-32")
        // Whether a request may name a repository, the engine says.
        #expect(try RouteContext.modelName(ofID: "clip/owner/model") == "owner/model")
        for id in ["", "clip/", "/x", "yolo/a/b", "clip/a/", "clip//b", "clip/a/b/c", "/"] {
            #expect(throws: APIError.embedding(.invalidModelName(id), place: nil)) {
                try RouteContext.modelName(ofID: id)
            }
        }
        for id in ["yolo/3", "ViT-B-32", "clip"] {
            #expect(throws: APIError.embedding(.unknownModel(id), place: nil)) {
                try RouteContext.modelName(ofID: id)
            }
        }
    }

    @Test("A request keeps an id that fits a log line, and gets one otherwise")
    func requestIDs() {
        for id in [
            "a", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "Root=1-67/x+y:z_.",
            String(repeating: "a", count: 128),
        ] {
            #expect(RequestIdentifier.choose(id) == id)
        }
        for id in [nil, "", "a b", "a\"b", "é", "a\u{1}", String(repeating: "a", count: 129)] {
            let chosen = RequestIdentifier.choose(id)
            #expect(chosen.count == 32)
            #expect(chosen.allSatisfy { $0.isHexDigit && !$0.isUppercase })
            #expect(chosen != RequestIdentifier.choose(id))
        }
    }

    @Test("The defaults of the configuration are sound, and all problems are told at once")
    func configuration() {
        var configuration = ServerConfiguration()
        #expect(configuration.validate().isEmpty)
        configuration.host = ""
        configuration.port = 65536
        configuration.maxBodyBytes = 0
        configuration.maxConnections = 0
        configuration.bodyTimeLimit = .zero
        configuration.idleTimeLimit = .seconds(-1)
        configuration.drainTimeLimit = .zero
        configuration.allowedOrigins = []
        #expect(configuration.validate().count == 8)
        for problem in configuration.validate() {
            #expect(problem.hasPrefix("--") && Words.faults(of: problem) == [], "\(problem)")
        }
        configuration.allowedOrigins = ["https://a b"]
        #expect(
            configuration.validate().last
                == "--allow-origins has 'https://a b', which is no origin such as https://example.com."
        )
    }
}
