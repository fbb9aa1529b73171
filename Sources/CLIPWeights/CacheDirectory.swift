#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The directory in which packed copies and notes of checkpoints are kept.
enum CacheDirectory {
    /// Makes it, and those that it is in, for its owner alone; what fails is told when a file cannot be written.
    static func make(_ path: String) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += "\(part)/"
            mkdir(made, 0o700)
        }
    }

    /// Removes what nobody used for long, but for the files of each kind that were used last, and what a process left that
    /// was killed while it wrote.
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

    /// What the name of a file ends with that is being written.
    static let unfinished = ".tmp"
    /// Seconds after which nobody is still writing what has not been written to.
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
