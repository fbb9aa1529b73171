import CLIPEngine
import CLIPIndex
import CLIPServer

extension APIErrorTests {
    /// What is told where the operator's pictures are asked for.
    static let pictureCases: [(APIError, Int, String)] = [
        (
            .noIndex, 404,
            #"{"message":"This server has no index of pictures. Its operator can give it one with --index."}"#
        ),
        (
            .pictures(.noPicture(id: 7)), 404,
            #"{"message":"The index has no such picture. Ask for one that a search tells."}"#
        ),
        (
            .pictures(.changedFile(path: "secret")), 404,
            #"{"message":"The picture's file is not there, or not as it was indexed. The server's operator can bring the index up to date with clip index."}"#
        ),
        (
            .pictures(.undecodableFile(path: "secret", .tooSlow(limit: .seconds(10)))), 404,
            #"{"message":"The picture's file cannot be shown within this server's limits. Its log says why."}"#
        ),
        (
            .pictures(.cancelsOut), 400,
            #"{"message":"What is added and what is taken away leave nothing to look for. Use other weights."}"#
        ),
        (
            .pictures(.noModel(name: "secret")), 500,
            #"{"message":"The index holds vectors of a model that this server does not have. Its log says which."}"#
        ),
        (
            .pictures(.index(.notFound(path: "secret"))), 503,
            #"{"message":"The server's index cannot be read at the moment. Try again later; the server's log says why."}"#
        ),
        (
            .pictures(.index(.damaged(path: "secret", what: "secret"))), 500,
            #"{"message":"The server's index cannot be used. Its log says why; its operator can make one anew with clip index."}"#
        ),
        (
            .pageNotAllowed, 403,
            #"{"message":"Web pages of other sites may look at this server's pictures only if their origin is allowed by name, with --allow-origins."}"#
        ),
        (
            .nameNotAllowed, 403,
            #"{"message":"The pictures are shown under the name localhost or 127.0.0.1, or a name of --allow-origins. The server's operator can also ask for keys, with --api-keys-file."}"#
        ),
    ]
}
