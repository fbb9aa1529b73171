internal import CLIPFiles

/// A directory with one folder for each class, and the files in them.
///
/// Links are followed, but no folder is read twice for one class, so a link to a folder above makes no endless loop.
/// Names that begin with a dot are ignored, and so are files beside the class folders.
package struct ClassFolders: Sendable {
    /// One class.
    package struct Class: Equatable, Sendable {
        /// The folder's name.
        package let folder: String
        /// Paths relative to the directory, in the order of their names, folder by folder.
        package let files: [String]

        package init(folder: String, files: [String]) {
            self.folder = folder
            self.files = files
        }
    }

    /// The classes that have files, in the order of their folders' names.
    package private(set) var classes: [Class] = []
    /// Folders without a file, which are not evaluated.
    package private(set) var empty: [String] = []
    /// Files that cannot be read, and why.
    package private(set) var leftOut: [LeftOut.Item] = []

    private let directory: String

    /// Reads the directory.
    ///
    /// - Parameter limit: how many files of each class are taken.
    /// - Throws: an error if there is no such directory, or no file in any class folder.
    package init(directory: String, limit: Int = .max) throws(EvaluationError) {
        self.directory = directory
        let root = try Self.requireFolder(directory)
        guard let names = Self.names(in: directory) else {
            throw .unreadableDirectory(directory, cause: nil)
        }
        for name in names {
            let kind = FileKind(at: "\(directory)/\(name)")
            // An entry that cannot be examined might be a class, so it is reported.
            if case .unreachable = kind { leaveOut(name, kind) }
            // A link to the directory itself is not one of its classes.
            guard case .folder(let identity) = kind, identity != root else { continue }
            var seen: Set = [root, identity]
            var files: [String] = []
            addFiles(in: name, to: &files, upTo: limit, seen: &seen)
            if files.isEmpty {
                empty.append(name)
            } else {
                classes.append(Class(folder: name, files: files))
            }
        }
        guard !classes.isEmpty else {
            let unusable = leftOut.first.map { "\($0.name.printable): \($0.reason.printable)" }
            throw empty.isEmpty
                ? .noClassFolders(directory: directory, leftOut: unusable)
                : .emptyClassFolders(directory: directory, leftOut: unusable)
        }
    }

    /// The identity of a directory; throws if there is none.
    @discardableResult
    static func requireFolder(_ directory: String) throws(EvaluationError) -> FileKind.Identity {
        switch FileKind(at: directory) {
        case .folder(let identity): return identity
        case .unreachable(let cause): throw .unreadableDirectory(directory, cause: cause)
        case .file, .other: throw .notADirectory(directory)
        }
    }

    private mutating func addFiles(
        in folder: String,
        to files: inout [String],
        upTo limit: Int,
        seen: inout Set<FileKind.Identity>
    ) {
        guard let names = Self.names(in: "\(directory)/\(folder)") else {
            leftOut.append(LeftOut.Item(folder, because: "The folder cannot be read."))
            return
        }
        for name in names {
            guard files.count < limit else { return }
            let path = "\(folder)/\(name)"
            let kind = FileKind(at: "\(directory)/\(path)")
            if case .folder(let identity) = kind {
                guard seen.insert(identity).inserted else { continue }
                addFiles(in: path, to: &files, upTo: limit, seen: &seen)
            } else if kind == .file {
                files.append(path)
            } else {
                leaveOut(path, kind)
            }
        }
    }

    private mutating func leaveOut(_ path: String, _ kind: FileKind) {
        guard let refusal = kind.refusal else { return }
        leftOut.append(LeftOut.Item(path, because: refusal))
    }

    /// The names in a folder that do not begin with a dot, sorted by their bytes, so that the order does not depend on
    /// the locale.
    private static func names(in folder: String) -> [String]? {
        guard let names = FileName.names(inFolder: folder) else { return nil }
        return names.filter { !$0.hasPrefix(".") }
            .sorted { FileName.bytes(of: $0).lexicographicallyPrecedes(FileName.bytes(of: $1)) }
    }
}
