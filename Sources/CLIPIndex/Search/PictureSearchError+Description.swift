internal import CLIPEngine
internal import CLIPFiles

extension PictureSearchError: CustomStringConvertible {
    /// A sentence for the operator, with paths.
    package var description: String {
        switch self {
        case .noPicture(let id): "The index has no picture \(id). Ask for one that a search tells."
        case .changedFile(let path):
            "The file \(path.printable) is not there, or not as it was indexed. Use `clip index` to bring the index up to date."
        case .undecodableFile(let path, let fault): "The file \(path.printable) cannot be shown. \(fault)"
        case .cancelsOut:
            "What is added and what is taken away leave nothing to look for. Use other weights."
        case .noModel(let name):
            "The index holds vectors of \(name), which is none of the server's models. Name it with --model, or let requests "
                + "load it with --allow-models."
        case .index(let error): error.description
        case .engine(let error, _): error.description
        }
    }
}
