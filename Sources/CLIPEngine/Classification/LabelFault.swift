/// What is wrong with labels or templates, of those who send them.
///
/// Places are counted from 0.
public enum LabelFault: Error, Equatable, Sendable {
    /// There is no label.
    case noLabels
    /// More labels than are ranked at once.
    case tooManyLabels(count: Int, limit: Int)
    /// More prompts, of all labels together, than one request may carry texts.
    case tooManyPrompts(count: Int, limit: Int)
    /// A label is empty, or nothing but blanks.
    case blankLabel(index: Int)
    /// A label stands there for the second time: either would get half of what is theirs.
    case repeatedLabel(index: Int, first: Int)
    /// A label has a list of prompts of its own, which is empty.
    case noPrompts(label: Int)
    /// There is a list of templates, which is empty.
    case noTemplates
    /// A template has no `{}`, so that all labels would be the same.
    case noPlace(template: Int)
}

extension LabelFault: CustomStringConvertible {
    /// A sentence for a person at the shell, or for the log: what is wrong, and what helps.
    public var description: String {
        switch self {
        case .noLabels: "There is no label. Give one at least."
        case .tooManyLabels(let count, let limit):
            "\(count) labels are more than \(limit), the most at once. Give fewer, or rank them in parts."
        case .tooManyPrompts(let count, let limit):
            "The labels have \(count) prompts in all; \(limit) are the most at once (--max-texts of clip serve). Give fewer "
                + "labels or templates."
        case .blankLabel(let index): "Label \(index + 1) is empty. Give it a name, or leave it out."
        case .repeatedLabel(let index, let first):
            "Label \(index + 1) is the same as label \(first + 1). Give each once."
        case .noPrompts(let label):
            "Label \(label + 1) has an empty list of prompts. Give it one at least, or its name alone."
        case .noTemplates: "There is no template. Give one at least, such as 'a photo of a {}.'."
        case .noPlace(let template):
            "Template \(template + 1) has no {} where the label goes. Put it there, as in 'a photo of a {}.'."
        }
    }
}
