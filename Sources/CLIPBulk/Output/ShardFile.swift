internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that is written under a hidden name in its folder, and gets its own name when it is whole.
///
/// Another process that writes the same shard has a hidden file of its own. As long as one is written it is locked, so that what a killed
/// process has left can be told from what is in hand.
final class ShardFile {
    /// Where it will be.
    let path: String
    private let hiddenPath: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isCommitted = false

    private static let bufferSize = 1 << 20
    private static let hiddenEnd = ".part"

    /// - Parameter shard: the name of its shard, by which ``sweep(_:in:)`` finds what was left of it.
    init(_ name: String, ofShard shard: String, in folder: String) throws(OutputError) {
        path = "\(folder)/\(name)"
        hiddenPath =
            "\(folder)/\(Self.hiddenStart(shard))\(String(UInt64.random(in: 0...UInt64.max), radix: 16))\(Self.hiddenEnd)"
        let opened = FileName.withPath(hiddenPath) {
            open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
        guard opened >= 0 else { throw Self.failure(at: path, errno) }
        descriptor = opened
        // Where the file system knows no locks, nothing that was left is swept.
        _ = flock(descriptor, LOCK_EX | LOCK_NB)
    }

    deinit {
        if !isCommitted { _ = FileName.withPath(hiddenPath) { unlink($0) } }
        close(descriptor)
    }

    func append(_ bytes: some Sequence<UInt8>) throws(OutputError) {
        buffer += bytes
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Writes over what was written before.
    func overwrite(at offset: Int, with bytes: [UInt8]) throws(OutputError) {
        try flush()
        try write(bytes) { pwrite(self.descriptor, $0, $1, off_t(offset + $2)) }
    }

    /// Gives the file its name, once the disk has all of it.
    func commit() throws(OutputError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw Self.failure(at: path, errno) }
        let isRenamed = FileName.withPath(hiddenPath) { from in
            FileName.withPath(path) { to in rename(from, to) == 0 }
        }
        guard isRenamed else { throw Self.failure(at: path, errno) }
        isCommitted = true
    }

    private func flush() throws(OutputError) {
        let bytes = buffer
        buffer.removeAll(keepingCapacity: true)
        try write(bytes) { bytes, count, _ in systemWrite(self.descriptor, bytes, count) }
    }

    private func write(
        _ bytes: [UInt8],
        by call: (UnsafeRawPointer?, Int, _ done: Int) -> Int
    ) throws(OutputError) {
        var done = 0
        while done < bytes.count {
            let (count, code) = bytes.withUnsafeBytes { all in
                let count = call(all.baseAddress?.advanced(by: done), all.count - done, done)
                return (count, errno)
            }
            guard count > 0 || (count < 0 && code == EINTR) else {
                throw Self.failure(at: path, count == 0 ? ENOSPC : code)
            }
            done += max(0, count)
        }
    }

    /// What the system's number of an error means for a path.
    static func failure(at path: String, _ code: Int32) -> OutputError {
        code == ENOSPC || code == EDQUOT
            ? .diskFull(path: path) : .unwritable(path: path, cause: String(cString: strerror(code)))
    }

    // MARK: What killed processes leave

    private static func hiddenStart(_ shard: String) -> String {
        ".clip-\(NameDigest(of: FileName.bytes(of: shard)).text)-"
    }

    /// Removes what killed processes have left of a shard.
    ///
    /// - Parameter names: those of the folder.
    static func sweep(_ names: [String], ofShard shard: String, in folder: String) {
        let start = Array(hiddenStart(shard).utf8)
        for name in names where name.utf8.starts(with: start) && name.hasSuffix(hiddenEnd) {
            FileName.withPath("\(folder)/\(name)") { path in
                let descriptor = open(path, O_WRONLY | O_CLOEXEC)
                guard descriptor >= 0 else { return }
                defer { close(descriptor) }
                if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
            }
        }
    }

    /// Whether a name in a folder of output is that of a file that is being written, or was left.
    static func isHidden(_ name: String) -> Bool {
        name.utf8.starts(with: ".clip-".utf8) && name.hasSuffix(hiddenEnd)
    }
}

/// The system's function, which the method of the same name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
