/// What happens while an index is brought up to date.
package enum IndexEvent: Sendable {
    /// So much is done; what is not written yet is lost if the program is killed.
    case progress(IndexTally)
    case moved(from: String, to: String)
    /// A file is no picture, or cannot be read.
    case failed(path: String, reason: String)
    /// A folder is not there, or has no files: what the index has of it stays.
    case emptyFolder(path: String, indexed: Int)
}
