import CLIPFetching
import Testing

@Suite("What a person reads of a fetch that failed")
struct FetchingErrorTests {
    private static let defects: [URLDefect] = [
        .tooLong(limit: 5), .forbiddenCharacter, .missingScheme, .missingHost, .hostNotASCII, .invalidHost,
        .invalidPort, .hasCredentials, .malformed,
    ]
    private static let errors: [FetchingError] =
        defects.flatMap { [.invalidURL($0), .invalidRedirect($0)] } + [
            .schemeNotAllowed("ftp"), .addressNotAllowed, .hostNotAllowed("a.example"),
            .hostDenied("a.example"),
            .secureConnectionRequired, .publicNameRequired(host: "a"), .hostNotFound, .connectionFailed,
            .certificateNotTrusted, .secureConnectionFailed, .connectionLost, .timedOut,
            .tooManyRedirects(limit: 5), .badStatus(404), .tooManyBytes(limit: 5),
            .encodingNotSupported("zstd"),
            .badEncoding, .incompleteBody, .emptyBody, .invalidResponse, .noRoom, .tooManyWaiting(limit: 5),
            .cancelled, .shutDown, .invalidConfiguration(["a", "b"]), .transportUnavailable,
        ]

    @Test("Every error is a sentence of its own with no Swift in it", arguments: errors)
    func sentence(error: FetchingError) {
        let text = "\(error)"
        #expect(text.first?.isUppercase == true)
        #expect(text.hasSuffix("."))
        #expect(text.split(separator: " ").count > 5)
        #expect(!text.contains("FetchingError") && !text.contains("Optional("))
        #expect(Self.errors.count { "\($0)" == text } == 1)
    }
}
