internal import CCurl
internal import CZlib

/// The libraries that fetch and unpack.
package enum FetchingLibraries {
    /// The names and versions of the libraries that are loaded.
    package static var versions: [(name: String, version: String)] {
        let secure = clip_curl_tls_version().map { ", \(String(cString: $0))" } ?? ", without TLS"
        return [
            ("zlib", String(cString: zlibVersion())),
            ("libcurl", String(cString: clip_curl_version()) + secure),
        ]
    }
}
