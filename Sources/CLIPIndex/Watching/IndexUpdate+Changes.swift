internal import CLIPFiles

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension IndexUpdate {
    /// Goes through names that have changed, and what is below them.
    ///
    /// What is not there any more is marked as missing. A folder that is new may have files that are still being written: it is looked
    /// at again.
    func run(
        changes: [FolderWatch.Change],
        rules: FolderWalk.Rules,
        watch: FolderWatch,
        _ tell: @escaping (IndexEvent) -> Void
    ) async throws(IndexUpdateError) -> IndexTally {
        var state = State(tell: tell)
        var rest = changes.makeIterator()
        var current: (change: FolderWatch.Change, path: String, walk: FolderWalk)?
        // Those that are no files, and those of which there is nothing at all.
        var (others, gone) = ([String](), [String]())
        let recent = Self.now - Self.nanoseconds(ChangePlan.quiet)
        try await run(&state) { state in
            while true {
                guard current != nil else {
                    guard let change = rest.next() else { return nil }
                    let folder = change.folder
                    let path =
                        folder.path.hasSuffix("/")
                        ? folder.path + change.name : "\(folder.path)/\(change.name)"
                    guard Self.isThere(path) else {
                        // If all of it is away, such as a disk, what the index has of it stays.
                        if Self.isThere(folder.top) { gone.append(path) }
                        continue
                    }
                    let walk = FolderWalk(
                        names: [change.name],
                        of: folder.path,
                        parts: folder.parts,
                        rules: rules
                    ) { watch.add(top: folder.top, folder: $0, parts: $1) }
                    current = (change, path, walk)
                    others.append(path)
                    continue
                }
                switch current?.walk.next() {
                case nil: current = nil
                case .passedOver: state.tally.passedOver += 1
                case .unreadable(let path, let cause):
                    if FileName.bytes(of: path) == others.last.map({ FileName.bytes(of: $0) }) {
                        others.removeLast()
                    }
                    state.fail(path, "It cannot be read: \(cause).")
                case .file(let path, let look):
                    guard let change = current?.change, let top = current?.path else { continue }
                    if FileName.bytes(of: path) == FileName.bytes(of: top) {
                        others.removeLast()
                    } else if look.modified > recent {
                        watch.postpone(change, at: .now)
                        continue
                    }
                    return (path, look)
                }
            }
        }
        guard !isStopped() else { return state.tally }
        do throws(IndexError) {
            state.tally.missing += try await file.markMissing(paths: others, below: gone)
        } catch {
            throw .index(error)
        }
        return state.tally
    }

    private static func isThere(_ path: String) -> Bool {
        var status = stat()
        return FileName.withPath(path, { lstat($0, &status) }) == 0
    }

    /// Nanoseconds since 1970.
    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func nanoseconds(_ duration: Duration) -> Int { Int(duration / .nanoseconds(1)) }
}
