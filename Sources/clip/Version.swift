internal import CLIPServer

/// The version of this build, one for the command and the server.
enum Version {
    static let current = ServerVersion.current
}
