internal import CLIPFiles
internal import CLIPIndex
internal import Foundation

/// What a search found as one page for a browser: pictures, scores and paths, with nothing to load from elsewhere and no script.
package enum ContactSheet {
    /// The page up to the first heading.
    package static let start = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="referrer" content="no-referrer">
        <meta name="color-scheme" content="light dark">
        <title>clip search</title>
        <style>
        body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem; }
        ol { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; list-style: none; padding: 0; }
        a { color: inherit; display: block; }
        img, .none { display: block; width: 100%; height: 12rem; object-fit: contain; background: #8882; }
        .none { display: grid; place-items: center; }
        p { margin: .3rem 0 0; overflow-wrap: anywhere; }
        </style>
        </head>
        <body>

        """

    package static let end = "</body>\n</html>\n"

    /// The beginning of what was found for one query.
    package static func heading(_ query: String) -> String {
        "<h1><bdi>\(escaped(query.printable))</bdi></h1>\n<ol>\n"
    }

    package static let headingEnd = "</ol>\n"

    /// A picture.
    ///
    /// - Parameters:
    ///   - path: the whole path of its file.
    ///   - copies: how many files there are beside it that have the same bytes.
    ///   - thumbnail: a JPEG; nil if it could not be made.
    package static func item(path: String, score: Float, copies: Int, thumbnail: [UInt8]?) -> String {
        let name = escaped(path.printable)
        let picture =
            thumbnail.map {
                "<img loading=\"lazy\" alt=\"\(name)\" src=\"data:image/jpeg;base64,\(Data($0).base64EncodedString())\">"
            } ?? "<span class=\"none\">no picture</span>"
        let more = copies > 0 ? " (and \(copies) copies)" : ""
        return "<li><a href=\"\(escaped(url(ofFile: path)))\">\(picture)</a><p><b>"
            + String(format: "%.4f", score) + "</b> <bdi>\(name)</bdi>\(more)</p></li>\n"
    }

    /// A file's address, by the bytes of its path (RFC 8089, RFC 3986 2.3).
    package static func url(ofFile path: String) -> String {
        "file://" + PercentText.of(FileName.bytes(of: path), keeping: "/")
    }

    /// A text as HTML and its attributes have it.
    package static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
