internal import CLIPFiles

/// Something that is left out of an evaluation, or whose result cannot be right.
///
/// The first twenty of each kind are named, and the others counted, so that a data set of a million damaged pictures
/// does not fill the screen. Names may contain control characters for terminals; ``description`` contains none.
public enum EvaluationNotice: Equatable, Sendable {
    /// A class folder without a file, which is not a class.
    case emptyFolder(String)
    /// The number of further class folders that are empty.
    case moreEmptyFolders(Int)
    /// Classes with the same label always tie, so none of them is ever first.
    case equalLabels(folders: [String], label: String)
    /// The number of further labels that several classes share.
    case moreEqualLabels(Int)
    /// A file, named by its path relative to the directory, or a row of a captions file, named by its line; the reason
    /// is a sentence.
    case leftOut(name: String, reason: String)
    /// The number of further files or rows that were left out.
    case moreLeftOut(Int)
}

extension EvaluationNotice: CustomStringConvertible {
    /// A sentence for a person at the shell.
    public var description: String {
        switch self {
        case .emptyFolder(let folder):
            "\(folder.printable): This class folder is empty, and takes no part."
        case .moreEmptyFolders(let count):
            "\(count) more class \(count == 1 ? "folder is" : "folders are") empty."
        case .equalLabels(let folders, let label):
            "\(LeftOut.list(folders)): These classes have the same label, '\(label.printable)': none of them can come first."
        case .moreEqualLabels(let count):
            "\(count) more \(count == 1 ? "label is" : "labels are") shared by several classes."
        case .leftOut(let name, let reason): "\(name.printable): left out. \(reason.printable)"
        case .moreLeftOut(let count): "\(count) more \(count == 1 ? "was" : "were") left out."
        }
    }
}
