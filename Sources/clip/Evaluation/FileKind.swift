internal import Foundation

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

    /// What tells a folder from all others, by whatever links it was reached: its path without any.
    struct Identity: Hashable {
        let path: String
    }

    /// Looks at a path.
    init(at path: String) {
        guard let resolved = realpath(path, nil) else {
            self = .unreachable(String(cString: strerror(errno)))
            return
        }
        defer { free(resolved) }
        let target = String(cString: resolved)
        // Not `stat`: which C module that type belongs to depends on what else the program imports.
        switch try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType {
        case .typeRegular: self = .file
        case .typeDirectory: self = .folder(Identity(path: target))
        case nil: self = .unreachable("it went away while it was looked at")
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
