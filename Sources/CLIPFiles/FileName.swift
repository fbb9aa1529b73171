#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Carries file names of any bytes as Swift strings.
///
/// A file name may hold any bytes except 0 and `/`; a Swift string holds only UTF-8. A byte that is not part of valid
/// UTF-8 becomes a scalar of a private plane, and ``bytes(of:)`` turns it back. So a name can be kept as a string and
/// still opens the file. Python's `os.fsdecode` uses lone surrogates for this, which Swift's strings cannot hold.
package enum FileName {
    /// The first and the last of the scalars that stand for the bytes 0x80 to 0xFF.
    private static let first: UInt32 = 0x10_F780
    private static let last: UInt32 = 0x10_F7FF

    /// A name as text.
    package static func text(of bytes: some Collection<UInt8>) -> String {
        var rest = Array(bytes)[...]
        var text = String.UnicodeScalarView()
        while let byte = rest.first {
            if let (scalar, length) = scalar(rest), !(first...last).contains(scalar.value) {
                text.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                // A name may itself hold such a scalar in UTF-8. Its bytes are carried one by one, or it would become
                // another name.
                text.append(Unicode.Scalar(first + UInt32(byte) - 0x80) ?? "\u{FFFD}")
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    /// The bytes of a name that ``text(of:)`` made or that a person typed.
    package static func bytes(of text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            byte(scalar).map { [$0] } ?? Array(String(scalar).utf8)
        }
    }

    /// The byte that a scalar stands for; nil for ordinary text.
    package static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
        (first...last).contains(scalar.value) ? UInt8(scalar.value - first + 0x80) : nil
    }

    /// Whether a string is ordinary text, without scalars that stand for bytes.
    package static func isText(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { byte($0) == nil }
    }

    /// The whole path of what may not be there, without `.`, `..` and, as far as it is there, links.
    package static func absolute(_ path: String) -> String {
        if let resolved = withPath(path, { realpath($0, nil) }) {
            defer { free(resolved) }
            return text(of: UnsafeRawBufferPointer(start: resolved, count: strlen(resolved)))
        }
        let bytes = bytes(of: path)
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[..<$0] } ?? bytes[..<0]
        let name = bytes[(start.isEmpty && bytes.first != UInt8(ascii: "/") ? 0 : start.count + 1)...]
        guard !name.isEmpty else { return start.isEmpty ? path : absolute(text(of: start)) }
        let folder = start.isEmpty ? (bytes.first == UInt8(ascii: "/") ? "/" : ".") : text(of: start)
        guard folder != path else { return path }
        let parent = absolute(folder)
        return joined(parent, text(of: name))
    }

    /// The path of a name in a folder.
    package static func joined(_ folder: String, _ name: String) -> String {
        folder.utf8.last == UInt8(ascii: "/") ? folder + name : "\(folder)/\(name)"
    }

    /// From where to where the paths below a folder are, in the order of bytes: the first that may be among them, and the first behind.
    package static func range(below folder: String) -> (start: [UInt8], end: [UInt8]) {
        var start = bytes(of: folder)
        if start.last != UInt8(ascii: "/") { start.append(UInt8(ascii: "/")) }
        // All that begins so sorts from here to where the slash is the sign behind it.
        return (start, Array(start.dropLast()) + [UInt8(ascii: "/") + 1])
    }

    /// Whether anything has a path, be it a link that leads nowhere.
    package static func isThere(_ path: String) -> Bool {
        var status = stat()
        return withPath(path) { fstatat(AT_FDCWD, $0, &status, AT_SYMLINK_NOFOLLOW) } == 0
    }

    /// The names in a folder, without `.` and `..`; nil if the folder cannot be read to its end, and `errno` says why.
    package static func names(inFolder folder: String) -> [String]? {
        guard let stream = withPath(folder, { opendir($0) }) else { return nil }
        var names: [String] = []
        let cause = eachName({ entry(readdir(stream)) }) {
            names.append(text(of: $0))
            return true
        }
        closedir(stream)
        errno = cause
        return cause == 0 ? names : nil
    }

    /// Whether there is something in a folder, as far as it can be read.
    package static func isFilled(folder: String) -> Bool {
        guard let stream = withPath(folder, { opendir($0) }) else { return false }
        defer { closedir(stream) }
        var isFilled = false
        _ = eachName({ entry(readdir(stream)) }) { _ in
            isFilled = true
            return false
        }
        return isFilled
    }

    private static func entry(_ entry: UnsafeMutablePointer<dirent>?) -> [UInt8]? {
        guard let entry else { return nil }
        return withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
            }
        }
    }

    /// Goes through the entries of a folder, without `.` and `..`.
    ///
    /// - Parameters:
    ///   - next: the next entry; none at the end, and none with `errno` set where the system breaks off.
    ///   - body: returns whether to go on.
    /// - Returns: why it broke off, as `errno` says it; 0 if it did not.
    package static func eachName(_ next: () -> [UInt8]?, _ body: ([UInt8]) -> Bool) -> Int32 {
        while true {
            // At the end it is left as it was.
            errno = 0
            guard let name = next() else { return errno }
            guard name != [UInt8(ascii: ".")], name != [UInt8(ascii: "."), UInt8(ascii: ".")] else {
                continue
            }
            guard body(name) else { return 0 }
        }
    }

    /// Calls `body` with the name as the null-terminated path that system functions take.
    package static func withPath<Result>(
        _ text: String,
        _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        let bytes = bytes(of: text).map { CChar(bitPattern: $0) } + [0]
        return bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("It has at least its end.") }
            return body(base)
        }
    }

    /// The scalar that begins here and its length in bytes; nil if the bytes are not UTF-8.
    private static func scalar(_ bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, Int)? {
        guard let lead = bytes.first else { return nil }
        let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        guard bytes.count >= length, let text = String(validating: bytes.prefix(length), as: UTF8.self),
            let scalar = text.unicodeScalars.first
        else { return nil }
        return (scalar, length)
    }
}
