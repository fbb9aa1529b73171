/// Labels that images and texts are told apart by, and the sentences that stand for them.
///
/// A label points where its prompts do on average: each embedded, brought to length one, their mean brought to length one, as
/// OpenAI's CLIP and open_clip (`build_zero_shot_classifier`) do it.
public struct LabelSet: Equatable, Sendable {
    /// One label.
    public struct Label: Equatable, Sendable {
        /// What it is called, and what goes into templates.
        public var name: String
        /// Whole texts that stand for it; nil for its name in every template.
        public var prompts: [String]?

        /// A label of this name.
        ///
        /// - Parameters:
        ///   - name: what it is called, and what goes into templates.
        ///   - prompts: whole texts that stand for it; nil for its name in every template.
        public init(_ name: String, prompts: [String]? = nil) {
            self.name = name
            self.prompts = prompts
        }
    }

    /// Most labels: as many as ImageNet-21k's half, at 20 MB for embeddings of 512 numbers.
    public static let mostLabels = 10_000

    /// In the order in which they were given.
    public let labels: [Label]
    /// What the names of those without prompts of their own are put into.
    public let templates: [PromptTemplate]
    /// How many prompts they have in all.
    public let promptCount: Int
    /// The bytes of all of these.
    package let promptByteCount: Int

    /// - Parameters:
    ///   - labels: at most ``mostLabels``, each name once.
    ///   - templates: nil for the names as they stand.
    /// - Throws: what is wrong with them.
    public init(_ labels: [Label], templates: [PromptTemplate]? = nil) throws(LabelFault) {
        guard !labels.isEmpty else { throw .noLabels }
        guard labels.count <= Self.mostLabels else {
            throw .tooManyLabels(count: labels.count, limit: Self.mostLabels)
        }
        if let templates, templates.isEmpty { throw .noTemplates }
        var places: [ExactText: Int] = [:]
        places.reserveCapacity(labels.count)
        for (index, label) in labels.enumerated() {
            guard !label.name.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
                throw .blankLabel(index: index)
            }
            if let first = places.updateValue(index, forKey: ExactText(shown: label.name)) {
                throw .repeatedLabel(index: index, first: first)
            }
            if let prompts = label.prompts, prompts.isEmpty { throw .noPrompts(label: index) }
        }
        self.labels = labels
        self.templates = templates ?? [.plain]
        var (count, bytes) = (0, 0)
        for label in labels {
            count += label.prompts?.count ?? self.templates.count
            // Reckoned and not made: a template of 60 KB and ten thousand names are 600 MB.
            bytes +=
                label.prompts.map { $0.reduce(0) { $0 + $1.utf8.count } }
                ?? self.templates.reduce(0) { $0 + $1.byteCount(of: label.name) }
        }
        (promptCount, promptByteCount) = (count, bytes)
    }

    /// Labels that have nothing but names.
    ///
    /// - Throws: what is wrong with them.
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

    /// A name for what its directions depend on.
    package func contents(truncating: Bool, key: ContentHash.Key) -> ContentHash {
        var bytes: [UInt8] = [truncating ? 1 : 0]
        // Lengths before the texts, so that no two sets give the same bytes.
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
