#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The picture files below a folder, one after the other, in the order of their names.
package struct FolderWalk: Sequence, IteratorProtocol {
    /// Which files are looked at.
    package struct Rules: Sendable {
        /// Those that are passed over, the last that fits counts.
        package var patterns: [IgnorePattern] = []
        /// Whether names are looked at that begin with a dot.
        package var takesHidden = false
        /// Whether links are followed.
        package var followsLinks = false
        /// Whether files are looked at whose names do not end as pictures' do.
        package var takesAllNames = false
        /// Files of fewer or more bytes are passed over.
        package var bytes: ClosedRange<Int> = 1...Int.max

        package init() {}
    }

    package enum Entry: Equatable, Sendable {
        case file(path: String, FileLook)
        /// Something that the system does not let be read; the cause is its message.
        case unreadable(path: String, cause: String)
        /// A file that the rules pass over.
        case passedOver
    }

    private struct Level {
        let path: String
        /// What is left of its names, the last of them first.
        var names: [String]
    }

    private let rules: Rules
    private var levels: [Level] = []
    /// The parts of the path below the folder where the walk is.
    private var place: [[UInt8]] = []
    /// Folders that were entered, where links may lead into one twice.
    private var entered: Set<FileKind.Identity> = []
    private var pending: Entry?
    private let entering: Entering?

    /// Is told of a folder before its names are read.
    ///
    /// - Parameters:
    ///   - folder: its path.
    ///   - parts: what its path has below the folder that the rules are for.
    package typealias Entering = (_ folder: String, _ parts: [[UInt8]]) -> Void

    /// - Parameter folder: its path, which those of the files begin with.
    package init(folder: String, rules: Rules, entering: Entering? = nil) {
        (self.rules, self.entering) = (rules, entering)
        if rules.followsLinks, case .folder(let identity) = FileKind(at: folder) { entered.insert(identity) }
        enter(folder)
    }

    /// Some names of a folder that another walk has entered, and what is below them.
    ///
    /// - Parameter parts: what the folder's path has below the one that the rules are for.
    package init(
        names: [String],
        of folder: String,
        parts: [[UInt8]],
        rules: Rules,
        entering: Entering? = nil
    ) {
        (self.rules, self.entering, place) = (rules, entering, parts)
        levels = [Level(path: folder, names: names.reversed())]
    }

    package mutating func next() -> Entry? {
        while true {
            if let entry = pending.take() { return entry }
            guard let level = levels.last else { return nil }
            guard let name = levels[levels.count - 1].names.popLast() else {
                levels.removeLast()
                if !place.isEmpty { place.removeLast() }
                continue
            }
            if let entry = look(at: name, in: level.path) { return entry }
        }
    }

    private mutating func enter(_ folder: String) {
        entering?(folder, place)
        guard let names = FileName.names(inFolder: folder) else {
            pending = .unreadable(path: folder, cause: String(cString: strerror(errno)))
            levels.append(Level(path: folder, names: []))
            return
        }
        levels.append(
            Level(
                path: folder,
                names: names.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
                    .reversed()
            )
        )
    }

    private mutating func look(at name: String, in folder: String) -> Entry? {
        let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
        if !rules.takesHidden, name.utf8.first == UInt8(ascii: ".") { return .passedOver }
        var status = stat()
        guard FileName.withPath(path, { lstat($0, &status) }) == 0 else {
            return .unreadable(path: path, cause: String(cString: strerror(errno)))
        }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard rules.followsLinks else { return .passedOver }
            guard FileName.withPath(path, { fstatat(AT_FDCWD, $0, &status, 0) }) == 0 else {
                return .unreadable(path: path, cause: String(cString: strerror(errno)))
            }
        }
        let parts = place + [FileName.bytes(of: name)]
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard !isExcluded(parts[...], isFolder: isFolder) else { return .passedOver }
        if isFolder {
            if rules.followsLinks {
                guard case .folder(let identity) = FileKind(at: path), entered.insert(identity).inserted
                else {
                    return .passedOver
                }
            }
            place = parts
            enter(path)
            return nil
        }
        let look = FileLook(status)
        let isWanted = rules.takesAllNames || PictureNames.contain(name)
        guard status.st_mode & S_IFMT == S_IFREG, isWanted, rules.bytes.contains(look.bytes) else {
            return .passedOver
        }
        return .file(path: path, look)
    }

    private func isExcluded(_ parts: ArraySlice<[UInt8]>, isFolder: Bool) -> Bool {
        rules.patterns.last { $0.fits(parts, isFolder: isFolder) }?.isExclusion ?? false
    }
}
