/// The version of this build, for `clip --version` and the server's `/info`.
enum Version {
    static let current = "0.1.0"
}
