#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What lies at a path, symbolic links followed.
package enum FileKind: Equatable {
    case file
    case folder(Identity)
    /// A pipe, a socket or a device: reading it might never end.
    case other
    /// Nothing, or nothing that may be looked at; the text is the system's.
    case unreachable(String)

    /// What tells a folder from all others, by whatever links it was reached: its path without any.
    package struct Identity: Hashable {
        let path: String
    }

    /// Looks at a path.
    package init(at path: String) {
        guard let resolved = FileName.withPath(path, { realpath($0, nil) }) else {
            self = .unreachable(String(cString: strerror(errno)))
            return
        }
        defer { free(resolved) }
        let target = FileName.text(of: UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
        // Not by name: `stat` is a type and a function, and which module they belong to depends on what else is imported.
        let descriptor = open(resolved, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            self = errno == ENXIO || errno == ENODEV ? .other : .unreachable(String(cString: strerror(errno)))
            return
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            self = .unreachable(String(cString: strerror(errno)))
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder(Identity(path: target))
        default: self = .other
        }
    }

    /// Why this is no picture to read; nil for a file.
    package var refusal: String? {
        switch self {
        case .file: nil
        case .folder: "This is a folder."
        case .other: "This is not a file."
        case .unreachable(let cause): "The file cannot be read: \(cause)."
        }
    }
}
