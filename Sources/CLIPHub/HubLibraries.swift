internal import CCrypto

/// The library that digests of downloads are made by.
package enum HubLibraries {
    /// Its name and version, as it is loaded.
    package static var versions: [(name: String, version: String)] {
        let words = String(cString: clip_crypto_version()).split(separator: " ")
        guard words.count > 1 else { return [("digests", words.joined())] }
        return [(String(words[0]), String(words[1]))]
    }
}
