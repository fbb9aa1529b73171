internal import CLIPFiles
internal import Foundation

/// What the classes are called in words: from the folders' names, or from a file.
public struct ClassLabels: Sendable {
    /// One class's names, synonyms of each other.
    package typealias Names = [String]

    /// The names by folder; nil where the folders' own names serve.
    private let namesOfFolder: [String: Names]?

    /// A folder's name with '_' as blanks is the label.
    public init() {
        namesOfFolder = nil
    }

    /// Reads lines of `folder<TAB>label`, where `", "` separates synonyms, as in ImageNet's `words.txt`.
    ///
    /// Further columns, empty lines and folders that do not exist are passed over.
    ///
    /// - Parameters:
    ///   - contents: the file's bytes, in UTF-8, or in UTF-16 or UTF-32 with their marks.
    ///   - file: the file's name, for what is said of it.
    /// - Throws: an error with the line number for a line without a label and for a folder that is named twice; one for a
    ///   file that is no text or names no folder.
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
    /// A folder whose name is not UTF-8 is called in a file of labels as complaints call it, such as `caf\xE9`.
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
