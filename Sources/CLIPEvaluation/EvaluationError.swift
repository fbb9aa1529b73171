public import CLIPEngine

/// Why an evaluation could not run.
public enum EvaluationError: Error, Equatable, Sendable {
    // MARK: The directory

    /// The directory cannot be opened or read; the cause is the system's message, nil if it gave none.
    case unreadableDirectory(String, cause: String?)
    /// The path is a file, or something else that is no directory.
    case notADirectory(String)
    /// The directory has no class folders; the sentence is about the first entry that was left out.
    case noClassFolders(directory: String, leftOut: String?)
    /// No class folder has a file; the sentence is about the first entry that was left out.
    case emptyClassFolders(directory: String, leftOut: String?)

    // MARK: Labels and templates

    /// The file of labels or captions is no text; the sentence names it and a remedy.
    case notText(cause: String)
    /// A line of the file of labels has no folder or no label; lines are counted from one.
    case noLabel(file: String, line: Int)
    /// The file of labels names a folder for the second time, in this line.
    case repeatedFolder(String, file: String, line: Int)
    /// The file of labels has only empty lines.
    case noLabels(file: String)
    /// The folder's name is not UTF-8, so it cannot be a label.
    case folderNameNotText(String)
    /// These class folders have no label.
    case unlabelled(folders: [String])
    /// The list of templates is empty.
    case noTemplates
    /// The model cannot read a prompt; the sentence says why.
    case promptRefused(String, cause: String)

    // MARK: Captions

    /// The file of captions is empty.
    case emptyFile(String)
    /// The file of captions has only a header.
    case noRows(file: String)
    /// A field of the header, in this line, has text after its closing quote.
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
    /// The engine failed, or the model is unknown or lacks one of the two towers.
    case engine(EmbeddingError)
}
