/// Reads `tokenizer.json`'s `pre_tokenizer`.
enum WordSteps {
    /// The steps that an object describes; an unknown step is refused by name.
    static func steps(_ fields: StepFields) throws(TokenizationError) -> [WordStep] {
        var steps: [WordStep] = []
        for step in fields.flattened { steps.append(try Self.step(step)) }
        return steps
    }

    private static func step(_ fields: StepFields) throws(TokenizationError) -> WordStep {
        switch fields.type {
        case "WhitespaceSplit":
            try fields.requireOnly()
            return .whiteSpace
        case "Metaspace":
            // Files of older versions repeat the mark, and use a flag to say whether it comes first.
            try fields.requireOnly(["replacement", "str_rep", "prepend_scheme", "add_prefix_space", "split"])
            let mark = try fields.text("replacement")
            guard !mark.isEmpty, mark.count <= 4 else { throw fields.unsupported("its replacement") }
            let prefix: WordStep.Prefix
            switch fields.optionalText("prepend_scheme") {
            case "always": prefix = .always
            case "first": prefix = .first
            case "never": prefix = .never
            case nil: prefix = fields.flag("add_prefix_space") == false ? .never : .always
            case let other?: throw fields.unsupported("the prepend_scheme \(other)")
            }
            return .marks(mark, prefix: prefix, divides: fields.flag("split") ?? true)
        case "Split":
            try fields.requireOnly(["pattern", "behavior", "invert"])
            guard let literal = fields.literal, !literal.isEmpty else {
                throw fields.unsupported("the pattern \(fields.expression?.prefix(64) ?? "")")
            }
            guard fields.flag("invert") != true else { throw fields.unsupported("its invert") }
            switch fields.optionalText("behavior") {
            case "Removed": return .split(at: literal, .removed)
            case "Isolated": return .split(at: literal, .isolated)
            case "MergedWithPrevious": return .split(at: literal, .withPrevious)
            case "MergedWithNext": return .split(at: literal, .withNext)
            case let other: throw fields.unsupported("the behavior \(other ?? "")")
            }
        case "BertPreTokenizer":
            try fields.requireOnly()
            return .bert
        default: throw fields.unsupported()
        }
    }
}
