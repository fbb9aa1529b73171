internal import HTTPTypes

/// The files of the page at `/`; the page itself is one form of the list there.
package enum PageRoutes {
    /// Open to all: nothing is in them that the program's source has not, and a browser that asks for a page sends no key.
    package static let all = [
        Route("/page/{file}", ["GET", "HEAD"], purpose: .open) { (_, input) throws(APIError) in
            guard let name = input.rest, let file = files[name] else { throw .notFound }
            return Answer(file)
        }
    ]

    private static let files = Dictionary(uniqueKeysWithValues: PageFile.parts.map { ($0.name, $0) })
}

extension Answer {
    /// A file as a browser wants it.
    package init(_ file: PageFile) {
        self.init(file.bytes)
        contentType = file.contentType
        tag = file.tag
        fields = Self.pageFields
    }

    /// The fields that every file of the page has.
    ///
    /// Nothing but what this server sends is loaded, run or asked, and no other page frames it. A browser asks each time whether a
    /// file is still the same, so that page and server are never of two versions.
    private static let pageFields: HTTPFields = [
        .contentSecurityPolicy:
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        .xContentTypeOptions: "nosniff",
        .referrerPolicy: "no-referrer",
        .cacheControl: "no-cache",
    ]
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = own("referrer-policy")
}
