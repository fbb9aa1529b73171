package import CLIPKernels

/// A place within a tower where its numbers can be looked at, so that a difference from the reference can be named.
package enum Stage: Hashable, Sendable {
    /// Tokens as they enter: projected patches or looked-up ids, with their positions.
    ///
    /// In a ResNet they enter the pooling: the mean and all pixels of the last maps, with their positions.
    case tokens
    /// After the layer norm before the blocks, which only the image tower has.
    case inputNorm
    /// After the three convolutions at the start of a ResNet, one row for each pixel.
    case stem
    /// After a block; after the last one of a transformer only the pooled rows exist.
    ///
    /// In a ResNet a bottleneck, counted through all layers, one row for each pixel.
    case block(Int)
    /// The pooled rows after the last layer norm.
    case features
    /// The result.
    case embedding
}

/// Sees the numbers of a stage while a pass runs.
///
/// The matrix is only valid during the call.
package typealias StageObserver = (Stage, Matrix) -> Void
