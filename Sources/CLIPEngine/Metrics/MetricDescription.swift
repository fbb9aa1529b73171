/// What one metric is: what exporters and documents say of it.
package struct MetricDescription: Equatable, Sendable {
    /// How its values are to be read, by Prometheus' names.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// Such as `clip_batch_items`.
    package let name: String
    package let kind: Kind
    /// One sentence.
    package let help: String
    /// The names of its labels.
    package let labels: [String]

    package init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }
}
