import Foundation
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("Settings of fetching from the shell", .timeLimit(.minutes(5)))
struct FetchOptionsTests {
    @Test("Values that cannot be honoured are told at once, whosever the name")
    func badValues() async throws {
        let outcome = try await Command.run(
            "serve",
            "--fetch-places",
            "0",
            "--fetch-queue",
            "65537",
            "--fetch-ca-file",
            "/nonexistent/ca.pem",
            environment: [
                "WHITELISTED_DESTINATIONS_FOR_URL_INPUT": "a.example,https://b.example/",
                "BLACKLISTED_DESTINATIONS_FOR_URL_INPUT": "c.example:80",
                "ALLOW_NON_HTTPS_URL_INPUT": "perhaps", "ALLOW_URL_INPUT_WITHOUT_FQDN": "sometimes",
                "ALLOW_URL_TO_NON_GLOBAL_ADDRESSES": "2", "VALIDATE_IMAGE_URL_REDIRECTS": "often",
                "MAX_IMAGE_URL_REDIRECTS": "51", "CLIP_FETCH_PLACES_PER_HOST": "many",
                "CLIP_FETCH_SLOW_SECONDS": "0", "CLIP_FETCH_MIN_SPEED": "-5",
            ]
        )
        #expect(outcome.status != 0)
        for part in [
            "--fetch-places must", "--fetch-queue must", "--fetch-ca-file cannot be read.",
            "'https://b.example/'", "'c.example:80'", "ALLOW_NON_HTTPS_URL_INPUT='perhaps'",
            "ALLOW_URL_INPUT_WITHOUT_FQDN='sometimes'", "ALLOW_URL_TO_NON_GLOBAL_ADDRESSES='2'",
            "VALIDATE_IMAGE_URL_REDIRECTS='often'", "--max-redirects must be from 0 to 50, not 51.",
            "CLIP_FETCH_PLACES_PER_HOST='many'", "--fetch-slow-seconds must", "--fetch-min-speed must",
        ] {
            #expect(outcome.sentences.contains(part), "\(part) is missing from \(outcome.errors)")
        }
    }

    private static let ending = "in this configuration of `inference`."

    @Test(
        "A guard of the reference server's environment guards here, and its sentence is told",
        arguments: [
            (
                ["ALLOW_NON_HTTPS_URL_INPUT": "False"], "http://a.example/",
                "Providing images via non https:// URL is not supported \(ending)"
            ),
            (
                ["ALLOW_URL_INPUT_WITHOUT_FQDN": "False"], "https://localhost/",
                "Providing images via URL without FQDN is not supported \(ending)"
            ),
            (
                ["WHITELISTED_DESTINATIONS_FOR_URL_INPUT": "b.example, c.example"], "https://a.example/",
                "It is not allowed to reach image URL - prohibited by whitelisted destinations."
            ),
            (
                ["BLACKLISTED_DESTINATIONS_FOR_URL_INPUT": "b.example,A.example"], "https://a.example/",
                "It is not allowed to reach image URL - prohibited by blacklisted destinations."
            ),
            (
                ["CLIP_FETCH_HOSTS_DENY": "*.example"], "https://a.example/",
                "It is not allowed to reach image URL - prohibited by blacklisted destinations."
            ),
            (
                ["ALLOW_URL_TO_NON_GLOBAL_ADDRESSES": "False"], "http://127.0.0.1:1/",
                "URL points to a network destination that is not allowed."
            ),
            (
                ["ALLOW_URL_TO_NON_GLOBAL_ADDRESSES": "True", "VALIDATE_IMAGE_URL_REDIRECTS": "False"],
                "http://127.0.0.1:1/", "Data pointed by URL could not be decoded into image."
            ),
        ] as [([String: String], String, String)]
    )
    func guards(environment: [String: String], image: String, sentence: String) async throws {
        let (server, port) = try await Command.serving([], environment: environment)
        var request = URLRequest(
            url: try #require(URL(string: "http://127.0.0.1:\(port)/clip/embed_image")),
            timeoutInterval: 60
        )
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(#"{"image": {"type": "url", "value": "\#(image)"}}"#.utf8)
        let (data, _) = try await URLSession.shared.data(for: request)
        #expect(
            String(decoding: data, as: UTF8.self)
                == #"{"message":"Could not load input image. Cause: \#(sentence)"}"#
        )
        server.process.terminate()
        let outcome = await server.outcome()
        // The log names the host that a list refused.
        if sentence.contains("prohibited") {
            #expect(outcome.errors.contains("a.example"), "\(outcome.errors)")
        }
    }
}
