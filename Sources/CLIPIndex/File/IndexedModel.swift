/// The model whose vectors an index holds.
package struct IndexedModel: Equatable, Sendable {
    /// As requests name it.
    package let name: String
    /// The number format of its forward passes, such as `bf16`.
    package let precision: String
    /// What it makes of a certain picture, of length one: weights, recipe and all.
    package let sample: [Float]
    /// How `--model` names it: a known name, a repository or a path; empty for the model that comes along.
    package var source = ""

    package init(name: String, precision: String, sample: [Float], source: String = "") {
        (self.name, self.precision, self.sample, self.source) = (name, precision, sample, source)
    }

    /// Numbers of an embedding.
    package var width: Int { sample.count }

    /// Whether another's vectors belong beside these.
    ///
    /// - Throws: `otherModel`.
    package func require(_ other: IndexedModel) throws(IndexError) {
        guard name == other.name else { throw .otherModel(.name(index: name, given: other.name)) }
        try requireWidth(of: other.sample)
        guard precision == other.precision else {
            throw .otherModel(.precision(index: precision, given: other.precision))
        }
        let cosine = zip(sample, other.sample).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        guard cosine > Self.least else { throw .otherModel(.weights(name: name)) }
    }

    /// Whether a vector has as many numbers as these.
    ///
    /// - Throws: `otherModel`.
    func requireWidth(of vector: [Float]) throws(IndexError) {
        guard width == vector.count else { throw .otherModel(.width(index: width, given: vector.count)) }
    }

    /// Processors round in different ways, which costs a bf16 pass some 1e-5; other weights cost far more.
    private static let least = 0.999
}
