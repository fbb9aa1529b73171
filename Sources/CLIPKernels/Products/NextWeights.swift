/// The weights that a thread reads after those of a product, which fetches their beginning meanwhile.
///
/// Few rows wait for their weights, and most at the beginning of a layer, where nothing was fetched for them.
public struct NextWeights: Sendable {
    let layer: Linear
    private let column: Int

    /// The weights of a layer's outputs from this one on.
    public init(_ layer: Linear, from column: Int = 0) {
        self.layer = layer
        self.column = column
    }

    /// Where they begin; nil if the layer is oneDNN's.
    var bytes: UnsafeRawPointer? { layer.panels(from: column) }
}
