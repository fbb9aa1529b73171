/// Who the server says that it is.
package struct ServerIdentity: Equatable, Sendable {
    /// The product, also the `server` header.
    package let name = "swift-clip"
    /// The product's version.
    package let version: String
    /// Six letters and digits, new with every start and the same until it ends, as Roboflow's are.
    package let uuid: String

    package init(version: String) {
        self.version = version
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        uuid = String((0..<6).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }
}
