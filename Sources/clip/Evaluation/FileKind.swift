#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What lies at a path, symbolic links followed.
enum FileKind: Equatable {
    case file
    case folder(Identity)
    /// A pipe, a socket or a device: reading it might never end.
    case other
    /// Nothing, or nothing that may be looked at; the text is the system's.
    case unreachable(String)

    /// What tells a folder from all others, by whatever links it was reached.
    struct Identity: Hashable {
        let device: UInt64
        let number: UInt64
    }

    /// Looks at a path.
    init(at path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = .unreachable(String(cString: strerror(errno)))
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR:
            self = .folder(
                Identity(
                    device: UInt64(truncatingIfNeeded: status.st_dev),
                    number: UInt64(truncatingIfNeeded: status.st_ino)
                )
            )
        default: self = .other
        }
    }

    /// Why this is no picture to read; nil for a file.
    var refusal: String? {
        switch self {
        case .file: nil
        case .folder: "This is a folder."
        case .other: "This is not a file."
        case .unreachable(let cause): "The file cannot be read: \(cause)."
        }
    }
}
