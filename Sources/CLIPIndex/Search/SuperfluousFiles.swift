internal import CLIPFiles

/// Of files that are duplicates in an index, those that can be removed without a picture being lost.
///
/// An index knows what was on the disk when it was made, and names of files, of which one file can have several. So each is looked at
/// now. What counts is a plain file that still has the bytes that were indexed, and each file once, whatever its names. One of a group
/// stays, and what is told is never what another stays for.
package struct SuperfluousFiles {
    private let index: any DuplicateSource
    private let scope: IndexFile.Scope
    /// Files that were told, which may be gone at any moment.
    private var told: Set<FileNumber> = []
    /// Files that are not there, cannot be read, or are not what was indexed.
    package private(set) var changed = 0
    /// Links, what links lead to, and further names of a file.
    package private(set) var aliases = 0

    package init(_ index: any DuplicateSource, in scope: IndexFile.Scope) {
        (self.index, self.scope) = (index, scope)
    }

    /// The paths of files that are told of a group; none where nothing can be removed.
    ///
    /// - Parameter minScore: the least cosine with the first picture of those that are told.
    package mutating func paths(
        of group: DuplicateSearch.Group,
        minScore: Float
    ) throws(IndexError) -> [String] {
        switch group {
        case .equal(let id, _, _):
            let standing = try standing(id)
            changed += standing.changed
            aliases += standing.aliases
            guard let kept = standing.kept else { return [] }
            return standing.files.filter { $0.number != kept.number && tell($0, of: standing) }.map(\.path)
        case .alike(let pictures):
            guard let first = pictures.first else { return [] }
            guard let kept = try standing(first.id).kept else {
                note(changed: first)
                return []
            }
            var paths: [String] = []
            for picture in pictures.dropFirst() where picture.score >= minScore {
                // Of equal bytes all but this one were told before.
                let standing = try standing(picture.id)
                guard let file = standing.kept else {
                    note(changed: picture)
                    continue
                }
                if file.number != kept.number, tell(file, of: standing) { paths.append(file.path) }
            }
            return paths
        }
    }

    private mutating func note(changed picture: DuplicateSearch.Picture) {
        // Several were counted when their equal bytes were told.
        if picture.paths.count == 1 { changed += 1 }
    }

    private mutating func tell(_ file: Standing.File, of standing: Standing) -> Bool {
        guard !standing.linked.contains(file.number) else {
            aliases += 1
            return false
        }
        return told.insert(file.number).inserted
    }

    /// What is on the disk of a content's files.
    private struct Standing {
        struct File {
            let path: String
            let number: FileNumber
        }

        /// Each once, in the order of their first names.
        var files: [File] = []
        /// What links of the index lead to, and would lead nowhere without.
        var linked: Set<FileNumber> = []
        var changed = 0
        var aliases = 0

        private var numbers: Set<FileNumber> = []
        private var devices: [FileIdentity.Change: UInt64] = [:]

        /// The file that stays.
        var kept: File? { files.first { linked.contains($0.number) } ?? files.first }

        /// Whether it is a file that is here already under another name.
        func has(_ identity: FileIdentity) -> Bool {
            if numbers.contains(identity.number) { return true }
            // File systems that show files of others, as those that join disks do, have a device of their own, and maybe other numbers.
            // Two copies hardly change in the same nanosecond; where they did, one more stays.
            guard let device = devices[identity.change] else { return false }
            return device != identity.number.device
        }

        mutating func note(_ identity: FileIdentity) {
            numbers.insert(identity.number)
            devices[identity.change] = identity.number.device
        }
    }

    private func standing(_ content: Int) throws(IndexError) -> Standing {
        var standing = Standing()
        for (path, look) in try index.files(ofContent: content, in: scope) {
            guard let identity = FileIdentity(at: path), identity.kind != .other else {
                standing.changed += 1
                continue
            }
            if identity.kind == .link {
                standing.aliases += 1
                if let target = FileIdentity(at: path, followingLinks: true) {
                    standing.linked.insert(target.number)
                }
                continue
            }
            guard !standing.has(identity) else {
                standing.aliases += 1
                continue
            }
            if told.contains(identity.number) {
                standing.note(identity)
            } else if try isWhole(path, look, content) {
                standing.note(identity)
                standing.files.append(Standing.File(path: path, number: identity.number))
            } else {
                standing.changed += 1
            }
        }
        return standing
    }

    /// More than any picture has; such a file is not read.
    private static let mostBytes = 1 << 30

    /// Whether a file has the bytes that were indexed: with the same size and time it can have others.
    private func isWhole(
        _ path: String,
        _ look: IndexFile.Look,
        _ content: Int
    ) throws(IndexError) -> Bool {
        guard look.bytes <= Self.mostBytes,
            let bytes = IndexedFiles.read(path, as: look, followingLinks: false)
        else { return false }
        return try index.content(ofHash: index.hashKey.hash(of: bytes)) == content
    }
}
