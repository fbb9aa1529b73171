import CLIPEngine
import CLIPIndex
internal import CLIPJSON

extension APIError {
    /// Why, for the log: a sentence that repeats nothing of what was sent, keys least of all.
    ///
    /// What the sender is told, unless that says less than the operator should know.
    package var cause: String {
        switch self {
        case .notFound: "The path is none of this server's. Use one that GET / lists."
        case .methodNotAllowed(let allowed):
            "The method is none of those that are answered here. Use \(allowed.joined(separator: " or "))."
        case .unauthorized:
            "The request has no key, or another than those of --api-keys-file or --management-key-file."
        case .unreadableBody(let error): error.description
        case .invalidFields(let problems): problems.cause
        case .unknownItemType(let field):
            "\(field.rawValue)_type is neither 'image' nor 'text'. Send one of these."
        case .embedding(let error, let place): Self.cause(of: error, place: place)
        // It names files, as only the log may.
        case .pictures(let error): error.description
        case .bodyTooLarge, .bodyNotWanted, .bodyTooSlow, .originNotAllowed, .invalidTimeout, .tooLate,
            .malformedMessage,
            .bodyTooLargeForMemory, .noRoomForBody, .bodyEncodingNotSupported, .bodyNotUnpackable,
            .invalidField, .managementClosed, .managementThroughProxy, .hostNotAllowed,
            .imageWhereTextBelongs,
            .imageRefused, .noIndex, .pageNotAllowed, .nameNotAllowed:
            sentence
        }
    }

    /// The sentence of the answer.
    package var sentence: String { sentence(withModelsAt: nil) }

    /// The sentence of the answer in a shape with a list of models of its own.
    ///
    /// - Parameter list: the path of that list; nil for Roboflow's.
    func sentence(withModelsAt list: String?) -> String {
        let sentence = sentenceOfContent
        guard let list else { return sentence }
        return sentence.replacing(Self.listOfModels + " lists", with: "GET \(list) lists")
    }

    private var sentenceOfContent: String {
        // Roboflow's sentence gives no reason, and other APIs' clients expect none of its words.
        if case .unreadableBody(.notUTF8) = self { return cause }
        return switch content {
        case .detail(let text): text
        // Other APIs' clients need not hear whose resource it is not.
        case .message(let text, _):
            text.hasPrefix(Self.notFoundText)
                ? "There is no such model here. " + text.dropFirst(Self.notFoundText.count) : text
        case .problems(let problems): problems.cause
        case .unauthorized:
            "A key of this server's is wanted. Send it as 'Authorization: Bearer KEY', or as 'api_key' in the query or the body."
        }
    }

    private static func cause(of error: EmbeddingError, place: String?) -> String {
        switch error {
        case .unknownModel:
            "There is no model of the name that is asked for. Ask for one that \(listOfModels) lists."
        case .modelNotAllowed:
            "The model that is asked for is none of those that requests may have fetched. Allow it with --allow-models, or "
                + "name it with --model."
        case .notPerceptionEncoder:
            "The model that is asked for is no Perception Encoder. Ask for it at the routes under /clip."
        case .invalidModelName:
            "The model that is asked for has a name that none can have. Ask for one that "
                + "\(listOfModels) lists."
        case .failed(let cause): cause
        case .invalidConfiguration(let problems): problems.joined(separator: " ")
        case .image(_, let fault): fault.description + (place.map { " It is \($0)." } ?? "")
        case .labels, .label, .noTower, .noImages, .noTexts, .noPrompts, .tooManyImages, .tooManyPrompts,
            .tooManyTexts,
            .textTooLarge, .textTooLong, .textTangled, .textLengthened, .textBeyondVocabulary, .overloaded,
            .tooMuchMemory, .shuttingDown, .cancelled, .modelUnavailable, .modelLoading, .tooManyLoads,
            .modelTooLarge,
            .modelNotFetched:
            error.description
        case .heldOff(let error, let seconds):
            "\(cause(of: error, place: place)) Try again in \(seconds) s."
        }
    }
}

extension FieldProblems {
    /// Which fields are wrong, and how; what stands deeper in them may have names that the sender chose.
    fileprivate var cause: String {
        let words = entries.prefix(3).map { problem in
            let steps = problem.location.prefix(2).compactMap { step in
                if case .name(let name) = step { name } else { nil }
            }
            return "\(problem.type) at \(steps.joined(separator: "."))"
        }
        return "The body's fields are not as they should be: \(words.joined(separator: ", "))"
            + (entries.count > words.count ? " and others." : ".")
    }
}
