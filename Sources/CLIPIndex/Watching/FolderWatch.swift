internal import CLIPEngine
package import CLIPFiles
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Notices what changes in folders, by inotify(7): a thread reads its events, so that few are ever lost.
package final class FolderWatch: Sendable {
    /// A folder that is watched.
    struct Folder: Sendable {
        /// The folder that was named, which it is or lies in.
        let top: String
        let path: String
        /// What its path has below the top.
        let parts: [[UInt8]]
    }

    /// A name that has changed.
    struct Change: Sendable {
        let place: ChangePlan.Place
        let folder: Folder
        let name: String
    }

    /// What there is to do.
    enum Work: Sendable {
        case nothing
        /// All has to be gone through below these folders, which were named.
        case everything(below: [String])
        case changes([Change])
    }

    private struct State {
        var folders: [Int32: Folder] = [:]
        var plan = ChangePlan()
        /// What the folders were that were named, when they were gone through.
        var tops: [[UInt8]: FileNumber] = [:]
        /// Folders that were named and went away.
        var lost: Set<[UInt8]> = []
        /// When it is looked again whether they are back, or others are in their place.
        var nextLook = ContinuousClock.now
        var failure: IndexWatchError?
        var isEnded = false
    }

    /// How often it is looked whether a folder is back, or another one, such as of a disk that was mounted: nothing tells of that.
    private static let interval = Duration.seconds(5)

    private let descriptor: Int32
    private let rules: FolderWalk.Rules
    private let state = Mutex(State())

    /// - Parameter rules: names that they pass over are not looked at.
    package init(rules: FolderWalk.Rules) throws(IndexWatchError) {
        self.rules = rules
        #if os(Linux)
        descriptor = inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else {
            if errno == EMFILE { throw .tooManyWatchers(limit: Self.limit("max_user_instances")) }
            throw .failed(cause: String(cString: strerror(errno)))
        }
        NamedThread.start("watch", 1) { [weak self, descriptor] in
            var events = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&waiting, 1, 200)
                guard let self, !self.state.withLock({ $0.isEnded }) else { break }
                let count = read(descriptor, &events, events.count)
                if count > 0 { self.take(events[..<count], at: .now) }
            }
            close(descriptor)
        }
        #else
        throw .unsupported
        #endif
    }

    deinit { end() }

    /// Ends the thread.
    package func end() { state.withLock { $0.isEnded = true } }

    /// Why folders could not be watched; nil if all could.
    package var failure: IndexWatchError? { state.withLock { $0.failure } }

    /// How many folders are watched.
    package var count: Int { state.withLock { $0.folders.count } }

    #if os(Linux)
    private static let isOfInterest = UInt32(
        IN_CLOSE_WRITE | IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE
            | IN_MOVE_SELF | IN_ONLYDIR
    )

    /// Watches a folder from now on: to be called before its names are read, so that nothing is missed between the two.
    package func add(top: String, folder: String, parts: [[UInt8]]) {
        var cause: Int32 = 0
        let watch = FileName.withPath(folder) { path in
            let watch = inotify_add_watch(descriptor, path, Self.isOfInterest)
            cause = errno
            return watch
        }
        let identity = parts.isEmpty ? FileNumber(ofFolder: folder) : nil
        state.withLock { state in
            if parts.isEmpty { state.tops[FileName.bytes(of: top)] = identity }
            if watch >= 0 {
                state.folders[watch] = Folder(top: top, path: folder, parts: parts)
                if parts.isEmpty { state.lost.remove(FileName.bytes(of: top)) }
            } else if cause == ENOSPC {
                state.failure = .tooManyFolders(limit: Self.limit("max_user_watches"))
            } else if parts.isEmpty, cause == ENOENT || cause == ENOTDIR {
                state.lost.insert(FileName.bytes(of: top))
            }
            // Others went away meanwhile, or are told as unreadable when their names are read.
        }
    }

    private static func limit(_ name: String) -> Int? {
        guard let bytes = try? FileContents.read("/proc/sys/fs/inotify/\(name)", limit: 20) else {
            return nil
        }
        return Int(String(decoding: bytes.prefix { $0 >= 0x30 && $0 <= 0x39 }, as: UTF8.self))
    }

    /// Events as inotify(7) has them: four numbers of 32 bits, of which the last is how many bytes of a name follow.
    private func take(_ events: ArraySlice<UInt8>, at now: ContinuousClock.Instant) {
        state.withLock { state in
            var rest = events
            while rest.count >= 16 {
                let (watch, mask, length) = rest.withUnsafeBytes { bytes in
                    (
                        bytes.loadUnaligned(as: Int32.self),
                        bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self),
                        Int(bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
                    )
                }
                rest = rest.dropFirst(16)
                let name = Array(rest.prefix(length).prefix { $0 != 0 })
                rest = rest.dropFirst(length)
                take(mask, of: watch, name, &state, at: now)
            }
        }
    }

    private func take(
        _ mask: UInt32,
        of watch: Int32,
        _ name: [UInt8],
        _ state: inout State,
        at now: ContinuousClock.Instant
    ) {
        func has(_ event: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: event) != 0 }
        if has(IN_Q_OVERFLOW) { return state.plan.overflow() }
        guard let folder = state.folders[watch] else { return }
        if has(IN_IGNORED) {
            // It is gone, or its disk is. Of a folder inside, the one around it tells.
            state.folders[watch] = nil
            if folder.parts.isEmpty { state.lost.insert(FileName.bytes(of: folder.top)) }
            return
        }
        if has(IN_MOVE_SELF), folder.parts.isEmpty {
            state.lost.insert(FileName.bytes(of: folder.top))
            return forget([], below: folder.top, &state)
        }
        guard !name.isEmpty, rules.takesHidden || name.first != UInt8(ascii: ".") else { return }
        let isFolder = has(IN_ISDIR)
        if isFolder {
            guard !has(IN_ATTRIB) else { return }
            // Its watches would name paths that lead nowhere. Where it went, it is found as new.
            if has(IN_MOVED_FROM) { forget(folder.parts + [name], below: folder.top, &state) }
            // Links may lead into it, or out of it.
            if rules.followsLinks { return state.plan.overflow() }
        } else {
            guard rules.takesAllNames || PictureNames.contain(FileName.text(of: name)) else { return }
        }
        let isDone = isFolder || !(has(IN_CREATE) || has(IN_MODIFY))
        state.plan.note(.init(folder: watch, name: name), isDone: isDone, at: now)
    }

    private func forget(_ parts: [[UInt8]], below top: String, _ state: inout State) {
        let top = FileName.bytes(of: top)
        for (watch, folder) in state.folders
        where folder.parts.starts(with: parts) && FileName.bytes(of: folder.top) == top {
            inotify_rm_watch(descriptor, watch)
            state.folders[watch] = nil
        }
    }

    private func forgetAll(_ state: inout State) {
        for watch in state.folders.keys { inotify_rm_watch(descriptor, watch) }
        state.folders = [:]
    }
    #else
    package func add(top: String, folder: String, parts: [[UInt8]]) {}
    private func forget(_ parts: [[UInt8]], below top: String, _ state: inout State) {}
    private func forgetAll(_ state: inout State) {}
    #endif

    /// What it is time for.
    ///
    /// - Parameter tops: the folders that were named.
    func take(_ tops: [String], at now: ContinuousClock.Instant) -> Work {
        // A disk that hangs must not hold up the thread that reads events.
        let (others, away) = look(at: tops, now)
        return state.withLock { state in
            if state.plan.isOverflown {
                forgetAll(&state)
                state.plan.clear()
                return .everything(below: tops)
            }
            state.lost.formUnion(away)
            // What is watched below them lies where their paths do not lead any more.
            for top in others { forget([], below: top, &state) }
            if !others.isEmpty { return .everything(below: others) }
            let changes = state.plan.take(at: now).compactMap { place in
                state.folders[place.folder].map {
                    Change(place: place, folder: $0, name: FileName.text(of: place.name))
                }
            }
            return changes.isEmpty ? .nothing : .changes(changes)
        }
    }

    /// Has everything gone through again.
    func lookAtAll() { state.withLock { $0.plan.overflow() } }

    /// Looks now and then at the folders that were named.
    ///
    /// - Returns: those that are back, or are others than those that are watched, and those that are away.
    private func look(
        at tops: [String],
        _ now: ContinuousClock.Instant
    ) -> (others: [String], away: [[UInt8]]) {
        let known = state.withLock { state -> (lost: Set<[UInt8]>, tops: [[UInt8]: FileNumber])? in
            guard state.nextLook <= now else { return nil }
            state.nextLook = now + Self.interval
            return (state.lost, state.tops)
        }
        var (others, away) = ([String](), [[UInt8]]())
        guard let known else { return (others, away) }
        for top in tops {
            let key = FileName.bytes(of: top)
            let identity = FileNumber(ofFolder: top)
            if identity != nil, identity == known.tops[key], !known.lost.contains(key) { continue }
            if case .folder = FileKind(at: top) { others.append(top) } else { away.append(key) }
        }
        return (others, away)
    }

    /// Has a name looked at again, once nothing has happened to it for a while.
    func postpone(_ change: Change, at now: ContinuousClock.Instant) {
        state.withLock { $0.plan.note(change.place, isDone: false, at: now) }
    }
}
