internal import CLIPEngine

/// A file of the page at `/`.
///
/// The files lie in `Web/` and are part of the program, so that a command that is copied elsewhere has its page with it. What a
/// build puts there has their names with other signs: `PackageResources.main_js`.
package struct PageFile: Sendable {
    package let name: String
    package let contentType: String
    package let bytes: [UInt8]
    /// Another one for other bytes, the same in every process; a browser that has it is not sent the file again.
    package let tag: String

    package init(_ name: String, _ contentType: String, _ bytes: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        let hash = ContentHash(of: bytes, key: ContentHash.Key(low: 0, high: 0)).bytes
        let digits = Array("0123456789abcdef".utf8)
        tag = String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The page itself.
    package static let index = PageFile("index.html", "text/html; charset=utf-8", PackageResources.index_html)

    /// What it is made of.
    package static let parts = [
        PageFile("style.css", "text/css; charset=utf-8", PackageResources.style_css),
        script("main.js", PackageResources.main_js),
        script("words.js", PackageResources.words_js),
        script("pictures.js", PackageResources.pictures_js),
        script("server.js", PackageResources.server_js),
        script("results.js", PackageResources.results_js),
        script("commands.js", PackageResources.commands_js),
        PageFile("icon.svg", "image/svg+xml", PackageResources.icon_svg),
        PageFile("cat.webp", "image/webp", PackageResources.cat_webp),
        PageFile("espresso.webp", "image/webp", PackageResources.espresso_webp),
        PageFile("truck.webp", "image/webp", PackageResources.truck_webp),
    ]

    private static func script(_ name: String, _ bytes: [UInt8]) -> PageFile {
        PageFile(name, "text/javascript; charset=utf-8", bytes)
    }
}
