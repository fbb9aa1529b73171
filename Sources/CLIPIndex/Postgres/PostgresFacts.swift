internal import Foundation

/// What the tables of an index say of the whole of it.
struct PostgresFacts: Sendable {
    let model: IndexedModel
    let hashKey: IndexHashKey
    /// The form of the tables.
    let form: Int

    /// - Throws: `newer`, `damaged`.
    init(_ values: [String: [UInt8]], _ address: PostgresAddress) throws(IndexError) {
        func damaged(_ what: String) -> IndexError { .damaged(path: address.display, what: what) }
        func text(_ name: String) throws(IndexError) -> String {
            guard let bytes = values[name], let text = String(validating: bytes, as: UTF8.self) else {
                throw damaged("it does not say its \(name)")
            }
            return text
        }
        guard let form = Int(try text("format")), form > 0 else { throw damaged("its format is no number") }
        guard form <= PostgresSchema.newest else { throw .newer(path: address.display) }
        let sample = values["sample"] ?? []
        guard !sample.isEmpty, sample.count % 4 == 0 else { throw damaged("its sample is no vector") }
        guard let key = IndexHashKey(bytes: values["hash key"] ?? []) else {
            throw damaged("its hash key is none")
        }
        self.form = form
        hashKey = key
        model = IndexedModel(
            name: try text("model"),
            precision: try text("precision"),
            sample: Floats.read(Data(sample)),
            source: try text("source")
        )
    }

    /// The name of the operator's choice, and its values.
    static let search = "search"
    static let graph = "hnsw"
    static let exact = "exact"

    /// What is looked at anew each time, since the tables may have been made anew.
    struct Current: Sendable {
        /// The model's sample as it is kept, and its precision: another model has others.
        var sample: [UInt8] = []
        var precision: [UInt8] = []
        var hashKey: IndexHashKey?
        /// Whether searches go through a graph, by the operator's choice, and may miss some of the best.
        var isApproximate = false

        init(_ connection: PostgresConnection) throws {
            let rows = try connection.query(
                "SELECT name::text, value FROM facts WHERE name IN ('sample', 'precision', 'hash key', '\(search)')"
            )
            for row in 0..<rows.count {
                let value = try rows.bytes(row, 1)
                switch try rows.text(row, 0) {
                case search: isApproximate = value == Array(graph.utf8)
                case "sample": sample = value
                case "precision": precision = value
                default: hashKey = IndexHashKey(bytes: value)
                }
            }
        }
    }

    /// What a new index says.
    static func values(of model: IndexedModel, hashKey: IndexHashKey) -> [(String, [UInt8])] {
        [
            ("application", Array(PostgresSchema.application.utf8)), ("model", Array(model.name.utf8)),
            ("precision", Array(model.precision.utf8)), ("sample", Array(Floats.data(model.sample))),
            ("source", Array(model.source.utf8)), ("hash key", hashKey.bytes),
            (search, Array(exact.utf8)),
        ]
    }
}
