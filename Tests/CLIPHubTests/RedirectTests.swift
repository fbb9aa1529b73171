import CLIPHub
import CLIPTestSupport
import Foundation
import Synchronization
import Testing

@Suite("Where the hub sends, and who gets the token", .timeLimit(.minutes(2)))
struct RedirectTests {
    /// A `Location` from the hub's host and port, and another's.
    private static func locations(_ hub: String, _ other: String) -> [String] {
        [
            // Two readers that end the host at different characters see different hosts.
            "http://\(hub)\\@\(other)/x", "http://\(hub)\\\\@\(other)/x", "http://\(hub)/\\@\(other)/x",
            "http://\(other)\\@\(hub)/x", "//\(hub)\\@\(other)/x", "/\\@\(other)/x", "/\\\(other)/x",
            "\\\\\(other)/x", "http:\\\\\(hub)@\(other)/x", "http:/\\\(hub)\\@\(other)/x", "x\\@\(other)/x",
            // A user's name, plain and in disguise.
            "http://\(hub)@\(other)/x", "http://\(hub):80@\(other)/x", "http://\(hub)%5C@\(other)/x",
            "http://\(hub)%2F@\(other)/x", "http://\(hub);@\(other)/x", "//\(hub)@\(other)/x",
            "http://\(hub),\(other)/x", "http://\(hub)&@\(other)/x",
            // An end of the host that some readers pass over.
            "http://\(hub)?@\(other)/x", "http://\(hub)#@\(other)/x", "@\(other)/x", ":@\(other)/x",
            "http:\(other)/x", "http:///\(other)/x", "///\(other)/x", "http://\(hub):\(other)/x",
            // Plain ones, to other hosts.
            "//\(other)/x", "http://\(other)/x", "HTTP://\(other)/x",
        ]
    }

    private enum Place: String, CaseIterable { case list, head, linkedHead, file }

    @Test("The token never leaves for another host, however a redirect is written")
    func token() async throws {
        let visits = Mutex<[String]>([])
        let other = try ScriptedServer.answering { request in
            visits.withLock { $0.append(request) }
            return "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
        }
        defer { other.stop() }
        try await withHub {
            $0.token = "secret"
        } test: { trial in
            let hub = String(trial.model.configuration.endpoint.dropFirst("http://".count))
            for location in Self.locations(hub, "localhost:\(other.port)") {
                for place in Place.allCases {
                    trial.hub.mend()
                    trial.hub.fault(times: 100) { request, _ in
                        Self.redirect(request, at: place, to: location)
                    }
                    let failure = await trial.failure()
                    #expect(
                        place == .list || failure != nil,
                        "\(place) to \(location) was fetched from somewhere"
                    )
                    let stolen = visits.withLock { $0 }.filter { $0.lowercased().contains("authorization") }
                    #expect(stolen == [], "\(place) to \(location)")
                    try? FileManager.default.removeItem(at: trial.cache)
                }
            }
            let count = visits.withLock { $0.count }
            #expect(count > 0, "no redirect led to the other host, so nothing was shown")
        }
    }

    private static func redirect(
        _ request: SmallHub.Request,
        at place: Place,
        to location: String
    ) -> SmallHub.Reply? {
        let isFile = request.path.contains("model.safetensors")
        let fields =
            place == .linkedHead
            ? [
                "X-Repo-Commit": SmallHub.commit, "X-Linked-Size": "\(SmallHub.weights.count)",
                "X-Linked-Etag": SmallHub.sha256(SmallHub.weights),
            ] : [:]
        let isIt =
            switch place {
            case .list: request.path.hasPrefix("/api/")
            case .head, .linkedHead: isFile && request.method == "HEAD"
            case .file: isFile && request.method == "GET"
            }
        return isIt ? SmallHub.answer(302, fields.merging(["Location": location]) { $1 }) : nil
    }

    @Test("An address with what two readers could take differently is none")
    func ambiguous() {
        let address = HubAddress("https://hub.example/a/b")
        for text in [
            "//h\\@evil", "https://hub.example\\@evil/x", "https://hub.example/x\\y", "/\\evil/x", "\\\\evil",
            "https://hub.example%00@evil/", "https://[::1", "https://hub.example:99999/", "https://a:b/",
            "https://hub.example:/x", "https://a%62c/", "//user@evil/",
        ] {
            #expect(address?.following(text) == nil, "\(text)")
        }
    }

    @Test("Host and port decide where the token goes, not how they are written")
    func origins() throws {
        let hub = try #require(HubAddress("https://hub.example/x"))
        for (text, isSame) in [
            ("https://HUB.example:443/y", true), ("https://hub.example:444/", false),
            ("http://hub.example/", false), ("http://hub.example:443/", false),
            ("https://hub.example.evil/", false), ("https://hub.exampl/", false),
        ] {
            let address = try #require(HubAddress(text))
            #expect(address.hasOrigin(of: hub) == isSame, "\(text)")
        }
    }
}
