internal import Foundation

/// What the classes are called in words: from the folders' names, or from a file.
package struct ClassLabels: Sendable {
    /// One class's names, synonyms of each other.
    package typealias Names = [String]

    /// The names by folder; nil where the folders' own names serve.
    private let namesOfFolder: [String: Names]?

    /// A folder's name with '_' as blanks is the label.
    package init() {
        namesOfFolder = nil
    }

    /// Reads lines of `folder<TAB>label`, where `", "` separates synonyms, as in ImageNet's `words.txt`.
    ///
    /// Further columns, empty lines and folders that do not exist are passed over.
    ///
    /// - Parameter file: the file's name, for what is said of it.
    /// - Throws: a failure with the line number for a line without a label and for a folder that is named twice.
    package init(contents: [UInt8], file: String) throws(CommandFailure) {
        let text = try DelimitedText.text(of: contents, file: file)
        var namesOfFolder: [String: Names] = [:]
        let lines = TextFile.lines(of: text)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            let names = columns.count > 1 ? Self.names(in: columns[1]) : []
            let folder = columns[0].trimmingCharacters(in: .whitespaces)
            guard !folder.isEmpty, !names.isEmpty else {
                throw CommandFailure("\(file), line \(index + 1): This is not a folder, a tab and a label.")
            }
            guard namesOfFolder.updateValue(names, forKey: folder) == nil else {
                throw CommandFailure(
                    "\(file), line \(index + 1): The folder '\(folder.printable)' is named twice."
                )
            }
        }
        guard !namesOfFolder.isEmpty else { throw CommandFailure("\(file): The file names no folder.") }
        self.namesOfFolder = namesOfFolder
    }

    /// The names of each class, in the order of the folders; never empty.
    ///
    /// A folder whose name is not UTF-8 is called in a file of labels as complaints call it, such as `caf\xE9`.
    ///
    /// - Throws: a failure that names the folders without a label.
    package func names(of folders: [String]) throws(CommandFailure) -> [Names] {
        if namesOfFolder == nil, let odd = folders.first(where: { !FileName.isText($0) }) {
            throw CommandFailure(
                "The name of the class folder '\(odd.printable)' is not UTF-8, and so is no label. Rename it, or give "
                    + "the classes labels with --labels, where this one is called as it is here."
            )
        }
        let names = folders.map { folder in
            if let namesOfFolder { return namesOfFolder[folder] ?? namesOfFolder[folder.printable] ?? [] }
            let label = folder.replacing("_", with: " ").trimmingCharacters(in: .whitespaces)
            return label.isEmpty ? [] : [label]
        }
        let unnamed = zip(folders, names).filter { $0.1.isEmpty }.map { "'\($0.0)'" }
        guard unnamed.isEmpty else {
            throw CommandFailure(
                "There is no label for the class "
                    + (unnamed.count == 1 ? "folder " : "folders ")
                    + LeftOut.list(unnamed) + "."
            )
        }
        return names
    }

    private static func names(in label: Substring) -> Names {
        label.split(separator: ", ").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
