package import CLIPIndex

/// What is told where the operator's pictures are asked for: neither paths of files nor that of the index.
extension APIError {
    /// - Parameter place: which text or picture an error of the engine is about, where there are several.
    package init(_ error: PictureSearchError, place: String? = nil) {
        if case .engine(let cause, _) = error {
            self = .embedding(cause, place: place)
        } else {
            self = .pictures(error)
        }
    }

    static let noIndexText =
        "This server has no index of pictures. Its operator can give it one with --index."

    static let pageNotAllowedText =
        "Web pages of other sites may look at this server's pictures only if their origin is allowed by name, with --allow-origins."

    static let nameNotAllowedText =
        "The pictures are shown under the name localhost or 127.0.0.1, or a name of --allow-origins. The server's operator can also "
        + "ask for keys, with --api-keys-file."

    static func status(of error: PictureSearchError) -> Int {
        switch error {
        case .noPicture, .changedFile, .undecodableFile: 404
        case .cancelsOut: 400
        case .noModel: 500
        case .index(let error):
            switch error {
            case .notFound, .unusable, .busy, .outOfMemory, .unreachable: 503
            case .foreign, .newer, .damaged, .diskFull, .otherModel, .address, .refused, .noVectors,
                .database:
                500
            }
        case .engine(let error, _): APIError.embedding(error, place: nil).status
        }
    }

    static func text(of error: PictureSearchError) -> String {
        switch error {
        case .noPicture: "The index has no such picture. Ask for one that a search tells."
        case .changedFile:
            "The picture's file is not there, or not as it was indexed. The server's operator can bring the index up to date with "
                + "clip index."
        case .undecodableFile:
            "The picture's file cannot be shown within this server's limits. Its log says why."
        case .cancelsOut:
            "What is added and what is taken away leave nothing to look for. Use other weights."
        case .noModel:
            "The index holds vectors of a model that this server does not have. Its log says which."
        case .index where status(of: error) == 503:
            "The server's index cannot be read at the moment. Try again later; the server's log says why."
        case .index:
            "The server's index cannot be used. Its log says why; its operator can make one anew with clip index."
        case .engine(let error, _): APIError.embedding(error, place: nil).sentence
        }
    }
}
