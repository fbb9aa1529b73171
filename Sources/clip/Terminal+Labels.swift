internal import CLIPEngine
internal import CLIPFiles

/// Labels and templates as the subcommands take them, with what is wrong with them in the words of the shell: names go back to who
/// gave them.
extension Terminal {
    /// Templates that were given as arguments.
    static func templates(ofArguments arguments: [String]) throws(CommandFailure) -> [PromptTemplate] {
        var texts: [String] = []
        for argument in arguments { texts.append(try text(ofArgument: argument)) }
        do throws(LabelFault) {
            return try PromptTemplate.list(texts)
        } catch {
            guard case .noPlace(let template) = error else { throw CommandFailure(error.description) }
            throw CommandFailure(
                "The template '\(texts[template].printable)' has no {} where the label goes."
            )
        }
    }

    /// Labels that were given as arguments, separated by commas.
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

    /// Labels of a file, a line each; prompts of its own may follow a label, with tabs between.
    ///
    /// Empty lines are passed over.
    ///
    /// - Parameter file: '-' is standard input.
    static func labels(ofFile file: String) throws(CommandFailure) -> [LabelSet.Label] {
        let bytes = try textBytes(of: file)
        let text: String
        do throws(FileError) {
            text = try TextFile.text(of: bytes, name: name(of: file))
        } catch {
            throw CommandFailure(error)
        }
        return TextFile.lines(of: text).filter { !$0.allSatisfy(\.isWhitespace) }.map { line in
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(trimmed)
            let prompts = columns.dropFirst().filter { !$0.isEmpty }
            return LabelSet.Label(columns[0], prompts: prompts.isEmpty ? nil : Array(prompts))
        }
    }

    /// A set of labels that were read before.
    static func labelSet(
        _ labels: [LabelSet.Label],
        templates: [PromptTemplate]
    ) throws(CommandFailure) -> LabelSet {
        do throws(LabelFault) {
            return try LabelSet(labels, templates: templates.isEmpty ? nil : templates)
        } catch {
            guard case .repeatedLabel(let index, _) = error else { throw CommandFailure(error.description) }
            throw CommandFailure(
                "The label '\(labels[index].name.printable)' is there twice. Give each once."
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
