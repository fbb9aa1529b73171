/// Why an index is not kept up to date any more; what was written stays.
package enum IndexWatchError: Error, Equatable, Sendable {
    case update(IndexUpdateError)
    /// There are more folders than the system lets one user watch.
    case tooManyFolders(limit: Int?)
    /// There are more programs of the user that watch something than the system lets him have.
    case tooManyWatchers(limit: Int?)
    /// The system has no inotify.
    case unsupported
    /// The system's message.
    case failed(cause: String)
}
