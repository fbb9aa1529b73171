import CLIPKernels

extension WeightReader {
    /// The weight (3 x width, width) and the bias (3 x width) of query, key and value, however the checkpoint stores
    /// them.
    ///
    /// The bias is nil if none of the three has one.
    func queryKeyValue(
        _ shape: ModelConfiguration.Encoder,
        _ names: CheckpointNames.Block
    ) throws(ModelError) -> (weight: PlainWeights, bias: Tensor?) {
        let names = names.queryKeyValue
        let outputs = 3 * shape.width
        let weight = try plain(names.weights, inputs: shape.width, outputs: outputs)
        guard shape.biases != .none else { return (weight, nil) }
        let bias = try ModelError.wrapping { () throws(KernelError) in try Tensor(width: outputs) }
        let count = outputs / names.biases.count
        for (index, name) in names.biases.enumerated() {
            guard let name else { continue }  // a missing bias is zero
            let part = try tensor(name, shape: [count])
            for place in 0..<count { bias.floats[index * count + place] = part.floats[place] }
        }
        return (weight, bias)
    }

    /// The layer that adds the result of attention to the tokens.
    func attentionOutput(
        _ shape: ModelConfiguration.Encoder,
        _ names: CheckpointNames.Block
    ) throws(ModelError) -> Linear {
        try linear(
            names.attentionOutput,
            inputs: shape.width,
            outputs: shape.width,
            addsToOutput: true,
            gains: shape.hasGains ? names.attentionGains : nil
        )
    }
}

extension Tensor {
    /// A copy of some floats of a vector.
    func part(_ range: Range<Int>) throws(ModelError) -> Tensor {
        try ModelError.wrapping { () throws(KernelError) in try Tensor(Array(floats[range])) }
    }
}
