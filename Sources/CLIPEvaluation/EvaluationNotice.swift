internal import CLIPFiles

/// Something that takes no part in an evaluation, or cannot come out right.
///
/// Of each kind the first twenty are named and the others counted: a data set of a million damaged pictures should not fill
/// the screen. Names may hold what a terminal would obey; ``description`` holds nothing of that.
public enum EvaluationNotice: Equatable, Sendable {
    /// A class folder without a file, which is no class.
    case emptyFolder(String)
    /// So many more class folders are empty.
    case moreEmptyFolders(Int)
    /// Classes with the same label always tie, so that none of them is ever first.
    case equalLabels(folders: [String], label: String)
    /// So many more labels are shared.
    case moreEqualLabels(Int)
    /// A file, named by its path below the directory, or a row of a captions file, named by its line; the reason is a sentence.
    case leftOut(name: String, reason: String)
    /// So many more files or rows were left out.
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
