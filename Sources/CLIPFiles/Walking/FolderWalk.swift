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

        /// Whether a file's name is a picture's, or need not be.
        func want(_ name: some BidirectionalCollection<UInt8>) -> Bool {
            takesAllNames || PictureNames.contain(bytes: name)
        }

        /// - Parameters:
        ///   - parts: of a path, from the folder on that the rules are for.
        ///   - isFolder: nil where that is not known, so that it is excluded if it would be as either.
        func exclude(_ parts: [[UInt8]], isFolder: Bool?) -> Bool {
            func isExcluded(_ isFolder: Bool) -> Bool {
                patterns.last { $0.fits(parts[...], isFolder: isFolder) }?.isExclusion ?? false
            }
            return isFolder.map(isExcluded) ?? (isExcluded(false) || isExcluded(true))
        }
    }

    package enum Entry: Equatable, Sendable {
        case file(path: String, FileLook)
        /// Something that the system does not let be read, and all that is below it.
        case unreadable(path: String, cause: SystemCause)
        /// A link that leads nowhere, perhaps into a disk that is away; its name is no picture's.
        case deadLink(path: String)
        case passedOver(Reason)

        /// Why the rules pass something over.
        package enum Reason: Equatable, Sendable {
            /// It is hidden, excluded, a link, or neither a file nor a folder.
            case rule
            /// Its name is no picture's.
            case name
            /// It would be a picture by its name, and has too few bytes or too many.
            case tooSmall, tooLarge
        }
    }

    private struct Level {
        let path: String
        let identity: FileNumber?
        /// What is left of its names, the last of them first.
        var names: [String] = []
    }

    private let rules: Rules
    private var levels: [Level] = []
    /// The parts of the path below the folder where the walk is.
    private var place: [[UInt8]] = []
    /// Folders that were entered, where links may lead into one twice.
    private var entered: Set<FileNumber> = []
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
        let identity = FileNumber(ofFolder: folder)
        if rules.followsLinks, let identity { entered.insert(identity) }
        enter(folder, identity)
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
        levels = [Level(path: folder, identity: FileNumber(ofFolder: folder), names: names.reversed())]
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

    private mutating func enter(_ folder: String, _ identity: FileNumber?) {
        entering?(folder, place)
        levels.append(Level(path: folder, identity: identity))
        guard let names = FileName.names(inFolder: folder) else {
            let trouble = SystemCause(code: errno)
            pending =
                levels.count > 1
                ? entry(for: trouble, of: folder) : .unreadable(path: folder, cause: trouble)
            return
        }
        levels[levels.count - 1].names =
            names.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }.reversed()
    }

    private mutating func look(at name: String, in folder: String) -> Entry? {
        if !rules.takesHidden, name.utf8.first == UInt8(ascii: ".") { return .passedOver(.rule) }
        let path = FileName.joined(folder, name)
        let bytes = FileName.bytes(of: name)
        let parts = place + [bytes]
        var status = stat()
        let trouble = FileName.withPath(path) { lstat($0, &status) == 0 ? 0 : errno }
        guard trouble == 0 else {
            return rules.exclude(parts, isFolder: nil)
                ? .passedOver(.rule) : entry(for: SystemCause(code: trouble), of: path)
        }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard rules.followsLinks else { return .passedOver(.rule) }
            let trouble = FileName.withPath(path) { fstatat(AT_FDCWD, $0, &status, 0) == 0 ? 0 : errno }
            guard trouble == 0 else {
                guard !rules.exclude(parts, isFolder: nil) else { return .passedOver(.rule) }
                let cause = SystemCause(code: trouble)
                guard cause.isAbsence, !rules.want(bytes) else {
                    return .unreadable(
                        path: path,
                        cause: cause.isAbsence ? SystemCause("Leads nowhere") : cause
                    )
                }
                return .deadLink(path: path)
            }
        }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard !rules.exclude(parts, isFolder: isFolder) else { return .passedOver(.rule) }
        if isFolder {
            let identity = FileNumber(status)
            if rules.followsLinks, !entered.insert(identity).inserted { return .passedOver(.rule) }
            place = parts
            enter(path, identity)
            return nil
        }
        guard rules.want(bytes) else { return .passedOver(.name) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .passedOver(.rule) }
        let look = FileLook(status)
        guard look.bytes >= rules.bytes.lowerBound else { return .passedOver(.tooSmall) }
        guard look.bytes <= rules.bytes.upperBound else { return .passedOver(.tooLarge) }
        return .file(path: path, look)
    }

    /// What to tell of something that could not be looked at; nil where it is not there any more.
    private mutating func entry(for trouble: SystemCause, of path: String) -> Entry? {
        guard trouble.isAbsence else { return .unreadable(path: path, cause: trouble) }
        guard let number = replaced() else { return nil }
        // All that is left of it is not there either, for the same reason.
        place.removeLast(Swift.min(place.count, levels.count - 1 - number))
        levels.removeLast(levels.count - 1 - number)
        levels[number].names = []
        return .unreadable(path: levels[number].path, cause: .wentAway)
    }

    /// The number of a folder that is another one than when it was entered, such as of a disk that was taken away; nil where what is
    /// missing was taken out of folders that are as they were.
    private func replaced() -> Int? {
        for number in levels.indices.reversed() {
            let identity = FileNumber(ofFolder: levels[number].path)
            if identity == nil, number > 0 { continue }
            return identity == levels[number].identity ? nil : number
        }
        return nil
    }
}
