package import CLIPKernels

/// A place within a tower where its floats can be observed, so that a difference from the reference can be located.
package enum Stage: Hashable, Sendable {
    /// The tokens at the start: projected patches or looked-up ids, with their positions.
    ///
    /// In a ResNet these are the tokens at the start of the pooling: the mean and all pixels of the last maps, with
    /// their positions.
    case tokens
    /// The tokens after the layer norm before the blocks, which only the image tower has.
    case inputNorm
    /// The maps after the three convolutions at the start of a ResNet, with one row for each pixel.
    case stem
    /// The tokens after a block; after the last block of a transformer only the pooled rows.
    ///
    /// In a ResNet, the maps after a bottleneck, with one row for each pixel; bottlenecks are counted through all
    /// layers.
    case block(Int)
    /// The pooled rows after the last layer norm.
    case features
    /// The embeddings.
    case embedding
}

/// Observes the floats of a stage while a pass runs.
///
/// The matrix is valid only during the call.
package typealias StageObserver = (Stage, Matrix) -> Void
