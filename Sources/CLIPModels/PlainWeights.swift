import CLIPKernels
import CLIPWeights

/// The weights of a linear layer where they lie in a checkpoint, (outputs, inputs), looked up and not read yet.
///
/// So a layer whose packed weights are at hand need not read them at all, and still every tensor is asked for.
struct PlainWeights {
    /// What names them among all of the checkpoint's.
    let name: String
    let inputs: Int
    /// Which of the outputs; all of them unless only some were asked for.
    let outputs: Range<Int>
    /// Tensors behind each other, which have equally many of the outputs each.
    private let views: [TensorView]
    /// Whether the one tensor is stored as (inputs, outputs).
    private let isTransposed: Bool
    /// What the weights of each output are multiplied with, if anything.
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

    /// Some of the outputs of weights that are not transposed.
    func outputs(_ range: Range<Int>) -> PlainWeights {
        precondition(
            !isTransposed && gains == nil && outputs.lowerBound == 0 && range.upperBound <= outputs.upperBound
        )
        return PlainWeights(name: name, inputs: inputs, outputs: range, views: views, isTransposed: false)
    }

    /// (outputs, inputs), read now; the file's pages are given back.
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
