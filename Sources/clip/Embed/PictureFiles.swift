internal import CLIPBulk
internal import CLIPFiles

/// The pictures that are named at the shell, one after the other: files, those below folders, and those of a list.
struct PictureFiles: Sequence, IteratorProtocol {
    private var names: [(path: String, isFolder: Bool)]
    private let rules: FolderWalk.Rules
    private var walk: FolderWalk?

    /// - Throws: a failure for a name that leads to nothing, before any work is done.
    init(_ arguments: [String], _ selection: FileOptions, most: Int) throws {
        rules = try selection.rules(most: most)
        names = []
        for name in arguments {
            switch FileKind(at: name) {
            case .folder: names.append((name, true))
            case .file: names.append((name, false))
            case .other:
                throw CommandFailure("\(name.printable) is no file and no folder.", status: .unusableInput)
            case .unreachable(let cause):
                throw CommandFailure("\(name.printable) cannot be read: \(cause).", status: .missingInput)
            }
        }
        names += try selection.listed().map { ($0, false) }
        names.reverse()
    }

    mutating func next() -> ListedFile? {
        while true {
            if let entry = walk?.next() {
                switch entry {
                case .passedOver, .deadLink: continue
                case .file(let path, let look): return ListedFile(path: path, bytes: look.bytes)
                case .unreadable(let path, let cause):
                    return ListedFile(unreadable: path, cause: cause)
                }
            }
            walk = nil
            guard let (path, isFolder) = names.popLast() else { return nil }
            guard isFolder else { return ListedFile(path: path, bytes: FileLook(at: path)?.bytes ?? 0) }
            walk = FolderWalk(folder: path, rules: rules)
        }
    }
}
