#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The names in a directory.
struct Listing {
    /// The directory as the caller named it.
    let path: String
    let names: Set<String>

    init(path: String) throws(WeightError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw .notADirectory(path: path)
        }
        self.path = path
        self.names = Set(names)
    }

    func contains(_ name: String) -> Bool { names.contains(name) }

    /// The path of a file in the directory.
    func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    /// The directory and the name if a path leads to a safetensors file; nil if it may lead to a directory.
    ///
    /// Refuses a pickle, with advice.
    static func file(at path: String) throws(WeightError) -> (directory: String, name: String)? {
        let (directory, name) = parts(of: path)
        var status = stat()
        guard stat(path, &status) == 0 else {
            if name.hasSuffix(".safetensors") { throw .unreadableFile(path: path, code: errno) }
            return nil
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { return nil }
        if name.hasSuffix(".safetensors") { return (directory, name) }
        guard !ModelDirectory.isPickle(name) else {
            throw .pickledWeightsOnly(path: path, files: [name])
        }
        return nil
    }

    /// Makes a directory and those that contain it, if they do not exist.
    static func makeDirectory(_ path: String) throws(WeightError) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += "\(part)/"
            guard mkdir(made, 0o777) != 0, errno != EEXIST else { continue }
            throw .unwritableFile(path: made, code: errno)
        }
    }

    /// The parts of a path before and after its last slash.
    static func parts(of path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let directory = path[..<slash]
        return (directory.isEmpty ? "/" : String(directory), String(path[path.index(after: slash)...]))
    }
}
