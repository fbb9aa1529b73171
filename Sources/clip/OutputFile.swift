internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that is there as a whole, or not at all.
///
/// Until it is whole it has no name where the system knows such files, so that nothing is left of a command that is killed. Elsewhere it
/// has one that no other has.
package final class OutputFile {
    private let path: String
    private let descriptor: Int32
    /// What it is called; nil as long as it has no name.
    private var draft: String?

    package init(_ path: String) throws(CommandFailure) {
        switch FileKind(at: path) {
        case .file, .unreachable: break
        case .folder, .other:
            throw CommandFailure("\(path.printable) is no file. Name another one.", status: .cannotCreate)
        }
        self.path = path
        if let descriptor = Self.unnamed(beside: path) {
            self.descriptor = descriptor
            return
        }
        let draft = Self.draft(of: path)
        let descriptor = FileName.withPath(draft) {
            open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            throw CommandFailure("\(path.printable) cannot be made: \(cause).", status: .cannotCreate)
        }
        (self.descriptor, self.draft) = (descriptor, draft)
    }

    deinit {
        close(descriptor)
        if let draft { _ = FileName.withPath(draft) { unlink($0) } }
    }

    /// A path with its slash at the end; empty where there is none.
    private static func folder(of path: String) -> Substring {
        path.lastIndex(of: "/").map { path[...$0] } ?? ""
    }

    /// A name beside the file's that is none's, and as short as any.
    private static func draft(of path: String) -> String {
        "\(folder(of: path)).clip-\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
    }

    /// Opens a file without a name; nil where there are none.
    private static func unnamed(beside path: String) -> Int32? {
        #if os(Linux)
        // `O_TMPFILE`, which Swift's view of the headers leaves out.
        let flag: Int32 = 0o20000000 | O_DIRECTORY
        let folder = folder(of: path)
        let descriptor = FileName.withPath(folder.isEmpty ? "." : String(folder)) {
            open($0, O_WRONLY | flag | O_CLOEXEC, 0o666)
        }
        guard descriptor >= 0 else { return nil }
        // By this way it gets its name.
        guard access("/proc/self/fd/\(descriptor)", F_OK) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
        #else
        return nil
        #endif
    }

    package func write(_ text: String) throws(CommandFailure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw CommandFailure(unwritable: path.printable) }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// Puts it in its place.
    package func finish() throws(CommandFailure) {
        guard fsync(descriptor) == 0 else { throw CommandFailure(unwritable: path.printable) }
        let draft = draft ?? Self.draft(of: path)
        if self.draft == nil {
            // Another file can only be replaced by one that has a name.
            let own = "/proc/self/fd/\(descriptor)"
            guard
                FileName.withPath(draft, { linkat(AT_FDCWD, own, AT_FDCWD, $0, AT_SYMLINK_FOLLOW) }) == 0
            else { throw CommandFailure(unwritable: path.printable) }
            self.draft = draft
        }
        guard FileName.withPath(draft, { draft in FileName.withPath(path) { rename(draft, $0) } }) == 0 else {
            throw CommandFailure(unwritable: path.printable)
        }
        self.draft = nil
    }
}

/// The system's function, which the method of the same name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
