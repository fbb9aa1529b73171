extension IndexWatchError: CustomStringConvertible {
    /// A sentence for a person at the shell, with what to do.
    package var description: String {
        switch self {
        case .update(let error): error.description
        case .tooManyFolders(let limit):
            "There are more folders than the system lets one user watch\(Self.now(limit)). Raise that limit with "
                + "`sudo sysctl fs.inotify.max_user_watches=\(Self.raised(limit))`, or name fewer folders."
        case .tooManyWatchers(let limit):
            "More programs watch files than the system lets one user have\(Self.now(limit)). Raise that limit with "
                + "`sudo sysctl fs.inotify.max_user_instances=\(Self.raised(limit))`, or end one of them."
        case .unsupported:
            "Folders can be watched on Linux alone. Have `clip index` run again and again instead, without --watch."
        case .failed(let cause):
            "The folders cannot be watched: \(cause). Try it without --watch, again and again."
        }
    }

    private static func now(_ limit: Int?) -> String { limit.map { ", \($0)" } ?? "" }

    /// Eight times as many, and half a million at most, which take half a gigabyte of the kernel's memory.
    private static func raised(_ limit: Int?) -> Int { min(524_288, max(1024, 8 * min(limit ?? 0, 524_288))) }
}
