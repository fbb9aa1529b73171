internal import CLIPEngine
internal import CLIPFiles

extension EvaluationError: CustomStringConvertible {
    /// A sentence for a person at the shell: what is wrong, with a remedy if it is not obvious.
    public var description: String {
        switch self {
        case .unreadableDirectory(let directory, let cause):
            "\(directory): The directory cannot be read\(cause.map { ": \($0)" } ?? "")."
        case .notADirectory(let directory): "\(directory): This is not a directory."
        case .noClassFolders(let directory, let leftOut):
            "\(directory): There are no class folders in this directory.\(Self.appended(leftOut))"
        case .emptyClassFolders(let directory, let leftOut):
            "\(directory): All class folders of this directory are empty.\(Self.appended(leftOut))"
        case .notText(let cause): cause
        case .noLabel(let file, let line): "\(file), line \(line): This is not a folder, a tab and a label."
        case .repeatedFolder(let folder, let file, let line):
            "\(file), line \(line): The folder '\(folder.printable)' is named twice."
        case .noLabels(let file): "\(file): The file names no folder."
        case .folderNameNotText(let folder):
            "The name of the class folder '\(folder.printable)' is not UTF-8, and so is no label. Rename it, or give "
                + "the classes labels with --labels, where this one is called as it is here."
        case .unlabelled(let folders):
            "There is no label for the class " + (folders.count == 1 ? "folder " : "folders ")
                + LeftOut.list(folders.map { "'\($0)'" }) + "."
        case .noTemplates: "There is no template. Give one at least, such as 'a photo of a {}.'."
        case .promptRefused(let prompt, let cause):
            "The prompt '\(prompt.printable)' cannot be used. \(cause)"
        case .emptyFile(let file): "\(file): The file is empty."
        case .noRows(let file): "\(file): There is no row below the header."
        case .malformedHeader(let file, let line):
            "\(file), line \(line): \(CaptionColumns.Problem.textAfterQuote)"
        case .noColumn(let name, let file):
            "\(file): The header has no column '\(name)'; columns 'image' and 'caption' are needed."
        case .repeatedColumn(let name, let file): "\(file): The header has several columns '\(name)'."
        case .openQuote(let file, let line): "\(file), line \(line): A quoted field is not closed."
        case .nothingToEvaluate: "There is nothing to evaluate: no image could be used."
        case .engine(let error): error.description
        }
    }

    private static func appended(_ sentence: String?) -> String {
        sentence.map { " \($0)" } ?? ""
    }
}

extension EvaluationError {
    /// Turns a fault that no input caused into the error that ends an evaluation.
    init(_ fault: EmbeddingPipeline.Fault) {
        switch fault {
        case .unreadable(let error): self = .notText(cause: error.description)
        case .refused(let error): self = .engine(error)
        }
    }
}
