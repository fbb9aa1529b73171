public import CLIPEngine

/// Why nothing was evaluated.
public enum EvaluationError: Error, Equatable, Sendable {
    // MARK: The directory

    /// The directory cannot be opened or read; the cause is the system's, nil where it gave none.
    case unreadableDirectory(String, cause: String?)
    /// What was named is a file, or no directory in another way.
    case notADirectory(String)
    /// The directory has no folders that could be classes; the sentence says what was left out of it first.
    case noClassFolders(directory: String, leftOut: String?)
    /// No class folder has a file; the sentence says what was left out of them first.
    case emptyClassFolders(directory: String, leftOut: String?)

    // MARK: Labels and templates

    /// The file of labels or captions is no text; the sentence names it and says what helps.
    case notText(cause: String)
    /// A line of the file of labels has no folder or no label; lines are counted from one.
    case noLabel(file: String, line: Int)
    /// The file of labels names a folder for the second time in this line.
    case repeatedFolder(String, file: String, line: Int)
    /// The file of labels has no line but empty ones.
    case noLabels(file: String)
    /// The folder's name is not UTF-8, and so no label.
    case folderNameNotText(String)
    /// These class folders have no label.
    case unlabelled(folders: [String])
    /// There is no template at all.
    case noTemplates
    /// The model cannot read a prompt; the sentence says why.
    case promptRefused(String, cause: String)

    // MARK: Captions

    /// The file of captions has no line.
    case emptyFile(String)
    /// The file of captions has a header alone.
    case noRows(file: String)
    /// A field of the header, which is in this line, goes on behind its closing quote.
    case malformedHeader(file: String, line: Int)
    /// The header lacks this column.
    case noColumn(String, file: String)
    /// The header has this column several times.
    case repeatedColumn(String, file: String)
    /// A quoted field that begins in this line is never closed.
    case openQuote(file: String, line: Int)

    // MARK: The work

    /// No image could be used.
    case nothingToEvaluate
    /// The engine failed, or has no such model, or one that does not embed images and texts alike.
    case engine(EmbeddingError)
}
