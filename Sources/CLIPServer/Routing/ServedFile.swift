internal import CLIPEngine
internal import HTTPTypes

/// A file that is served unchanged.
package struct ServedFile: Sendable {
    package let name: String
    package let contentType: String
    package let bytes: [UInt8]
    /// A hash of the bytes, the same in every process; a browser that has it does not get the file again.
    package let tag: String

    package init(_ name: String, _ contentType: String, _ bytes: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        let hash = ContentHash(of: bytes, key: ContentHash.Key(low: 0, high: 0)).bytes
        let digits = Array("0123456789abcdef".utf8)
        tag = String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension Answer {
    /// The answer with a file for browsers.
    package init(_ file: ServedFile) {
        self.init(file.bytes)
        contentType = file.contentType
        tag = file.tag
        fields = Self.pageFields
    }

    /// The header fields of every such file.
    ///
    /// A page loads, runs and contacts only what this server sends, and no other page can frame it. A browser asks each
    /// time whether its file is still the same, so page and server always have the same version.
    private static let pageFields: HTTPFields = [
        .contentSecurityPolicy:
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        .xContentTypeOptions: "nosniff",
        .referrerPolicy: "no-referrer",
        .cacheControl: "no-cache",
    ]
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = own("referrer-policy")
}
