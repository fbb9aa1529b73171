import CLIPEngine

/// What is told where it is the model that a request cannot have.
///
/// Only what may pass is a 503 with Retry-After, which clients take for an order to ask again.
extension APIError {
    static let notFoundText =
        "Requested Roboflow resource not found. Make sure that workspace, project or model you referred in "
        + "request exists. "

    /// Where Roboflow's clients find which models there are.
    static let listOfModels = "GET /model/registry"

    static let unknownModelText = notFoundText + listOfModels + " lists the models of this server."

    static let modelNotAllowedText =
        notFoundText
        + "Requests may not have this model fetched here; the server's operator can allow it with "
        + "--allow-models. \(listOfModels) lists those that they may."

    static let notPerceptionEncoderText =
        notFoundText + "The model is no Perception Encoder; ask for it at the routes under /clip."

    /// - Parameter name: one that could be a model's, as all have that are loaded.
    static func unavailableText(ofModel name: String) -> String {
        "The model '\(name)' cannot be loaded: its files are damaged, do not fit each other, or are of a kind that is "
            + "not built here. The server's log says which; its operator can fetch it anew, or choose another."
    }

    static func status(of fault: FetchFault) -> Int {
        switch fault {
        case .passing: 503
        case .notFound, .notAllowed, .offline: 404
        case .closed: 403
        case .unusable, .corrupt, .notKept, .misconfigured: 500
        }
    }

    static func text(of fault: FetchFault) -> String {
        switch fault {
        case .passing: "The model could not be fetched. Try again later; the server's log says why."
        case .notFound:
            notFoundText
                + "Where this server has its models from there is none of that name, or none that it may see; "
                + "its log says which."
        case .closed:
            "The model's owner does not let this server have it: it is gated or private. The server's operator can accept "
                + "its conditions and set HF_TOKEN; the log says what is wanted."
        case .notAllowed: modelNotAllowedText
        case .corrupt:
            "What came of the model is not what it should be, and was thrown away. The server's log says what is wrong with it; "
                + "something on the way to its operator's hub changes what comes, or there is no hub."
        case .unusable:
            "The model has no files that can be used here. The server's log says what is wrong with them; ask for another."
        case .offline:
            notFoundText
                + "It is not on the server's machine, and fetching is switched off there; its operator can pull it "
                + "with clip pull, or start the server without --offline and HF_HUB_OFFLINE."
        case .notKept:
            "The server cannot keep the model's files. Its log says why; its operator can make room, or name another place."
        case .misconfigured:
            "The server's settings for fetching models are wrong, or it lacks libraries for that. Its log says which; its "
                + "operator can mend them."
        }
    }

    /// Seconds after which it is tried again to bring a model; nil where that changes nothing.
    static func retryAfter(_ fault: FetchFault) -> Int? {
        guard case .passing(let seconds) = fault else { return nil }
        return min(max(seconds ?? 0, 10), 3600)
    }
}
