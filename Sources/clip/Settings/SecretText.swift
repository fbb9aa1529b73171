/// Hides secrets in texts that are shown.
package enum SecretText {
    /// An address without the user and the password before its host.
    package static func withoutUser(_ address: String) -> String {
        let start = address.firstRange(of: "://")?.upperBound ?? address.startIndex
        let end = address[start...].firstIndex { "/?#".contains($0) } ?? address.endIndex
        guard let mark = address[start..<end].lastIndex(of: "@") else { return address }
        return address[..<start] + "..." + address[mark...]
    }
}
