import CLIPServer
import CLIPTestSupport
import Testing

@Suite("Texts that take long to compare", .timeLimit(.minutes(2)))
struct OddTextTests {
    /// Combining marks, which a comparison of letters sorts.
    private static let marks = String(repeating: "\u{301}\u{323}", count: 250_000)

    @Test(
        "A megabyte of combining marks is answered in a moment, wherever it stands",
        arguments: [
            ("/classify", #"{"text":"x","labels":["aMARKS","b"]}"#),
            ("/classify", #"{"text":"x","labels":["a","b"],"templates":["{}MARKS"]}"#),
            ("/classify", #"{"text":"x","labels":{"aMARKS":"q","b":["aMARKS","aMARKS"]}}"#),
            ("/classify", #"{"text":"x","labels":["a","b"],"clip_version_id":"aMARKS"}"#),
            ("/clip/embed_text", #"{"text":"x","clip_version_id":"tinyMARKS"}"#),
            ("/clip/compare", #"{"subject":"x","subject_type":"textMARKS","prompt":"y"}"#),
            (
                "/clip/compare",
                #"{"subject":"x","subject_type":"text","prompt":"y","prompt_type":"textMARKS"}"#
            ),
            ("/v1/embeddings", #"{"input":"x","model":"default/not-specifiedMARKS"}"#),
            ("/v1/embeddings", #"{"input":"x","encoding_format":"floatMARKS","modality":"text"}"#),
            ("/embed", #"{"inputs":"xMARKS"}"#), ("/vectorize", #"{"texts":["xMARKS"]}"#),
            ("/model/remove", #"{"model_id":"clip/tinyMARKS"}"#),
        ]
    )
    func marks(path: String, body: String) async throws {
        try await LiveServer.with { server in
            let start = ContinuousClock.now
            let answer = try await server.post(path, body.replacing("MARKS", with: Self.marks))
            #expect((200..<500).contains(answer.status), "\(answer.text.prefix(200))")
            // It was minutes.
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }
}
