#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Counts the files that a walk will come to, by their names: far quicker than the walk, which looks at each.
package enum FileCount {
    /// How many names below a folder are wanted by the rules, whatever their files' bytes; nil where it was stopped.
    ///
    /// - Parameter isStopped: is asked for each folder, with what was counted until then.
    package static func count(
        below folder: String,
        rules: FolderWalk.Rules,
        isStopped: (_ count: Int) -> Bool
    ) -> Int? {
        var count = 0
        var entered: Set<FileNumber> = []
        var rest = [Folder(path: FileName.bytes(of: folder), parts: [])]
        while let folder = rest.popLast() {
            guard !isStopped(count) else { return nil }
            let path = folder.path.map { CChar(bitPattern: $0) } + [0]
            guard let stream = opendir(path) else { continue }
            defer { closedir(stream) }
            if rules.followsLinks {
                var status = stat()
                guard fstat(dirfd(stream), &status) == 0, entered.insert(FileNumber(status)).inserted
                else { continue }
            }
            while let entry = readdir(stream) {
                guard let (name, kind) = Self.look(at: entry, in: dirfd(stream), rules) else { continue }
                let isFolder = kind == .folder
                guard isFolder || rules.want(name) else { continue }
                if !rules.patterns.isEmpty || isFolder {
                    let parts = folder.parts + [name]
                    guard !rules.exclude(parts, isFolder: isFolder) else { continue }
                    if isFolder {
                        let start = folder.path.last == UInt8(ascii: "/") ? folder.path : folder.path + [0x2F]
                        rest.append(Folder(path: start + name, parts: parts))
                        continue
                    }
                }
                count += 1
            }
        }
        return count
    }

    private struct Folder {
        let path: [UInt8]
        /// What it has below the folder that the rules are for.
        let parts: [[UInt8]]
    }

    private enum Kind { case file, folder }

    /// The name of an entry and what it is; nil for what a walk passes over.
    private static func look(
        at entry: UnsafeMutablePointer<dirent>,
        in folder: Int32,
        _ rules: FolderWalk.Rules
    ) -> ([UInt8], Kind)? {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                let name = Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
                let isHidden = name.first == UInt8(ascii: ".")
                guard !isHidden || rules.takesHidden && name != [0x2E] && name != [0x2E, 0x2E] else {
                    return nil
                }
                // Most file systems say with the name what it is of.
                switch Int(entry.pointee.d_type) {
                case Int(DT_REG): return (name, .file)
                case Int(DT_DIR): return (name, .folder)
                case Int(DT_LNK) where !rules.followsLinks: return nil
                case Int(DT_LNK), Int(DT_UNKNOWN): break
                default: return nil
                }
                var status = stat()
                let flags = rules.followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
                guard fstatat(folder, text, &status, flags) == 0 else { return nil }
                switch status.st_mode & S_IFMT {
                case S_IFREG: return (name, .file)
                case S_IFDIR: return (name, .folder)
                default: return nil
                }
            }
        }
    }
}
