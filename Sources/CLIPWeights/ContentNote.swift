#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension Checkpoint {
    /// The bytes of all its files together.
    public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

    /// Identifies the checkpoint's bytes: equal bytes give equal text, wherever the files lie and whenever they were
    /// made.
    ///
    /// A checksum of all bytes takes as long as reading them, which a packed copy should avoid. So `directory` keeps a
    /// note of the checksum under what the file system tells about the files: device, number, size and times. A change
    /// to a file changes these, and then the checksum is computed again, as it is if the note is damaged.
    public func content(notedIn directory: String) throws(WeightError) -> String {
        var identity = ""
        for file in files { identity += try file.identity() + "\n" }
        CacheDirectory.make(directory)
        let note = ContentNote(directory: directory, identity: identity)
        if let known = note.content { return known }
        let content = files.map { "\($0.byteCount) \($0.checksum())" }.joined(separator: " ")
        for file in files {
            file.releasePages()
            // If a file changed while it was read, the checksum is not valid.
            try file.checkUnchanged()
        }
        note.keep(content)
        return content
    }
}

/// A small file that keeps the checksum of the files of a certain identity.
struct ContentNote {
    static let suffix = ".content"
    /// The most bytes of a note, more than the identities of a thousand shards need.
    private static let mostBytes = 1 << 18

    private let path: String
    private let identity: String

    init(directory: String, identity: String) {
        self.identity = identity
        path = "\(directory)/\(Checksum.text(of: identity))\(Self.suffix)"
    }

    /// The checksum in the note, if the note is about the same files.
    var content: String? {
        do throws(WeightError) {
            let text = String(decoding: try OpenFile.contents(of: path, limit: Self.mostBytes), as: UTF8.self)
            guard text.hasPrefix(identity), text.hasSuffix("\n") else { return nil }
            let rest = text.dropFirst(identity.count).dropLast()
            guard let separator = rest.lastIndex(of: "\n") else { return nil }
            let content = String(rest[..<separator])
            guard rest[rest.index(after: separator)...] == Checksum.text(of: identity + content) else {
                return nil
            }
            utimensat(AT_FDCWD, path, nil, 0)  // marks it as just used
            return content
        } catch {
            return nil
        }
    }

    /// Writes the note for the next time; if this fails, the next start takes longer.
    func keep(_ content: String) {
        let text = "\(identity)\(content)\n\(Checksum.text(of: identity + content))\n"
        let temporaryPath = "\(path).\(getpid())\(CacheDirectory.unfinished)"
        unlink(temporaryPath)
        let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let bytes = Array(text.utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        if !isWritten || rename(temporaryPath, path) != 0 { unlink(temporaryPath) }
    }
}
