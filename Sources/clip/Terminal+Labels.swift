internal import CLIPEngine
internal import CLIPFiles

/// Labels and templates from arguments and files. The messages about wrong ones are in the shell's words, and contain
/// the labels, because they go back to the person who gave them.
extension Terminal {
    /// Templates given as arguments.
    static func templates(ofArguments arguments: [String]) throws(CommandFailure) -> [PromptTemplate] {
        var texts: [String] = []
        for argument in arguments { texts.append(try text(ofArgument: argument)) }
        do throws(LabelFault) {
            return try PromptTemplate.list(texts)
        } catch {
            guard case .noPlace(let template) = error else {
                throw CommandFailure(error.description, status: .unusableInput)
            }
            throw CommandFailure(
                "The template '\(texts[template].printable)' has no {} where the label goes.",
                status: .unusableInput
            )
        }
    }

    /// Labels given as arguments, separated by commas.
    static func labels(ofArguments arguments: [String]) throws(CommandFailure) -> [LabelSet.Label] {
        var labels: [LabelSet.Label] = []
        for argument in arguments {
            for name in try text(ofArgument: argument).split(separator: ",", omittingEmptySubsequences: false)
            {
                labels.append(LabelSet.Label(trimmed(name)))
            }
        }
        return labels
    }

    /// The lines of a file, but for empty ones.
    ///
    /// - Parameter file: '-' is standard input.
    static func lines(ofFile file: String) throws(CommandFailure) -> [String] {
        let bytes = try textBytes(of: file)
        do throws(FileError) {
            return TextFile.lines(of: try TextFile.text(of: bytes, name: name(of: file)))
                .filter { !$0.allSatisfy(\.isWhitespace) }
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Labels of a file, one a line; a label's own prompts may follow it, separated by tabs.
    ///
    /// Empty lines are skipped.
    ///
    /// - Parameter file: '-' is standard input.
    static func labels(ofFile file: String) throws(CommandFailure) -> [LabelSet.Label] {
        try lines(ofFile: file).map { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(trimmed)
            let prompts = columns.dropFirst().filter { !$0.isEmpty }
            return LabelSet.Label(columns[0], prompts: prompts.isEmpty ? nil : Array(prompts))
        }
    }

    /// A set of labels that were read already.
    static func labelSet(
        _ labels: [LabelSet.Label],
        templates: [PromptTemplate]
    ) throws(CommandFailure) -> LabelSet {
        do throws(LabelFault) {
            return try LabelSet(labels, templates: templates.isEmpty ? nil : templates)
        } catch {
            guard case .repeatedLabel(let index, _) = error else {
                throw CommandFailure(error.description, status: .unusableInput)
            }
            throw CommandFailure(
                "The label '\(labels[index].name.printable)' is there twice. Give each once; a label with a comma in it goes into a "
                    + "file for --labels-file.",
                status: .unusableInput
            )
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace ?? false { text.removeFirst() }
        while text.last?.isWhitespace ?? false { text.removeLast() }
        return String(text)
    }
}
