internal import CLIPFiles
internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A file that is written beside its place and is there as a whole, or not at all.
final class OutputFile {
    private let path: String
    private let draft: String
    private let descriptor: Int32
    private var isDone = false

    init(_ path: String) throws(CommandFailure) {
        self.path = path
        switch FileKind(at: path) {
        case .file, .unreachable: break
        case .folder, .other:
            throw CommandFailure("\(path.printable) is no file. Name another one.", status: .cannotCreate)
        }
        draft = "\(path).new-\(ProcessInfo.processInfo.processIdentifier)"
        descriptor = FileName.withPath(draft) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else {
            let cause = String(cString: strerror(errno))
            throw CommandFailure("\(path.printable) cannot be made: \(cause).", status: .cannotCreate)
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        if !isDone { _ = FileName.withPath(draft) { unlink($0) } }
    }

    func write(_ text: String) throws(CommandFailure) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw CommandFailure(unwritable: path.printable) }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// Puts it in its place.
    func finish() throws(CommandFailure) {
        guard fsync(descriptor) == 0,
            FileName.withPath(draft, { draft in FileName.withPath(path) { rename(draft, $0) } }) == 0
        else { throw CommandFailure(unwritable: path.printable) }
        isDone = true
    }
}

/// The system's function, which the method of the same name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
