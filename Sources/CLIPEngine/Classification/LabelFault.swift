/// What is wrong with the labels or templates of a request.
///
/// Indexes count from 0.
public enum LabelFault: Error, Equatable, Sendable {
    /// The list of labels is empty.
    case noLabels
    /// There are more labels than can be ranked at once.
    case tooManyLabels(count: Int, limit: Int)
    /// All labels together have more prompts than one request may have texts.
    case tooManyPrompts(count: Int, limit: Int)
    /// A label is empty or only blanks.
    case blankLabel(index: Int)
    /// A label repeats an earlier one, blanks around the names and Unicode's normal forms aside; each of the two would get half of the score.
    case repeatedLabel(index: Int, first: Int)
    /// A label has an empty list of prompts.
    case noPrompts(label: Int)
    /// The list of templates is empty.
    case noTemplates
    /// A template has no `{}`, so all labels would get the same prompt.
    case noPlace(template: Int)
    /// A template has more bytes than are read of a text.
    case templateTooLarge(template: Int, count: Int, limit: Int)
    /// A label's name, or one of its prompts, has more bytes than are read of a text.
    case promptTooLarge(label: Int, count: Int, limit: Int)
    /// Making the prompts and embedding them would take more memory than there is for all requests together.
    case tooMuchMemory(bytes: Int, limit: Int)
}

extension LabelFault: CustomStringConvertible {
    /// A sentence for a person at the shell, or for the log: the fault and its remedy.
    public var description: String {
        switch self {
        case .noLabels: "There is no label. Give one at least."
        case .tooManyLabels(let count, let limit):
            "\(count) labels are more than \(limit), the most at once. Give fewer, or rank them in parts and compare the "
                + "similarities: scores are shares among the labels of one ranking."
        case .tooManyPrompts(let count, let limit):
            "The labels have \(count) prompts in all; \(limit) are the most at once (EngineConfiguration.maxTexts, --max-texts of "
                + "clip serve). Give fewer labels or templates."
        case .blankLabel(let index): "Label \(index + 1) is empty. Give it a name, or leave it out."
        case .repeatedLabel(let index, let first):
            "Label \(index + 1) is the same as label \(first + 1). Give each once; blanks around a name and Unicode's normal forms make no difference."
        case .noPrompts(let label):
            "Label \(label + 1) has an empty list of prompts. Give it one at least, or its name alone."
        case .noTemplates: "There is no template. Give one at least, such as 'a photo of a {}.'."
        case .noPlace(let template):
            "Template \(template + 1) has no {} where the label goes. Put it there, as in 'a photo of a {}.'."
        case .templateTooLarge(let template, let count, let limit):
            "Template \(template + 1) has \(count) bytes; at most \(limit) are read. Shorten it."
        case .promptTooLarge(let label, let count, let limit):
            "Label \(label + 1) has a prompt of \(count) bytes; at most \(limit) are read. Shorten it."
        case .tooMuchMemory(let bytes, let limit):
            "The labels' prompts would take \(bytes) bytes, and there are \(limit) for all requests together "
                + "(--memory-budget). Give fewer labels, or shorter templates."
        }
    }
}
