/// What two outputs have to agree in to be parts of one.
package struct OutputSettings: Equatable, Sendable {
    /// As requests name it.
    package let model: String
    /// The number format of its forward passes, such as `bf16`.
    package let precision: String
    /// Numbers of an embedding.
    package let width: Int
    /// What the model makes of a certain picture, of length one: weights, recipe and all.
    package let sample: [Float]
    package var format = OutputFormat.npy
    package var numbers = NumberType.f32
    /// Whether embeddings are brought to length one.
    package var isNormalized = false
    /// How images are decoded.
    package var decoding = "exact"
    /// The extension of an archive's pictures; nil for any of a picture.
    package var pictureExtension: String?

    package init(model: String, precision: String, sample: [Float]) {
        (self.model, self.precision, self.sample, width) = (model, precision, sample, sample.count)
    }
}
