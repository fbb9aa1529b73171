#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The directory that keeps packed copies of checkpoints and notes about them.
enum CacheDirectory {
    /// Makes the directory and those that contain it, for their owner only.
    ///
    /// A failure shows later, when a file cannot be written.
    static func make(_ path: String) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += "\(part)/"
            mkdir(made, 0o700)
        }
    }

    /// Removes all files except the most recently used ones of each kind.
    ///
    /// It also removes unfinished files of processes that were killed while they wrote.
    ///
    /// - Parameter kept: how many files with each ending stay.
    static func prune(_ directory: String, keeping kept: [String: Int]) {
        let now = time(nil)
        let found = files(in: directory)
        for (suffix, most) in kept {
            let ofKind = found.filter { $0.path.hasSuffix(suffix) }.sorted { $0.used > $1.used }
            for old in ofKind.dropFirst(most) { unlink(old.path) }
        }
        for left in found where left.path.hasSuffix(unfinished) && left.used < now - longestWriting {
            unlink(left.path)
        }
    }

    /// The ending of the names of files that are still being written.
    static let unfinished = ".tmp"
    /// The seconds without a write after which nobody is still writing a file.
    private static let longestWriting = 3_600

    private static func files(in directory: String) -> [(path: String, used: Int)] {
        guard let entries = opendir(directory) else { return [] }
        defer { closedir(entries) }
        var found: [(path: String, used: Int)] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let path = "\(directory)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            #if canImport(Darwin)
            found.append((path, status.st_mtimespec.tv_sec))
            #else
            found.append((path, status.st_mtim.tv_sec))
            #endif
        }
        return found
    }
}
