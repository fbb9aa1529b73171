internal import Foundation

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A folder that files are to be kept in, whether it is there already or not.
package struct FolderCheck {
    /// The folder.
    private let path: String
    /// Bytes that are free where it is, or would be; nil where the system does not say.
    package let freeBytes: Int?
    /// Why nothing can be written there, in the system's words; nil where it can.
    package let obstacle: String?

    /// Tries it: a file is made and taken away again, in the folder or, where that is not there yet, in the one that it would be
    /// made in.
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

    /// Path, free space and whether it can be written.
    ///
    /// - Parameters:
    ///   - name: what is kept there.
    ///   - needed: bytes that are to be written there; nil where it is not known.
    ///   - grade: what it is if that cannot be done.
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

    /// A model has more, and a disk that is full ends other things, too.
    private static let leastBytes = 1_000_000_000
}
