import CLIPKernels
import CLIPWeights

/// The embeddings of a vocabulary's tokens, (tokens, width), in memory or in the checkpoint's file.
///
/// A table of OpenAI's size is kept in memory in the format of the layers. A table of hundreds of thousands of rows, of
/// which captions need few, stays in the file: a row takes memory when it is looked up, and its memory can be released.
enum TokenRows: Sendable {
    case kept(TokenTable)
    case mapped(TensorView, width: Int)

    /// The size in bytes from which a table stays in its file.
    ///
    /// OpenAI's vocabulary at the largest width, 253 MB, is below it; SigLIP 2's at the smallest, 393 MB in half
    /// precision, is above.
    static let leastMappedBytes = 256 << 20

    /// Sets `target` to the embedding of a token plus `addend`; both have `width` floats.
    func look(
        up token: Int,
        adding addend: UnsafePointer<Float>,
        into target: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        switch self {
        case .kept(let table): table.look(up: token, adding: addend, into: target)
        case .mapped(let view, let width):
            try ModelError.reading { () throws(WeightError) in
                try view.copyFloats(
                    from: token * width,
                    into: UnsafeMutableBufferPointer(start: target, count: width)
                )
            }
            for column in 0..<width { target[column] += addend[column] }
        }
    }
}
