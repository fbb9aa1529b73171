import CLIPKernels
import CLIPWeights

/// The weights of a linear layer, (outputs, inputs), looked up in a checkpoint but not read yet.
///
/// So a layer whose packed weights are available need not read them, and still every tensor is asked for.
struct PlainWeights {
    /// The name that identifies them in the checkpoint.
    let name: String
    let inputs: Int
    /// The range of outputs: all of them, unless only some were asked for.
    let outputs: Range<Int>
    /// The tensors that are joined, with equally many outputs each.
    private let views: [TensorView]
    /// Whether the single tensor is stored as (inputs, outputs).
    private let isTransposed: Bool
    /// The factors by which the weights of each output are multiplied, if there are any.
    var gains: Tensor?

    init(name: String, views: [TensorView], inputs: Int, outputs: Int, isTransposed: Bool = false) {
        self.init(name: name, inputs: inputs, outputs: 0..<outputs, views: views, isTransposed: isTransposed)
    }

    private init(name: String, inputs: Int, outputs: Range<Int>, views: [TensorView], isTransposed: Bool) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.views = views
        self.isTransposed = isTransposed
    }

    /// Some of the outputs; the weights must not be transposed.
    func outputs(_ range: Range<Int>) -> PlainWeights {
        precondition(
            !isTransposed && gains == nil && outputs.lowerBound == 0 && range.upperBound <= outputs.upperBound
        )
        return PlainWeights(name: name, inputs: inputs, outputs: range, views: views, isTransposed: false)
    }

    /// The weights, (outputs, inputs), read from the file, whose pages are released afterwards.
    func read() throws(ModelError) -> Tensor {
        let tensor = try ModelError.wrapping { () throws(KernelError) in
            try Tensor(rows: outputs.count, width: inputs)
        }
        if isTransposed {
            let stored = try ModelError.wrapping { () throws(KernelError) in
                try Tensor(rows: inputs, width: outputs.count)
            }
            try copy(views[0], rows: 0..<inputs, width: outputs.count, into: stored, at: 0)
            let (source, target) = (stored.floats, tensor.floats)
            for input in 0..<inputs {
                for output in 0..<outputs.count {
                    target[output * inputs + input] = source[input * outputs.count + output]
                }
            }
            return tensor
        }
        for (index, view) in views.enumerated() {
            let rows = view.count / inputs
            let all = index * rows..<(index + 1) * rows
            let wanted = all.clamped(to: outputs)
            guard !wanted.isEmpty else { continue }
            let local = wanted.lowerBound - all.lowerBound..<wanted.upperBound - all.lowerBound
            try copy(
                view,
                rows: local,
                width: inputs,
                into: tensor,
                at: wanted.lowerBound - outputs.lowerBound
            )
        }
        if let gains {
            for output in 0..<outputs.count {
                let row = tensor.matrix.row(output)
                for input in 0..<inputs { row[input] *= gains.floats[output] }
            }
        }
        return tensor
    }

    private func copy(
        _ view: TensorView,
        rows: Range<Int>,
        width: Int,
        into tensor: Tensor,
        at row: Int
    ) throws(ModelError) {
        let part = tensor.floats[row * width..<(row + rows.count) * width]
        try ModelError.reading { () throws(WeightError) in
            try view.copyFloats(
                from: rows.lowerBound * width,
                into: UnsafeMutableBufferPointer(rebasing: part)
            )
        }
        view.releasePages()
    }
}
