/// Why an index cannot be used, read or written.
public enum IndexError: Error, Equatable, Sendable {
    /// There is no such file.
    case notFound(path: String)
    /// The file is something else, or the database of another program.
    case foreign(path: String)
    /// The file was made by a later version, whose format this one does not know.
    case newer(path: String)
    /// The file's content contradicts itself.
    case damaged(path: String, what: String)
    /// The system refuses to open, read or write the file; the cause is its message, or SQLite's.
    case unusable(path: String, cause: String)
    /// The disk is full.
    case diskFull(path: String)
    /// Another process is bringing the index up to date.
    case busy(path: String)
    /// The index belongs to another model, or to the same in another precision or with other weights.
    case otherModel(ModelMismatch)
    /// The address of a database cannot be read.
    case address(what: String)
    /// A database cannot be reached, or went away and did not come back.
    case unreachable(index: String, cause: String)
    /// A database does not let the user in, or not do what is wanted.
    case refused(index: String, cause: String)
    /// A database has no pgvector, or one that is too old, whose version this is.
    case noVectors(index: String, version: String?)
    /// A database fails at what it was asked.
    case database(index: String, cause: String)
    /// The system has no memory for vectors.
    case outOfMemory(bytes: Int)

    /// In what the model of an index and the one at hand differ.
    public enum ModelMismatch: Equatable, Sendable {
        case name(index: String, given: String)
        case precision(index: String, given: String)
        case width(index: Int, given: Int)
        /// Both have one name, and another picture's embedding.
        case weights(name: String)
    }
}
