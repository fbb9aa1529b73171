/// One metric, as exporters and documents describe it.
package struct MetricDescription: Equatable, Sendable {
    /// The type of a metric, by Prometheus' names.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// The name, such as `clip_batch_items`.
    package let name: String
    package let kind: Kind
    /// A description in one sentence.
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
