import CLIPKernels
import CLIPWeights

/// The embeddings of a vocabulary's tokens, (tokens, width), wherever they lie.
///
/// A table of OpenAI's size is kept in the format of the layers. One of hundreds of thousands of rows, of which captions want
/// few, stays in the checkpoint's file: a row costs memory when it is looked up, and can be given back.
enum TokenRows: Sendable {
    case kept(TokenTable)
    case mapped(TensorView, width: Int)

    /// Tables of at least so many bytes stay in their file: OpenAI's vocabulary at the largest width, 253 MB, does not,
    /// SigLIP 2's at the smallest, 393 MB in half precision, does.
    static let leastMappedBytes = 256 << 20

    /// target = the embedding of a token + addend; both have `width` floats.
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
