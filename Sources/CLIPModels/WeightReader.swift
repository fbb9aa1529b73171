import CLIPKernels
import CLIPWeights

/// Turns named tensors of a checkpoint into tensors, norms and linear layers of a model.
///
/// Shapes are checked against the file before any memory is taken, and the file's pages are released tensor by tensor,
/// so that loading needs little more memory than the model.
struct WeightReader {
    let names: CheckpointNames
    /// The format of the linear layers' weights.
    let format: NumberFormat
    /// The format of the weights of convolutions and of the last layers, which is never int8.
    ///
    /// Maps would need scales before they are computed, and nothing after the last layers would even out what they
    /// lose: with them in int8, clip-mini named 1.4 points fewer of CIFAR-10's pictures.
    let exactFormat: NumberFormat
    /// The context with which weights are packed.
    let context: ComputeContext
    /// The size in bytes from which a token table stays in its file.
    var leastMappedBytes = TokenRows.leastMappedBytes
    private let scope: WeightScope
    /// The file from which packed weights are read, or to which they are written for the next time.
    private let copy: PackedCopy?

    init(
        names: CheckpointNames,
        scope: WeightScope,
        format: NumberFormat,
        copy: PackedCopy?,
        context: ComputeContext
    ) {
        self.names = names
        self.format = format
        self.copy = copy
        exactFormat = format == .int8 ? (context.engine.isNative(.bf16) ? .bf16 : .f32) : format
        self.scope = scope
        self.context = context
    }

    /// The reader of the tensors below a name.
    func scope(_ name: String) -> WeightReader {
        WeightReader(self, scope: scope.scope(name), format: format)
    }

    /// The same reader, for layers whose weights are never int8.
    var exact: WeightReader { WeightReader(self, scope: scope, format: exactFormat) }

    private init(_ other: WeightReader, scope: WeightScope, format: NumberFormat) {
        names = other.names
        exactFormat = other.exactFormat
        context = other.context
        copy = other.copy
        leastMappedBytes = other.leastMappedBytes
        self.scope = scope
        self.format = format
    }

    /// A tensor of this shape, as `shape[0]` rows of all the rest; a vector is one row.
    ///
    /// - Parameter leading: how many dimensions of length 1 the file has before those.
    func tensor(_ name: String, shape: [Int], leading: Int = 0) throws(ModelError) -> Tensor {
        let rows = shape.count > 1 ? shape[0] : 1
        let whole = try joined([name], shape: Array(repeating: 1, count: leading) + shape)
        guard whole.rows != rows else { return whole }
        return try ModelError.wrapping { () throws(KernelError) in
            try Tensor(rows: rows, Array(whole.floats))
        }
    }

    /// A single number, stored alone or as a list of one; nil if the checkpoint lacks it.
    func number(_ name: String) throws(ModelError) -> Float? {
        guard let stored = scope.shape(of: name) else { return nil }
        let number = try tensor(name, shape: stored == [1] ? [1] : [])
        // The pointer is valid only as long as the tensor lives.
        return withExtendedLifetime(number) { number.floats[0] }
    }

    /// The embeddings of a vocabulary, (tokens, width).
    func tokenRows(
        _ name: String,
        tokens: Int,
        width: Int
    ) throws(ModelError) -> TokenRows {
        let view = try ModelError.reading { () throws(WeightError) in
            try scope.tensor(name, shape: [tokens, width])
        }
        guard view.byteCount < leastMappedBytes else {
            try ModelError.reading { () throws(WeightError) in try view.requireReadable() }
            return .mapped(view, width: width)
        }
        return .kept(try tokenTable(name, view, tokens: tokens, width: width))
    }

    /// The token table in memory, in the format of the layers.
    private func tokenTable(
        _ name: String,
        _ view: TensorView,
        tokens: Int,
        width: Int
    ) throws(ModelError) -> TokenTable {
        let place = "\(scope.fullName(name)) \(format.rawValue)"
        if let rows = copy?.bytes(named: place) {
            // The checksum has read all rows, of which captions need few; those are read again as they are needed.
            rows.releasePages()
            return try ModelError.wrapping { () throws(KernelError) in
                try TokenTable(
                    adopting: rows.mappedBytes,
                    scales: copy?.bytes(named: place + " scales")?.mappedBytes,
                    of: rows,
                    tokens: tokens,
                    width: width,
                    format: format
                )
            }
        }
        let table = try ModelError.wrapping { () throws(KernelError) in
            try TokenTable(tokens: tokens, width: width, format: format)
        }
        // The table is converted in pieces, because all of it as floats would be a fifth of a small network's memory.
        let step = 1_024
        let piece = try ModelError.wrapping { () throws(KernelError) in
            try Tensor(rows: min(step, tokens), width: width)
        }
        for first in stride(from: 0, to: tokens, by: step) {
            let count = min(step, tokens - first)
            let target = UnsafeMutableBufferPointer(rebasing: piece.floats[..<(count * width)])
            try ModelError.reading { () throws(WeightError) in
                try view.copyFloats(from: first * width, into: target)
            }
            table.set(first: first, from: piece.matrix.rows(0..<count))
        }
        view.releasePages()
        copy?.keep(table.rowBytes, named: place)
        if let scales = table.scaleBytes { copy?.keep(scales, named: place + " scales") }
        return table
    }

    /// Accepts a tensor that is not needed and may be absent; if it is present, it has to have this shape.
    func skip(_ name: String, shape: [Int]) throws(ModelError) {
        _ = try ModelError.reading { () throws(WeightError) in
            try scope.tensorIfPresent(name, shape: shape)
        }
    }

    /// Tensors of the same shape, joined as if they were one tensor with all their rows.
    func joined(_ names: [String], shape: [Int]) throws(ModelError) -> Tensor {
        let count = shape.reduce(1, *)
        var views: [TensorView] = []
        for name in names {
            views.append(
                try ModelError.reading { () throws(WeightError) in try scope.tensor(name, shape: shape) }
            )
        }
        let rows = shape.count > 1 ? shape[0] * names.count : 1
        let width = count * names.count / rows
        let tensor = try ModelError.wrapping { () throws(KernelError) in
            try Tensor(rows: rows, width: width)
        }
        for (index, view) in views.enumerated() {
            let part = tensor.floats[index * count..<(index + 1) * count]
            try ModelError.reading { () throws(WeightError) in
                try view.copyFloats(into: UnsafeMutableBufferPointer(rebasing: part))
            }
            view.releasePages()
        }
        return tensor
    }

    /// A layer norm, with the vectors `weight` and `bias` below a name.
    func layerNorm(_ name: String, width: Int, epsilon: Float) throws(ModelError) -> LayerNorm {
        LayerNorm(
            scale: try tensor("\(name).weight", shape: [width]),
            shift: try tensor("\(name).bias", shape: [width]),
            epsilon: epsilon
        )
    }

    /// A linear layer, with `weight` (outputs, inputs) and `bias` below a name, multiplied by `gains` if there are any.
    func linear(
        _ name: String,
        inputs: Int,
        outputs: Int,
        activation: Activation? = nil,
        addsToOutput: Bool = false,
        gains: String? = nil
    ) throws(ModelError) -> Linear {
        var weights = try plain(["\(name).weight"], inputs: inputs, outputs: outputs)
        let bias = try tensor("\(name).bias", shape: [outputs])
        if let gains {
            // g (W x + b) = (g W) x + g b
            let factors = try tensor(gains, shape: [outputs])
            weights.gains = factors
            for output in 0..<outputs { bias.floats[output] *= factors.floats[output] }
        }
        return try linear(weights, bias: bias, activation: activation, addsToOutput: addsToOutput)
    }

    /// The weights of a linear layer, looked up but not read: one tensor, or several with equally many outputs each.
    func plain(_ names: [String], inputs: Int, outputs: Int) throws(ModelError) -> PlainWeights {
        var views: [TensorView] = []
        for name in names {
            views.append(
                try ModelError.reading { () throws(WeightError) in
                    try scope.tensor(name, shape: [outputs / names.count, inputs])
                }
            )
        }
        return PlainWeights(name: scope.fullName(names[0]), views: views, inputs: inputs, outputs: outputs)
    }

    /// A linear layer of weights that were looked up before, taken from the packed copy if it has them.
    func linear(
        _ plain: PlainWeights,
        bias: Tensor? = nil,
        activation: Activation? = nil,
        addsToOutput: Bool = false
    ) throws(ModelError) -> Linear {
        let packing = try ModelError.wrapping { () throws(KernelError) in
            try Linear.packing(
                inputs: plain.inputs,
                outputs: plain.outputs.count,
                format: format,
                in: context
            )
        }
        let place = "\(plain.name) \(plain.outputs) \(format.rawValue) \(packing)"
        if let packed = copy?.bytes(named: place) {
            return try ModelError.wrapping { () throws(KernelError) in
                try Linear(
                    adopting: packed.mappedBytes,
                    scales: copy?.bytes(named: place + " scales")?.mappedBytes,
                    of: packed,
                    inputs: plain.inputs,
                    outputs: plain.outputs.count,
                    bias: bias,
                    activation: activation,
                    addsToOutput: addsToOutput,
                    format: format,
                    in: context
                )
            }
        }
        let weight = try plain.read()
        let layer = try ModelError.wrapping { () throws(KernelError) in
            try Linear(
                weight: weight.matrix,
                bias: bias,
                activation: activation,
                addsToOutput: addsToOutput,
                format: format,
                in: context
            )
        }
        copy?.keep(layer.packedBytes, named: place)
        if let scales = layer.scaleBytes { copy?.keep(scales, named: place + " scales") }
        return layer
    }

    /// The last layer of a tower, which turns features into an embedding.
    func projection(
        _ tower: CheckpointNames.Tower,
        _ kind: ModelConfiguration.Projection,
        width: Int,
        embedding: Int
    ) throws(ModelError) -> Linear? {
        guard kind != .none else { return nil }
        let names = tower.projection
        guard tower.projectionIsTransposed else {
            let bias = kind == .biased ? try tensor(names.bias, shape: [embedding]) : nil
            return try linear(plain([names.weight], inputs: width, outputs: embedding), bias: bias)
        }
        let view = try ModelError.reading { () throws(WeightError) in
            try scope.tensor(names.weight, shape: [width, embedding])
        }
        let name = scope.fullName(names.weight)
        return try linear(
            PlainWeights(name: name, views: [view], inputs: width, outputs: embedding, isTransposed: true)
        )
    }

    /// The number of blocks below a name, each under its number; at most `limit`.
    func blocks(below name: String, holding tensor: String, limit: Int) -> Int {
        var count = 0
        while count < limit, scope.contains("\(name).\(count).\(tensor)") { count += 1 }
        return count
    }
}
