/// The files of the page at `/`; the page itself is one form of the list there.
package enum PageRoutes {
    /// Open to all: nothing is in them that the program's source has not, and a browser that asks for a page sends no key.
    package static let shape = Shape(
        [
            Route("/page/{file}", ["GET", "HEAD"], purpose: .open) { (_, input) throws(APIError) in
                guard let name = input.rest, let file = files[name] else { throw .notFound }
                return Answer(file)
            }
        ]
    )

    private static let files = Dictionary(
        uniqueKeysWithValues: (PageFiles.parts + PageFiles.searchParts).map { ($0.name, $0) }
    )
}
