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
    /// What is not there any more is marked as missing, also below a folder that is there again. A folder that is new may have files that
    /// are still being written: it is looked at again.
    func run(
        changes: [FolderWatch.Change],
        rules: FolderWalk.Rules,
        watch: FolderWatch,
        _ tell: @escaping (IndexEvent) -> Void
    ) async throws(IndexUpdateError) -> IndexTally {
        var update = self
        update.followsLinks = rules.followsLinks
        var state = State(tell: tell)
        var rest = changes.makeIterator()
        var current: (change: FolderWatch.Change, path: String, walk: FolderWalk)?
        // Those that are no files, those of them that are folders, and those of which there is nothing at all.
        var (others, folders, gone) = ([String](), [String](), [String]())
        let now = Self.now
        // What is dated later than now says nothing of when it was written.
        let recent = now - Self.nanoseconds(ChangePlan.quiet)...now
        do throws(IndexError) { try await file.beginWalk() } catch { throw .index(error) }
        let isWhole = try await update.run(&state) { state in
            guard current != nil else {
                guard let change = rest.next() else { return .end }
                let folder = change.folder
                let path = FileName.joined(folder.path, change.name)
                guard FileName.isThere(path) else {
                    // If all of it is away, such as a disk, what the index has of it stays.
                    if FileName.isThere(folder.top) { gone.append(path) }
                    return .passed
                }
                let walk = FolderWalk(
                    names: [change.name],
                    of: folder.path,
                    parts: folder.parts,
                    rules: rules
                ) { path, parts in
                    if parts.count == folder.parts.count + 1 { folders.append(path) }
                    watch.add(top: folder.top, folder: path, parts: parts)
                }
                current = (change, path, walk)
                others.append(path)
                return .passed
            }
            guard let entry = current?.walk.next() else {
                current = nil
                return .passed
            }
            guard let (path, look) = Self.take(entry, &state) else { return .passed }
            if let top = current?.path, FileName.bytes(of: path) == FileName.bytes(of: top) {
                others.removeLast()
            } else if let change = current?.change, recent.contains(look.modified) {
                watch.postpone(change, at: .now)
                state.spared.insert(path)
                return .passed
            }
            return .file((path, look))
        }
        guard isWhole else { return state.tally }
        do throws(IndexError) {
            let missing = others.filter { !state.spared.contain(FileName.bytes(of: $0)) }
            state.tally.missing += try await file.markMissing(paths: missing, below: gone)
            for folder in folders {
                state.tally.missing += try await file.markMissing(
                    below: folder,
                    except: state.seen,
                    sparing: state.spared
                )
            }
        } catch {
            throw .index(error)
        }
        return state.tally
    }

    /// Nanoseconds since 1970.
    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    private static func nanoseconds(_ duration: Duration) -> Int { Int(duration / .nanoseconds(1)) }
}
