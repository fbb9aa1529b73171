internal import CLIPFiles
internal import Foundation

/// The labels of the classes, from the folders' names or from a file.
public struct ClassLabels: Sendable {
    /// The names of one class, which are synonyms.
    package typealias Names = [String]

    /// The names by folder; nil if the folders' own names are the labels.
    private let namesOfFolder: [String: Names]?

    /// Takes each folder's name as the label, with '_' replaced by a blank.
    public init() {
        namesOfFolder = nil
    }

    /// Reads lines of `folder<TAB>label`, in which `", "` separates synonyms, as in ImageNet's `words.txt`.
    ///
    /// Further columns, empty lines and folders that do not exist are ignored.
    ///
    /// - Parameters:
    ///   - contents: the file's bytes, in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.
    ///   - file: the file's name, for messages.
    /// - Throws: an error with the line number for a line without a label and for a folder that is named twice; another
    ///   error for a file that is no text or names no folder.
    public init(contents: [UInt8], file: String) throws(EvaluationError) {
        let text = try DelimitedText.text(of: contents, file: file)
        var namesOfFolder: [String: Names] = [:]
        let lines = TextFile.lines(of: text)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            let names = columns.count > 1 ? Self.names(in: columns[1]) : []
            let folder = columns[0].trimmingCharacters(in: .whitespaces)
            guard !folder.isEmpty, !names.isEmpty else {
                throw .noLabel(file: file, line: index + 1)
            }
            guard namesOfFolder.updateValue(names, forKey: folder) == nil else {
                throw .repeatedFolder(folder, file: file, line: index + 1)
            }
        }
        guard !namesOfFolder.isEmpty else { throw .noLabels(file: file) }
        self.namesOfFolder = namesOfFolder
    }

    /// The names of each class, in the order of the folders; never empty.
    ///
    /// A file of labels writes a folder name that is not UTF-8 as messages do, such as `caf\xE9`.
    ///
    /// - Throws: an error that names the folders without a label.
    package func names(of folders: [String]) throws(EvaluationError) -> [Names] {
        if namesOfFolder == nil, let odd = folders.first(where: { !FileName.isText($0) }) {
            throw .folderNameNotText(odd)
        }
        let names = folders.map { folder in
            if let namesOfFolder { return namesOfFolder[folder] ?? namesOfFolder[folder.printable] ?? [] }
            let label = folder.replacing("_", with: " ").trimmingCharacters(in: .whitespaces)
            return label.isEmpty ? [] : [label]
        }
        let unnamed = zip(folders, names).filter { $0.1.isEmpty }.map(\.0)
        guard unnamed.isEmpty else { throw .unlabelled(folders: unnamed) }
        return names
    }

    private static func names(in label: Substring) -> Names {
        label.split(separator: ", ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
