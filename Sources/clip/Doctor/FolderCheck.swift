internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A folder in which files are to be stored, whether or not it exists yet.
package struct FolderCheck {
    /// The folder.
    private let path: String
    /// The free bytes at its place; nil if the system does not tell.
    package let freeBytes: Int?
    /// Why nothing can be written there, in the system's words; nil if it can.
    package let obstacle: String?

    /// Tests the folder by creating and deleting a file in it, or, if it does not exist yet, in the folder that it
    /// would be created in.
    package init(_ path: String) {
        self.path = path
        var place = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        while !FileManager.default.fileExists(atPath: place), place != "/" {
            place = (place as NSString).deletingLastPathComponent
        }
        var system = statvfs()
        freeBytes =
            statvfs(place, &system) == 0
            ? Int(
                clamping: UInt64(system.f_bavail).multipliedReportingOverflow(by: UInt64(system.f_frsize))
                    .partialValue
            )
            : nil
        var name = Array("\(place)/.clip-doctor-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else {
            obstacle = String(cString: strerror(errno))
            return
        }
        obstacle = nil
        close(descriptor)
        unlink(name)
    }

    /// The path, the free space, and whether it can be written.
    ///
    /// - Parameters:
    ///   - name: what is stored there.
    ///   - needed: the bytes that will be written there; nil if unknown.
    ///   - grade: the grade if they cannot be written.
    ///   - remedy: the setting that names another folder.
    package func finding(
        _ name: String,
        needed: Int? = nil,
        _ grade: Finding.Grade,
        remedy: String
    ) -> Finding {
        let free = freeBytes.map { ", \(MachineCheck.megabytes($0)) free" } ?? ""
        if let obstacle {
            return Finding("folders", name, "\(path) cannot be written: \(obstacle)", grade, remedy)
        }
        let least = max(needed ?? 0, Self.leastBytes)
        guard let freeBytes, freeBytes < least else { return Finding("folders", name, "\(path)\(free)") }
        return Finding(
            "folders",
            name,
            "\(path)\(free)",
            needed.map { freeBytes < $0 } ?? false ? grade : .note,
            "\(MachineCheck.megabytes(least)) are wanted: make room. \(remedy)"
        )
    }

    /// A model is larger than this, and a full disk stops other programs, too.
    private static let leastBytes = 1_000_000_000
}
