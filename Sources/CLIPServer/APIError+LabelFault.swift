import CLIPEngine

extension APIError {
    /// What the sender of labels is told of their fault.
    static func text(of fault: LabelFault) -> String {
        switch fault {
        case .noLabels: "At least one label is required."
        case .tooManyLabels(let count, let limit):
            "The maximum number of labels is \(limit), and there are \(count). Send fewer, or the "
                + "others in another request, and compare similarities: scores are shares among the labels of one request."
        case .tooManyPrompts(let count, let limit):
            "The labels have \(count) prompts in all, and at most \(limit) are taken. Send fewer labels or templates; the "
                + "server's operator can raise --max-texts."
        case .blankLabel(let index): "Label \(index + 1) is empty. Give it a name, or leave it out."
        case .repeatedLabel(let index, let first):
            "Label \(index + 1) is the same as label \(first + 1). Send each once; blanks around a name and Unicode's normal forms make no difference."
        case .noPrompts(let label):
            "Label \(label + 1) has an empty list of prompts. Send one at least, or the labels as a list of names."
        case .noTemplates:
            "At least one template is required. Leave `templates` out to use the names alone."
        case .noPlace(let template):
            "Template \(template + 1) has no {} where the label goes. Send it as in 'a photo of a {}.'."
        case .templateTooLarge(let template, let count, let limit):
            "Template \(template + 1) has \(count) bytes, and at most \(limit) are read. Send it shorter."
        case .promptTooLarge(let label, let count, let limit):
            "Label \(label + 1) has a prompt of \(count) bytes, and at most \(limit) are read. Send it shorter."
        case .tooMuchMemory(let bytes, let limit):
            "The labels' prompts would take \(bytes) bytes, and this server has \(limit) for all requests together. "
                + "Send fewer labels or shorter templates; the server's operator can raise --memory-budget."
        }
    }
}
