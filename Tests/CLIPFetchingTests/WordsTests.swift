import CLIPFetching
import CLIPTestSupport
import Testing

@Suite("The words of fetching errors")
struct WordsTests {
    @Test("Every error is a sentence, and says what to do")
    func sentences() throws {
        let samples: KeyValuePairs<String, any Error> = [
            "invalidURL": FetchingError.invalidURL(.missingHost),
            "invalidRedirect": FetchingError.invalidRedirect(.missingHost),
            "schemeNotAllowed": FetchingError.schemeNotAllowed("a.example"),
            "addressNotAllowed": FetchingError.addressNotAllowed,
            "hostNotAllowed": FetchingError.hostNotAllowed("a.example"),
            "hostDenied": FetchingError.hostDenied("a.example"),
            "secureConnectionRequired": FetchingError.secureConnectionRequired,
            "publicNameRequired": FetchingError.publicNameRequired(host: "a.example"),
            "hostNotFound": FetchingError.hostNotFound,
            "connectionFailed": FetchingError.connectionFailed,
            "certificateNotTrusted": FetchingError.certificateNotTrusted,
            "secureConnectionFailed": FetchingError.secureConnectionFailed,
            "connectionLost": FetchingError.connectionLost,
            "timedOut": FetchingError.timedOut,
            "tooManyRedirects": FetchingError.tooManyRedirects(limit: 8),
            "badStatus": FetchingError.badStatus(8),
            "tooManyBytes": FetchingError.tooManyBytes(limit: 8),
            "encodingNotSupported": FetchingError.encodingNotSupported("a.example"),
            "badEncoding": FetchingError.badEncoding,
            "incompleteBody": FetchingError.incompleteBody,
            "emptyBody": FetchingError.emptyBody,
            "invalidResponse": FetchingError.invalidResponse,
            "noRoom": FetchingError.noRoom,
            "tooManyWaiting": FetchingError.tooManyWaiting(limit: 8),
            "cancelled": FetchingError.cancelled,
            "shutDown": FetchingError.shutDown,
            "invalidConfiguration": FetchingError.invalidConfiguration(["The limit must be 1 at least"]),
            "transportUnavailable": FetchingError.transportUnavailable,
        ]
        let complaints = try Words.complaints(
            of: samples,
            type: "FetchingError",
            in: "CLIPFetching/FetchingError.swift",
            nothingToDo: ["cancelled"]
        )
        #expect(complaints == [])
    }

    @Test("A URL's defect completes a sentence")
    func defects() {
        let defects: [URLDefect] = [
            .tooLong(limit: 8), .forbiddenCharacter, .missingScheme, .missingHost, .hostNotASCII,
            .invalidHost, .invalidPort, .hasCredentials, .malformed,
        ]
        for defect in defects {
            #expect(Words.faults(of: "\(FetchingError.invalidURL(defect))") == [])
            #expect(Words.faults(of: "\(FetchingError.invalidRedirect(defect))") == [])
        }
    }
}
