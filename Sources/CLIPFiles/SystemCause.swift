#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Why a file or a folder cannot be read.
package struct SystemCause: Equatable, Sendable, CustomStringConvertible {
    /// What the system says it by (`errno`); nil where it is not the system that says it.
    package let code: Int32?
    /// The system's message, or ours, without a point at its end.
    package let description: String

    package init(code: Int32) { (self.code, description) = (code, String(cString: strerror(code))) }

    package init(_ text: String) { (code, description) = (nil, text) }

    /// A folder that was there a moment ago is another one now, as below the mount point of a disk that was taken away.
    package static let wentAway = SystemCause(code: ESTALE, "Went away meanwhile")

    private init(code: Int32, _ text: String) { (self.code, description) = (code, text) }

    /// Whether there is nothing at the path.
    package var isAbsence: Bool { code == ENOENT || code == ENOTDIR }
}
