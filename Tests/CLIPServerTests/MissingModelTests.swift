import CLIPEngine
import CLIPServer
import Testing

@Suite("What is told of a model that cannot be had")
struct MissingModelTests {
    private static let notFound =
        "Requested Roboflow resource not found. Make sure that workspace, project or model you referred in request exists. "
    private static let unavailable =
        "The model 'm' cannot be loaded: its files are damaged, do not fit each other, or are of a kind that is not built "
        + "here. The server's log says which; its operator can fetch it anew, or choose another."

    private static let cases: [(EmbeddingError, Int, String)] = [
        (.modelUnavailable(name: "m", cause: "secret"), 500, unavailable),
        (.heldOff(.modelUnavailable(name: "m", cause: "secret"), retryAfterSeconds: 3), 500, unavailable),
        (
            .modelNotAllowed("secret"), 404,
            notFound
                + "Requests may not have this model fetched here; the server's operator can allow it with "
                + "--allow-models. GET /model/registry lists those that they may."
        ),
        (
            .notPerceptionEncoder("secret"), 404,
            notFound + "The model is no Perception Encoder; ask for it at the routes under /clip."
        ),
        (
            .modelNotFetched(name: "secret", cause: "secret", .notFound), 404,
            notFound
                + "Where this server has its models from there is none of that name, or none that it may see; its log "
                + "says which."
        ),
        (
            .modelNotFetched(name: "secret", cause: "secret", .closed), 403,
            "The model's owner does not let this server have it: it is gated or private. The server's operator can accept its "
                + "conditions and set HF_TOKEN; the log says what is wanted."
        ),
        (
            .modelNotFetched(name: "secret", cause: "secret", .unusable), 500,
            "The model has no files that can be used here. The server's log says what is wrong with them; ask for another."
        ),
        (
            .modelNotFetched(name: "secret", cause: "secret", .notAllowed), 404,
            notFound
                + "Requests may not have this model fetched here; the server's operator can allow it with "
                + "--allow-models. GET /model/registry lists those that they may."
        ),
        (
            .heldOff(.modelNotFetched(name: "secret", cause: "secret", .corrupt), retryAfterSeconds: 40), 500,
            "What came of the model is not what it should be, and was thrown away. The server's log says what is wrong with "
                + "it; something on the way to its operator's hub changes what comes, or there is no hub."
        ),
        (
            .modelNotFetched(name: "secret", cause: "secret", .misconfigured), 500,
            "The server's settings for fetching models are wrong, or it lacks libraries for that. Its log says which; its "
                + "operator can mend them."
        ),
        (
            .tooManyLoads(limit: 32, retryAfterSeconds: 10), 503,
            "The model has to be fetched, and the server is fetching 32 others. Try again in 10 s."
        ),
        (
            .modelNotFetched(name: "secret", cause: "secret", .offline), 404,
            notFound
                + "It is not on the server's machine, and fetching is switched off there; its operator can pull it with "
                + "clip pull, or start the server without --offline and HF_HUB_OFFLINE."
        ),
        (
            .modelNotFetched(name: "secret", cause: "secret", .notKept), 500,
            "The server cannot keep the model's files. Its log says why; its operator can make room, or name another place."
        ),
    ]

    @Test(
        "Every reason has its status and its sentence, which names nothing of this machine",
        arguments: cases.indices
    )
    func reasons(index: Int) {
        let (cause, status, message) = Self.cases[index]
        let error = APIError.embedding(cause, place: nil)
        #expect(error.status == status && error.content == .message(message))
        #expect(!message.contains("secret"))
    }

    @Test("Only what may pass says when to try again")
    func retryAfter() {
        let faults: [(FetchFault, Int?)] = [
            (.passing(retryAfterSeconds: nil), 10), (.passing(retryAfterSeconds: 250), 250),
            (.passing(retryAfterSeconds: .max), 3600), (.notFound, nil), (.closed, nil), (.unusable, nil),
            (.offline, nil), (.notKept, nil), (.notAllowed, nil), (.corrupt, nil), (.misconfigured, nil),
        ]
        for (fault, seconds) in faults {
            let error = EmbeddingError.modelNotFetched(name: "m", cause: "why", fault)
            #expect(APIError.embedding(error, place: nil).retryAfter == seconds)
            let heldOff = APIError.embedding(.heldOff(error, retryAfterSeconds: 7), place: nil)
            #expect(heldOff.retryAfter == (seconds == nil ? nil : 7))
        }
        let crowd = APIError.embedding(.tooManyLoads(limit: 32, retryAfterSeconds: 10), place: nil)
        #expect(crowd.retryAfter == 10)
        let broken = EmbeddingError.heldOff(.modelUnavailable(name: "m", cause: "why"), retryAfterSeconds: 7)
        #expect(APIError.embedding(broken, place: nil).retryAfter == nil)
    }
}
