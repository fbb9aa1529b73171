/// The description of the API, for programs and for people.
package enum DocumentRoutes {
    /// Open to all: limits are told to whoever meets them anyway.
    package static let shape = Shape(routes, describedBy: PackageResources.pages_json)

    private static let routes = [
        Route("/openapi.json", ["GET", "HEAD"], purpose: .open) { (context, _) throws(APIError) in
            Answer(context.document)
        },
        Route("/docs", ["GET", "HEAD"], purpose: .open) { (_, input) throws(APIError) in
            // The page's own addresses are relative, whatever a proxy has put before them.
            guard let slashes = input.rest else { return Answer(page) }
            return Answer(movedTo: String(repeating: "../", count: slashes.utf8.count) + "docs")
        },
        Route("/docs/{file}", ["GET", "HEAD"], purpose: .open) { (_, input) throws(APIError) in
            guard
                let file = parts.first(where: {
                    $0.name == input.rest?.split(separator: "/").last.map(String.init)
                })
            else { throw .notFound }
            return Answer(file)
        },
    ]

    /// Shows the description, which its script fetches.
    package static let page = ServedFile(
        "docs.html",
        "text/html; charset=utf-8",
        PackageResources.docs_html
    )

    package static let parts = [
        ServedFile("docs.css", "text/css; charset=utf-8", PackageResources.docs_css),
        ServedFile("docs.js", "text/javascript; charset=utf-8", PackageResources.docs_js),
    ]
}
