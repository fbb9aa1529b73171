internal import CLIPFiles

/// Paths that could not be looked at: what an index has of them, and below them, stays.
package struct SparedPaths: Sendable {
    private var paths: Set<[UInt8]> = []

    package init() {}

    package var isEmpty: Bool { paths.isEmpty }

    package mutating func insert(_ path: String) {
        paths.insert(Array(Self.withoutSlash(FileName.bytes(of: path)[...])))
    }

    /// Whether a path is one of them, or below one.
    package func contain(_ path: [UInt8]) -> Bool {
        guard !paths.isEmpty else { return false }
        var rest = Self.withoutSlash(path[...])
        while true {
            if paths.contains(Array(rest)) { return true }
            guard let slash = rest.lastIndex(of: UInt8(ascii: "/")) else { return false }
            rest = rest[..<slash]
        }
    }

    /// The root is nothing then, before its first slash.
    private static func withoutSlash(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        path.last == UInt8(ascii: "/") ? path.dropLast() : path
    }
}
