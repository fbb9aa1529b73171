import CLIPEngine

/// Prometheus' text format 0.0.4, written family by family.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Begins a family; its samples follow.
    mutating func begin(_ name: String, _ kind: MetricDescription.Kind, help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// - Parameter labels: as ``labels(_:)`` writes them.
    mutating func sample(_ name: String, _ labels: String, _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    mutating func histogram(_ name: String, _ labels: String, _ series: HistogramSeries) {
        let contents = series.contents
        let start = labels.isEmpty ? "" : labels + ","
        var count = 0
        for (bound, inBucket) in zip(series.bounds + [.infinity], contents.counts) {
            count += inBucket
            sample("\(name)_bucket", "\(start)le=\"\(Self.number(bound))\"", "\(count)")
        }
        sample("\(name)_sum", labels, Self.number(contents.sum))
        sample("\(name)_count", labels, "\(count)")
    }

    // MARK: Words

    /// The labels, such as `stage="fetch",tower="image"`.
    static func labels(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(labelName($0))=\"\(escaped($1, quotes: true))\"" }.joined(separator: ",")
    }

    /// A name that Prometheus allows; other characters become underscores.
    static func name(_ word: String) -> String { clean(word, isAllowed: { $0 == UInt8(ascii: ":") }) }

    private static func labelName(_ word: String) -> String {
        let name = clean(word, isAllowed: { _ in false })
        // `le` is the label of histograms' own bounds.
        return name == "le" ? "le_" : name
    }

    private static func clean(_ word: String, isAllowed: (UInt8) -> Bool) -> String {
        var bytes = word.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                byte
            default: isAllowed(byte) ? byte : UInt8(ascii: "_")
            }
        }
        if bytes.first.map({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) ?? true {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A number in Go's format; whole numbers have no fraction, as in Prometheus' own library.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        return "\(value)"
    }
}
