package import CLIPEngine

/// Why a search of a server's pictures has no answer, or a picture no thumbnail.
package enum PictureSearchError: Error, Equatable, Sendable {
    /// The index has no picture of this number, or none of its files is there.
    case noPicture(id: Int)
    /// The file of a picture is not there, or not as it was indexed.
    case changedFile(path: String)
    /// The file of a picture is as it was indexed, and cannot be decoded within the limits.
    case undecodableFile(path: String, ImageFault)
    /// What is added and what is taken away leave nothing to look for.
    case cancelsOut
    /// The engine has no model of the name whose vectors the index holds, and may load none.
    case noModel(name: String)
    case index(IndexError)
    /// The engine's error; `term` is the place of the text or picture that it is about.
    case engine(EmbeddingError, term: Int?)
}
