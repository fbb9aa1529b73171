#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What a path leads to, after following symbolic links.
package enum FileKind: Equatable {
    case file
    case folder(Identity)
    /// A pipe, a socket or a device: reading it might never end.
    case other
    /// The path cannot be resolved or opened; the text is the system's message.
    case unreachable(String)

    /// Identifies a folder by its path without symbolic links, so that one folder reached in two ways is equal.
    ///
    /// By bytes: texts that look alike may be different folders.
    package struct Identity: Hashable {
        let path: [UInt8]
    }

    /// Finds out what a path leads to.
    package init(at path: String) {
        guard let resolved = FileName.withPath(path, { realpath($0, nil) }) else {
            self = .unreachable(String(cString: strerror(errno)))
            return
        }
        defer { free(resolved) }
        // `stat(path, ...)` is avoided: `stat` is both a type and a function, and its module depends on the other
        // imports.
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
        case S_IFDIR:
            let path = Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
            self = .folder(Identity(path: path))
        default: self = .other
        }
    }

    /// Why this cannot be read as a picture; nil for a plain file.
    package var refusal: String? {
        switch self {
        case .file: nil
        case .folder: "This is a folder."
        case .other: "This is not a file."
        case .unreachable(let cause): "The file cannot be read: \(cause)."
        }
    }
}
