#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension Checkpoint {
    /// How many bytes its files have together.
    public var byteCount: Int { files.reduce(0) { $0 + $1.byteCount } }

    /// A text that is the same for the same bytes, wherever the files lie and whenever they were made.
    ///
    /// To sum up all bytes takes as long as to read them, which a packed copy is there to save. So `directory` keeps a note of
    /// the sum, under all that the file system tells of the files: device, number, size and times. Whoever changes a file changes
    /// these, and the bytes are summed up anew, as they are for a note that is damaged.
    public func content(notedIn directory: String) throws(WeightError) -> String {
        var identity = ""
        for file in files { identity += try file.identity() + "\n" }
        CacheDirectory.make(directory)
        let note = ContentNote(directory: directory, identity: identity)
        if let known = note.content { return known }
        let content = files.map { "\($0.byteCount) \($0.checksum())" }.joined(separator: " ")
        for file in files {
            file.releasePages()
            // What changed while it was read is not known.
            try file.checkUnchanged()
        }
        note.keep(content)
        return content
    }
}

/// A small file that says what files of a certain identity contain.
struct ContentNote {
    static let suffix = ".content"
    /// More than the identities of a thousand shards have.
    private static let mostBytes = 1 << 18

    private let path: String
    private let identity: String

    init(directory: String, identity: String) {
        self.identity = identity
        path = "\(directory)/\(Checksum.text(of: identity))\(Self.suffix)"
    }

    /// What was noted, if it was of the same files.
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
            utimensat(AT_FDCWD, path, nil, 0)  // used just now
            return content
        } catch {
            return nil
        }
    }

    /// Notes it for the next time; where that fails, the next time takes longer.
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
