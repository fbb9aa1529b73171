public import CLIPEngine

/// JSON to what the engine is asked, and its answers to JSON, without a connection: what `Benchmarks/` measures.
///
/// No part of the library: names and arguments change with the wire.
@_spi(Benchmarks)
public enum WireStages {
    /// The texts of a body of `embed_text`.
    ///
    /// - Throws: what its sender is told.
    public static func texts(ofBody body: [UInt8]) throws -> [String] {
        var fields = try BodyFields.read(of: body, contentType: "application/json")
        return try EmbedTextBody(&fields).texts
    }

    /// The images of a body of `embed_image`, still encoded.
    ///
    /// - Throws: what its sender is told.
    public static func images(ofBody body: [UInt8]) throws -> [ImageSource] {
        var fields = try BodyFields.read(of: body, contentType: "application/json")
        return try EmbedImageBody(&fields).sources()
    }

    /// The body of an answer with embeddings.
    public static func answer(_ embeddings: [Embedding], model: String, seconds: Double) -> [UInt8] {
        RoboflowAnswers.embeddings(embeddings, model: model, seconds: seconds)
    }
}
