/// Labels for zero-shot classification, with the prompts that describe them.
///
/// A label's direction is the mean of its prompts' embeddings, each brought to length one, and the mean brought to
/// length one again, as OpenAI's CLIP and open_clip (`build_zero_shot_classifier`) do it.
public struct LabelSet: Equatable, Sendable {
    /// One label.
    public struct Label: Equatable, Sendable {
        /// The name, which templates contain in place of `{}`.
        public var name: String
        /// Whole prompts of its own; nil for the name in every template.
        public var prompts: [String]?

        /// A label with this name.
        ///
        /// - Parameters:
        ///   - name: the name, which templates contain in place of `{}`.
        ///   - prompts: whole prompts of its own; nil for the name in every template.
        public init(_ name: String, prompts: [String]? = nil) {
            self.name = name
            self.prompts = prompts
        }
    }

    /// The largest number of labels: half of ImageNet-21k's, and 20 MB of embeddings with 512 numbers.
    public static let mostLabels = 10_000

    /// The labels in the order given.
    public let labels: [Label]
    /// The templates for the names of labels without prompts of their own.
    public let templates: [PromptTemplate]
    /// The number of prompts of all labels.
    public let promptCount: Int
    /// The bytes of all prompts.
    package let promptByteCount: Int

    /// Makes a label set.
    ///
    /// - Parameters:
    ///   - labels: at most ``mostLabels``; each name may occur once; blanks around it and Unicode's normal forms make no
    ///     other name of it.
    ///   - templates: the templates; nil for the names alone.
    /// - Throws: the first fault found.
    public init(_ labels: [Label], templates: [PromptTemplate]? = nil) throws(LabelFault) {
        guard !labels.isEmpty else { throw .noLabels }
        guard labels.count <= Self.mostLabels else {
            throw .tooManyLabels(count: labels.count, limit: Self.mostLabels)
        }
        if let templates, templates.isEmpty { throw .noTemplates }
        self.labels = labels
        self.templates = templates ?? [.plain]
        (promptCount, promptByteCount) = try Self.measures(of: labels, in: self.templates)
        var places: [ExactText: Int] = [:]
        places.reserveCapacity(labels.count)
        for (index, label) in labels.enumerated() {
            let name = label.name.withoutBlanksAround
            guard !name.isEmpty else { throw .blankLabel(index: index) }
            if let first = places.updateValue(index, forKey: ExactText(shown: name)) {
                throw .repeatedLabel(index: index, first: first)
            }
            if let prompts = label.prompts, prompts.isEmpty { throw .noPrompts(label: index) }
        }
    }

    /// How many prompts there are, and the bytes of all.
    ///
    /// They are reckoned and not made: a template of 60 KB and ten thousand names are 600 MB. Nor is every template looked at for
    /// every name, of which there may be as many.
    ///
    /// - Throws: `promptTooLarge` for a label with a name or a prompt of more bytes than are read.
    private static func measures(
        of labels: [Label],
        in templates: [PromptTemplate]
    ) throws(LabelFault) -> (count: Int, bytes: Int) {
        func require(_ count: Int, ofLabel index: Int) throws(LabelFault) {
            let limit = TextPreparation.largestText
            guard count <= limit else { throw .promptTooLarge(label: index, count: count, limit: limit) }
        }
        let sizes = PromptTemplate.sizes(of: templates)
        var (count, bytes) = (0, 0)
        var longestName: (label: Int, name: String)?
        for (index, label) in labels.enumerated() {
            let size = label.name.utf8.count
            try require(size, ofLabel: index)
            if let prompts = label.prompts {
                for prompt in prompts { try require(prompt.utf8.count, ofLabel: index) }
                count += prompts.count
                bytes += prompts.reduce(0) { $0 + $1.utf8.count }
            } else {
                if longestName.map({ $0.name.utf8.count < size }) ?? true {
                    longestName = (index, label.name)
                }
                count += templates.count
                bytes += sizes.texts + sizes.places * size
            }
        }
        if let (index, name) = longestName {
            for template in templates { try require(template.byteCount(of: name), ofLabel: index) }
        }
        return (count, bytes)
    }

    /// Makes a label set from names alone.
    ///
    /// - Parameters:
    ///   - names: at most ``mostLabels``; each name may occur once.
    ///   - templates: the templates; nil for the names alone.
    /// - Throws: the first fault found.
    public init(names: [String], templates: [PromptTemplate]? = nil) throws(LabelFault) {
        try self.init(names.map { Label($0) }, templates: templates)
    }

    /// The prompts of all labels, each text once.
    package var prompts: ClassPrompts {
        ClassPrompts(
            prompts: labels.lazy.map { label in
                label.prompts ?? templates.map { $0.prompt(for: label.name) }
            }
        )
    }

    /// A hash of everything that the directions depend on.
    package func contents(truncating: Bool, key: ContentHash.Key) -> ContentHash {
        var bytes: [UInt8] = [truncating ? 1 : 0]
        // Lengths precede the texts, so that different sets never give the same bytes.
        func add(_ texts: some Collection<String>, mark: UInt8) {
            bytes.append(mark)
            withUnsafeBytes(of: texts.count.littleEndian) { bytes += $0 }
            for text in texts {
                withUnsafeBytes(of: text.utf8.count.littleEndian) { bytes += $0 }
                bytes += text.utf8
            }
        }
        add(templates.map(\.text), mark: 0)
        for label in labels {
            if let prompts = label.prompts { add(prompts, mark: 1) } else { add([label.name], mark: 2) }
        }
        return ContentHash(of: bytes, key: key)
    }
}

extension String {
    /// The text from its first character that is no white space to its last; empty if there is none.
    fileprivate var withoutBlanksAround: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
