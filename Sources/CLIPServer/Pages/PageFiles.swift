/// The files of the page at `/`.
///
/// They lie in `Web/` and are part of the program, so that a command that is copied elsewhere has its page with it. What a build
/// puts there has their names with other signs: `PackageResources.main_js`.
package enum PageFiles {
    /// The page itself.
    package static let index = ServedFile(
        "index.html",
        "text/html; charset=utf-8",
        PackageResources.index_html
    )

    /// The page of a server that asks for keys, which says so: asking for what needs a key would put a refusal into the console
    /// of everybody who opens it.
    package static let indexWithKeys = index(asksForKeys: true, hasPictures: false)

    /// The page of a server.
    ///
    /// - Parameters:
    ///   - asksForKeys: whether it says so, as above.
    ///   - hasPictures: whether there is an index, which the page then searches; the others do not load what is needed for that.
    package static func index(asksForKeys: Bool, hasPictures: Bool) -> ServedFile {
        var text = String(decoding: index.bytes, as: UTF8.self)
        if asksForKeys { text = text.replacing("<body ", with: "<body data-keys ") }
        if hasPictures {
            let parts =
                #"<link rel="stylesheet" href="page/search.css">"# + "\n"
                + #"<script type="module" src="page/search.js"></script>"# + "\n"
            text = text.replacing("</head>", with: parts + "</head>")
        }
        return ServedFile(index.name, index.contentType, Array(text.utf8))
    }

    /// What it is made of.
    package static let parts = [
        ServedFile("style.css", "text/css; charset=utf-8", PackageResources.style_css),
        script("main.js", PackageResources.main_js),
        script("words.js", PackageResources.words_js),
        script("pictures.js", PackageResources.pictures_js),
        script("server.js", PackageResources.server_js),
        script("results.js", PackageResources.results_js),
        script("commands.js", PackageResources.commands_js),
        ServedFile("icon.svg", "image/svg+xml", PackageResources.icon_svg),
        ServedFile("cat.webp", "image/webp", PackageResources.cat_webp),
        ServedFile("espresso.webp", "image/webp", PackageResources.espresso_webp),
        ServedFile("truck.webp", "image/webp", PackageResources.truck_webp),
    ]

    /// What the page has beside where there is an index.
    package static let searchParts = [
        ServedFile("search.css", "text/css; charset=utf-8", PackageResources.search_css),
        script("search.js", PackageResources.search_js),
        script("search-words.js", PackageResources.search_words_js),
    ]

    private static func script(_ name: String, _ bytes: [UInt8]) -> ServedFile {
        ServedFile(name, "text/javascript; charset=utf-8", bytes)
    }
}
