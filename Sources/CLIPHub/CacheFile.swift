internal import Foundation

/// Files of a cache that other programs read at the same time: a file that has its name is complete.
enum CacheFile {
    /// The system's latest error about a path.
    static func failure(_ path: String) -> HubError {
        .cacheUnusable(path: path, reason: String(cString: strerror(errno)))
    }

    static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// A name beside a path that no other program uses.
    static func scratch(for path: String) -> String {
        "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
    }

    /// The size of a file, after following links; nil if there is none.
    static func size(at path: String) -> Int? {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(information.st_size)
    }

    /// Makes a folder and those that contain it.
    static func makeFolder(_ path: String) throws(HubError) {
        if mkdir(path, 0o777) == 0 || errno == EEXIST || errno == EISDIR { return }
        guard errno == ENOENT, parent(of: path) != path, !parent(of: path).isEmpty else {
            throw failure(path)
        }
        try makeFolder(parent(of: path))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw failure(path) }
    }

    /// Writes a small file.
    static func write(_ text: String, to path: String) throws(HubError) {
        try makeFolder(parent(of: path))
        let scratch = scratch(for: path)
        let descriptor = open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path) }
        let bytes = Array(text.utf8)
        let isWritten = bytes.isEmpty || Foundation.write(descriptor, bytes, bytes.count) == bytes.count
        close(descriptor)
        guard isWritten, rename(scratch, path) == 0 else {
            let error = failure(path)
            unlink(scratch)
            throw error
        }
    }

    /// Copies a file.
    static func copy(_ source: String, to path: String) throws(HubError) {
        let scratch = scratch(for: path)
        do {
            try FileManager.default.copyItem(atPath: source, toPath: scratch)
        } catch {
            unlink(scratch)
            throw HubError.cacheUnusable(path: path, reason: "it cannot be copied from \(source)")
        }
        guard rename(scratch, path) == 0 else { throw failure(path) }
    }

    /// Has the system write the entries of a folder to the disk.
    static func settle(folder path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The digest of a file in the form of its tag, or the tag itself if it is not a digest; nil if the file cannot be
    /// read.
    static func identity(of path: String, tag: String) throws(HubError) -> String? {
        guard let size = size(at: path), let digest = try BlobIdentity(tag: tag).digest(size: size) else {
            return self.size(at: path) == nil ? nil : tag
        }
        return try read(path, upTo: size) { digest.add($0) } ? digest.finish() : nil
    }

    /// Calls `body` with a file's first bytes in pieces; returns false if the file has fewer.
    static func read(
        _ path: String,
        upTo count: Int,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(HubError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var rest = count
        while rest > 0 {
            let some = Foundation.read(descriptor, &buffer, min(buffer.count, rest))
            if some < 0, errno == EINTR { continue }
            guard some > 0 else { return false }
            buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<some])) }
            rest -= some
        }
        return true
    }
}
