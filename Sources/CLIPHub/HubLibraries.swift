internal import CCrypto

/// The library that computes the digests of downloads.
package enum HubLibraries {
    /// The name and the version of the library that is loaded.
    package static var versions: [(name: String, version: String)] {
        let words = String(cString: clip_crypto_version()).split(separator: " ")
        guard words.count > 1 else { return [("digests", words.joined())] }
        return [(String(words[0]), String(words[1]))]
    }
}
