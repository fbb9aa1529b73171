/// Hides secrets in texts that are shown.
package enum SecretText {
    /// An address without the user and the password that stand before its host.
    ///
    /// A password may have a slash in it, although none should: what stands before it is then no host with a port.
    package static func withoutUser(_ address: String) -> String {
        let start = address.firstRange(of: "://")?.upperBound ?? address.startIndex
        var end = address[start...].firstIndex { "/?#".contains($0) } ?? address.endIndex
        if let colon = address[start..<end].lastIndex(of: ":"), !address[start..<end].hasSuffix("]"),
            !address[colon..<end].dropFirst().allSatisfy(\.isNumber)
        {
            end = address.endIndex
        }
        guard let mark = address[start..<end].lastIndex(of: "@") else { return address }
        return address[..<start] + "..." + address[mark...]
    }
}
